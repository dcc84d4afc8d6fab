package engine

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
)

// pins are the commits that references of git repositories stand for during one
// resolution: a branch that moves meanwhile does not, and two references to one
// commit are one source.
type pins struct {
	mu      sync.Mutex
	commits map[string]string // by repository and reference
}

func pinKey(s source.Source) string {
	r := s.Reference
	return source.Canonical(s.Location) + "\x00" + r.Branch + "\x00" + r.Tag + "\x00" + r.Rev
}

func (p *pins) get(s source.Source) (commit string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	commit, ok = p.commits[pinKey(s)]
	return commit, ok
}

func (p *pins) set(s source.Source, commit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.commits == nil {
		p.commits = map[string]string{}
	}
	p.commits[pinKey(s)] = commit
}

// keep takes over what a lock has.
func (p *pins) keep(list []source.Source) {
	for _, s := range list {
		if s.Kind == source.Git && s.Reference.Commit != "" {
			p.set(s, s.Reference.Commit)
		}
	}
}

// pinned is a source with the commit that is known for it.
func (a *answers) pinned(s source.Source) source.Source {
	if s.Kind != source.Git {
		return s
	}
	s.Reference.LFS = s.Reference.LFS || a.engine.GitLFS
	if s.Reference.Commit != "" {
		return s
	}
	if commit, ok := a.pins.get(s); ok {
		return s.Pinned(commit)
	}
	return s
}

// unpinnedMetadata finds the commit of a git source and then its metadata, which
// it has in common with other references to that commit.
func (a *answers) unpinnedMetadata(d *source.Dist) (*resolve.Metadata, error) {
	at := *d
	at.Source = a.pinned(d.Source)
	if at.Source.Reference.Commit == "" {
		s, err := a.fetcher.Pin(a.ctx, at.Source)
		if err != nil {
			return nil, err
		}
		a.pins.set(d.Source, s.Reference.Commit)
		at.Source = s
	}
	return a.Metadata(&at).Wait(a.ctx)
}

// settle puts commits in place of references everywhere, once all URLs were
// looked at. References of which nobody asked for the metadata stay: they
// belong to other environments.
func (a *answers) settle(m *resolve.Manifest) {
	a.settled = true
	m.Requirements = a.withPins(m.Requirements)
	m.Constraints = a.withPins(m.Constraints)
	overrides := append([]resolve.Override(nil), m.Overrides...)
	for i := range overrides {
		overrides[i].Requirement.Source = a.pinned(overrides[i].Requirement.Source)
	}
	m.Overrides = overrides
	for i := range m.Lookahead {
		m.Lookahead[i].Requires = a.withPins(m.Lookahead[i].Requires)
	}
}

// withPins is a list of requirements with the commits that are known; a list
// without git sources is returned as it is.
func (a *answers) withPins(list []source.Requirement) []source.Requirement {
	out := list
	for i := range list {
		if list[i].Source.Kind != source.Git {
			continue
		}
		if &out[0] == &list[0] {
			out = append([]source.Requirement(nil), list...)
		}
		out[i].Source = a.pinned(list[i].Source)
	}
	return out
}

// settledMetadata is the metadata of a direct URL with commits in place of
// references.
func (a *answers) settledMetadata(d *source.Dist, future *par.Future[*resolve.Metadata]) *par.Future[*resolve.Metadata] {
	return a.withCommits.Do(d.ID(), func() *par.Future[*resolve.Metadata] {
		return par.Go(func() (*resolve.Metadata, error) {
			m, err := future.Wait(a.ctx)
			if err != nil {
				return nil, err
			}
			out := *m
			out.Requires = a.withPins(m.Requires)
			for name, list := range m.Groups {
				with := a.withPins(list)
				if len(list) > 0 && &with[0] != &list[0] {
					groups := make(map[pyname.Group][]source.Requirement, len(m.Groups))
					for k, v := range out.Groups {
						groups[k] = v
					}
					groups[name] = with
					out.Groups = groups
				}
			}
			return &out, nil
		})
	})
}

// repositoryMetadata reads the metadata of a project at a commit. Its workspace
// ends where the repository does.
func (a *answers) repositoryMetadata(d *source.Dist) (*resolve.Metadata, error) {
	root, dir, err := a.fetcher.SourceTree(a.ctx, d)
	if err != nil {
		return nil, err
	}
	finder := a.checkouts.Do(root, func() *workspace.Finder { return a.engine.newFinder(root) })
	m, dynamic, err := a.engine.readTree(a.ctx, finder, d, dir)
	if err == nil && (m == nil || dynamic) {
		m, err = a.builtRepository(d, finder, dir)
	}
	if err != nil {
		return nil, err
	}
	for _, list := range m.Groups {
		if err := withinRepository(d.Source, root, list); err != nil {
			return nil, err
		}
	}
	return m, withinRepository(d.Source, root, m.Requires)
}

// builtRepository is the metadata that the build of a commit tells.
func (a *answers) builtRepository(d *source.Dist, finder *workspace.Finder, dir string) (*resolve.Metadata, error) {
	built, err := a.fetcher.BuiltMetadata(a.ctx, d)
	if err != nil {
		return nil, err
	}
	return builtTree(a.ctx, finder, dir, built)
}

// newFinder finds workspaces that end at a directory.
func (e *Engine) newFinder(root string) *workspace.Finder {
	f := &workspace.Finder{Discover: workspace.DiscoverOptions{StopAt: root}}
	if e.Workspaces != nil {
		f.Sources, f.Discover.Check = e.Workspaces.Sources, e.Workspaces.Discover.Check
	}
	return f
}

// withinRepository turns paths that a project in a repository has for its
// requirements into places in the repository.
func withinRepository(s source.Source, root string, list []source.Requirement) error {
	if s.Kind != source.Git {
		return nil
	}
	for i := range list {
		r := &list[i]
		if r.Source.Kind != source.Directory && r.Source.Kind != source.Path {
			continue
		}
		rel, err := filepath.Rel(root, r.Source.Location)
		if err != nil || !filepath.IsLocal(rel) {
			return fmt.Errorf("the project in `%s` requires `%s` at a path that leads out of the repository", s, r.Name)
		}
		at := s
		at.Subdirectory, at.Archive = filepath.ToSlash(rel), ""
		if r.Source.Kind == source.Path {
			at.Subdirectory, at.Archive = "", at.Subdirectory
		}
		r.Source = inRepository(at)
	}
	return nil
}

// inRepository is a source whose place in the repository has changed, written so
// that it can be read again.
func inRepository(s source.Source) source.Source {
	location, _, _ := strings.Cut(s.Given, "#")
	var fragments []string
	if s.Subdirectory == "." {
		s.Subdirectory = ""
	}
	for _, part := range [...][2]string{{"subdirectory", s.Subdirectory}, {"path", s.Archive}} {
		if part[1] != "" {
			fragments = append(fragments, part[0]+"="+part[1])
		}
	}
	if s.Reference.LFS {
		fragments = append(fragments, "lfs=true")
	}
	s.Given, s.Written = location, ""
	if len(fragments) > 0 {
		s.Given += "#" + strings.Join(fragments, "&")
	}
	return s
}

// gitURL tells where an installed distribution is from (PEP 610).
func gitURL(s source.Source) *metadata.DirectURL {
	info := &metadata.VCSInfo{VCS: "git", CommitID: s.Reference.Commit, RequestedRevision: s.Reference.String()}
	if s.Reference.LFS {
		info.LFS = &s.Reference.LFS
	}
	return &metadata.DirectURL{URL: auth.Redact(s.Location), VCS: info, Subdirectory: s.Subdirectory, Path: s.Archive}
}
