package cache

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/fsx"
)

// An ArchiveID names an unpacked wheel by its content: two wheels that unpack
// to the same files have one. It is 32 letters and digits.
type ArchiveID string

// An Archive is an unpacked wheel in the store. Its files are never changed.
type Archive struct {
	ID       ArchiveID
	Manifest *Manifest
	dir      string
}

const (
	manifestName = "manifest"
	treeName     = "tree"
	keptName     = "kept" // below a temporary directory
)

// Tree returns the path of the directory that holds the files.
func (a *Archive) Tree() string { return filepath.Join(a.dir, treeName) }

// A Staging is where an archive is unpacked before it is put into the store.
type Staging struct {
	cache *Cache
	dir   string
}

// Stage makes room for a new archive. The caller ends it with Commit or
// Discard.
func (c *Cache) Stage() (*Staging, error) {
	dir, err := c.TempDir()
	if err != nil {
		return nil, err
	}
	s := &Staging{cache: c, dir: dir}
	if err := os.Mkdir(s.Tree(), 0o777); err != nil {
		return nil, errors.Join(c.failure("writing to", err), s.Discard())
	}
	return s, nil
}

// Tree returns the empty directory to unpack into.
func (s *Staging) Tree() string { return filepath.Join(s.dir, treeName) }

// Dir returns the directory that Tree is in. What else is put there goes when
// the staging ends.
func (s *Staging) Dir() string { return s.dir }

// Keep moves the staging, with all that is in it, to path in the cache, in the
// place of what is there: work to be gone on with, see [Cache.Restage].
func (s *Staging) Keep(path string) error {
	if err := s.cache.setAside(path); err != nil {
		return errors.Join(s.cache.failure("writing to", err), s.Discard())
	}
	err := fsx.Rename(s.dir, path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
			err = fsx.Rename(s.dir, path)
		}
	}
	if err != nil {
		return errors.Join(s.cache.failure("writing to", err), s.Discard())
	}
	return s.Discard() // what is left is an empty directory, if anything
}

// Restage takes a staging back from where Keep has put it; of several
// processes one gets it. The error matches [fs.ErrNotExist] when there is none.
func (c *Cache) Restage(path string) (*Staging, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	dir, err := c.TempDir()
	if err != nil {
		return nil, err
	}
	s := &Staging{cache: c, dir: filepath.Join(dir, keptName)}
	if err := fsx.Rename(path, s.dir); err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return s, nil
}

// Discard removes what was unpacked.
func (s *Staging) Discard() error {
	_, err := fsx.RemoveAll(s.dir, nil)
	if filepath.Base(s.dir) == keptName {
		_ = os.Remove(filepath.Dir(s.dir))
	}
	return err
}

// Commit puts what was unpacked into the store, by one rename: it is there as
// a whole or not at all. If the store has the same already, in good order,
// that is kept.
func (s *Staging) Commit(m *archive.Manifest) (*Archive, error) {
	c := s.cache
	data, err := buildManifest(m, c.boot())
	if err != nil {
		return nil, errors.Join(err, s.Discard())
	}
	sum := sha256.Sum256(data[headerSize:])
	id := ArchiveID(keyText(sum[:]))
	if err := os.WriteFile(filepath.Join(s.dir, manifestName), data, 0o666); err != nil {
		return nil, errors.Join(c.failure("writing to", err), s.Discard())
	}
	if a, err := c.Archive(id); err == nil && a.check() == nil {
		return a, s.Discard()
	}
	if err := s.publish(c.archiveDir(id)); err != nil {
		return nil, errors.Join(c.failure("writing to", err), s.Discard())
	}
	_ = s.Discard() // what may be left is an empty directory
	for _, f := range m.Files {
		c.added.Add(f.Size)
	}
	manifest, err := openManifest(data)
	if err != nil {
		return nil, err
	}
	return &Archive{ID: id, Manifest: manifest, dir: c.archiveDir(id)}, nil
}

// publish renames the staging to dir, out of the way of what may be there.
func (s *Staging) publish(dir string) error {
	err := fsx.Rename(s.dir, dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(dir), 0o777); err == nil {
			err = fsx.Rename(s.dir, dir)
		}
	}
	if err == nil {
		return nil
	}
	if _, statErr := os.Lstat(dir); statErr != nil {
		return err
	}
	// Another process was first, or what is there is damaged.
	if a, openErr := openArchive(dir); openErr == nil && a.check() == nil {
		return s.Discard()
	}
	if err := s.cache.setAside(dir); err != nil {
		return err
	}
	return fsx.Rename(s.dir, dir)
}

// setAside takes something out of the cache at once and removes it then.
func (c *Cache) setAside(path string) error {
	temp, err := c.TempDir()
	if err != nil {
		return err
	}
	err = fsx.Rename(path, filepath.Join(temp, "old"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	_, removeErr := fsx.RemoveAll(temp, nil)
	return errors.Join(err, removeErr)
}

func (c *Cache) archiveDir(id ArchiveID) string { return c.Path(Archives, string(id)) }

// Archive opens an archive of the store. The error matches [fs.ErrNotExist]
// when there is none, and [ErrStale] when a crash of the machine has damaged
// it: then it is to be fetched again.
//
// Files are written without forcing them to the disk, which would take many
// times as long as unpacking. That is safe as long as the machine runs. So
// the first time that an archive from before the last start of the machine is
// opened, the sizes of its files are looked at; after that it is settled.
func (c *Cache) Archive(id ArchiveID) (*Archive, error) {
	a, err := openArchive(c.archiveDir(id))
	if err != nil {
		return nil, err
	}
	a.used()
	stamp := a.Manifest.rows.Stamp()
	if stamp[0] == settled || stamp[0] != 0 && stamp[0] == c.boot() {
		return a, nil
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	// If this cannot be written it will be looked at again, no more.
	_ = SetStamp(filepath.Join(a.dir, manifestName), [2]int64{settled, time.Now().Unix()})
	return a, nil
}

func openArchive(dir string) (*Archive, error) {
	m, err := readManifest(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, err
	}
	a := &Archive{ID: ArchiveID(filepath.Base(dir)), Manifest: m, dir: dir}
	if _, err := os.Lstat(a.Tree()); err != nil { // as left by who cleans up by hand
		return nil, err
	}
	return a, nil
}

// DropDamaged takes the archive with a given tree out of the store if files of
// it are missing or have other sizes, and reports whether it did.
func (c *Cache) DropDamaged(tree string) bool {
	dir := filepath.Dir(tree)
	if filepath.Dir(dir) != c.Path(Archives) {
		return false
	}
	a, err := openArchive(dir)
	return err == nil && a.check() != nil && c.setAside(dir) == nil
}

// RemoveArchive takes an archive out of the store, because something is wrong
// with it.
func (c *Cache) RemoveArchive(id ArchiveID) error {
	return c.failure("writing to", c.setAside(c.archiveDir(id)))
}

// check looks whether all files are there with their sizes.
func (a *Archive) check() error {
	tree := a.Tree()
	for _, f := range a.Manifest.Files() {
		name := filepath.Join(tree, filepath.FromSlash(a.Manifest.Path(f.Path)))
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
			return fmt.Errorf("%s is not as it was unpacked: %w", name, ErrStale)
		}
	}
	return nil
}

// Verify reads all files and compares them with the manifest. The error
// matches [ErrStale] if one was changed since it was unpacked.
func (a *Archive) Verify() error {
	tree := a.Tree()
	for _, f := range a.Manifest.Files() {
		name := filepath.Join(tree, filepath.FromSlash(a.Manifest.Path(f.Path)))
		sum, err := hashFile(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && sum != f.SHA256 {
			return fmt.Errorf("%s is not as it was unpacked: %w", name, ErrStale)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func hashFile(name string) (sum [32]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
