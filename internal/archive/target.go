package archive

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A target is the directory being filled. Names are claimed by the goroutine
// that reads the archive; contents are written by any.
type target struct {
	*root
	opts   Options
	limits Limits
	names  map[string]*File  // by path; nil for a directory
	folded map[string]folded // with FoldCase: those that are not in lower case, by what they are in it
	files  []*File
	dirs   []string
	block  []File // the next files, made by the hundred
	parent string // the directory that was claimed last, for one file after another

	bytes    atomic.Int64 // unpacked so far
	consumed atomic.Int64 // read of the archive so far

	mu   sync.Mutex
	err  error // the first that came up beside the reader
	stop atomic.Bool

	pairs   *pairing
	summing sync.WaitGroup // files that are being hashed
	ending  bool           // none of them may wait for others, guarded by pairs
}

// manyNames is of how many names the archives are that need no growing.
const manyNames = 100

func newTarget(dst string, opts Options) (*target, error) {
	r, err := openRoot(dst)
	if err != nil {
		return nil, err
	}
	t := &target{root: r, opts: opts, limits: opts.Limits.orDefault(), names: make(map[string]*File, manyNames)}
	if opts.FoldCase {
		t.folded = map[string]folded{}
	}
	if t.pairs = new(pairing); opts.Pool != nil {
		t.pairs = &opts.Pool.pairs
	}
	return t, nil
}

// fail notes an error that came up beside the reader, which stops.
func (t *target) fail(err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
		t.stop.Store(true)
	}
}

func (t *target) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// grow counts bytes that are about to be written, and refuses bombs.
func (t *target) grow(name string, n int64) error {
	total := t.bytes.Add(n)
	switch {
	case total > t.limits.Bytes:
		return refuse(name, "the archive unpacks to more than %d bytes", t.limits.Bytes)
	case total > t.limits.Free && total/t.limits.Ratio > t.consumed.Load():
		return refuse(name, "the archive unpacks to more than %d times its size", t.limits.Ratio)
	}
	return nil
}

// count refuses archives with too many entries.
func (t *target) count() error {
	if len(t.files)+len(t.dirs) >= t.limits.Files {
		return t.tooMany()
	}
	return nil
}

func (t *target) tooMany() error {
	return refuse("", "it has more than %d files and directories", t.limits.Files)
}

// A folded name is one in lower case, with what has it.
type folded struct {
	name string
	dir  bool
}

// fold refuses a file whose name differs from that of another file or of a
// directory only in case. Directories may: where case does not count they are
// one.
func (t *target) fold(name string, dir bool) error {
	if t.folded == nil {
		return nil
	}
	lower := strings.ToLower(name)
	other, ok := t.folded[lower]
	if !ok && lower != name {
		var file *File
		file, ok = t.names[lower]
		other = folded{lower, file == nil}
	}
	if ok && other.name != name && !(other.dir && dir) {
		return refuse(name, "its name differs from that of %q only in case", other.name)
	}
	if lower != name {
		t.folded[lower] = folded{name, dir}
	}
	return nil
}

// claimDir sees to it that a directory is there, with those above it.
func (t *target) claimDir(name string) error {
	if name == "." {
		return nil
	}
	if file, ok := t.names[name]; ok {
		if file != nil {
			return refuse(name, "it is a file and a directory")
		}
		return nil
	}
	if err := t.claimDir(path.Dir(name)); err != nil {
		return err
	}
	if err := t.count(); err != nil {
		return err
	}
	if err := t.fold(name, true); err != nil {
		return err
	}
	if err := t.mkdir(name); err != nil && !t.hasDir(name, err) {
		return t.taken(name, err)
	}
	t.names[name] = nil
	t.dirs = append(t.dirs, name)
	return nil
}

// hasDir says whether a directory could not be made because it is there: made
// by those who were here before when resuming, or under a name that differs
// only in case.
func (t *target) hasDir(name string, err error) bool {
	if !errors.Is(err, fs.ErrExist) {
		return false
	}
	info, err := os.Lstat(filepath.Join(t.path, filepath.FromSlash(name)))
	return err == nil && info.IsDir()
}

// claim reserves the name of a file or link. If the archive has had the same
// name before, that file is returned and again is true: the caller sees to it
// that both are equal.
func (t *target) claim(name string) (file *File, again bool, err error) {
	if name == "." {
		return nil, false, refuse(name, "it is a file with the name of the directory")
	}
	if file, ok := t.names[name]; ok {
		if file == nil {
			return nil, false, refuse(name, "it is a file and a directory")
		}
		return file, true, nil
	}
	if dir := path.Dir(name); dir != t.parent {
		if err := t.claimDir(dir); err != nil {
			return nil, false, err
		}
		t.parent = dir
	}
	if err := t.count(); err != nil {
		return nil, false, err
	}
	if err := t.fold(name, false); err != nil {
		return nil, false, err
	}
	if len(t.block) == 0 {
		t.block = make([]File, 128)
	}
	file, t.block = &t.block[0], t.block[1:]
	file.Path, file.Mode = name, 0o644
	t.names[name] = file
	t.files = append(t.files, file)
	return file, false, nil
}

// taken words the error of a name that the filesystem has although the
// archive has not: it takes two names for one.
func (t *target) taken(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return damaged(name, "its name cannot be told from that of another entry here, or the target was not empty", err)
	}
	return err
}

// write makes the file and hashes it.
func (t *target) write(file *File, data []byte) error {
	file.SHA256 = sha256.Sum256(data)
	return t.fill(file, data)
}

// fill makes the file.
func (t *target) fill(file *File, data []byte) error {
	out, err := t.create(file.Path)
	if err != nil {
		return t.taken(file.Path, err)
	}
	_, err = out.Write(data)
	file.Size = int64(len(data))
	return errors.Join(err, out.Close())
}

// manifest is called when all is written.
func (t *target) manifest() *Manifest {
	m := &Manifest{Files: make([]File, len(t.files)), Dirs: t.dirs}
	for i, file := range t.files {
		m.Files[i] = *file
	}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(m.Dirs)
	return m
}

// emptyDir says whether dst has nothing in it.
func emptyDir(dst string) error {
	dir, err := openDir(dst)
	if err != nil {
		return err
	}
	defer dir.Close()
	if names, _ := dir.Readdirnames(1); len(names) > 0 {
		return &fs.PathError{Op: "unpack into", Path: dst, Err: errors.New("directory not empty")}
	}
	return nil
}
