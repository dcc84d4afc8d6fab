package pyname_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tame-py/tame/packaging/pyname"
)

func Example() {
	name, err := pyname.ParsePackage("Typing._Extensions")
	fmt.Println(name, err)
	fmt.Println(name.Underscored())
	_, err = pyname.ParsePackage("-broken")
	fmt.Println(err)
	// Output:
	// typing-extensions <nil>
	// typing_extensions
	// not a valid package name: "-broken"; names start and end with a letter or digit and may only contain -, _, ., and alphanumeric characters
}

func TestVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		Canonicalize []struct {
			Args struct {
				Name     string
				Validate bool
			}
			Expected *string
		} `json:"canonicalize_name"`
		Normalized []struct {
			Args     struct{ Name string }
			Expected bool
		} `json:"is_normalized_name"`
	}
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", "vectors", "names.json"))
	if err != nil {
		t.Skipf("conformance vectors are not here: %v", err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for _, row := range v.Canonicalize {
		got, err := pyname.Normalize(row.Args.Name), error(nil)
		if row.Args.Validate {
			var name pyname.Package
			name, err = pyname.ParsePackage(row.Args.Name)
			got = string(name)
		}
		switch {
		case row.Expected == nil && err == nil:
			t.Errorf("%q is %q, want an error", row.Args.Name, got)
		case row.Expected != nil && (err != nil || got != *row.Expected):
			t.Errorf("%q is %q, %v, want %q", row.Args.Name, got, err, *row.Expected)
		}
	}
	for _, row := range v.Normalized {
		if got := pyname.IsNormalized(row.Args.Name); got != row.Expected {
			t.Errorf("IsNormalized(%q) = %v", row.Args.Name, got)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var got struct {
		P map[pyname.Package]pyname.Extra
		G pyname.Group
	}
	if err := json.Unmarshal([]byte(`{"P": {"A.B": "C_d"}, "G": "X--y"}`), &got); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != "{map[a-b:c-d] x-y}" {
		t.Error(s)
	}
	for _, bad := range []string{`{"P": {"": "c"}}`, `{"P": {"a": "_"}}`, `{"G": "a b"}`} {
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"a", "A.b", "a--B", "-x", "é", "a_.-b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := pyname.Normalize(s)
		if again := pyname.Normalize(n); again != n {
			t.Errorf("%q becomes %q and then %q", s, n, again)
		}
		p, err := pyname.ParsePackage(s)
		if (err == nil) != pyname.Valid(s) {
			t.Errorf("ParsePackage(%q): %v", s, err)
		}
		if err == nil && !pyname.IsNormalized(string(p)) {
			t.Errorf("ParsePackage(%q) = %q, which is not normal", s, p)
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	for _, s := range []string{"typing-extensions", "Typing_Extensions"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				pyname.Normalize(s)
			}
		})
	}
}
