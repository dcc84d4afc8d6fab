package pip

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pyname"
)

// An UninstallRequest asks to remove distributions from an environment, whose
// lock must be held.
type UninstallRequest struct {
	// Inputs are read with [Reader.Loose]. A requirement stands for its project,
	// whatever versions and markers it names; a URL or path without a name for
	// what was installed from there.
	Inputs *Inputs
	Site   *install.Site
	Layout install.Layout
	DryRun bool
	Warn   func(string) // told what is odd but no error
}

// UninstallResult is what was removed or, in a dry run, would be.
type UninstallResult struct {
	engine.Changes
	Missing []string // names, then URLs that nothing is installed of
}

// Uninstall removes distributions. If it fails, some of them may be gone.
func Uninstall(ctx context.Context, req *UninstallRequest) (*UninstallResult, error) {
	found, missing := req.find()
	r := &UninstallResult{Missing: missing}
	for _, i := range found {
		c := engine.Change{Name: i.Name, Version: i.Version}
		if i.Kind == install.DistInfo {
			c.URL = i.URL()
		}
		r.Changes.Changes = append(r.Changes.Changes, c)
		r.Changes.Removed++
	}
	if req.DryRun || len(found) == 0 {
		return r, nil
	}
	return r, install.Remove(ctx, req.Layout, req.Site, found, install.Options{Warn: req.Warn})
}

// find returns the distributions to remove, by name and version, and what is
// not there.
func (req *UninstallRequest) find() (found []*install.Installed, missing []string) {
	var names, urls []string
	for _, in := range req.Inputs.Requirements {
		if in.Name != "" {
			names = append(names, string(in.Name))
		} else {
			urls = append(urls, originOf(in.Source))
		}
	}
	add := func(asked string, list []*install.Installed) {
		found = append(found, list...)
		if len(list) == 0 {
			missing = append(missing, asked)
		}
	}
	for _, name := range compact(names) {
		add(name, req.Site.Get(pyname.Package(name)))
	}
	for _, url := range compact(urls) {
		add(url, req.Site.FromURL(url))
	}
	slices.SortFunc(found, func(a, b *install.Installed) int {
		return cmp.Or(strings.Compare(string(a.Name), string(b.Name)), a.Version.Compare(b.Version), strings.Compare(a.Path, b.Path))
	})
	return slices.Compact(found), missing
}

// originOf is a place as [install.Installed.URL] tells it.
func originOf(s source.Source) string {
	if (s.Kind == source.Path || s.Kind == source.Directory) && s.Subdirectory == "" {
		return s.FileURL()
	}
	return s.String()
}

// compact sorts texts and leaves out what is there twice.
func compact(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
