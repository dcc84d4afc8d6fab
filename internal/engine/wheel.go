package engine

import (
	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
)

// wheelOf is a fetched wheel in the installer's terms.
func (e *Engine) wheelOf(d *source.Dist, w *fetch.Wheel) install.Wheel {
	out := install.Wheel{Name: d.Name, Version: d.Version, Dir: w.Dir(), Manifest: w.Manifest()}
	if d.Wheel != nil {
		out.Version = d.Wheel.Version
	} else {
		if name, err := dist.ParseWheel(w.Entry.Filename); err == nil {
			out.Version = name.Version
		}
		out.BuildInfo = e.BuildInfo(d.Name)
	}
	switch d.Source.Kind {
	case source.URL:
		out.DirectURL = &metadata.DirectURL{
			URL: auth.Redact(d.Source.Location), Archive: &metadata.ArchiveInfo{}, Subdirectory: d.Source.Subdirectory,
		}
	case source.Git:
		out.DirectURL = gitURL(d.Source)
	case source.Path:
		out.DirectURL = &metadata.DirectURL{URL: d.Source.FileURL(), Archive: &metadata.ArchiveInfo{}, Subdirectory: d.Source.Subdirectory}
		if out.CacheInfo = w.CacheInfo; out.CacheInfo == nil {
			if info, err := install.CacheInfoOf(d.Source.Location, nil); err == nil {
				out.CacheInfo = info
			}
		}
	case source.Directory:
		info := &metadata.DirInfo{}
		if d.Source.Editable || d.Source.Settled {
			info.Editable = &d.Source.Editable
		}
		out.DirectURL = &metadata.DirectURL{URL: d.Source.FileURL(), Dir: info, Subdirectory: d.Source.Subdirectory}
		out.CacheInfo = w.CacheInfo
		if !d.Source.Editable && d.Source.Subdirectory == "" {
			out.Content = w.Content
		}
	}
	return out
}
