package pep440

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vectors decodes a file of the shared conformance vectors, which are not
// part of this repository: in the folder TAME_SHARED, or in one named shared
// beside the repository.
func vectors(t testing.TB, name string, into any) {
	t.Helper()
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", "vectors", name))
	if err != nil {
		t.Skipf("conformance vectors are not here: %v", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

type versionVectors struct {
	Valid []struct {
		Input, Normalized, Public, Base string
		Epoch                           int
		Release                         []int
		Pre                             []any
		Post, Dev                       *int
		Local                           string
		Pre1                            bool `json:"is_prerelease"`
		Post1                           bool `json:"is_postrelease"`
		Dev1                            bool `json:"is_devrelease"`
	}
	Invalid      []struct{ Input string }
	Ordered      []string
	Canonicalize []struct {
		Args struct {
			Version string
			Strip   *bool `json:"strip_trailing_zero"`
		}
		Expected string
	} `json:"canonicalize_version"`
}

type specifierVectors struct {
	Valid    []struct{ Input, Operator, Version, Str string }
	Invalid  []struct{ Input string }
	SetValid []struct {
		Input, Str string
		Members    []string
	} `json:"set_valid"`
	SetInvalid []struct{ Input string } `json:"set_invalid"`
	Contains   []struct {
		Spec, Version   string
		Parsed          bool
		SpecPrereleases *bool `json:"spec_prereleases"`
		Prereleases     *bool
		Installed       *bool
		Expected        bool
		Test            string
	}
	Filter []struct {
		Spec            string
		SpecPrereleases *bool `json:"spec_prereleases"`
		Prereleases     *bool
		Input           []string
		Parsed          bool
		Expected        []string
		Test            string
	}
	Relations []struct {
		Relation, Left, Right string
		LeftPre               *bool `json:"left_prereleases"`
		RightPre              *bool `json:"right_prereleases"`
		Expected              bool
		Error                 string
	}
	Unsatisfiable []struct {
		Spec        string
		Prereleases *bool
		Expected    bool
	}
	Oracle struct {
		Versions   []string
		Specifiers map[string]string
		Sets       map[string]string
	} `json:"oracle_membership"`
}
