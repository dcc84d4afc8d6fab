package pypitest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Option says what is on a Server or how it answers.
type Option func(*Server) error

// Releases puts releases on the index.
func Releases(releases ...Release) Option {
	return func(s *Server) error { return s.Add(releases...) }
}

// Text puts releases on the index that are written in the compact format of
// the package comment.
func Text(text string) Option { return named("text", text) }

func named(name, text string) Option {
	return func(s *Server) error {
		releases, settings, err := parseText(name, text)
		if err != nil {
			return err
		}
		return s.apply(append(settings, Releases(releases...)))
	}
}

// Path puts on the index what a file or folder holds: .json is a scenario, a
// .txtar file one release, any other file the compact format. In a folder
// all files named *.json, *.txtar and *.txt count.
func Path(path string) Option {
	return func(s *Server) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			return readFile(s, path)
		}
		return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			switch filepath.Ext(name) {
			case ".json", ".txtar", ".txt":
				if err == nil && !d.IsDir() {
					err = readFile(s, name)
				}
			}
			return err
		})
	}
}

func readFile(s *Server, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch filepath.Ext(path) {
	case ".json":
		return Scenario(text)(s)
	case ".txtar":
		r, err := parseArchive(path, text)
		if err != nil {
			return err
		}
		return s.Add(r)
	}
	return named(path, string(text))(s)
}

// parseArchive reads the release of a file named NAME-VERSION.txtar.
func parseArchive(path string, text []byte) (Release, error) {
	base := strings.TrimSuffix(filepath.Base(path), ".txtar")
	at := strings.LastIndexByte(base, '-')
	if at < 1 {
		return Release{}, fmt.Errorf("%s is not named NAME-VERSION.txtar", path)
	}
	r := Release{Name: base[:at], Version: base[at+1:]}
	archive := txtar.Parse(text)
	if err := parseRelease(path, string(archive.Comment), &r); err != nil {
		return r, err
	}
	for _, f := range archive.Files {
		setFile(&r.Files, f.Name, string(f.Data))
	}
	return r, nil
}

// A scenario is the part of a scenario's JSON that says what is on the index.
type scenario struct {
	Defaults map[string]json.RawMessage `json:"defaults"`
	Packages map[string]struct {
		Versions map[string]scenarioVersion `json:"versions"`
	} `json:"packages"`
}

type scenarioVersion struct {
	RequiresPython *string             `json:"requires_python"`
	Requires       []string            `json:"requires"`
	Extras         map[string][]string `json:"extras"`
	Sdist          *bool               `json:"sdist"`
	Wheel          *bool               `json:"wheel"`
	Yanked         any                 `json:"yanked"`
	WheelTags      []string            `json:"wheel_tags"`
	Description    string              `json:"description"`
}

// Scenario puts the packages of a resolver scenario on the index, with
// wheels and sdists that are byte for byte those of the shared conformance
// scenarios. Its pages have no sizes and, unless the option Metadata says so,
// no metadata files; releases require Python 3.12 by default.
func Scenario(text []byte) Option {
	return func(s *Server) error {
		var sc scenario
		if err := json.Unmarshal(text, &sc); err != nil {
			return fmt.Errorf("reading a scenario: %w", err)
		}
		if len(sc.Defaults) > 0 {
			return fmt.Errorf("reading a scenario: defaults are not supported")
		}
		s.sizes = false
		if !s.chosen {
			s.metadata = false
		}
		for _, name := range slices.Sorted(maps.Keys(sc.Packages)) {
			versions := sc.Packages[name].Versions
			for _, version := range slices.SortedFunc(maps.Keys(versions), compareVersions) {
				if err := s.Add(versions[version].release(name, version)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// compareVersions orders versions, and texts that are none after them.
func compareVersions(a, b string) int {
	v, errA := pep440.Parse(a)
	w, errB := pep440.Parse(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Or(v.Compare(w), strings.Compare(a, b))
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

func (v scenarioVersion) release(name, version string) Release {
	r := Release{
		Name: pyname.Normalize(name), Version: version, scenario: true,
		Requires: v.Requires, Extras: v.Extras, RequiresPython: ">=3.12", Tags: v.WheelTags,
		NoSdist: v.Sdist != nil && !*v.Sdist, NoWheel: v.Wheel != nil && !*v.Wheel,
	}
	if v.RequiresPython != nil {
		r.RequiresPython = *v.RequiresPython
	}
	switch y := v.Yanked.(type) {
	case string:
		r.Yanked = &y
	case bool:
		if y {
			r.Yanked = new(string)
		}
	}
	return r
}

// setting is an option as the compact format writes it.
func setting(words []string) (Option, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("a setting is missing after @")
	}
	off := len(words) > 1 && words[1] == "off"
	switch words[0] {
	case "html":
		return HTML, nil
	case "json":
		return JSON, nil
	case "metadata":
		return Metadata(!off), nil
	case "ranges":
		return func(s *Server) error { s.ranges = !off; return nil }, nil
	case "sizes":
		return func(s *Server) error { s.sizes = !off; return nil }, nil
	case "hashes":
		return func(s *Server) error { s.hashes = !off; return nil }, nil
	case "upload-times":
		return func(s *Server) error { s.uploadTimes = !off; return nil }, nil
	case "cache-control":
		return CacheControl(strings.Join(words[1:], " ")), nil
	case "auth":
		if len(words) == 3 {
			return Auth(words[1], words[2]), nil
		}
	case "status":
		if len(words) >= 3 {
			return Status(words[1], words[2], strings.Join(words[3:], " ")), nil
		}
	case "vulnerability":
		v, err := ParseVulnerability(words[1:])
		return Vulnerabilities(v), err
	}
	return nil, fmt.Errorf("no such setting: %s", strings.Join(words, " "))
}
