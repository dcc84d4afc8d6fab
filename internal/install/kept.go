package install

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/python"
)

// Kept is the bytecode that the cache holds of wheels that were just installed:
// what one environment has compiled others are given. What is written is to the
// byte what the interpreter would have written in its place.
//
// That it is of the very source that lies in the environment is shown by time
// and size of that file, down to the nanosecond, if it is the archive's own
// under another name. Of a copy they are compared in the archive.
type Kept struct {
	cache *cache.Cache
	key   string
	files map[string]keptFile // by path in the environment
	mu    sync.Mutex          // guards the temporary directory
	temp  string
	// nowhere is a name that no source file can hold: interpreters compile under
	// it what is to be kept.
	nowhere string
	hits    atomic.Int64
}

// A keptWheel is a wheel with what is kept of it.
type keptWheel struct {
	id   cache.ArchiveID
	root string // of the environment, where the wheel's root lies
	tree string // of the archive
	once sync.Once
	code *cache.Bytecode // nil if there is none
	dst  *fsx.Tree
}

// A keptFile is a source file of a wheel. Of one that lies in two wheels nobody
// knows which of them has it: it has no wheel.
type keptFile struct {
	wheel *keptWheel
	path  string // relative, as in the manifest
}

// KeepBytecode returns what the cache holds of bytecode for wheels that [Apply]
// has just installed. It is nil where nothing can be kept: for interpreters
// other than final releases of CPython, which says of its bytecode what else it
// depends on, or with a cache that goes away. It must be closed.
func KeepBytecode(c *cache.Cache, i *python.Interpreter, env []string, wheels []Wheel) *Kept {
	key, ok := bytecodeKey(i, env)
	if !ok || c.IsTemporary() {
		return nil
	}
	k := &Kept{
		cache: c, files: map[string]keptFile{}, nowhere: "/" + rand.Text(), key: key,
	}
	for n := range wheels {
		if id, ok := c.ArchiveOf(wheels[n].Dir); ok && wheels[n].root != "" && wheels[n].Manifest != nil {
			k.add(&wheels[n], id)
		}
	}
	if len(k.files) == 0 {
		return nil
	}
	return k
}

// bytecodeKey is what bytecode depends on beside the source: the release and build
// of the interpreter, the form of its bytecode, and how it is made. The form goes with
// the release, unless somebody has changed the interpreter; it is told by the
// interpreter itself, so that another one at the same place never gets what this one
// has made. False where nothing can be kept.
func bytecodeKey(i *python.Interpreter, env []string) (string, bool) {
	mode, flags, ok := bytecodeMode(env)
	if !ok || i.Implementation() != "cpython" || i.Version.IsPrerelease() || i.BytecodeMagic == "" {
		return "", false
	}
	return cache.Key("cpython", i.Env.PythonFullVersion, fmt.Sprint(i.Variant()), i.BytecodeMagic, mode, flags), true
}

// bytecodeMode returns how bytecode is told to be of its source, and the flags
// that it is made with; false if it lies elsewhere than beside its source, or the setting
// is none.
func bytecodeMode(env []string) (mode, flags string, ok bool) {
	epoch := false
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "PYTHONPYCACHEPREFIX":
			if value != "" {
				return "", "", false
			}
		case "PYC_INVALIDATION_MODE":
			mode = value
			if mode == "" {
				return "", "", false
			}
		case "SOURCE_DATE_EPOCH":
			epoch = value != ""
		}
	}
	switch {
	case mode == "" && epoch:
		mode = "CHECKED_HASH"
	case mode == "":
		mode = "TIMESTAMP"
	}
	return mode, strings.Join(codeFlags(env), " "), slices.Contains([]string{"TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH"}, mode)
}

// add adds the source files of a wheel, but for those of its .data directory.
func (k *Kept) add(w *Wheel, id cache.ArchiveID) {
	wheel := &keptWheel{id: id, root: w.root, tree: w.Dir}
	for _, f := range w.Manifest.Files {
		dir, name := path.Split(f.Path)
		first, _, _ := strings.Cut(dir, "/")
		if path.Ext(name) != ".py" || name == ".py" || path.Base(dir) == "__pycache__" || path.Ext(first) == ".data" {
			continue
		}
		at := filepath.Join(w.root, filepath.FromSlash(f.Path))
		if _, twice := k.files[at]; twice {
			k.files[at] = keptFile{}
		} else {
			k.files[at] = keptFile{wheel, f.Path}
		}
	}
}

// has tells whether bytecode of a file is to be kept.
func (k *Kept) has(file string) bool { return k != nil && k.files[file].wheel != nil }

// open opens what is kept of the wheel.
func (k *Kept) open(w *keptWheel) bool {
	w.once.Do(func() {
		var err error
		if w.code, err = k.cache.Bytecode(w.id, k.key); err != nil {
			return
		}
		if w.dst, err = fsx.OpenTree(w.root); err != nil {
			w.dst = nil
		}
	})
	return w.code != nil && w.dst != nil
}

// Close closes what was opened, and removes what interpreters have left.
func (k *Kept) Close() error {
	if k == nil {
		return nil
	}
	var errs []error
	seen := map[*keptWheel]bool{}
	for _, f := range k.files {
		if f.wheel != nil && !seen[f.wheel] {
			seen[f.wheel] = true
			errs = append(errs, f.wheel.code.Close(), f.wheel.dst.Close())
		}
	}
	if k.temp != "" {
		_, err := fsx.RemoveAll(k.temp, nil)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Restored returns how many files were given bytecode without compiling them.
func (k *Kept) Restored() int {
	if k == nil {
		return 0
	}
	return int(k.hits.Load())
}

// restore writes the bytecode of a file, and reports whether it did, or whether
// it is known that there is none. If not, the file is to be compiled.
func (k *Kept) restore(file string, buffer *[]byte) bool {
	f := k.files[file]
	if !k.open(f.wheel) {
		return false
	}
	n, ok := f.wheel.code.Find(f.path)
	if !ok {
		return false
	}
	code := f.wheel.code.Code(n)
	info, err := os.Stat(file)
	if err != nil || !f.isOf(info, &code) {
		return false
	}
	if code.Length > 0 {
		data, err := f.bytecode(file, info, n, &code, buffer)
		if err != nil {
			return false
		}
		dir, name := path.Split(f.path)
		name = strings.TrimSuffix(name, ".py")
		if err := writeBytecode(f.wheel.dst, dir+"__pycache__", name, f.wheel.code.Suffix, data, info.Mode()); err != nil {
			return false
		}
	}
	k.hits.Add(1)
	return true
}

// isOf reports whether the file in the environment is what was compiled.
func (f *keptFile) isOf(info fs.FileInfo, code *cache.Code) bool {
	if info.Size() != code.Size {
		return false
	}
	if info.ModTime().UnixNano() == code.Mtime {
		return true
	}
	origin, err := os.Stat(filepath.Join(f.wheel.tree, filepath.FromSlash(f.path)))
	return err == nil && !os.SameFile(origin, info) && origin.Size() == code.Size && origin.ModTime().UnixNano() == code.Mtime
}

// bytecode reads what is kept of a file and makes it what the interpreter would
// make of it.
func (f *keptFile) bytecode(file string, info fs.FileInfo, n int, code *cache.Code, buffer *[]byte) ([]byte, error) {
	if !utf8.ValidString(file) {
		return nil, errors.New("a name that is not UTF-8")
	}
	name := marshalName((*buffer)[:0], code.Kind, file)
	gap := len(name)
	name = slices.Grow(name, gap+code.Length)
	*buffer = name[:0]
	data := name[gap : 2*gap+code.Length]
	if err := f.wheel.code.Read(n, data[gap:]); err != nil {
		return nil, err
	}
	if code.Hole < pycHeader || code.Hole > code.Length {
		return nil, cache.ErrStale
	}
	copy(data, data[gap:gap+code.Hole])
	copy(data[code.Hole:], name[:gap])
	if binary.LittleEndian.Uint32(data[4:]) == 0 { // known by time and size
		binary.LittleEndian.PutUint32(data[8:], pycTime(info))
	}
	return data, nil
}
