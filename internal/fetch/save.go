package fetch

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/simple"
)

// A Saved is the file of a distribution in a directory of the user.
type Saved struct {
	Dist *source.Dist
	// Name is that of the file.
	Name string
	Size int64
	// Hashes are the digests of the file that are known, among them always
	// SHA-256.
	Hashes []simple.Hash
	// Wheel is what the file's name says, nil for a source distribution.
	Wheel *dist.Wheel
	// Kept: the right file was there already. Built: it was built from source.
	Kept, Built bool
}

// SHA256 is the digest that the file is known by.
func (s *Saved) SHA256() string {
	for _, h := range s.Hashes {
		if h.Algorithm == "sha256" {
			return h.Digest
		}
	}
	return ""
}

// partPrefix begins the names of files that are being written.
const partPrefix = ".tame-part-"

// RemoveParts removes what runs that were killed have left in a directory. Nobody
// else may be saving there.
func RemoveParts(dir string) error {
	parts, err := filepath.Glob(filepath.Join(globEscaped(dir), partPrefix+"*"))
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := os.Remove(part); err != nil {
			return err
		}
	}
	return nil
}

func globEscaped(dir string) string {
	if os.PathSeparator == '\\' {
		return dir // there is no escaping on Windows, and no such names
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// Save puts the file of a distribution into a directory, checked against its
// hashes. What is there already and right is kept; whatever else is there under
// the name is replaced, at once. A source tree, which is no file, is built; and
// with build so is a source distribution.
func (f *Fetcher) Save(ctx context.Context, d *source.Dist, dir string, build bool) (*Saved, error) {
	if d.Source.IsTree() || build && !d.IsWheel() {
		return f.saveBuilt(ctx, d, dir)
	}
	if isGitArchive(d) {
		file, err := f.Local(ctx, d)
		if err != nil {
			return nil, err
		}
		out, err := f.Save(ctx, file, dir, build)
		if err == nil {
			out.Dist = d
		}
		return out, err
	}
	name := d.File.Filename
	if name == "" {
		name = d.Source.Filename()
	}
	if name == "" || name != filepath.Base(name) || !filepath.IsLocal(name) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("`%s` has an unusable file name: `%s`", d, name)
	}
	want, err := f.wanted(d)
	if err != nil {
		return nil, err
	}
	out := &Saved{Dist: d, Name: name, Wheel: d.Wheel}
	if f.keeps(out, want, filepath.Join(dir, name)) {
		return out, nil
	}
	if err := f.saveAs(ctx, out, want, dir); err != nil {
		return nil, fmt.Errorf("failed to download `%s`: %w", d, err)
	}
	return out, nil
}

// keeps reports whether a file is there that has a digest that is asked for.
func (f *Fetcher) keeps(out *Saved, want *wanted, file string) bool {
	if len(want.own)+len(want.allowed) == 0 {
		return false // nobody tells what it should be
	}
	in, err := os.Open(file)
	if err != nil {
		return false
	}
	defer in.Close()
	sums := newHasher(want.algorithms())
	if _, err := io.Copy(sums, in); err != nil {
		return false
	}
	known, err := want.check(sums.digests(), sums.size)
	if err != nil || !known {
		return false
	}
	out.take(sums)
	out.Kept = true
	return true
}

func (s *Saved) take(sums *hasher) {
	s.Size, s.Hashes = sums.size, nil
	for _, h := range sums.digests() {
		s.Hashes = append(s.Hashes, simple.Hash{Algorithm: h.Algorithm, Digest: h.Digest})
	}
}

// saveAs brings a file from where it is.
func (f *Fetcher) saveAs(ctx context.Context, out *Saved, want *wanted, dir string) error {
	in, size, err := f.openFile(ctx, out.Dist)
	if err != nil {
		return err
	}
	defer in.Close()
	task := f.opts.Progress.Start(out.Dist.String(), size)
	defer task.Done()
	sums := newHasher(want.algorithms())
	return out.place(dir, sums, func(w io.Writer) error {
		if _, err := io.Copy(io.MultiWriter(w, sums), &counted{in, task}); err != nil {
			return err
		}
		_, err := want.check(sums.digests(), sums.size)
		return err
	})
}

// openFile opens the file of a distribution. A source distribution is most
// likely in the cache, because its metadata was read.
func (f *Fetcher) openFile(ctx context.Context, d *source.Dist) (in io.ReadCloser, size int64, err error) {
	file, local := localPath(d)
	if !local && !d.IsWheel() {
		s, err := f.Sdist(ctx, d)
		if err != nil {
			return nil, 0, err
		}
		file, local = s.Path, true
	}
	if !local {
		down, err := f.opts.Web.Open(ctx, web.Request{URL: location(d)})
		if err != nil {
			return nil, 0, err
		}
		return down, down.Length, nil
	}
	opened, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	return opened, info.Size(), nil
}

// place writes a file beside its place and renames it, unless what is there is
// the same.
func (s *Saved) place(dir string, sums *hasher, write func(io.Writer) error) (err error) {
	part, err := os.CreateTemp(dir, partPrefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // nothing, once it is renamed
	if err := errors.Join(write(part), part.Close()); err != nil {
		return err
	}
	if err := os.Chmod(part.Name(), 0o644); err != nil {
		return err
	}
	s.take(sums)
	to := filepath.Join(dir, s.Name)
	if have, err := hashFile(to); err == nil && have == s.SHA256() {
		s.Kept = true
		return nil
	}
	return fsx.Rename(part.Name(), to)
}

// saveBuilt builds a wheel, or takes it from the cache, and packs it.
func (f *Fetcher) saveBuilt(ctx context.Context, d *source.Dist, dir string) (*Saved, error) {
	w, err := f.Wheel(ctx, d)
	if err != nil {
		return nil, err
	}
	name, err := dist.ParseWheel(w.Entry.Filename)
	if err != nil {
		return nil, err
	}
	out := &Saved{Dist: d, Name: w.Entry.Filename, Wheel: &name, Built: true}
	sums := newHasher([]string{"sha256"})
	err = out.place(dir, sums, func(to io.Writer) error { return pack(io.MultiWriter(to, sums), w) })
	if err != nil {
		return nil, fmt.Errorf("failed to write `%s`: %w", out.Name, err)
	}
	return out, nil
}

// pack writes an unpacked wheel as a file again: always the same for the same
// content. As the specification recommends, .dist-info comes last.
func pack(to io.Writer, w *Wheel) error {
	z := zip.NewWriter(to)
	inInfo := func(name string) bool { return strings.HasPrefix(name, w.Entry.DistInfo+"/") }
	files := w.Manifest().Files
	for _, last := range [...]bool{false, true} {
		for i := range files {
			file := &files[i]
			if inInfo(file.Path) != last {
				continue
			}
			h := &zip.FileHeader{Name: file.Path, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
			h.SetMode(file.Mode)
			entry, err := z.CreateHeader(h)
			if err != nil {
				return err
			}
			if err := copyInto(entry, filepath.Join(w.Dir(), filepath.FromSlash(path.Clean(file.Path)))); err != nil {
				return err
			}
		}
	}
	return z.Close()
}

func copyInto(to io.Writer, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(to, in)
	return err
}
