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
}

// Measure adds up what is in the file or directory at path, using all
// processors. Links are counted, not followed. What cannot be read is left
// out: the sum of a cache in use is never exact.
func Measure(path string) Usage {
	info, err := os.Lstat(path)
	if err != nil {
		return Usage{}
	}
	m := measurer{}
	m.wake.L = &m.mu
	m.total = part{links: map[fileID]struct{}{}}
	if !info.IsDir() {
		m.total.add(statOf(info))
		return m.total.Usage
	}
	m.todo = []string{path}
	m.total.add(statOf(info))
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		wg.Go(m.work)
	}
	wg.Wait()
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
	}
	p.Files++
	p.Bytes += s.bytes
	p.Disk += s.disk
}

type measurer struct {
	mu    sync.Mutex
	wake  sync.Cond
	todo  []string // directories to read
	busy  int      // workers that may still find more
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
		var found []string
		measureDir(dir, &mine, func(name string) { found = append(found, filepath.Join(dir, name)) })
		m.give(found)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total.Files += mine.Files
	m.total.Dirs += mine.Dirs
	m.total.Bytes += mine.Bytes
	m.total.Disk += mine.Disk
	for _, s := range mine.later {
		m.total.add(s)
	}
}

func (m *measurer) take() (dir string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.todo) == 0 && m.busy > 0 {
		m.wake.Wait()
	}
	if len(m.todo) == 0 {
		return "", false
	}
	dir = m.todo[len(m.todo)-1]
	m.todo = m.todo[:len(m.todo)-1]
	m.busy++
	return dir, true
}

func (m *measurer) give(found []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo = append(m.todo, found...)
	m.busy--
	if len(found) > 0 || m.busy == 0 {
		m.wake.Broadcast()
	}
}
