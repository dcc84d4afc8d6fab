package backend

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// Version is the release of uv_build whose artifacts this package makes.
const Version = "0.12.5"

// Options say what to build.
type Options struct {
	// Dir is the source tree, as an absolute path.
	Dir string
	// Out is the directory that gets the artifact. It must exist.
	Out string
	// Metadata is the .dist-info directory that [Metadata] made before, which
	// must fit the wheel; or "".
	Metadata string
	// Time is the time stamp of all members; see [SourceDate]. The zero Time
	// stands for that of uv_build: the earliest that the format knows.
	Time time.Time
	// JSON puts METADATA.json and WHEEL.json into wheels, beside the files that
	// the standards want.
	JSON bool
	// Warn is told what is odd about the project; it may be nil.
	Warn func(text string)
	// Version finds a version that is left to the version control system, see
	// [VersionSource]. Without it such projects can not be built.
	Version func(VersionSource) (string, error)
}

// SourceDate reads the variable SOURCE_DATE_EPOCH: seconds since 1970, the
// agreed way to ask for a reproducible time stamp. An empty text is the zero
// Time.
func SourceDate(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is to be a number of seconds, not `%s`", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// kindOfBuild is what is built.
type kindOfBuild uint8

const (
	sdist kindOfBuild = iota
	wheel
	editable
)

// build is one run of the backend.
type build struct {
	Options
	project *project
	warned  []string
}

func start(o Options, kind kindOfBuild) (*build, error) {
	b := &build{Options: o}
	var err error
	if b.project, err = readProject(&o); err != nil {
		return nil, err
	}
	for _, text := range b.project.build.oddities(kind) {
		b.warn("%s", text)
	}
	return b, nil
}

// warn says something once.
func (b *build) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if b.Warn != nil && !slices.Contains(b.warned, text) {
		b.warned = append(b.warned, text)
		b.Warn(text)
	}
}

// Sdist builds a source distribution and returns its file name. A file of that
// name is replaced.
func Sdist(o Options) (filename string, err error) {
	b, err := start(o, sdist)
	if err != nil {
		return "", err
	}
	return b.create(b.sdistName(), func(w io.Writer) error { return b.writeSdist(newTarWriter(w, o.Time)) })
}

// Wheel builds a wheel and returns its file name. A file of that name is
// replaced.
func Wheel(o Options) (filename string, err error) { return buildWheel(o, wheel) }

// Editable builds a wheel that makes the source tree importable in place (PEP
// 660), and returns its file name.
func Editable(o Options) (filename string, err error) { return buildWheel(o, editable) }

func buildWheel(o Options, kind kindOfBuild) (string, error) {
	b, err := start(o, kind)
	if err != nil {
		return "", err
	}
	if err := b.checkPrepared(); err != nil {
		return "", err
	}
	return b.create(b.wheelName(), func(w io.Writer) error {
		z, err := newZipWriter(w, o.Out, o.Time)
		if err != nil {
			return err
		}
		if kind == editable {
			return b.writeEditable(z)
		}
		return b.writeWheel(z)
	})
}

// create writes a file aside and puts it in its place when it is whole.
func (b *build) create(name string, write func(io.Writer) error) (string, error) {
	f, err := fsx.CreateTemp(b.Out, 0o666)
	if err != nil {
		return "", err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = fsx.Rename(f.Name(), filepath.Join(b.Out, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return name, nil
}

func (b *build) sdistName() string { return b.project.stem() + ".tar.gz" }
func (b *build) wheelName() string { return b.project.stem() + "-py3-none-any.whl" }

// A Listing is what an artifact would have: the file name and the members, in
// order and without directories.
type Listing struct {
	Filename string
	Files    []Listed
}

// ListSdist tells what [Sdist] would build.
func ListSdist(o Options) (*Listing, error) {
	b, err := start(o, sdist)
	if err != nil {
		return nil, err
	}
	var l lister
	err = b.writeSdist(&l)
	return &Listing{b.sdistName(), l.files}, err
}

// ListWheel tells what [Wheel] would build.
func ListWheel(o Options) (*Listing, error) {
	b, err := start(o, wheel)
	if err != nil {
		return nil, err
	}
	var l lister
	err = b.writeWheel(&l)
	return &Listing{b.wheelName(), l.files}, err
}

// Metadata writes the .dist-info directory of the wheel into [Options].Out and
// returns its name (the hook prepare_metadata_for_build_wheel).
func Metadata(o Options) (dir string, err error) {
	b, err := start(o, wheel)
	if err != nil {
		return "", err
	}
	f := &folder{dir: o.Out}
	if err := b.writeDistInfo(f); err != nil {
		return "", err
	}
	return b.distInfo(), f.finish(b.distInfo())
}
