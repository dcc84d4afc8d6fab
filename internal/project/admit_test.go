package project

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/pep440"
)

func TestAdmit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ specifiers, versions, want string }{
		{"", "2.4", "same"},
		{">=1.2", "2.4", "same"},
		{"<2", "", "same"},
		{">=1.2,<2", "2.4.0", ">=1.2, <3"},
		{">=1.2,<1.3", "1.4.2", ">=1.2, <1.5"},
		{">=1,<2,<4", "2.4.0", ">=1, <3, <4"},
		{"==1.2.3", "2.4.5", "==2.4.5"},
		{"===1.2.3", "2.4.5", "===2.4.5"},
		{"==1.2.*", "2.4.5", "==2.4.*"},
		{"~=1.2", "2.4.5", "~=2.4"},
		{"~=1.2.3", "2.4", "~=2.4.0"},
		{"~=1.2", "1!2.4rc1.post2.dev3+local", "~=1!2.4rc1.post2.dev3"},
		{"<=1.2.3", "2.4.5+local", "<=2.4.5"},
		{"<2", "1!2.4", "<1!3"},
		{"<2", "1.5.0 2.4.0", "<3"},
		{"~=1.2", "2.4 2.5", "~=2.4"},
		{">=1.2,!=2.3,<2", "2.4.0", ">=1.2, !=2.3, <3"},
		{"!=2.4,<2", "2.4", "impossible"},
		{"==1.*", "1.5 2.4", "impossible"},
	} {
		var s pep440.Specifiers
		if test.specifiers != "" {
			var err error
			if s, err = pep440.ParseSpecifiers(test.specifiers); err != nil {
				t.Fatal(err)
			}
		}
		var versions []pep440.Version
		for v := range strings.FieldsSeq(test.versions) {
			versions = append(versions, pep440.MustParse(v))
		}
		admitted, ok := Admit(s, versions)
		got := admitted.String()
		switch {
		case !ok:
			got = "impossible"
		case admitted == nil:
			got = "same"
		}
		if got != test.want {
			t.Errorf("%q for %s: got %s, want %s", test.specifiers, test.versions, got, test.want)
		}
	}
}

func TestRelax(t *testing.T) {
	t.Parallel()
	s, err := pep440.ParseSpecifiers(">=1,>1.5,!=2,!=2.1.*,==2.5,===2.6,<=3,<4,~=2.3")
	if err != nil {
		t.Fatal(err)
	}
	if got := Relax(s).String(); got != ">=1, >1.5, !=2, !=2.1.*, >=2.3" {
		t.Errorf("got %s", got)
	}
}
