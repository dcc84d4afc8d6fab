package pep440

import "testing"

func FuzzVersion(f *testing.F) {
	for _, s := range []string{"1.0", "v1!2.0-rc.1.post2.dev3+A.1", " 1.0-1 ", "1.0a", "1.0.0.0.0.0.0.0.0", "18446744073709551614", "1.*", "1+", "1.0.dev"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(v.String())
		if err != nil || again.String() != v.String() || !again.Equal(v) || again.Key() != v.Key() {
			t.Errorf("%q prints as %q, which is %q, %v", s, v, again, err)
		}
		if !Exactly(v).Contains(v) || !v.TrimZeros().Equal(v) || v.Base().Compare(v.Base().withDev(0)) <= 0 {
			t.Errorf("%q is at odds with itself", v)
		}
		if v.IsPrerelease() != v.Public().IsPrerelease() || v.Public().Compare(v) > 0 {
			t.Errorf("%q is at odds with its public part", v)
		}
	})
}

func FuzzSpecifiers(f *testing.F) {
	for _, s := range []string{">=1.0", "==1.*,!=1.2.*", "~=1.2.3rc1", "===foo bar", "<1!2.0.post3 , >0.dev0", ">=1,", "1.0", "== 1.0+x", "=== ="} {
		f.Add(s, "1.0")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		s, err := ParseSpecifiers(text)
		if err != nil {
			return
		}
		again, err := ParseSpecifiers(s.Join(","))
		if err != nil || !again.Equal(s) {
			t.Errorf("%q prints as %q, which is %q, %v", text, s, again, err)
		}
		set := s.Set()
		if !set.Equal(again.Set()) || set.String() == "" || !set.Union(set.Complement()).IsFull() {
			t.Errorf("the set of %q is %v", text, set)
		}
		if v, err := Parse(version); err == nil && s.Contains(v) && !set.Contains(v) {
			t.Errorf("%q contains %q, its set %v does not", text, v, set)
		}
		ReleaseSpecifiers(ReleaseSet(s))
	})
}

func FuzzRepair(f *testing.F) {
	for _, s := range []string{">=7.2.0<8.0.0", "!=~5.0,>=4.12", ">=1.9.*", "!=3.0*", ">=3.6,", ">dev", ">=9.0.0a1.0", "'>=2.7'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		strict, err := ParseSpecifiers(text)
		lenient, errLenient := ParseSpecifiersLenient(text)
		if err == nil && (errLenient != nil || !strict.Equal(lenient)) {
			t.Errorf("%q is %q, and leniently %q, %v", text, strict, lenient, errLenient)
		}
	})
}
