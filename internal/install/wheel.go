package install

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Wheel is an unpacked wheel to be installed.
type Wheel struct {
	// Name and Version are what the wheel's file name tells; its metadata must
	// agree.
	Name    pyname.Package
	Version pep440.Version
	// Dir is where the wheel lies unpacked.
	Dir string
	// Manifest lists what is in Dir, so that it need not be walked; it may be
	// nil.
	Manifest *archive.Manifest
	// DirectURL, CacheInfo and BuildInfo are recorded if they are not nil:
	// where the wheel came from if not from an index, the state of the local
	// project it was built of, and the settings it was built with (the text of
	// uv_build.json).
	DirectURL *metadata.DirectURL
	CacheInfo *CacheInfo
	BuildInfo []byte
	// Content are digests of the directory that it was built of, recorded in a
	// file of our own: times alone do not tell every change.
	Content []string

	root string // where [Apply] has put what is not in the .data directory
}

// String is `name==version`.
func (w *Wheel) String() string { return string(w.Name) + "==" + w.Version.String() }

// files lists what is in the wheel: from its manifest, or by looking.
func (w *Wheel) files() (*archive.Manifest, error) {
	if w.Manifest != nil {
		return w.Manifest, nil
	}
	m := &archive.Manifest{}
	err := filepath.WalkDir(w.Dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || file == w.Dir {
			return err
		}
		rel, err := filepath.Rel(w.Dir, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			m.Dirs = append(m.Dirs, rel)
			return nil
		}
		info, err := os.Stat(file)
		if err != nil {
			return fmt.Errorf("broken symbolic link in the wheel: %w", err)
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a symbolic link to a directory", rel)
		}
		m.Files = append(m.Files, archive.File{Path: rel, Size: info.Size(), Mode: info.Mode()})
		return nil
	})
	slices.SortFunc(m.Files, func(a, b archive.File) int { return cmp.Compare(a.Path, b.Path) })
	return m, err
}

// A job is the installation of one wheel, worked out as a whole before anything
// is touched.
type job struct {
	wheel    *Wheel
	src      *fsx.Tree // wheel.Dir
	root     string    // the directory that the wheel's root goes to
	distInfo string    // the .dist-info directory's name
	hidden   string    // its name until all else is in place
	dirs     []string
	files    []placement
	scripts  []script
	notes    []script // files to be written into the .dist-info directory
	record   []dist.RecordEntry
}

// A placement is a file of a wheel and where it goes: to is relative to the
// directory dir, which if empty is the job's root.
type placement struct {
	from, to, dir string
	executable    bool // must become executable, so that it can't be a link
}

// Options decide how wheels are installed.
type Options struct {
	// LinkMode is how files get from the cache into the environment.
	LinkMode fsx.LinkMode
	// Copying is called once if files are copied although LinkMode asked for
	// something cheaper, with the error that linking gave. May be nil.
	Copying func(error)
	// Workers is how many files are placed at once; 0 is the number of
	// processors.
	Workers int
	// NoMetadata leaves out INSTALLER, REQUESTED, direct_url.json and the like.
	NoMetadata bool
	// NoScripts leaves out the scripts of entry points. Those that wheels bring as
	// files stay.
	NoScripts bool
	// AnyName accepts wheels whose metadata tells another name or version than
	// their file name.
	AnyName bool
	// Warn is told what is odd but no error. May be nil.
	Warn func(string)
	// Installed is called for every wheel that is in place, and Removed for every
	// distribution that is gone, from several goroutines. May be nil.
	Installed func(*Wheel)
	Removed   func(*Installed)
}

func (o *Options) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(fmt.Sprintf(format, args...))
	}
}

// installer is what INSTALLER says. Programs look at it to tell which tool an
// environment belongs to; for those, this one is uv.
const installer = "uv"

// prepare works out the installation of a wheel and checks it.
func prepare(l *Layout, w *Wheel, opts *Options) (*job, error) {
	m, err := w.files()
	if err != nil {
		return nil, err
	}
	j := &job{wheel: w}
	if j.src, err = fsx.OpenTree(w.Dir); err != nil {
		return nil, err
	}
	if err := j.workOut(l, m, opts); err != nil {
		return nil, errors.Join(err, j.src.Close())
	}
	return j, nil
}

func (j *job) workOut(l *Layout, m *archive.Manifest, opts *Options) (err error) {
	if j.distInfo, err = findDistInfo(m); err != nil {
		return err
	}
	j.hidden = hiddenPrefix + "install-" + strings.TrimSuffix(j.distInfo, ".dist-info")
	if err := j.readMetadata(l, opts); err != nil {
		return err
	}
	rows, err := j.rows(m)
	if err != nil {
		return err
	}
	entries, err := j.readEntryPoints(l, opts)
	if err != nil {
		return err
	}
	if opts.NoScripts {
		j.scripts = nil
	}
	if !opts.NoMetadata {
		j.addNotes()
	}
	if err := j.place(l, m, rows, entries); err != nil {
		return err
	}
	for _, s := range j.scripts {
		if err := j.recordData(j.relative(filepath.Join(l.Scripts, s.name)), s.data); err != nil {
			return err
		}
	}
	for _, n := range j.notes {
		if err := j.recordData(j.distInfo+"/"+n.name, n.data); err != nil {
			return err
		}
	}
	j.record = append(j.record, dist.RecordEntry{Path: j.distInfo + "/RECORD", Size: -1})
	dist.SortRecord(j.record)
	return nil
}

// findDistInfo finds the .dist-info directory among a wheel's files.
func findDistInfo(m *archive.Manifest) (string, error) {
	var names []string
	for _, dir := range m.Dirs {
		if strings.HasSuffix(dir, ".dist-info") && !strings.Contains(dir, "/") {
			names = append(names, dir)
		}
	}
	return dist.FindDistInfo(names)
}

func (j *job) read(name string) ([]byte, error) {
	return j.src.ReadFile(j.distInfo + "/" + name)
}

// readMetadata checks that the wheel is what its name says, and finds out where
// it goes.
func (j *job) readMetadata(l *Layout, opts *Options) error {
	if !opts.AnyName {
		if err := j.checkName(); err != nil {
			return err
		}
	}
	data, err := j.read("WHEEL")
	if err != nil {
		return err
	}
	info, err := dist.ParseWheelInfo(data)
	if err != nil {
		return err
	}
	j.root = l.Platlib
	if info.Purelib {
		j.root = l.Purelib
	}
	j.wheel.root = j.root
	return nil
}

func (j *job) checkName() error {
	data, err := j.read("METADATA")
	if err != nil {
		return err
	}
	name, text, err := metadata.ParseIdentity(data)
	if err != nil {
		return err
	}
	version, err := pep440.Parse(text)
	if err != nil {
		return err
	}
	want := j.wheel.Version
	switch {
	case name != j.wheel.Name:
		return fmt.Errorf("wheel metadata name `%s` does not match given name `%s`", name, j.wheel.Name)
	case !version.Equal(want) && !version.Equal(want.WithoutLocal()):
		return fmt.Errorf("wheel metadata version `%s` does not match given version `%s`", version, want)
	}
	return nil
}

// rows returns what RECORD will say of each file of the manifest. The hashes
// that were computed when the wheel was unpacked are what its own RECORD says,
// or should; where there are none that is asked. Files that it does not list
// get a row, and what it lists besides is dropped.
func (j *job) rows(m *archive.Manifest) ([]dist.RecordEntry, error) {
	rows := make([]dist.RecordEntry, len(m.Files))
	hashed := true
	for i := range m.Files {
		f := &m.Files[i]
		rows[i] = dist.RecordEntry{Path: f.Path, Size: f.Size}
		hashed = hashed && f.SHA256 != [32]byte{}
	}
	if hashed {
		for i, hash := range dist.HashesSHA256(len(rows), func(i int) [32]byte { return m.Files[i].SHA256 }) {
			rows[i].Hash = hash
		}
		return rows, nil
	}
	recorded, err := j.readRecord()
	if err != nil {
		return nil, err
	}
	for i := range rows {
		for len(recorded) > 0 && recorded[0].Path < rows[i].Path {
			recorded = recorded[1:]
		}
		if len(recorded) > 0 && recorded[0].Path == rows[i].Path {
			rows[i] = recorded[0]
		}
	}
	return rows, nil
}

// readRecord returns the wheel's own RECORD, sorted.
func (j *job) readRecord() ([]dist.RecordEntry, error) {
	data, err := j.read("RECORD")
	if err != nil {
		return nil, err
	}
	entries, err := dist.ParseRecord(data)
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		if strings.Contains(e.Path, "./") || strings.Contains(e.Path, "//") {
			entries[i].Path = path.Clean(e.Path)
		}
	}
	dist.SortRecord(entries)
	return entries, nil
}

// readEntryPoints makes the scripts of entry points, and returns their names.
func (j *job) readEntryPoints(l *Layout, opts *Options) (map[string]bool, error) {
	data, err := j.read("entry_points.txt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	points, err := dist.ParseEntryPoints(data)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	console, gui := l.scriptsOf(points)
	for i, p := range slices.Concat(console, gui) {
		s, err := l.entryScript(p, i >= len(console))
		if err != nil {
			return nil, err
		}
		if isActivation(p.Name) {
			opts.warn("the script name `%s` is reserved for virtual environment activation scripts", p.Name)
		}
		// A name may be both a console and a gui script: the last one is left.
		if names[p.Name] {
			j.scripts = slices.DeleteFunc(j.scripts, func(have script) bool { return have.name == s.name })
		}
		j.scripts = append(j.scripts, s)
		names[p.Name] = true
	}
	return names, nil
}

// addNotes makes the files that tell how the distribution came here.
func (j *job) addNotes() {
	w := j.wheel
	j.notes = append(j.notes, script{"REQUESTED", nil})
	if w.DirectURL != nil {
		j.notes = append(j.notes, script{"direct_url.json", w.DirectURL.Marshal()})
	}
	if !w.CacheInfo.IsEmpty() {
		j.notes = append(j.notes, script{"uv_cache.json", w.CacheInfo.Marshal()})
	}
	if w.BuildInfo != nil {
		j.notes = append(j.notes, script{"uv_build.json", w.BuildInfo})
	}
	if len(w.Content) > 0 {
		j.notes = append(j.notes, script{contentName, []byte(strings.Join(w.Content, "\n") + "\n")})
	}
	j.notes = append(j.notes, script{"INSTALLER", []byte(installer)})
}

// relative is the path of a file as RECORD has it.
func (j *job) relative(target string) string {
	rel, err := filepath.Rel(j.root, target)
	if err != nil {
		// On another drive than the environment, as Windows has them.
		rel = target
	}
	return filepath.ToSlash(rel)
}
