package archive

import (
	"hash/crc32"
	"hash/maphash"
	"sync/atomic"
)

// Some wheels have files twice, under two names: an eighth of what the
// distributions of Jupyter unpack to. What was packed the same way is the same:
// the second file is made of the first instead of inflating and hashing it once
// more.

// twinLeast is from what size on that is less work, in bytes.
const twinLeast = 4 << 10

// A twinKey tells packed data apart. The fingerprint has a key of its own in
// each process, so that nobody can make two archives entries that agree in it.
type twinKey struct {
	crc          uint32
	size, packed int64
	fingerprint  uint64
}

// twins are the entries of an archive by their packed data.
type twins struct {
	seed  maphash.Seed
	first map[twinKey]*entry
	found []*entry // those that have a twin before them
}

// A twin is what an entry knows of the one before it that is equal.
type twin struct {
	first *entry      // has no twin itself
	ready atomic.Bool // of the first: it is written
	taken bool        // of the second: it was made of the first
}

// meet notes an entry with its packed data, and finds its twin.
func (w *twins) meet(e *entry, packed []byte) {
	if e.Method != methodDeflate || e.Size < twinLeast || e.again {
		return
	}
	if w.first == nil {
		w.seed, w.first = maphash.MakeSeed(), map[twinKey]*entry{}
	}
	key := twinKey{e.CRC, e.Size, e.Packed, maphash.Bytes(w.seed, packed)}
	if first, ok := w.first[key]; ok {
		e.twin.first = first
		w.found = append(w.found, e)
		return
	}
	w.first[key] = e
}

// settle notes the hashes of files that were made of others. All that have met
// must be done.
func (w *twins) settle() {
	for _, e := range w.found {
		if e.twin.taken {
			e.SHA256 = e.twin.first.SHA256
			e.file.SHA256 = e.SHA256
		}
	}
	w.found = w.found[:0]
}

// fromTwin returns the content of an entry, in a buffer, if it has a twin that is
// written by now.
func (t *target) fromTwin(e *entry) (data []byte, ok bool) {
	first := e.twin.first
	if first == nil || !first.twin.ready.Load() {
		return nil, false
	}
	data = getBuffer(int(e.Size))
	if t.read(first.file.Path, data) != nil || crc32.ChecksumIEEE(data) != e.CRC {
		putBuffer(data)
		return nil, false
	}
	return data, true
}
