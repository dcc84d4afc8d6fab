package backend

import (
	"path"
	"strings"
)

// A writer makes an artifact, or something like it, of members in order. Names
// are slash paths.
type writer interface {
	// add adds a member that the backend made.
	add(name string, data []byte) error
	// addFile adds a member with the content of a file.
	addFile(name, file string) error
	// addDir adds a directory.
	addDir(name string) error
	// finish ends the artifact. distInfo is the metadata directory of a wheel,
	// which gets its RECORD.
	finish(distInfo string) error
}

// dirs adds each directory once.
type dirs struct {
	w    writer
	seen map[string]bool
}

func newDirs(w writer) *dirs { return &dirs{w, map[string]bool{}} }

func (d *dirs) add(name string) error {
	if d.seen[name] {
		return nil
	}
	d.seen[name] = true
	return d.w.addDir(name)
}

// addFile adds a file below a prefix, after the directories between.
func (d *dirs) addFile(prefix, name, file string) error {
	for i := range len(name) {
		if name[i] == '/' {
			if err := d.add(path.Join(prefix, name[:i])); err != nil {
				return err
			}
		}
	}
	return d.w.addFile(strings.ToValidUTF8(path.Join(prefix, name), "\uFFFD"), file)
}

// A Listed is a member of an artifact, and the file that it comes from; "" if
// the backend makes it.
type Listed struct{ Name, File string }

// lister only notes the members.
type lister struct{ files []Listed }

func (l *lister) add(name string, _ []byte) error {
	l.files = append(l.files, Listed{Name: name})
	return nil
}

func (l *lister) addFile(name, file string) error {
	l.files = append(l.files, Listed{name, file})
	return nil
}

func (l *lister) addDir(string) error { return nil }
func (l *lister) finish(string) error { return nil }
