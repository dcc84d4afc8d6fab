package install

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// Kind tells in which form a distribution is installed.
type Kind uint8

// The kinds.
const (
	// DistInfo is a .dist-info directory, the only form still in use.
	DistInfo Kind = iota
	// EggInfoDir is an .egg-info directory, made by setuptools of old.
	EggInfoDir
	// EggInfoFile is an .egg-info file, made by distutils. It does not tell
	// which files belong to it.
	EggInfoFile
	// EggLink is an .egg-link file, which points to a project in development.
	EggLink
)

// Installed is a distribution in an environment. Name and version come from
// the directory's name; the rest is read when asked for, once. It is safe for
// concurrent use.
type Installed struct {
	Name    pyname.Package
	Version pep440.Version
	Kind    Kind
	// Path is the directory or file that Kind names.
	Path string
	// Target is where the project of an EggLink lies.
	Target string

	// tree is the directory that Path lies in, of a DistInfo: its small files
	// are reached quickest from there. It is closed when nobody has it any more.
	tree      *fsx.Tree
	info      string // the file with the metadata
	directURL lazy[*metadata.DirectURL]
	meta      lazy[*metadata.Metadata]
	tags      lazy[[]tags.Compressed]

	memory *memory // nil unless the site remembers
	recall sync.Once
	note   *noteRow // of memory, if it holds
	learnt learnt
}

// String is `name==version`.
func (i *Installed) String() string { return string(i.Name) + "==" + i.Version.String() }

// Location is the directory that the distribution's packages are imported
// from, as pip shows it.
func (i *Installed) Location() string {
	if i.Kind == EggLink {
		return i.Target
	}
	return filepath.Dir(i.Path)
}

// read returns a file of the .dist-info directory; an absent one is nil.
func (i *Installed) read(name string) ([]byte, error) {
	if i.tree != nil {
		return i.tree.ReadIfAny(i.base() + "/" + name)
	}
	data, err := i.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// file returns a file of the directory that Path names.
func (i *Installed) file(name string) ([]byte, error) {
	if i.tree == nil {
		return fsx.ReadFile(filepath.Join(i.Path, name))
	}
	return i.tree.ReadFile(i.base() + "/" + name)
}

// DirectURL returns where the distribution came from if not from an index, nil
// otherwise (PEP 610).
func (i *Installed) DirectURL() (*metadata.DirectURL, error) {
	if i.Kind != DistInfo {
		return nil, nil
	}
	return i.directURL.get(func() (*metadata.DirectURL, error) {
		data, err := i.read("direct_url.json")
		if data == nil || err != nil {
			return nil, err
		}
		d, err := metadata.ParseDirectURL(data)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", filepath.Join(i.Path, "direct_url.json"), err)
		}
		return d, nil
	})
}

// URL is the origin of a distribution that did not come from an index, as the
// URL of a requirement, or empty.
func (i *Installed) URL() string {
	if i.Kind == EggLink {
		return fileURL(i.Target)
	}
	if d, err := i.DirectURL(); err == nil && d != nil {
		return d.Requirement()
	}
	return ""
}

// IsEditable reports whether the distribution's project is used in place.
func (i *Installed) IsEditable() bool {
	if i.Kind == EggLink {
		return true
	}
	d, err := i.DirectURL()
	return err == nil && d != nil && d.IsEditable()
}

// EditableLocation is the directory of a project that is used in place, or
// empty.
func (i *Installed) EditableLocation() string {
	if i.Kind == EggLink {
		return i.Target
	}
	if d, err := i.DirectURL(); err == nil && d != nil && d.IsEditable() {
		return filePath(d.URL)
	}
	return ""
}

// readInfo returns the file with the metadata.
func (i *Installed) readInfo() ([]byte, error) {
	if i.Kind == DistInfo {
		return i.file("METADATA")
	}
	return fsx.ReadFile(i.info)
}

// readHeaders is readInfo without the description, which can be long.
func (i *Installed) readHeaders() ([]byte, error) {
	if i.Kind != DistInfo || i.tree == nil {
		return i.readInfo()
	}
	return i.tree.ReadHead(i.base() + "/METADATA")
}

// Metadata returns the distribution's metadata, as far as resolving goes.
func (i *Installed) Metadata() (*metadata.Metadata, error) {
	return i.meta.get(func() (*metadata.Metadata, error) {
		if n := i.recalled(); n != nil {
			if m, err := i.remembered(n); err == nil {
				return m, nil
			}
		}
		data, err := i.readHeaders()
		if err != nil {
			return nil, err
		}
		m, err := metadata.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", i.info, err)
		}
		i.learnt.headers = data
		return m, nil
	})
}

// RawMetadata returns all fields of the distribution's metadata as written.
func (i *Installed) RawMetadata() (metadata.Raw, error) {
	data, err := i.readInfo()
	if err != nil {
		return metadata.Raw{}, err
	}
	raw, _ := metadata.ParseRaw(data)
	return raw, nil
}

// Tags returns the tags that the distribution's wheel was made for. It is
// empty for eggs and for wheels that do not tell.
func (i *Installed) Tags() ([]tags.Compressed, error) {
	if i.Kind != DistInfo {
		return nil, nil
	}
	return i.tags.get(func() ([]tags.Compressed, error) {
		if list, ok := i.recalledTags(); ok {
			return list, nil
		}
		data, err := i.file("WHEEL")
		if err != nil {
			return nil, err
		}
		w, err := dist.ParseWheelInfo(data)
		if err == nil {
			i.learnt.tags = w.Tags
		}
		return w.Tags, err
	})
}

// CacheInfo returns the state that the sources of a local project had when the
// distribution was built, nil if that was not recorded.
func (i *Installed) CacheInfo() (*CacheInfo, error) {
	if i.Kind != DistInfo {
		return nil, nil
	}
	data, err := i.read("uv_cache.json")
	if data == nil || err != nil {
		return nil, err
	}
	return ParseCacheInfo(data)
}

// contentName is the file with the digests of the directory that a distribution
// was built of, one a line.
const contentName = "tame_source"

// Content returns the recorded digests of the directory that the distribution
// was built of, nil if there are none.
func (i *Installed) Content() ([]string, error) {
	if i.Kind != DistInfo {
		return nil, nil
	}
	data, err := i.read(contentName)
	if data == nil || err != nil {
		return nil, err
	}
	return strings.Fields(string(data)), nil
}

// BuildInfo returns the recorded settings that the distribution was built
// with, as the JSON text of uv_build.json, nil if there are none.
func (i *Installed) BuildInfo() ([]byte, error) {
	if i.Kind != DistInfo {
		return nil, nil
	}
	return i.read("uv_build.json")
}

// Installer names the program that installed the distribution, if it did.
func (i *Installed) Installer() string {
	data, err := i.read("INSTALLER")
	if i.Kind != DistInfo || err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// Record lists the distribution's files, relative to [Installed.Location].
// That there is no such list matches fs.ErrNotExist.
func (i *Installed) Record() ([]dist.RecordEntry, error) {
	data, err := i.file("RECORD")
	if err != nil {
		return nil, err
	}
	entries, err := dist.ParseRecord(data)
	if err != nil {
		return nil, fmt.Errorf("`%s` is damaged: %w", filepath.Join(i.Path, "RECORD"), err)
	}
	return entries, nil
}

// EntryPoints returns the distribution's entry points.
func (i *Installed) EntryPoints() (dist.EntryPoints, error) {
	dir := i.Path
	if i.Kind == EggLink {
		dir = filepath.Dir(i.info)
	}
	data, err := fsx.ReadFile(filepath.Join(dir, "entry_points.txt"))
	if errors.Is(err, fs.ErrNotExist) || i.Kind == EggInfoFile {
		return dist.EntryPoints{}, nil
	}
	if err != nil {
		return dist.EntryPoints{}, err
	}
	return dist.ParseEntryPoints(data)
}

// fileURL is the file: URL of an absolute path.
func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// filePath is the path that a file: URL names, or empty.
func filePath(text string) string {
	u, err := url.Parse(text)
	if err != nil || !strings.EqualFold(u.Scheme, "file") || u.Host != "" && u.Host != "localhost" {
		return ""
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.FromSlash(path)
}
