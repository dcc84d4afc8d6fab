package cli

import (
	"path/filepath"
	"sync"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/pyproject"
)

// projectIndexes are the indexes that projects name in their sources: of the
// command line, or of the same pyproject.toml.
type projectIndexes struct {
	app      *app
	settings *workSettings

	mu     sync.Mutex
	found  []index.Index
	client *index.Client // once there is one
}

// workspaceOptions say how the sources of projects are applied.
func (s *workSettings) workspaceOptions() workspace.Options {
	if s.projects == nil {
		s.projects = &projectIndexes{app: s.app, settings: s}
	}
	return workspace.Options{
		Disabled: isTrue(s.Pip.NoSources), DisabledFor: s.Pip.NoSourcesPackage, Index: s.projects.find, Check: s.projects.check, Getenv: s.app.urlVariable,
	}
}

// finder finds the workspaces of source trees, with the settings applied.
func (s *workSettings) finder() *workspace.Finder {
	return &workspace.Finder{
		Discover: workspace.DiscoverOptions{Files: s.app.projectFiles(), CacheDir: s.app.cacheDir()},
		Sources:  s.workspaceOptions(),
	}
}

// projectFiles are the files of projects that the command has read.
func (a *app) projectFiles() *workspace.Files {
	if a.files == nil {
		a.files = &workspace.Files{Show: a.shown}
	}
	return a.files
}

// urlVariable is a variable that a URL of a requirement contains.
func (a *app) urlVariable(name string) (string, bool) {
	if v, ok := a.getenv(name); ok || name != "PROJECT_ROOT" {
		return v, ok
	}
	return a.dir, true
}

// find looks an index up for a project, and makes it known to the client.
func (p *projectIndexes) find(f *pyproject.File, name string) (string, bool) {
	x, ok := p.definition(f, name)
	if !ok {
		return "", false
	}
	x.Explicit = true
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		p.client.Know(x, auth.FromEnv(x.Name, x.URL, p.app.environment.Get))
	} else {
		p.found = append(p.found, x)
	}
	return x.Location(), true
}

// check refuses settings that cannot be read.
func (p *projectIndexes) check(f *pyproject.File) error {
	if f.IsScript() {
		return nil
	}
	_, err := p.app.fileOptions(f)
	return err
}

// fileOptions are the settings in one pyproject.toml, read once.
func (a *app) fileOptions(f *pyproject.File) (*config.Options, error) {
	a.optionsMu.Lock()
	defer a.optionsMu.Unlock()
	if o, ok := a.options[f]; ok {
		return o, nil
	}
	path := a.path(f.Name())
	o, err := config.FromFile(a.shown(path), filepath.Dir(path), f)
	if err != nil {
		return nil, err
	}
	if a.options == nil {
		a.options = map[*pyproject.File]*config.Options{}
	}
	a.options[f] = &o
	return &o, nil
}

func (p *projectIndexes) definition(f *pyproject.File, name string) (index.Index, bool) {
	for _, x := range p.settings.Indexes {
		if x.Name == name && x.Origin == config.OriginCommandLine {
			return settings.IndexOf(x), true
		}
	}
	o, err := p.app.fileOptions(f)
	if err != nil {
		return index.Index{}, false
	}
	for _, x := range o.Index {
		if x.Name == name {
			return settings.IndexOf(x), true
		}
	}
	return index.Index{}, false
}

// addTo adds what was found so far to the places that are searched.
func (p *projectIndexes) addTo(l *index.Locations) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.found {
		if known, ok := l.At(x.URL); !ok || known.Flat {
			l.Indexes = append(l.Indexes, x)
		}
	}
}

// any reports whether projects have named an index.
func (p *projectIndexes) any() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.found) > 0
}

// tell makes what is found from now on known to the client.
func (p *projectIndexes) tell(c *index.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = c
}
