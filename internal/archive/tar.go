package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An untar is a tar being unpacked.
type untar struct {
	t     *target
	from  *meter
	links []*File // symbolic links, made last
}

// A meter counts what is read of the archive, tells the tee, and knows the
// errors of the source from those of the archive.
type meter struct {
	ctx context.Context //nolint:containedctx // it ends when the call does
	r   io.Reader
	tee io.Writer
	t   *target
	n   int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.ctx.Err() != nil {
		return 0, &ReadError{Offset: m.n, Err: context.Cause(m.ctx)}
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.t.consumed.Store(m.n)
	if m.tee != nil && n > 0 {
		if _, err := m.tee.Write(p[:n]); err != nil {
			return n, writeError{err}
		}
	}
	if err != nil && err != io.EOF {
		err = &ReadError{Offset: m.n, Err: err}
	}
	return n, err
}

func unpackTar(ctx context.Context, r io.Reader, format Format, dst string, opts Options) (*Manifest, error) {
	if err := emptyDir(dst); err != nil {
		return nil, err
	}
	t, err := newTarget(dst, opts)
	if err != nil {
		return nil, err
	}
	defer t.close()
	u := &untar{t: t, from: &meter{ctx: ctx, r: r, tee: opts.Tee, t: t}}
	if err := u.unpack(format); err != nil {
		return nil, tarError(err)
	}
	return t.manifest(), nil
}

// tarError says of what kind an error is that came through the readers.
func tarError(err error) error {
	var broken *ReadError
	var refused *Error
	var path *fs.PathError
	var link *os.LinkError
	var failed writeError
	switch {
	case errors.As(err, &broken):
		return broken
	case errors.As(err, &failed):
		return failed.error
	case errors.As(err, &refused), errors.As(err, &path), errors.As(err, &link):
		return err
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return damaged("", "its data is damaged", err)
}

func (u *untar) unpack(format Format) error {
	plain, release, err := decompress(u.from, format)
	if err != nil {
		return err
	}
	defer release()
	a := newAhead(plain)
	defer a.close()
	r := tar.NewReader(a)
	for {
		head, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := u.entry(head, r); err != nil {
			return err
		}
	}
	if err := onlyZeros(a); err != nil {
		return err
	}
	// What follows the compressed data has not been read by the decompressor.
	if _, err := io.Copy(io.Discard, u.from); err != nil {
		return err
	}
	return u.makeLinks()
}

// onlyZeros reads to the end, where a tar is filled up with zeros.
func onlyZeros(r io.Reader) error {
	b := getBuffer(smallBuffer)
	defer putBuffer(b)
	for {
		n, err := r.Read(b)
		for _, c := range b[:n] {
			if c != 0 {
				return refuse("", "there is something after its end")
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// entry unpacks one entry.
func (u *untar) entry(head *tar.Header, r io.Reader) error {
	if head.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	name, isDir, err := cleanName(head.Name)
	if err != nil {
		return err
	}
	name, ok := strip(name, u.t.opts.Strip)
	if !ok {
		return nil
	}
	switch head.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		if isDir {
			return u.t.claimDir(name)
		}
		return u.file(name, head, r)
	case tar.TypeDir:
		return u.t.claimDir(name)
	case tar.TypeSymlink:
		return u.symlink(name, head)
	case tar.TypeLink:
		return u.hardlink(name, head)
	}
	return refuse(head.Name, "it is a device or of another kind (%q) that is not unpacked", head.Typeflag)
}

// strip leaves out the first n parts of a name.
func strip(name string, n int) (string, bool) {
	for range n {
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return "", false
		}
		name = rest
	}
	return name, true
}

// file writes a regular file. A tar that was appended to may have a name
// again; the files must be equal, or it would depend on the program which
// one is meant.
func (u *untar) file(name string, head *tar.Header, r io.Reader) error {
	file, again, err := u.t.claim(name)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if head.Mode&0o111 != 0 {
		mode = 0o755
	}
	e := &entry{Name: head.Name, Size: head.Size, Method: methodStored, file: file, again: again}
	if again {
		if file.Mode != mode {
			return refuse(head.Name, "it is there twice, with different contents or modes")
		}
		h := sha256.New()
		if e.Size, err = io.Copy(h, r); err != nil {
			return err
		}
		h.Sum(e.SHA256[:0])
		return u.t.same(e)
	}
	if err := u.write(e, r); err != nil {
		return err
	}
	if file.Mode = mode; mode == 0o755 {
		return u.t.makeExecutable(name)
	}
	return nil
}

// write makes the file of an entry and hashes it.
func (u *untar) write(e *entry, r io.Reader) error {
	if e.Size <= hugeBuffer {
		if err := u.t.grow(e.Name, e.Size); err != nil {
			return err
		}
		b := getBuffer(int(e.Size))
		defer putBuffer(b)
		if _, err := io.ReadFull(r, b); err != nil {
			return err
		}
		return u.t.write(e.file, b)
	}
	return u.t.place(e, func(w io.Writer) error {
		c, err := u.t.pump(e, r, w)
		if err == nil && c.size != e.Size {
			err = io.ErrUnexpectedEOF
		}
		e.SHA256 = c.sha256
		return err
	})
}

// symlink notes a symbolic link to be made when all else is there, so that
// nothing can be written through it.
func (u *untar) symlink(name string, head *tar.Header) error {
	if !u.t.opts.Links {
		return refuse(head.Name, "it is a symbolic link")
	}
	if err := checkLink(name, head); err != nil {
		return err
	}
	file, again, err := u.t.claim(name)
	if err != nil {
		return err
	}
	if again {
		if file.Link != head.Linkname || file.Mode != fs.ModeSymlink|0o777 {
			return refuse(head.Name, "it is there twice, with different contents")
		}
		return nil
	}
	file.Mode, file.Link = fs.ModeSymlink|0o777, head.Linkname
	u.links = append(u.links, file)
	return nil
}

// checkLink refuses links that leave the target. A link may go up from where
// it is, as far as the target, and then down: then it stays inside, also when
// it leads through other links, since each of them begins at a directory that
// is none. After going down it may not go up again, because what it went down
// may be a link.
func checkLink(name string, head *tar.Header) error {
	link := head.Linkname
	switch {
	case link == "" || strings.ContainsRune(link, 0):
		return refuse(head.Name, "it is a link to nothing")
	case strings.HasPrefix(link, "/") || filepath.IsAbs(link) || filepath.VolumeName(link) != "" || os.PathSeparator == '\\' && strings.ContainsAny(link, `\:`):
		return refuse(head.Name, "it is a link to %q, outside the archive", link)
	}
	depth, down := strings.Count(name, "/"), false
	for part := range strings.SplitSeq(link, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 || down {
				return refuse(head.Name, "it is a link to %q, outside the archive", link)
			}
		default:
			down = true
		}
	}
	return nil
}

func (u *untar) makeLinks() error {
	for _, file := range u.links {
		name := filepath.Join(u.t.path, filepath.FromSlash(file.Path))
		if err := os.Symlink(filepath.FromSlash(file.Link), name); err != nil {
			return u.t.taken(file.Path, err)
		}
	}
	return nil
}

// hardlink makes a second name for a file that was unpacked before; as a
// copy, since what is in the cache should not change two files at once.
func (u *untar) hardlink(name string, head *tar.Header) error {
	if !u.t.opts.Links {
		return refuse(head.Name, "it is a hard link")
	}
	target, _, err := cleanName(head.Linkname)
	if err != nil {
		return damaged(head.Name, "it is a link to a place that is not safe", err)
	}
	target, ok := strip(target, u.t.opts.Strip)
	original := u.t.names[target]
	if !ok || original == nil || original.Mode&fs.ModeSymlink != 0 {
		return refuse(head.Name, "it is a hard link to %q, which is no file before it", head.Linkname)
	}
	file, again, err := u.t.claim(name)
	if err != nil {
		return err
	}
	if again {
		if file.SHA256 != original.SHA256 || file.Mode != original.Mode {
			return refuse(head.Name, "it is there twice, with different contents")
		}
		return nil
	}
	if err := u.t.grow(head.Name, original.Size); err != nil {
		return err
	}
	in, err := os.Open(filepath.Join(u.t.path, filepath.FromSlash(original.Path)))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := u.t.create(name)
	if err != nil {
		return u.t.taken(name, err)
	}
	if _, err = io.Copy(out, in); err == nil {
		file.Size, file.SHA256, file.Mode = original.Size, original.SHA256, original.Mode
		if file.Mode == 0o755 {
			err = u.t.makeExecutable(name)
		}
	}
	return errors.Join(err, out.Close())
}
