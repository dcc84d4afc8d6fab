package install

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"

	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/tags"
)

// Verdict tells whether an installed distribution answers what is wanted.
type Verdict uint8

// The verdicts.
const (
	// Satisfied: it may stay.
	Satisfied Verdict = iota
	// Mismatch: it is another version, or comes from elsewhere.
	Mismatch
	// OutOfDate: it comes from the right place, which has changed since.
	OutOfDate
	// CacheInvalid: whether its place has changed cannot be told.
	CacheInvalid
)

// String names the verdict.
func (v Verdict) String() string {
	switch v {
	case Satisfied:
		return "satisfied"
	case Mismatch:
		return "mismatch"
	case OutOfDate:
		return "out of date"
	case CacheInvalid:
		return "unknown"
	}
	return "invalid"
}

// Checker compares what is installed with what is wanted. It may be used by
// several goroutines.
type Checker struct {
	// Tags are those of the environment; nil accepts a wheel of any platform.
	Tags *tags.Set
	// Strict demands that what is wanted from an index came from an index.
	// Otherwise any origin will do if the version is right, as in pip.
	Strict bool
	// BuildInfo returns the settings with which a project would be built now, as
	// the text of uv_build.json; nil is none. The field may be nil. It and
	// CacheInfo are called by several goroutines.
	BuildInfo func(pyname.Package) []byte
	// CacheInfo reads the state of a local archive or project now. If it is nil
	// local projects count as unchanged.
	CacheInfo func(path string) (*CacheInfo, error)
	// Content digests the directory of a local project now. It is asked of
	// projects that are not installed in place, and may be nil.
	Content func(dir string) (string, error)
}

// Check compares a distribution with a source. A version that is not zero must
// be the installed one, also where the source says nothing about versions.
func (c *Checker) Check(i *Installed, want source.Source, version pep440.Version) Verdict {
	if !c.sameBuild(i, want) {
		return OutOfDate
	}
	v := c.checkSource(i, want)
	switch {
	case v != Satisfied:
		return v
	case !c.compatible(i):
		return Mismatch
	case !version.IsZero() && !version.Equal(i.Version):
		return OutOfDate
	}
	return Satisfied
}

// sameBuild tells whether the recorded build settings are those of now. Where
// none are recorded nothing is compared: most distributions are not built here.
// Where none are in force either, what comes from an index is not asked: that
// would be one more file to open for each.
func (c *Checker) sameBuild(i *Installed, want source.Source) bool {
	if c.BuildInfo == nil {
		return true
	}
	now := c.BuildInfo(i.Name)
	if now == nil {
		now = []byte("{}")
	}
	if want.Kind == source.Registry && string(now) == "{}" {
		return true
	}
	recorded, err := i.BuildInfo()
	if recorded == nil || err != nil {
		return true
	}
	if bytes.Equal(recorded, now) {
		return true
	}
	var a, b any
	return json.Unmarshal(recorded, &a) == nil && json.Unmarshal(now, &b) == nil && reflect.DeepEqual(a, b)
}

func (c *Checker) checkSource(i *Installed, want source.Source) Verdict {
	if want.Kind == source.Registry {
		if c.Strict {
			if d, err := i.DirectURL(); d != nil || err != nil || i.Kind != DistInfo {
				return Mismatch
			}
		}
		return satisfiedIf(want.Specifiers.Contains(i.Version))
	}
	d, err := i.DirectURL()
	if d == nil || err != nil {
		return Mismatch
	}
	switch want.Kind {
	case source.URL:
		return c.checkURL(i, d, want)
	case source.Git:
		return checkGit(d, want)
	case source.Path:
		if d.Archive == nil || d.Subdirectory != "" || !samePath(d, want.Location) {
			return Mismatch
		}
		return c.unchanged(i, want.Location)
	}
	if d.Dir == nil || d.Subdirectory != "" || d.IsEditable() != want.Editable || !samePath(d, want.Location) {
		return Mismatch
	}
	return c.unchanged(i, want.Location)
}

func satisfiedIf(ok bool) Verdict {
	if ok {
		return Satisfied
	}
	return Mismatch
}

func (c *Checker) checkURL(i *Installed, d *metadata.DirectURL, want source.Source) Verdict {
	if d.Archive == nil || d.Subdirectory != want.Subdirectory || source.Canonical(d.URL) != source.Canonical(want.Location) {
		return Mismatch
	}
	if path := filePath(want.Location); path != "" {
		return c.unchanged(i, path)
	}
	return Satisfied
}

func checkGit(d *metadata.DirectURL, want source.Source) Verdict {
	if d.VCS == nil || d.VCS.VCS != "git" || d.Subdirectory != want.Subdirectory || d.Path != want.Archive {
		return Mismatch
	}
	if lfs := d.VCS.LFS != nil && *d.VCS.LFS; lfs != want.Reference.LFS {
		return Mismatch
	}
	if source.Canonical(d.URL) != source.Canonical(want.Location) {
		return Mismatch
	}
	if d.VCS.CommitID != want.Reference.Commit {
		return OutOfDate
	}
	return Satisfied
}

// samePath tells whether a recorded file: URL names the file at a path.
func samePath(d *metadata.DirectURL, path string) bool {
	have := filePath(d.URL)
	if have == path {
		return true
	}
	a, err := os.Stat(have)
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// unchanged compares the recorded state of a local project with that of now.
func (c *Checker) unchanged(i *Installed, path string) Verdict {
	if c.CacheInfo == nil {
		return Satisfied
	}
	recorded, err := i.CacheInfo()
	if recorded == nil || err != nil {
		return OutOfDate
	}
	now, err := c.CacheInfo(path)
	switch {
	case err != nil:
		return CacheInvalid
	case !recorded.Equal(now), !c.sameContent(i, path):
		return OutOfDate
	}
	return Satisfied
}

// sameContent tells whether the directory that a distribution was built of still
// holds what it held then, where that was recorded.
func (c *Checker) sameContent(i *Installed, dir string) bool {
	if c.Content == nil {
		return true
	}
	recorded, err := i.Content()
	if len(recorded) == 0 || err != nil {
		return true
	}
	now, err := c.Content(dir)
	return err == nil && slices.Contains(recorded, now)
}

// compatible tells whether the installed wheel fits the environment. One that
// does not tell its tags does.
func (c *Checker) compatible(i *Installed) bool {
	if c.Tags == nil {
		return true
	}
	list, err := i.Tags()
	if err != nil || len(list) == 0 {
		return true
	}
	for _, tag := range list {
		if c.Tags.Match(tag).OK() {
			return true
		}
	}
	return false
}
