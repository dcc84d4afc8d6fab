package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/tame-py/tame/internal/archive"
)

func makeTar(t testing.TB, heads ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range heads {
		content := h.Uname // where the tests put it
		h.Uname = ""
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		}
		if h.Mode == 0 && h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			io.WriteString(w, content)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t testing.TB, format archive.Format, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case archive.Tar:
		return data
	case archive.TarGzip:
		w = gzip.NewWriter(&b)
	case archive.TarXz:
		w, err = xz.NewWriter(&b)
	case archive.TarZstd:
		w, err = zstd.NewWriter(&b)
	default:
		t.Fatalf("no compressor for %v", format)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarBzip2 is a tar of one file a with "hello", which the standard library
// reads but does not write.
const tarBzip2 = "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xa9\xea\x90\xc6\x00\x00\x6c\xfb\x80\xc9\x80\x00\x02\x40\x00\x6f\x00\x00\x00\xe2\x44\x9e\x00\x08\x08\x20\x00\x54\x42\x00\x01\xa0\x69\xa0\x8a\x9a\x81\xa3\x4d\x00\x07\xda\xcc\x84\x43\x9b\x51\x12\x9d\x56\x66\x94\xc7\x04\x12\x41\x22\xb0\x31\x21\x36\x84\xc3\x09\x52\x5e\x18\xe1\x23\xe2\x74\xc3\xa8\x89\x31\x11\x00\xf8\xbb\x92\x29\xc2\x84\x85\x4f\x54\x86\x30"

func TestUnpackTar(t *testing.T) {
	t.Parallel()
	big := string(pseudoRandom(600_000))
	cases := map[string]struct {
		heads []tar.Header
		opts  archive.Options
		want  map[string]string
	}{
		"empty": {nil, archive.Options{}, map[string]string{}},
		"sdist": {
			[]tar.Header{
				{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "commit"}},
				{Name: "pkg-1.0/", Typeflag: tar.TypeDir},
				{Name: "pkg-1.0/setup.py", Uname: "setup()", Mode: 0o755},
				{Name: "./pkg-1.0/src/a.py", Uname: "a"},
				{Name: "pkg-1.0/big", Uname: big},
				{Name: "pkg-1.0/src/a.py", Uname: "a"},
			},
			archive.Options{},
			map[string]string{"pkg-1.0": "/", "pkg-1.0/setup.py": "setup()", "pkg-1.0/src": "/", "pkg-1.0/src/a.py": "a", "pkg-1.0/big": big},
		},
		"python with links": {
			[]tar.Header{
				{Name: "python/bin/python3.13", Uname: "ELF", Mode: 0o755},
				{Name: "python/bin/python3", Typeflag: tar.TypeSymlink, Linkname: "python3.13"},
				{Name: "python/bin/python", Typeflag: tar.TypeSymlink, Linkname: "./python3"},
				{Name: "python/share/terminfo/x", Typeflag: tar.TypeSymlink, Linkname: "../../bin/python"},
				{Name: "python/bin/hard", Typeflag: tar.TypeLink, Linkname: "python/bin/python3.13"},
				{Name: "README", Uname: "left out"},
			},
			archive.Options{Links: true, Strip: 1},
			map[string]string{
				"bin": "/", "bin/python3.13": "ELF", "bin/python3": "→python3.13", "bin/python": "→./python3",
				"share": "/", "share/terminfo": "/", "share/terminfo/x": "→../../bin/python", "bin/hard": "ELF",
			},
		},
	}
	for name, c := range cases {
		plain := makeTar(t, c.heads...)
		for _, format := range []archive.Format{archive.Tar, archive.TarGzip, archive.TarXz, archive.TarZstd} {
			data := compress(t, format, plain)
			t.Run(name+"/"+format.String(), func(t *testing.T) {
				t.Parallel()
				if runtime.GOOS == "windows" && c.opts.Links {
					t.Skip("links need a privilege")
				}
				dst, check := box(t)
				whole := sha256.New()
				opts := c.opts
				opts.Tee = whole
				m, err := archive.Unpack(t.Context(), iotest.HalfReader(bytes.NewReader(data)), format, dst, opts)
				if err != nil {
					t.Fatal(err)
				}
				check()
				if diff := cmp.Diff(c.want, tree(t, dst)); diff != "" {
					t.Errorf("unpacked (-want +got):\n%s", diff)
				}
				checkManifest(t, m, dst)
				if want := sha256.Sum256(data); !bytes.Equal(whole.Sum(nil), want[:]) {
					t.Error("the tee did not get the archive")
				}
				if len(c.heads) > 0 && archive.Sniff(data) != format {
					t.Errorf("sniffed %v, want %v", archive.Sniff(data), format)
				}
			})
		}
	}
}

func TestHostileTars(t *testing.T) {
	t.Parallel()
	link := func(name, target string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
	}
	file := func(name, content string) tar.Header { return tar.Header{Name: name, Uname: content} }
	cases := map[string]struct {
		heads []tar.Header
		want  string
	}{
		"up":                          {[]tar.Header{file("../evil", "x")}, "leads out"},
		"absolute":                    {[]tar.Header{file("/tmp/evil", "x")}, "absolute"},
		"character device":            {[]tar.Header{{Name: "null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}}, "device"},
		"block device":                {[]tar.Header{{Name: "sda", Typeflag: tar.TypeBlock}}, "device"},
		"pipe":                        {[]tar.Header{{Name: "pipe", Typeflag: tar.TypeFifo}}, "device"},
		"link out":                    {[]tar.Header{link("a", "../evil")}, "outside"},
		"link out of depth":           {[]tar.Header{link("a/b/c", "../../../evil")}, "outside"},
		"link to root":                {[]tar.Header{link("a", "/etc/passwd")}, "outside"},
		"link up after down":          {[]tar.Header{link("x/l", ".."), link("p", "x/l/../evil")}, "outside"},
		"link to nothing":             {[]tar.Header{{Name: "a", Typeflag: tar.TypeSymlink, Linkname: ""}}, "nothing"},
		"write through link":          {[]tar.Header{link("d", "."), file("d/evil", "x")}, "file and a directory"},
		"write through link, swapped": {[]tar.Header{file("d/evil", "x"), link("d", "..")}, ""},
		"file onto link":              {[]tar.Header{file("a", "x"), link("b", "a"), file("b", "y")}, "twice"},
		"link onto file":              {[]tar.Header{file("a", "x"), link("a", "b")}, "twice"},
		"hard link out":               {[]tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"}}, "not safe"},
		"hard link to nothing":        {[]tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "b"}}, "no file before it"},
		"hard link to link":           {[]tar.Header{file("f", "x"), link("l", "f"), {Name: "a", Typeflag: tar.TypeLink, Linkname: "l"}}, "no file before it"},
		"hard link to directory":      {[]tar.Header{{Name: "d/", Typeflag: tar.TypeDir}, {Name: "a", Typeflag: tar.TypeLink, Linkname: "d"}}, "no file before it"},
		"different twice":             {[]tar.Header{file("a", "1"), file("a", "2")}, "twice"},
		"only case":                   {[]tar.Header{file("A", "1"), file("a", "2")}, "only in case"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst, check := box(t)
			_, err := archive.Unpack(t.Context(), bytes.NewReader(makeTar(t, c.heads...)), archive.Tar, dst, archive.Options{Links: true, FoldCase: true})
			check()
			var refused *archive.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an *archive.Error that says %q", err, c.want)
			}
		})
	}
	t.Run("links not allowed", func(t *testing.T) {
		t.Parallel()
		for _, h := range []tar.Header{link("a", "b"), {Name: "a", Typeflag: tar.TypeLink, Linkname: "b"}} {
			dst, _ := box(t)
			if _, err := archive.Unpack(t.Context(), bytes.NewReader(makeTar(t, h)), archive.Tar, dst, archive.Options{}); err == nil {
				t.Errorf("a link of type %q was made", h.Typeflag)
			}
		}
	})
}

func TestTarBombsAndDamage(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 30<<20)
	bomb := compress(t, archive.TarGzip, makeTar(t, tar.Header{Name: "zeros", Uname: zeros}))
	good := makeTar(t, tar.Header{Name: "a", Uname: "a"})
	gz := compress(t, archive.TarGzip, good)
	cases := map[string]struct {
		data   []byte
		format archive.Format
		limits archive.Limits
		want   string
	}{
		"ratio":           {bomb, archive.TarGzip, archive.Limits{Free: 1 << 20}, "more than 200 times"},
		"bytes":           {bomb, archive.TarGzip, archive.Limits{Bytes: 1 << 20}, "more than 1048576 bytes"},
		"something after": {append(bytes.Clone(good), "junk"...), archive.Tar, archive.Limits{}, "after its end"},
		"checksum of gz":  {append(bytes.Clone(gz[:len(gz)-8]), 1, 2, 3, 4, 5, 6, 7, 8), archive.TarGzip, archive.Limits{}, "damaged"},
		"cut off":         {gz[:len(gz)/2], archive.TarGzip, archive.Limits{}, "damaged"},
		"not gz":          {good, archive.TarGzip, archive.Limits{}, "damaged"},
		"not xz":          {good, archive.TarXz, archive.Limits{}, "damaged"},
		"not zst":         {good, archive.TarZstd, archive.Limits{}, "damaged"},
		"not bz2":         {good, archive.TarBzip2, archive.Limits{}, "damaged"},
		"not tar":         {bytes.Repeat([]byte("x"), 5000), archive.Tar, archive.Limits{}, "damaged"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst, check := box(t)
			_, err := archive.Unpack(t.Context(), bytes.NewReader(c.data), c.format, dst, archive.Options{Limits: c.limits})
			check()
			var refused *archive.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an *archive.Error that says %q", err, c.want)
			}
		})
	}
}

func TestTarSourceErrorAndCancellation(t *testing.T) {
	t.Parallel()
	data := compress(t, archive.TarGzip, makeTar(t, tar.Header{Name: "a", Uname: string(pseudoRandom(1 << 20))}))
	reset := errors.New("connection reset")
	dst, _ := box(t)
	r := io.MultiReader(bytes.NewReader(data[:500_000]), iotest.ErrReader(reset))
	_, err := archive.Unpack(t.Context(), r, archive.TarGzip, dst, archive.Options{})
	var broken *archive.ReadError
	if !errors.As(err, &broken) || !errors.Is(err, reset) || broken.Offset != 500_000 {
		t.Errorf("got %v, want a *ReadError at 500000", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dst, _ = box(t)
	if _, err := archive.Unpack(ctx, bytes.NewReader(data), archive.TarGzip, dst, archive.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("under a done context: %v", err)
	}
	if _, err := archive.Unpack(t.Context(), bytes.NewReader(data), archive.TarGzip, "absent", archive.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into an absent directory: %v", err)
	}
}

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]archive.Format{
		"a-1.0-py3-none-any.whl": archive.Zip, "a.ZIP": archive.Zip, "a.tar.gz": archive.TarGzip, "a.tgz": archive.TarGzip,
		"a.tar.bz2": archive.TarBzip2, "a.tar.xz": archive.TarXz, "a.tar.zst": archive.TarZstd, "a.tar": archive.Tar, "a.gz": 0, "whl": 0,
	} {
		if got, ok := archive.FormatOf(name); got != want || ok != (want != 0) {
			t.Errorf("FormatOf(%q) = %v, %v", name, got, ok)
		}
	}
}

func TestTarBzip2(t *testing.T) {
	t.Parallel()
	dst, _ := box(t)
	if _, err := archive.Unpack(t.Context(), strings.NewReader(tarBzip2), archive.TarBzip2, dst, archive.Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "hello"}, tree(t, dst)); diff != "" {
		t.Errorf("unpacked (-want +got):\n%s", diff)
	}
}

// A file too large to be read at once goes by as a stream.
func TestLargeFileInTar(t *testing.T) {
	t.Parallel()
	big := string(pseudoRandom(17 << 20))
	dst, _ := box(t)
	m, err := archive.Unpack(t.Context(), bytes.NewReader(makeTar(t, tar.Header{Name: "big", Uname: big})), archive.Tar, dst, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkManifest(t, m, dst)
}
