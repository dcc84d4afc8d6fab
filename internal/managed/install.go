package managed

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/par"
)

// An Installer brings Pythons into a store. The caller holds the store's lock
// (see [Store.Lock]). It is safe for concurrent use.
type Installer struct {
	Store Store
	// Open begins to read the file at a URL and tells its length in bytes, or
	// -1.
	Open func(ctx context.Context, url string) (io.ReadCloser, int64, error)
	// CPythonMirror and PyPyMirror take the place of where those are published;
	// "" is none.
	CPythonMirror, PyPyMirror string
	// ArchiveDir is where archives are kept, and looked for first; "" if they
	// are not.
	ArchiveDir string
	// Offline allows archives of ArchiveDir alone, and files.
	Offline bool
	// SetDylibID, if not nil, writes into a shared library of macOS where it is
	// going to be; linkers look there.
	SetDylibID func(ctx context.Context, dylib, id string) error
	// Progress may be nil.
	Progress par.Progress
	// Begun, if not nil, is told of each download that begins, with its size
	// in bytes, or -1.
	Begun func(d Download, size int64)
	// Trace, if not nil, is told what is done.
	Trace func(format string, args ...any)
}

// A HashError says that an archive is not the one that the catalogue promises.
type HashError struct {
	Key        Key
	URL        string
	Want, Have string // SHA-256 in hexadecimal
}

func (e *HashError) Error() string {
	return fmt.Sprintf("hash mismatch for `%s`\n\nExpected:\n%s\n\nComputed:\n%s", e.Key, e.Want, e.Have)
}

// Hints tell that the catalogue or the mirror is wrong.
func (e *HashError) Hints() []string {
	return []string{"the file at `" + e.URL + "` is not the one that the list of downloads promises; nothing of it was installed"}
}

// An OfflineError says that an archive would have to be downloaded.
type OfflineError struct {
	Key      Key
	URL, Dir string
}

func (e *OfflineError) Error() string {
	if e.Dir == "" {
		return fmt.Sprintf("`%s` would have to be downloaded from `%s`, but the network is disabled", e.Key, e.URL)
	}
	return fmt.Sprintf("`%s` would have to be downloaded from `%s`, but the network is disabled, and it is missing in `%s`", e.Key, e.URL, e.Dir)
}

// Install installs a download and returns where it is. If it is installed
// already nothing is done, unless again is set: then the new one takes its
// place. What is wrong with an archive is found out before anything of it can
// be seen: it is unpacked, verified and made complete aside, and moved to its
// place in one step.
func (in *Installer) Install(ctx context.Context, d Download, again bool) (Installation, error) {
	i := Installation{Path: filepath.Join(in.Store.root, d.Key.String()), Key: d.Key}
	if info, err := os.Stat(i.Path); err == nil && info.IsDir() && !again {
		return i, nil
	}
	staging, err := fsx.MkdirTemp(in.Store.scratch())
	if err != nil {
		return i, fmt.Errorf("failed to create the download directory: %w", err)
	}
	defer func() { _, _ = fsx.RemoveAll(staging, nil) }()
	unpacked := filepath.Join(staging, "unpacked")
	if err := os.Mkdir(unpacked, 0o777); err != nil {
		return i, err
	}
	if err := in.unpack(ctx, d, unpacked); err != nil {
		return i, err
	}
	home, err := arrange(unpacked, d.Key)
	if err != nil {
		return i, err
	}
	aside := Installation{Path: home, Key: d.Key}
	if err := in.complete(ctx, aside, i, d.Build); err != nil {
		return i, fmt.Errorf("the archive of `%s` is no usable Python: %w", d.Key, err)
	}
	return i, in.publish(home, i.Path, filepath.Join(staging, "replaced"))
}

func (in *Installer) complete(ctx context.Context, aside, final Installation, build string) error {
	if err := aside.Complete(final.Path, build); err != nil {
		return err
	}
	if dylib := aside.Dylib(); dylib != "" && in.SetDylibID != nil {
		if _, err := os.Stat(dylib); err == nil {
			return in.SetDylibID(ctx, dylib, final.Dylib())
		}
	}
	return nil
}

// publish moves a directory to its place; what was there goes to old.
func (in *Installer) publish(from, to, old string) error {
	err := fsx.Rename(to, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("failed to move `%s` out of the way: %w", to, err)
	}
	had := err == nil
	if err := fsx.Rename(from, to); err != nil {
		if had {
			err = errors.Join(err, fsx.Rename(old, to))
		}
		return fmt.Errorf("failed to move the Python to `%s`: %w", to, err)
	}
	return nil
}

// unpack fills a directory from the archive of a download: from the one that is
// kept, else while it arrives.
func (in *Installer) unpack(ctx context.Context, d Download, to string) error {
	url := d.Mirrored(in.CPythonMirror, in.PyPyMirror)
	name, format, err := archiveName(url)
	if err != nil {
		return err
	}
	kept := ""
	if in.ArchiveDir != "" {
		kept = filepath.Join(in.ArchiveDir, hashPrefix(d.SHA256)+"-"+name)
		done, err := in.unpackKept(ctx, d, kept, format, to)
		if done || err != nil {
			return err
		}
	}
	if in.Offline && !isFile(url) {
		return &OfflineError{Key: d.Key, URL: url, Dir: in.ArchiveDir}
	}
	in.trace("Downloading %s", url)
	body, size, err := in.Open(ctx, url)
	if err != nil {
		return fmt.Errorf("failed to download `%s`: %w", url, err)
	}
	defer body.Close()
	if in.Begun != nil {
		in.Begun(d, size)
	}
	if kept == "" {
		return in.extract(ctx, d, url, body, size, format, to)
	}
	return in.extractAndKeep(ctx, d, url, body, size, format, to, kept)
}

// unpackKept unpacks an archive that was kept. One that is damaged is removed,
// to be downloaded again.
func (in *Installer) unpackKept(ctx context.Context, d Download, kept string, format archive.Format, to string) (done bool, err error) {
	file, err := os.Open(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	in.trace("Unpacking `%s`, which was downloaded before", kept)
	err = in.extract(ctx, d, kept, file, info.Size(), format, to)
	var wrong *HashError
	var damaged *archive.Error
	if in.Offline || !errors.As(err, &wrong) && !errors.As(err, &damaged) {
		return true, err
	}
	in.trace("`%s` is damaged: %v", kept, err)
	file.Close() // or Windows does not let it be removed
	if err := os.Remove(kept); err != nil {
		return false, err
	}
	if _, err := fsx.RemoveAll(to, nil); err != nil {
		return false, err
	}
	return false, os.Mkdir(to, 0o777)
}

// extractAndKeep unpacks an archive while it arrives and, if it is the right
// one, keeps it.
func (in *Installer) extractAndKeep(ctx context.Context, d Download, url string, body io.Reader, size int64, format archive.Format, to, kept string) error {
	if err := os.MkdirAll(in.ArchiveDir, 0o777); err != nil {
		return err
	}
	removeAbandoned(in.ArchiveDir)
	file, err := fsx.CreateTemp(in.ArchiveDir, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	out := bufio.NewWriterSize(file, 256<<10)
	if err := in.extract(ctx, d, url, io.TeeReader(body, out), size, format, to); err != nil {
		return err
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		return err
	}
	return fsx.Rename(file.Name(), kept)
}

// removeAbandoned removes what a killed process has left of a download.
func removeAbandoned(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), fsx.TempPrefix) && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// extract unpacks and hashes in one pass.
func (in *Installer) extract(ctx context.Context, d Download, url string, body io.Reader, size int64, format archive.Format, to string) error {
	task := in.Progress.Start(d.Key.String(), size)
	defer task.Done()
	hash := sha256.New()
	_, err := archive.Unpack(ctx, &counted{body, task}, format, to, archive.Options{Tee: hash, Links: true})
	if err != nil {
		return fmt.Errorf("failed to unpack `%s`: %w", url, err)
	}
	have := hex.EncodeToString(hash.Sum(nil))
	if d.SHA256 != "" && !strings.EqualFold(have, d.SHA256) {
		return &HashError{Key: d.Key, URL: url, Want: d.SHA256, Have: have}
	}
	return nil
}

// counted tells how much was read.
type counted struct {
	io.Reader
	task par.Task
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.task.Add(int64(n))
	return n, err
}

func (in *Installer) trace(format string, args ...any) {
	if in.Trace != nil {
		in.Trace(format, args...)
	}
}

func isFile(url string) bool { return strings.HasPrefix(url, "file:") }

// archiveName is the file name at the end of a URL, of characters that every
// filesystem has, and the kind of archive that it tells.
func archiveName(url string) (string, archive.Format, error) {
	name, _, _ := strings.Cut(url, "#")
	name, _, _ = strings.Cut(name, "?")
	name = strings.ReplaceAll(path.Base(name), "%2B", "-")
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
			return r
		}
		return '-'
	}, name)
	format, ok := archive.FormatOf(name)
	if !ok {
		return "", 0, fmt.Errorf("the download URL `%s` does not end in the name of an archive (`.tar.gz`, `.tar.zst`, `.tar.bz2`, `.tar.xz`, `.zip`)", url)
	}
	return name, format, nil
}

// hashPrefix begins the names of kept archives; it is uv's, so that both find
// them.
func hashPrefix(sha string) string {
	if sha == "" {
		return "none"
	}
	return sha[:min(len(sha), 9)]
}
