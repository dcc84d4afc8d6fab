package pep440_test

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/packaging/pep440"
)

func ExampleParse() {
	v, err := pep440.Parse("v1!2.0-RC.1.post3+Ubuntu-1")
	fmt.Println(v, err)
	fmt.Println(v.Epoch(), v.Release(), v.IsPrerelease(), v.Local())

	_, err = pep440.Parse("1.x")
	fmt.Println(err)
	// Output:
	// 1!2.0rc1.post3+ubuntu.1 <nil>
	// 1 [2 0] true ubuntu.1
	// invalid version "1.x": after parsing "1", found ".x", which is not part of a valid version
}

func ExampleVersion_Compare() {
	var versions []pep440.Version
	for _, s := range []string{"1.0", "1.0.post1", "1.0rc1", "1.0.dev3", "0.9", "1.0+local"} {
		versions = append(versions, pep440.MustParse(s))
	}
	slices.SortFunc(versions, pep440.Version.Compare)
	fmt.Println(versions)
	// Output: [0.9 1.0.dev3 1.0rc1 1.0 1.0+local 1.0.post1]
}

func ExampleSpecifiers_Contains() {
	s := pep440.MustParseSpecifiers(">=1.0, <2, !=1.5")
	for _, v := range []string{"0.9", "1.4", "1.5", "2.0rc1"} {
		fmt.Println(v, s.Contains(pep440.MustParse(v)))
	}
	// Output:
	// 0.9 false
	// 1.4 true
	// 1.5 false
	// 2.0rc1 false
}

func ExampleSpecifiers_Filter() {
	all := []pep440.Version{pep440.MustParse("1.0"), pep440.MustParse("1.1rc1"), pep440.MustParse("1.1")}
	fmt.Println(pep440.MustParseSpecifiers(">=1").Filter(all, pep440.PrereleaseAuto))
	fmt.Println(pep440.MustParseSpecifiers(">=1.1rc1").Filter(all, pep440.PrereleaseAuto))
	// Output:
	// [1.0 1.1]
	// [1.1rc1 1.1]
}

func ExampleSet() {
	a := pep440.MustParseSpecifiers(">=1,<2").Set()
	b := pep440.MustParseSpecifiers("!=1.5").Set()
	fmt.Println(a.Intersect(b))
	fmt.Println(a.Complement())
	fmt.Println(a.SubsetOf(b), a.Disjoint(a.Complement()))
	// Output:
	// >=1,<1.5 | >1.5,<2
	// <1 | >=2.dev0
	// false true
}

func ExampleReleaseSpecifiers() {
	project := pep440.ReleaseSet(pep440.MustParseSpecifiers(">=3.8, <4"))
	member := pep440.ReleaseSet(pep440.MustParseSpecifiers("!=3.11.*, >=3.9.2"))
	fmt.Println(pep440.ReleaseSpecifiers(project.Intersect(member)))
	// Output: >=3.9.2, !=3.11.*, <4
}

func ExampleParseSpecifiersLenient() {
	s, err := pep440.ParseSpecifiersLenient(">=2.7<4,")
	fmt.Println(s, err)
	// Output: >=2.7, <4 <nil>
}
