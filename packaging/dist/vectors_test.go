package dist_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/packaging/dist"
)

// sharedFile reads a file of the conformance material that lives beside the
// repository, or skips the test.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	dirs := []string{os.Getenv("TAME_SHARED")}
	if wd, err := os.Getwd(); err == nil {
		for d := wd; d != filepath.Dir(d); d = filepath.Dir(d) {
			dirs = append(dirs, filepath.Join(d, "..", "shared"))
		}
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if data, err := os.ReadFile(filepath.Join(d, name)); err == nil {
			return data
		}
	}
	t.Skipf("no %s (set TAME_SHARED)", name)
	return nil
}

type nameRow struct {
	Filename string
	Options  struct {
		Sorted bool `json:"validate_order"`
	}
	Name, Version string
	Build         []any
	Tags          []string
	Message       string
}

func TestFilenameVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		WheelValid   []nameRow `json:"wheel_valid"`
		WheelInvalid []nameRow `json:"wheel_invalid"`
		SdistValid   []nameRow `json:"sdist_valid"`
		SdistInvalid []nameRow `json:"sdist_invalid"`
	}
	if err := json.Unmarshal(sharedFile(t, "conformance/vectors/filenames.json"), &v); err != nil {
		t.Fatal(err)
	}
	for _, r := range v.WheelValid {
		w, err := dist.ParseWheelStrict(r.Filename, dist.StrictOptions{Sorted: r.Options.Sorted})
		if err != nil {
			t.Errorf("%s: %v", r.Filename, err)
			continue
		}
		got := nameRow{Filename: r.Filename, Options: r.Options, Name: string(w.Name), Version: w.Version.String(), Build: []any{}}
		if w.Build.Present {
			got.Build = []any{float64(w.Build.Number), w.Build.Text}
		}
		for _, tag := range w.Tags.Expand() {
			got.Tags = append(got.Tags, tag.String())
		}
		slices.Sort(got.Tags)
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.Filename, diff)
		}
	}
	for _, r := range v.WheelInvalid {
		if w, err := dist.ParseWheelStrict(r.Filename, dist.StrictOptions{Sorted: r.Options.Sorted}); err == nil {
			t.Errorf("%s: %+v, want error %s", r.Filename, w, r.Message)
		}
	}
	for _, r := range v.SdistValid {
		s, err := dist.ParseSdistStrict(r.Filename)
		if err != nil || string(s.Name) != r.Name || s.Version.String() != r.Version {
			t.Errorf("%s: %+v, %v", r.Filename, s, err)
		}
	}
	for _, r := range v.SdistInvalid {
		if s, err := dist.ParseSdistStrict(r.Filename); err == nil {
			t.Errorf("%s: %+v, want error %s", r.Filename, s, r.Message)
		}
	}
}
