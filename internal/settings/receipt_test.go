package settings

import (
	"reflect"
	"testing"
	"time"
)

// What a receipt says is read again as what it was written of, and so the second
// receipt is the first.
func TestReceipt(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, test := range []struct {
		name  string
		flags []Group
		want  string
	}{
		{name: "nothing"},
		{
			name: "indexes", flags: []Group{&Indexes{Index: []string{"own=https://me:secret@own.example.com/simple"}, NoIndex: off(), Strategy: "first-match"}},
			want: `index = [{ name = "own", url = "https://own.example.com/simple", explicit = false, default = false, format = "simple", authenticate = "always" }]
no-index = false
index-strategy = "unsafe-first-match"
`,
		},
		{
			name: "times", flags: []Group{&Times{ExcludeNewer: given("3 weeks"), ExcludeNewerPackage: []string{"a=2020-01-01T00:00:00Z", "b=1 day", "c=false"}}},
			want: `exclude-newer = "2024-04-15T07:08:09Z"
exclude-newer-span = "P3W"
exclude-newer-package = { a = "2020-01-01T00:00:00Z", b = { timestamp = "2024-05-05T07:08:09Z", span = "P1D" }, c = false }
`,
		},
		{
			name: "builds", flags: []Group{
				&Build{ConfigSetting: []string{"k=v", "l=1", "l=2"}, ConfigSettingsPackage: []string{"a:k=v"}, NoBuildIsolationPackage: []string{"a", "b"}},
				&Binary{NoBinary: []string{"a"}, OnlyBinary: []string{":all:"}},
			},
			want: `config-settings = { k = "v", l = ["1", "2"] }
config-settings-package = { a = { k = "v" } }
build-isolation = { shared-package = ["a", "b"] }
no-build = true
no-binary-package = ["a"]
`,
		},
		{name: "no isolation", flags: []Group{&Build{NoBuildIsolation: on()}}, want: "build-isolation = \"shared\"\n"},
		{
			name: "versions", flags: []Group{&Resolver{Resolution: "lowest", Prerelease: "allow", PrereleasePackage: []string{"b=explicit", "a=allow"}, ForkStrategy: "fewest"}},
			want: `resolution = "lowest"
prerelease = "allow"
prerelease-package = { a = "allow", b = "explicit" }
fork-strategy = "fewest"
`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := below(t, "")
			s := combine(t, l, test.flags...)
			got := s.Receipt(now)
			if got != test.want {
				t.Fatalf("the receipt is\n%s\nwant\n%s", got, test.want)
			}
			o, err := ReadReceipt("uv-receipt.toml", l.Dir, got)
			if err != nil {
				t.Fatal(err)
			}
			l.Files = &o
			again := combine(t, l, &Indexes{}, &Resolver{}, &Build{}, &PackageBinary{})
			if text := again.Receipt(now); text != got {
				t.Errorf("it is read as\n%s\nfor\n%s", text, got)
			}
			if !reflect.DeepEqual(s.NoBuild, again.NoBuild) {
				t.Errorf("no build is %+v, was %+v", again.NoBuild, s.NoBuild)
			}
		})
	}
}

// The order of lines and how they are written do not count.
func TestSameReceipt(t *testing.T) {
	dir := t.TempDir()
	const x = "resolution = \"lowest\"\nprerelease = \"allow\"\n"
	for _, test := range []struct {
		y    string
		same bool
	}{
		{x, true}, {"prerelease = 'allow'\nresolution = 'lowest'\n", true}, {"resolution = \"lowest\"\n", false}, {"resolution = 3\n", false}, {"?", false},
	} {
		if SameReceipt(dir, x, test.y) != test.same {
			t.Errorf("%q: want %v", test.y, test.same)
		}
	}
}
