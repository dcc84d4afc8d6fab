package install

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/internal/fsx"
)

// pycHeader is the length of what stands before the code: magic number, flags,
// time and size or a hash (PEP 552).
const pycHeader = 16

// pycTime is a file's time as Python writes it into bytecode: it makes a
// floating-point number of it first.
func pycTime(info fs.FileInfo) uint32 {
	t := info.ModTime()
	return uint32(int64(float64(t.Unix()) + 1e-9*float64(t.Nanosecond())))
}

// marshalName appends what module marshal makes of a name, with the flag of the
// type, and interned if that is the type of what is.
func marshalName(b []byte, kind byte, name string) []byte {
	flag, interned := kind&0x80, kind&0x7f == 'Z'
	choose := func(plain, known byte) byte {
		if interned {
			return known | flag
		}
		return plain | flag
	}
	switch {
	case !isASCII(name):
		b = append(b, choose('u', 't'))
	case len(name) > 255:
		b = append(b, choose('a', 'A'))
	default:
		b = append(b, kind, byte(len(name)))
		return append(b, name...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
	return append(b, name...)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// writeBytecode writes a file beside and renames it, as Python does: somebody
// may import it.
func writeBytecode(tree *fsx.Tree, dir, stem, suffix string, data []byte, mode fs.FileMode) error {
	// A name that goes with the module's other bytecode, and that no interpreter
	// looks for.
	beside := dir + "/" + stem + ".tame" + suffix
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	perm := (mode.Perm() | 0o200) & 0o666
	out, err := tree.Open(beside, flags, perm)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err = mkdir(tree, dir); err == nil {
			out, err = tree.Open(beside, flags, perm)
		}
	case errors.Is(err, fs.ErrExist): // of a process that was killed
		if err = tree.Remove(beside); err == nil {
			out, err = tree.Open(beside, flags, perm)
		}
	}
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	if err = errors.Join(err, out.Close()); err == nil {
		err = tree.Rename(beside, dir+"/"+stem+suffix)
	}
	if err != nil {
		return errors.Join(err, tree.Remove(beside))
	}
	return nil
}
