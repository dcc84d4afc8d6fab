package managed

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

var errNotELF = errors.New("not an ELF executable with a loader")

// ELFInterpreter returns the dynamic loader that the ELF executable at path
// names in its PT_INTERP segment, for example /lib64/ld-linux-x86-64.so.2.
// It tells a glibc from a musl program without running it. Scripts, static
// programs and other formats are an error.
func ELFInterpreter(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return elfInterpreter(f)
}

// maxLoader bounds the length of a loader's path: a file may claim anything.
const maxLoader = 4096

// elfInterpreter reads just the header and the program headers, a few hundred
// bytes; debug/elf would decode every section.
func elfInterpreter(r io.ReaderAt) (string, error) {
	var head [64]byte
	n, err := r.ReadAt(head[:], 0)
	if n < 52 || string(head[:4]) != "\x7fELF" {
		if err == nil || errors.Is(err, io.EOF) {
			err = errNotELF
		}
		return "", err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	is64 := head[4] == 2
	if is64 && n < 64 {
		return "", errNotELF
	}
	table, size, count := programHeaders(head[:], order, is64)
	// A program has about ten entries of 56 bytes; more is a trap.
	if size < 32 || is64 && size < 56 || size > 256 || count > 1024 {
		return "", errNotELF
	}
	buf := make([]byte, size*count)
	if _, err := r.ReadAt(buf, table); err != nil {
		return "", errNotELF
	}
	for ; len(buf) >= size; buf = buf[size:] {
		const interp = 3 // PT_INTERP
		if order.Uint32(buf) != interp {
			continue
		}
		offset, length := int64(order.Uint32(buf[4:])), uint64(order.Uint32(buf[16:]))
		if is64 {
			offset, length = int64(order.Uint64(buf[8:])), order.Uint64(buf[32:])
		}
		return loaderAt(r, offset, length)
	}
	return "", errNotELF
}

// programHeaders returns the table's offset in the file, the size of an entry
// and the number of entries.
func programHeaders(head []byte, order binary.ByteOrder, is64 bool) (table int64, size, count int) {
	if is64 {
		return int64(order.Uint64(head[32:])), int(order.Uint16(head[54:])), int(order.Uint16(head[56:]))
	}
	return int64(order.Uint32(head[28:])), int(order.Uint16(head[42:])), int(order.Uint16(head[44:]))
}

func loaderAt(r io.ReaderAt, offset int64, length uint64) (string, error) {
	if length < 2 || length > maxLoader || offset < 0 {
		return "", errNotELF
	}
	name := make([]byte, length)
	if _, err := r.ReadAt(name, offset); err != nil {
		return "", errNotELF
	}
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	if len(name) == 0 {
		return "", errNotELF
	}
	return string(name), nil
}
