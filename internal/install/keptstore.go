package install

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
)

// spool returns the directory that interpreters write into what is to be kept.
func (k *Kept) spool() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if k.temp == "" {
		k.temp, err = k.cache.TempDir()
	}
	return k.temp, err
}

// A spooled is a record that an interpreter has written.
type spooled struct {
	cache.Code
	suffix string
	file   *os.File
	offset int64
}

// Store puts what the interpreters have made into the cache. It may fail without harm.
func (k *Kept) Store(ctx context.Context) error {
	if k == nil || k.temp == "" {
		return nil
	}
	entries, err := os.ReadDir(k.temp)
	if err != nil {
		return err
	}
	made := map[*keptWheel][]spooled{}
	for _, e := range entries {
		file, err := fsx.OpenFile(filepath.Join(k.temp, e.Name()), os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := k.readSpool(file, made); err != nil {
			return err
		}
	}
	wheels := slices.Collect(maps.Keys(made))
	return par.ForEach(ctx, par.Processors(), len(wheels), func(_ context.Context, i int) error {
		return k.storeWheel(wheels[i], made[wheels[i]])
	})
}

// readSpool reads the heads of what an interpreter has written.
func (k *Kept) readSpool(file *os.File, made map[*keptWheel][]spooled) error {
	const numbers = 5*4 + 2*8
	in, at := bufio.NewReaderSize(file, 64<<10), int64(0)
	var head [numbers]byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return endOfSpool(err)
		}
		word := func(i int) int { return int(binary.LittleEndian.Uint32(head[4*i:])) }
		names := make([]byte, word(0)+word(1))
		if _, err := io.ReadFull(in, names); err != nil {
			return endOfSpool(err)
		}
		s := spooled{file: file, suffix: string(names[word(0):]), offset: at + numbers + int64(len(names))}
		s.Kind, s.Hole, s.Length = byte(word(2)), word(3), word(3)+word(4)
		s.Mtime, s.Size = int64(binary.LittleEndian.Uint64(head[20:])), int64(binary.LittleEndian.Uint64(head[28:]))
		if _, err := in.Discard(s.Length); err != nil {
			return endOfSpool(err)
		}
		at = s.offset + int64(s.Length)
		if f := k.files[string(names[:word(0)])]; f.wheel != nil && f.settle(&s) {
			made[f.wheel] = append(made[f.wheel], s)
		}
	}
}

// endOfSpool makes no error of the end, wherever it comes: the disk may have
// been full.
func endOfSpool(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// settle gives a record the time of the archive's file, if that is what was
// compiled.
func (f *keptFile) settle(s *spooled) bool {
	s.Path = f.path
	origin, err := os.Stat(filepath.Join(f.wheel.tree, filepath.FromSlash(f.path)))
	if err != nil || origin.Size() != s.Size {
		return false
	}
	mtime := origin.ModTime().UnixNano()
	if mtime == s.Mtime {
		return true
	}
	here, err := os.Stat(filepath.Join(f.wheel.root, filepath.FromSlash(f.path)))
	if err != nil || os.SameFile(origin, here) || here.ModTime().UnixNano() != s.Mtime {
		return false
	}
	s.Mtime = mtime
	return true
}

// storeWheel keeps what was made of a wheel, with what is kept of it already.
func (k *Kept) storeWheel(w *keptWheel, made []spooled) error {
	suffix := made[0].suffix
	all := slices.DeleteFunc(made, func(s spooled) bool { return s.suffix != suffix })
	all = append(all, w.others(suffix, all)...)
	slices.SortFunc(all, func(a, b spooled) int { return cmp.Compare(a.Path, b.Path) })
	codes := make([]cache.Code, len(all))
	for i := range all {
		codes[i] = all[i].Code
	}
	return k.cache.PutBytecode(w.id, k.key, suffix, codes, func(i int, data []byte) error {
		if all[i].file == nil {
			return w.code.Read(int(all[i].offset), data)
		}
		_, err := all[i].file.ReadAt(data, all[i].offset)
		return err
	})
}

// others are the codes of the wheel that are kept already and are not among
// those that were made, as far as they can be read.
func (w *keptWheel) others(suffix string, made []spooled) (list []spooled) {
	old := w.code
	if old == nil || old.Suffix != suffix {
		return nil
	}
	known := map[string]bool{}
	for _, s := range made {
		known[s.Path] = true
	}
	for i := range old.Len() {
		code := old.Code(i)
		if !known[code.Path] && old.Read(i, make([]byte, code.Length)) == nil {
			list = append(list, spooled{Code: code, offset: int64(i)})
		}
	}
	return list
}
