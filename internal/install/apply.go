package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/packaging/dist"
)

// hiddenPrefix begins the names of directories that are not visible as
// distributions yet, or no more.
const hiddenPrefix = ".tame-"

// chunk is how many files one goroutine places in a row: small enough that one
// large wheel keeps all of them busy.
const chunk = 256

// Changes are what [Apply] is to do.
type Changes struct {
	Remove  []*Installed
	Install []Wheel
}

// Apply removes distributions and installs wheels. All wheels are checked
// before anything is changed. If it fails, wheels that are not in place yet are
// taken back; what was to be removed may be gone. The environment's lock must be
// held.
func Apply(ctx context.Context, l Layout, site *Site, c Changes, opts Options) error {
	if opts.Workers <= 0 {
		opts.Workers = par.Processors()
	}
	jobs, err := prepareAll(ctx, &l, c.Install, &opts)
	defer closeAll(jobs)
	if err != nil {
		return err
	}
	if err := site.Repair(l); err != nil {
		return err
	}
	if err := removeAll(ctx, c.Remove, &opts, func(d *Installed) error { return replace(&l, d, &opts) }); err != nil {
		return err
	}
	return installAll(ctx, &l, jobs, &opts)
}

// Install installs wheels without removing anything; see [Apply].
func Install(ctx context.Context, l Layout, wheels []Wheel, opts Options) error {
	return Apply(ctx, l, &Site{}, Changes{Install: wheels}, opts)
}

func prepareAll(ctx context.Context, l *Layout, wheels []Wheel, opts *Options) ([]*job, error) {
	jobs := make([]*job, len(wheels))
	return jobs, par.ForEach(ctx, opts.Workers, len(wheels), func(_ context.Context, i int) (err error) {
		if jobs[i], err = prepare(l, &wheels[i], opts); err != nil {
			return fmt.Errorf("failed to install: %s: %w", &wheels[i], err)
		}
		return nil
	})
}

func closeAll(jobs []*job) {
	for _, j := range jobs {
		if j != nil {
			_ = j.src.Close() // it was only read
		}
	}
}

// Remove removes distributions for good. Unlike [Apply], after which others are
// in their place, it refuses one that does not list its files. The environment's
// lock must be held.
func Remove(ctx context.Context, l Layout, site *Site, list []*Installed, opts Options) error {
	if opts.Workers <= 0 {
		opts.Workers = par.Processors()
	}
	if err := site.Repair(l); err != nil {
		return err
	}
	return removeAll(ctx, list, &opts, func(d *Installed) error {
		_, err := Uninstall(l, d, opts.Warn)
		return err
	})
}

func removeAll(ctx context.Context, list []*Installed, opts *Options, remove func(*Installed) error) error {
	return par.ForEach(ctx, opts.Workers, len(list), func(_ context.Context, i int) error {
		if err := remove(list[i]); err != nil {
			return err
		}
		if opts.Removed != nil {
			opts.Removed(list[i])
		}
		return nil
	})
}

// replace uninstalls a distribution to make place for another. One that does
// not list its files only loses what makes it visible: what comes is placed
// over the rest. An egg that does not is left, as uv leaves it.
func replace(l *Layout, d *Installed, opts *Options) error {
	_, err := Uninstall(*l, d, opts.Warn)
	var missing *MissingRecordError
	if !errors.As(err, &missing) {
		return err
	}
	if opts.Warn != nil {
		opts.Warn(fmt.Sprintf("Failed to uninstall package at %s due to missing `%s` file. Installation may result in an incomplete environment.", d.Path, filepath.Base(missing.File)))
	}
	if d.Kind != DistInfo { // it may be all that there is
		return nil
	}
	return os.RemoveAll(d.Path)
}

// trees opens the directories that files go to, each once.
type trees struct {
	mu   sync.Mutex
	open map[string]*fsx.Tree
}

// get opens a directory, making it if it is not there.
func (t *trees) get(dir string) (*fsx.Tree, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tree, ok := t.open[dir]; ok {
		return tree, nil
	}
	tree, err := fsx.OpenTree(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o777); err == nil {
			tree, err = fsx.OpenTree(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	t.open[dir] = tree
	return tree, nil
}

func (t *trees) close() {
	for _, tree := range t.open {
		_ = tree.Close() // directories are only read
	}
}

// An installation places the files of several wheels.
type installation struct {
	layout *Layout
	opts   *Options
	linker *fsx.Linker
	trees  trees
	script sync.Mutex // held while one is written: several wheels may bring one of a name
}

// A running job is one whose files are being placed.
type running struct {
	*job
	dst  *fsx.Tree
	left atomic.Int64 // chunks to do
	done atomic.Bool  // the distribution is visible
	made map[string]bool
	mu   sync.Mutex // guards made
}

func installAll(ctx context.Context, l *Layout, jobs []*job, opts *Options) error {
	if len(jobs) == 0 {
		return ctx.Err()
	}
	slices.SortFunc(jobs, bySize)
	in := &installation{layout: l, opts: opts, linker: fsx.NewLinker(opts.LinkMode, opts.Copying)}
	in.trees.open = map[string]*fsx.Tree{}
	defer in.trees.close()
	started, err := in.startAll(ctx, jobs)
	if err == nil {
		err = in.placeAll(ctx, started)
	}
	for _, r := range started {
		if r != nil && !r.done.Load() {
			err = errors.Join(err, in.takeBack(r))
		}
	}
	return err
}

func (in *installation) startAll(ctx context.Context, jobs []*job) ([]*running, error) {
	started := make([]*running, len(jobs))
	return started, par.ForEach(ctx, in.opts.Workers, len(jobs), func(_ context.Context, i int) (err error) {
		started[i], err = in.start(jobs[i])
		return wrapJob(jobs[i], err)
	})
}

func wrapJob(j *job, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("failed to install: %s: %w", j.wheel, err)
}

// start makes the wheel's directories and writes its RECORD.
func (in *installation) start(j *job) (r *running, err error) {
	r = &running{job: j, made: map[string]bool{}}
	if r.dst, err = in.trees.get(j.root); err != nil {
		return nil, err
	}
	if err = r.dst.Mkdir(j.hidden); errors.Is(err, fs.ErrExist) {
		if _, err = fsx.RemoveAll(r.dst.Join(j.hidden), nil); err == nil {
			err = r.dst.Mkdir(j.hidden)
		}
	}
	if err != nil {
		return nil, err
	}
	// From here on there is something to take back.
	if err := j.writeRecord(r.dst); err != nil {
		return r, err
	}
	for _, dir := range j.dirs {
		if err := mkdir(r.dst, dir); err != nil {
			return r, err
		}
	}
	r.left.Store(int64(max(1, (len(j.files)+chunk-1)/chunk)))
	return r, nil
}

var records sync.Pool // of *[]byte: memory for RECORDs

func (j *job) writeRecord(dst *fsx.Tree) error {
	record, ok := records.Get().(*[]byte)
	if !ok {
		record = new([]byte)
	}
	defer records.Put(record)
	*record = dist.AppendRecord((*record)[:0], j.record)
	return writeNew(dst, j.hidden+"/RECORD", *record)
}

func mkdir(tree *fsx.Tree, dir string) error {
	err := tree.Mkdir(dir)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// writeNew writes a file that is not there yet.
func writeNew(tree *fsx.Tree, name string, data []byte) error {
	f, err := tree.Open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// placeAll places the files of all wheels, chunk by chunk. Who places the last
// chunk of a wheel finishes it.
func (in *installation) placeAll(ctx context.Context, all []*running) error {
	type piece struct {
		of   *running
		part []placement
	}
	var pieces []piece
	for _, r := range all {
		for from := 0; from == 0 || from < len(r.files); from += chunk {
			pieces = append(pieces, piece{r, r.files[from:min(from+chunk, len(r.files))]})
		}
	}
	return par.ForEach(ctx, in.opts.Workers, len(pieces), func(_ context.Context, i int) error {
		r := pieces[i].of
		err := in.placePart(r, pieces[i].part)
		if err == nil && r.left.Add(-1) == 0 {
			err = in.finish(r)
		}
		return wrapJob(r.job, err)
	})
}

func (in *installation) placePart(r *running, part []placement) error {
	for i := range part {
		p := &part[i]
		dst := r.dst
		if p.dir != "" {
			var err error
			if dst, err = in.trees.get(p.dir); err != nil {
				return err
			}
			if err := r.mkdirAll(dst, path.Dir(p.to)); err != nil {
				return err
			}
		}
		if p.executable {
			if err := in.linker.Copy(r.src, p.from, dst, p.to); err != nil {
				return err
			}
			if err := addExecute(dst.Join(p.to)); err != nil {
				return err
			}
			continue
		}
		if err := in.linker.Link(r.src, p.from, dst, p.to); err != nil {
			return err
		}
	}
	return nil
}

// mkdirAll makes a directory of .data files, with those above it.
func (r *running) mkdirAll(tree *fsx.Tree, dir string) error {
	if dir == "." {
		return nil
	}
	key := tree.Path() + "\x00" + dir
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made[key] {
		return nil
	}
	for i, c := range dir {
		if c == '/' {
			if err := mkdir(tree, dir[:i]); err != nil {
				return err
			}
		}
	}
	r.made[key] = true
	return mkdir(tree, dir)
}

// addExecute lets everybody run a file, in addition to what they may do.
func addExecute(file string) error {
	info, err := os.Stat(file)
	if err != nil || info.Mode()&0o111 == 0o111 {
		return err
	}
	return os.Chmod(file, info.Mode().Perm()|0o111)
}

// finish writes what is made here, and makes the distribution visible.
func (in *installation) finish(r *running) error {
	if len(r.scripts) > 0 {
		bin, err := in.trees.get(in.layout.Scripts)
		if err != nil {
			return err
		}
		for _, s := range r.scripts {
			if err := in.writeScript(r, bin, s); err != nil {
				return err
			}
		}
	}
	for _, n := range r.notes {
		if err := writeNew(r.dst, r.hidden+"/"+n.name, n.data); err != nil {
			return err
		}
	}
	err := r.dst.Rename(r.hidden, r.distInfo)
	if err != nil {
		// A directory that has files cannot be replaced at once.
		if _, err := fsx.RemoveAll(r.dst.Join(r.distInfo), nil); err != nil {
			return err
		}
		err = r.dst.Rename(r.hidden, r.distInfo)
	}
	if err != nil {
		return err
	}
	r.done.Store(true)
	if in.opts.Installed != nil {
		in.opts.Installed(r.wheel)
	}
	return nil
}

// writeScript writes a script beside and renames it, because one of the same
// name may be running, or be a link into the cache.
func (in *installation) writeScript(r *running, bin *fsx.Tree, s script) error {
	in.script.Lock()
	defer in.script.Unlock()
	name := filepath.ToSlash(s.name)
	if err := r.mkdirAll(bin, path.Dir(name)); err != nil {
		return err
	}
	temp := path.Join(path.Dir(name), hiddenPrefix+path.Base(name))
	if err := bin.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := fsx.WriteProgram(func() error { return writeNew(bin, temp, s.data) }); err != nil {
		return err
	}
	if err := addExecute(bin.Join(temp)); err != nil {
		return err
	}
	return bin.Rename(temp, name)
}

// takeBack removes what was placed of a wheel that is not visible.
func (in *installation) takeBack(r *running) error {
	return removeHidden(in.layout, filepath.Join(r.root, r.hidden), func(string) bool { return false })
}
