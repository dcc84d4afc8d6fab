package fsx

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Usage is what a tree takes.
type Usage struct {
	Files int64 // files and links
	Dirs  int64
	Bytes int64 // sum of the sizes of the files
	Disk  int64 // space on the disk, directories included, a file with several names once
	// Shared is the part of Disk that files with several names take, which
	// removing the tree may not free. Directories that are known count for none.
	Shared int64
}

// Measure adds up what is in the file or directory at path, using all
// processors. Links are counted, not followed. What cannot be read is left
// out: the sum of a cache in use is never exact.
func Measure(path string) Usage { return MeasureKnown(path, nil) }

// A KnownDir is what Measure finds in one directory, without what is below the
// directories in it.
type KnownDir struct {
	ID                 Identity
	Files, Bytes, Disk int64
	Inodes             []uint64 // of the files
	Subdirs            []string
}

// A Known saves Measure from reading directories that have not changed since it
// read them last. Its fields are called by several goroutines. Where the system
// cannot tell directories apart cheaply none is called.
type Known struct {
	// Skip tells of a directory at a path that it is left out.
	Skip func(path string) bool
	// Steady tells whether the files in a directory are never changed in place:
	// of such changes the directory's identity says nothing.
	Steady func(path string) bool
	// Find returns what was found in the directory with an identity.
	Find func(Identity) (KnownDir, bool)
	// Seen is called with what was found in a steady directory, which was read
	// if it is new.
	Seen func(dir KnownDir, isNew bool)
}

// MeasureKnown is Measure with a memory, which may be nil.
func MeasureKnown(path string, known *Known) Usage {
	info, err := os.Lstat(path)
	if err != nil {
		return Usage{}
	}
	m := measurer{known: known}
	m.wake.L = &m.mu
	m.total = part{links: map[fileID]struct{}{}}
	if !info.IsDir() {
		m.total.add(statOf(info))
		return m.total.Usage
	}
	m.todo = []dirToMeasure{{path, identityOf(path, info), statOf(info).disk}}
	m.total.add(statOf(info))
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		wg.Go(m.work)
	}
	wg.Wait()
	m.settle()
	return m.total.Usage
}

// A fileID is the same for all names of one file.
type fileID struct{ dev, ino uint64 }

// A stat is what is counted of one file.
type stat struct {
	id    fileID
	dir   bool
	many  bool // has several names
	bytes int64
	disk  int64
}

// A part is what one worker has counted.
type part struct {
	Usage
	links map[fileID]struct{} // files with several names seen so far
	later []stat              // such files, to be counted when the parts meet
	known []KnownDir          // that were not read
}

// A dirToMeasure is a directory that is counted, but not yet what is in it.
type dirToMeasure struct {
	path string
	id   Identity
	disk int64 // that was counted for itself
}

func (p *part) add(s stat) {
	switch {
	case s.dir:
		p.Dirs++
		p.Disk += s.disk
		return
	case s.many && p.links == nil:
		p.later = append(p.later, s)
		return
	case s.many:
		if _, seen := p.links[s.id]; seen {
			s.disk = 0
		}
		p.links[s.id] = struct{}{}
		p.Shared += s.disk
	}
	p.Files++
	p.Bytes += s.bytes
	p.Disk += s.disk
}

type measurer struct {
	mu    sync.Mutex
	wake  sync.Cond
	known *Known
	todo  []dirToMeasure
	busy  int // workers that may still find more
	total part
}

// work takes directories until there are none and nobody can find any.
func (m *measurer) work() {
	var mine part
	for {
		dir, ok := m.take()
		if !ok {
			break
		}
		m.give(m.dir(dir, &mine))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total.Files += mine.Files
	m.total.Dirs += mine.Dirs
	m.total.Bytes += mine.Bytes
	m.total.Disk += mine.Disk
	m.total.later = append(m.total.later, mine.later...)
	m.total.known = append(m.total.known, mine.known...)
}

// dir counts what is in a directory and returns the directories in it.
func (m *measurer) dir(d dirToMeasure, p *part) []dirToMeasure {
	if m.known != nil && m.known.Skip(d.path) {
		p.Dirs--
		p.Disk -= d.disk
		return nil
	}
	steady := m.known != nil && m.known.Steady(d.path)
	if steady {
		if k, ok := m.known.Find(d.id); ok {
			m.known.Seen(k, false)
			p.Files += k.Files
			p.Bytes += k.Bytes
			p.Disk += k.Disk
			p.known = append(p.known, k)
			return measureNamed(d.path, k.Subdirs, p)
		}
	}
	var found []dirToMeasure
	seen := KnownDir{ID: d.id}
	measureDir(d.path, p, func(name string, s stat, id Identity) {
		if s.dir {
			found = append(found, dirToMeasure{filepath.Join(d.path, name), id, s.disk})
		}
		if !steady {
			return
		}
		if s.dir {
			seen.Subdirs = append(seen.Subdirs, name)
			return
		}
		seen.Files++
		seen.Bytes += s.bytes
		seen.Disk += s.disk
		seen.Inodes = append(seen.Inodes, s.id.ino)
	})
	if steady {
		m.known.Seen(seen, true)
	}
	return found
}

// settle counts the files with several names, each once.
func (m *measurer) settle() {
	if len(m.total.later) == 0 {
		return
	}
	for _, k := range m.total.known {
		for _, ino := range k.Inodes {
			m.total.links[fileID{k.ID.Dev, ino}] = struct{}{}
		}
	}
	for _, s := range m.total.later {
		m.total.add(s)
	}
}

func (m *measurer) take() (dir dirToMeasure, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.todo) == 0 && m.busy > 0 {
		m.wake.Wait()
	}
	if len(m.todo) == 0 {
		return dirToMeasure{}, false
	}
	dir = m.todo[len(m.todo)-1]
	m.todo = m.todo[:len(m.todo)-1]
	m.busy++
	return dir, true
}

func (m *measurer) give(found []dirToMeasure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo = append(m.todo, found...)
	m.busy--
	if len(found) > 0 || m.busy == 0 {
		m.wake.Broadcast()
	}
}
