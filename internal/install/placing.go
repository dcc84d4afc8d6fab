package install

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/packaging/dist"
)

// place decides where each file of the wheel goes and what RECORD will say of
// it, given its row.
func (j *job) place(l *Layout, m *archive.Manifest, rows []dist.RecordEntry, entries map[string]bool) error {
	dataDir := strings.TrimSuffix(j.distInfo, ".dist-info") + ".data/"
	infoDir := j.distInfo + "/"
	for _, dir := range m.Dirs {
		if dir+"/" == dataDir || strings.HasPrefix(dir, dataDir) {
			continue
		}
		if rest, ok := strings.CutPrefix(dir, infoDir); ok {
			j.dirs = append(j.dirs, j.hidden+"/"+rest)
		} else if dir != j.distInfo {
			j.dirs = append(j.dirs, dir)
		}
	}
	j.files = make([]placement, 0, len(m.Files))
	j.record = make([]dist.RecordEntry, 0, len(m.Files)+len(j.scripts)+len(j.notes)+1)
	for i := range m.Files {
		f := &m.Files[i]
		row := rows[i]
		var err error
		if rest, ok := strings.CutPrefix(f.Path, infoDir); ok {
			j.placeInfo(rest, row)
		} else if rest, ok := strings.CutPrefix(f.Path, dataDir); ok {
			err = j.placeData(l, rest, f, row, entries)
		} else {
			j.files = append(j.files, placement{from: f.Path, to: f.Path})
			j.record = append(j.record, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// placeInfo places a file of the .dist-info directory, unless it will be made.
func (j *job) placeInfo(rest string, row dist.RecordEntry) {
	if rest == "RECORD" || slices.ContainsFunc(j.notes, func(n script) bool { return n.name == rest }) {
		return
	}
	j.files = append(j.files, placement{from: row.Path, to: j.hidden + "/" + rest})
	j.record = append(j.record, row)
}

// placeData places a file of the .data directory, whose first part names the
// directory of the scheme that it goes to.
func (j *job) placeData(l *Layout, rest string, f *archive.File, row dist.RecordEntry, entries map[string]bool) error {
	key, to, ok := strings.Cut(rest, "/")
	p := placement{from: f.Path, to: to}
	switch {
	case !ok:
		return fmt.Errorf("unknown wheel data type: %s", key)
	case key == "purelib":
		p.dir = l.Purelib
	case key == "platlib":
		p.dir = l.Platlib
	case key == "headers":
		p.dir = filepath.Join(l.Include, string(j.wheel.Name))
	case key == "data":
		p.dir = l.Data
	case key == "scripts":
		return j.placeScript(l, to, f, row, entries)
	default:
		return fmt.Errorf("unknown wheel data type: %s", key)
	}
	target := filepath.Join(p.dir, filepath.FromSlash(to))
	if filepath.Dir(target) == filepath.Clean(l.Scripts) && isReserved(filepath.Base(target)) {
		return &ReservedScriptError{filepath.Base(target)}
	}
	row.Path = j.relative(target)
	j.files = append(j.files, p)
	j.record = append(j.record, row)
	return nil
}

// placeScript places a script of the wheel, unless it is the stand-in of an
// entry point. What starts with #!python is written anew.
func (j *job) placeScript(l *Layout, name string, f *archive.File, row dist.RecordEntry, entries map[string]bool) error {
	if strings.Contains(name, "/") {
		return fmt.Errorf("invalid directory among the wheel's scripts: %s", f.Path)
	}
	stem, ok := name, false
	for _, suffix := range [...]string{".exe", "-script.py", ".pya"} {
		if stem, ok = strings.CutSuffix(name, suffix); ok {
			break
		}
	}
	if entries[stem] {
		return nil
	}
	if isReserved(name) {
		return &ReservedScriptError{name}
	}
	row.Path = j.relative(filepath.Join(l.Scripts, name))
	data, err := j.readScript(l, f)
	if err != nil {
		return err
	}
	if data != nil {
		j.scripts = append(j.scripts, script{name, data})
		return nil
	}
	executable := f.Mode&0o111 != 0o111 && f.Mode.IsRegular()
	j.files = append(j.files, placement{from: f.Path, to: name, dir: l.Scripts, executable: executable})
	j.record = append(j.record, row)
	return nil
}

// readScript returns the script's new text, or nil if it stays as it is.
func (j *job) readScript(l *Layout, f *archive.File) ([]byte, error) {
	// Programs are scripts, too; nobody writes one of this size by hand.
	const largest = 16 << 20
	if f.Size > largest {
		return nil, nil
	}
	data, err := j.src.ReadFile(f.Path)
	if err != nil {
		return nil, err
	}
	out, _, err := l.rewriteScript(data)
	return out, err
}

// recordData adds a row for a file that is made here.
func (j *job) recordData(path string, data []byte) error {
	if strings.ContainsAny(path, "\r\n") {
		return fmt.Errorf("invalid file name %q", path)
	}
	j.record = append(j.record, dist.RecordEntry{Path: path, Hash: dist.HashSHA256(sha256.Sum256(data)), Size: int64(len(data))})
	return nil
}

// bySize orders jobs so that the largest start first.
func bySize(a, b *job) int {
	return cmp.Or(cmp.Compare(len(b.files), len(a.files)), cmp.Compare(a.distInfo, b.distInfo))
}
