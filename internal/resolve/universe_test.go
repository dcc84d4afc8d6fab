package resolve

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
	"github.com/tame-py/tame/packaging/tags"
)

// release is one version of a project in a universe.
type release struct {
	Requires       []string            `json:"requires"`
	Extras         map[string][]string `json:"extras"`
	RequiresPython *string             `json:"requires_python"`
	Wheel          *bool               `json:"wheel"`
	Sdist          *bool               `json:"sdist"`
	WheelTags      []string            `json:"wheel_tags"`
	Yanked         any                 `json:"yanked"`

	groups   map[string][]string
	broken   Reason // its metadata cannot be used
	fails    string // reading its metadata ends in an error
	uploaded time.Time
}

// universe is all projects there are. It is a Provider with everything in
// memory.
type universe struct {
	projects map[string]map[string]*release // of the first index, by name and version
	others   []otherIndex
	urls     []urlRelease
	absence  Absence // of what is not there
	policy   *index.Policy

	mu       sync.Mutex
	versions map[[2]string]*par.Future[*Versions]
	limit    index.Cutoff
	metadata map[*source.Dist]*par.Future[*Metadata]
}

// otherIndex is an index after the first.
type otherIndex struct {
	url      string
	projects map[string]map[string]*release
}

const firstIndex = "https://one.example"

// at returns the projects of an index.
func (u *universe) at(url string) map[string]map[string]*release {
	for _, o := range u.others {
		if o.url == url {
			return o.projects
		}
	}
	return u.projects
}

func newUniverse() *universe {
	return &universe{
		projects: map[string]map[string]*release{},
		versions: map[[2]string]*par.Future[*Versions]{},
		metadata: map[*source.Dist]*par.Future[*Metadata]{},
	}
}

func (u *universe) Versions(n pyname.Package, from string) *par.Future[*Versions] {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := [2]string{string(n), from}
	if f := u.versions[key]; f != nil {
		return f
	}
	answer := &Versions{}
	urls := []string{from}
	if from == "" {
		urls = []string{firstIndex}
		for _, o := range u.others {
			urls = append(urls, o.url)
		}
	}
	for _, url := range urls {
		if files := files(u.at(url), n, url); len(files) > 0 {
			answer.Lists = append(answer.Lists,
				index.NewVersionMap(n, source.Source{Index: url}, index.NewPage(n, files), u.policy, u.limit))
		}
	}
	if len(answer.Lists) == 0 {
		answer.Absence = max(u.absence, NotFound)
	}
	f := par.Settled(answer, nil)
	u.versions[key] = f
	return f
}

func files(projects map[string]map[string]*release, n pyname.Package, url string) []simple.File {
	var out []simple.File
	stem := strings.ReplaceAll(string(n), "-", "_")
	for name, versions := range projects {
		if pyname.Normalize(name) != string(n) {
			continue
		}
		for version, r := range versions {
			file := simple.File{Size: -1, RequiresPython: r.python(), UploadTime: r.uploaded}
			if reason, ok := r.Yanked.(string); ok {
				file.Yanked, file.YankedReason = true, reason
			} else if yes, _ := r.Yanked.(bool); yes {
				file.Yanked = true
			}
			v := pep440.MustParse(version).String()
			add := func(filename string) {
				file.Filename, file.URL = filename, url+"/"+filename
				out = append(out, file)
			}
			if r.Wheel == nil || *r.Wheel {
				list := r.WheelTags
				if len(list) == 0 {
					list = []string{"py3-none-any"}
				}
				for _, tag := range list {
					add(stem + "-" + v + "-" + tag + ".whl")
				}
			}
			if r.Sdist == nil || *r.Sdist {
				add(stem + "-" + v + ".tar.gz")
			}
		}
	}
	return out
}

func (r *release) python() string {
	if r.RequiresPython == nil {
		return ">=3.12"
	}
	return *r.RequiresPython
}

func (u *universe) Metadata(d *source.Dist) *par.Future[*Metadata] {
	u.mu.Lock()
	defer u.mu.Unlock()
	if d.Source.IsDirect() {
		for i := range u.urls {
			if u.urls[i].url == d.Source.Location {
				return par.Settled(u.urls[i].metadata())
			}
		}
		return par.Settled[*Metadata](nil, fmt.Errorf("nothing at %s", d.Source))
	}
	if f := u.metadata[d]; f != nil {
		return f
	}
	var r *release
	for name, versions := range u.at(d.Source.Index) {
		for version, candidate := range versions {
			if pyname.Normalize(name) == string(d.Name) && pep440.MustParse(version).Equal(d.Version) {
				r = candidate
			}
		}
	}
	m, err := r.parse(d.Name, d.Version)
	if r.fails != "" {
		err = errors.New(r.fails)
	}
	f := par.Settled(m, err)
	u.metadata[d] = f
	return f
}

func (r *release) parse(n pyname.Package, v pep440.Version) (*Metadata, error) {
	m := &Metadata{Name: n, Version: v, Unusable: Unusable{Reason: r.broken}}
	requires, err := pep440.ParseSpecifiers(r.python())
	if err != nil {
		return nil, err
	}
	m.RequiresPython = requires
	for _, text := range r.Requires {
		req, err := requirement(text)
		if err != nil {
			return nil, err
		}
		m.Requires = append(m.Requires, req)
	}
	for group, list := range r.groups {
		if m.Groups == nil {
			m.Groups = map[pyname.Group][]source.Requirement{}
		}
		for _, text := range list {
			req, err := requirement(text)
			if err != nil {
				return nil, err
			}
			m.Groups[pyname.Group(group)] = append(m.Groups[pyname.Group(group)], req)
		}
	}
	extras := make([]string, 0, len(r.Extras))
	for extra := range r.Extras {
		extras = append(extras, extra)
	}
	slices.SortFunc(extras, func(a, b string) int { return strings.Compare(pyname.Normalize(a), pyname.Normalize(b)) })
	for _, extra := range extras {
		name := pyname.Extra(pyname.Normalize(extra))
		m.Extras = append(m.Extras, name)
		for _, text := range r.Extras[extra] {
			req, err := requirement(text)
			if err != nil {
				return nil, err
			}
			req.Marker = req.Marker.And(marker.Extra(name))
			m.Requires = append(m.Requires, req)
		}
	}
	return m, nil
}

func requirement(text string) (source.Requirement, error) {
	req, err := pep508.ParseLenient(text)
	if err != nil {
		return source.Requirement{}, err
	}
	out := source.Requirement{Name: req.Name, Extras: req.Extras, Marker: req.Marker}
	if req.URL == "" {
		out.Source.Specifiers = req.Specifiers
		return out, nil
	}
	out.Source, err = source.FromURL(req.URL)
	return out, err
}

// linux is CPython on Linux with glibc 2.36 on x86_64.
func linux(version string) (*marker.Env, *tags.Set, error) {
	v, err := pep440.Parse(version)
	if err != nil {
		return nil, nil, err
	}
	env, err := marker.NewEnv(marker.Env{
		OSName: "posix", SysPlatform: "linux", PlatformSystem: "Linux", PlatformMachine: "x86_64",
		PlatformPythonImplementation: "CPython", ImplementationName: "cpython",
		ImplementationVersion: version, PythonFullVersion: version, PythonVersion: v.Truncate(2).String(),
	})
	if err != nil {
		return nil, nil, err
	}
	set, err := tags.For(
		tags.Interpreter{Implementation: "cpython", Major: 3, Minor: int(v.Segment(1))},
		tags.Platform{OS: tags.Linux, Arch: tags.X86_64, Libc: tags.Glibc, Major: 2, Minor: 36},
	)
	return &env, set, err
}

// ask is a question to a universe.
type ask struct {
	requires []string
	python   string // of the interpreter; "3.12.1" if empty
	target   string // --python-version
	change   func(*Resolver, *index.Policy)
}

func (u *universe) resolver(a ask) (*Resolver, error) {
	if a.python == "" {
		a.python = "3.12.1"
	}
	interpreter, err := pep440.Parse(a.python)
	if err != nil {
		return nil, err
	}
	effective := a.python
	python := ForInterpreter(interpreter)
	if a.target != "" {
		target, err := pep440.Parse(a.target)
		if err != nil {
			return nil, err
		}
		python = ForVersion(interpreter, target)
		if effective = a.target; target.Len() < 3 {
			effective += ".0"
		}
	}
	env, set, err := linux(effective)
	if err != nil {
		return nil, err
	}
	r := &Resolver{Provider: u, Options: Options{Env: env, Tags: set, Python: python}}
	for _, text := range a.requires {
		req, err := requirement(text)
		if err != nil {
			return nil, err
		}
		r.Manifest.Requirements = append(r.Manifest.Requirements, req)
	}
	u.policy = &index.Policy{Tags: set, Target: python.Target}
	if a.change != nil {
		a.change(r, u.policy)
	}
	u.policy.Tags = r.Options.Tags
	u.policy.Yanked = YankedAllowed(&r.Manifest, &r.Options)
	return r, nil
}

// pins is what a graph would install, as `name==version`.
func pins(g *Graph) []string {
	var out []string
	for _, n := range g.Nodes {
		if n.OnlyGroups {
			continue
		}
		out = append(out, fmt.Sprintf("%s==%s", n.Name, n.Version))
	}
	return out
}

// scenario is a case of the shared conformance suites, as far as it matters
// here.
type scenario struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	Root struct {
		Requires []string `json:"requires"`
	} `json:"root"`
	Environment struct {
		Python string `json:"python"`
	} `json:"environment"`
	Options struct {
		Universal      bool     `json:"universal"`
		Python         string   `json:"python"`
		Prereleases    bool     `json:"prereleases"`
		Resolution     string   `json:"resolution"`
		NoBuild        []string `json:"no_build"`
		NoBinary       []string `json:"no_binary"`
		PythonPlatform string   `json:"python_platform"`
	} `json:"options"`
	Defaults release `json:"defaults"`
	Packages map[string]struct {
		Versions map[string]*release `json:"versions"`
	} `json:"packages"`
	UV struct {
		ExitCode  int               `json:"exit_code"`
		Stderr    string            `json:"stderr"`
		Installed map[string]string `json:"installed"`
		Pins      []string          `json:"pins"`
	} `json:"uv"`
}

func (s *scenario) universe() *universe {
	u := newUniverse()
	for name, p := range s.Packages {
		u.projects[name] = p.Versions
		for _, r := range p.Versions {
			if r.RequiresPython == nil {
				r.RequiresPython = s.Defaults.RequiresPython
			}
			if r.Sdist == nil {
				r.Sdist = s.Defaults.Sdist
			}
		}
	}
	return u
}

// interpreter is the full version of the interpreter the record was made with,
// as far as it is known from the environment's name.
func (s *scenario) interpreter() string {
	full := map[string]string{"3.8": "3.8.18", "3.9": "3.9.18", "3.10": "3.10.13", "3.11": "3.11.7", "3.12": "3.12.1", "3.13": "3.13.0"}
	if v, ok := full[s.Environment.Python]; ok {
		return v
	}
	return s.Environment.Python
}

func (s *scenario) ask() ask {
	return ask{
		requires: s.Root.Requires, python: s.interpreter(), target: s.Options.Python,
		change: func(r *Resolver, p *index.Policy) {
			if s.Options.Prereleases {
				r.Options.Prerelease = Allow
			}
			if s.Options.Resolution != "" {
				if err := r.Options.Resolution.UnmarshalText([]byte(s.Options.Resolution)); err != nil {
					panic(err)
				}
			}
			p.NoBuild = projects(s.Options.NoBuild)
			p.NoBinary = projects(s.Options.NoBinary)
			if s.Options.PythonPlatform != "" {
				target, err := tags.ParseTarget(s.Options.PythonPlatform, nil)
				if err != nil {
					panic(err)
				}
				set, err := tags.For(r.Options.Tags.Interpreter(), target.Platform)
				if err != nil {
					panic(err)
				}
				r.Options.Tags = set
			}
		},
	}
}

func projects(names []string) index.Selection {
	s := index.Selection{Packages: map[pyname.Package]bool{}}
	for _, n := range names {
		s.Packages[pyname.Package(pyname.Normalize(n))] = true
	}
	return s
}

// wants is what uv answered, as pins; a test of `pip compile` gives them with
// their markers.
func (s *scenario) wants() []string {
	var out []string
	for name, version := range s.UV.Installed {
		out = append(out, name+"=="+version)
	}
	for _, pin := range s.UV.Pins {
		pin, _, _ = strings.Cut(pin, ";")
		out = append(out, strings.TrimSpace(pin))
	}
	slices.SortFunc(out, func(a, b string) int {
		return strings.Compare(strings.ReplaceAll(a, "==", "\x00"), strings.ReplaceAll(b, "==", "\x00"))
	})
	return out
}

// shared returns a folder of the conformance suites, which lie beside the
// repository or where TAME_SHARED says.
func shared(t testing.TB, path string) string {
	t.Helper()
	if dir := os.Getenv("TAME_SHARED"); dir != "" {
		return filepath.Join(dir, path)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		dir = filepath.Dir(dir)
		if found := filepath.Join(dir, "shared", path); isDir(found) {
			return found
		}
	}
	t.Skipf("the shared folder %s is not here", path)
	return ""
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// scenarios calls f for every case of a suite that asks for one environment.
func scenarios(t *testing.T, path string, f func(t *testing.T, s *scenario)) {
	root := shared(t, path)
	if !isDir(root) {
		t.Skipf("%s is not here", root)
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", root, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := &scenario{}
		if err := json.Unmarshal(text, s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s.Kind == "lock" || s.Options.Universal {
			continue
		}
		t.Run(s.ID, func(t *testing.T) {
			t.Parallel()
			f(t, s)
		})
	}
}
