package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/archive"
)

// An unpacker is one of the ways to unpack a zip; all must agree.
type unpacker struct {
	name   string
	unpack func(ctx context.Context, data []byte, dst string, opts archive.Options) (*archive.Manifest, error)
}

func unpackers() []unpacker {
	return []unpacker{
		{"stream", func(ctx context.Context, data []byte, dst string, opts archive.Options) (*archive.Manifest, error) {
			return archive.Unpack(ctx, bytes.NewReader(data), archive.Zip, dst, opts)
		}},
		{"drip", func(ctx context.Context, data []byte, dst string, opts archive.Options) (*archive.Manifest, error) {
			opts.Pool = archive.NewPool(2)
			r := iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(data)))
			return archive.Unpack(ctx, r, archive.Zip, dst, opts)
		}},
		{"random", func(ctx context.Context, data []byte, dst string, opts archive.Options) (*archive.Manifest, error) {
			opts.Pool = archive.NewPool(2)
			return archive.UnpackZip(ctx, bytes.NewReader(data), int64(len(data)), dst, opts)
		}},
	}
}

// box makes a target inside a directory whose other content must not change.
func box(t testing.TB) (dst string, check func()) {
	t.Helper()
	outer := t.TempDir()
	dst = filepath.Join(outer, "a", "target")
	if err := os.MkdirAll(dst, 0o777); err != nil {
		t.Fatal(err)
	}
	return dst, func() {
		t.Helper()
		err := filepath.WalkDir(outer, func(path string, _ fs.DirEntry, err error) error {
			if path == dst {
				return fs.SkipDir
			}
			if rel, _ := filepath.Rel(outer, path); rel != "." && rel != "a" {
				t.Errorf("written outside the target: %s", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// tree reads back what is in a directory: paths with contents, "/" for
// directories, "→" for links.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir():
			out[rel] = "/"
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			out[rel] = "→" + target
			return err
		default:
			b, err := os.ReadFile(path)
			out[rel] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkManifest holds a manifest against what is in the directory.
func checkManifest(t testing.TB, m *archive.Manifest, dst string) {
	t.Helper()
	got, want := map[string]string{}, map[string]string{}
	for path, content := range tree(t, dst) {
		switch {
		case content == "/":
			want[path] = "/"
		case strings.HasPrefix(content, "→"):
			want[path] = content
		default:
			info, err := os.Stat(filepath.Join(dst, path))
			if err != nil {
				t.Fatal(err)
			}
			want[path] = fmt.Sprintf("%d %x %v", len(content), sha256.Sum256([]byte(content)), runtime.GOOS != "windows" && info.Mode()&0o100 != 0)
		}
	}
	for i, f := range m.Files {
		got[f.Path] = fmt.Sprintf("%d %x %v", f.Size, f.SHA256, f.Mode&0o100 != 0)
		if f.Mode&fs.ModeSymlink != 0 {
			got[f.Path] = "→" + f.Link
		}
		if i > 0 && m.Files[i-1].Path >= f.Path {
			t.Errorf("the manifest is not sorted: %q before %q", m.Files[i-1].Path, f.Path)
		}
	}
	for _, dir := range m.Dirs {
		got[dir] = "/"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the manifest is not what is there (-there +manifest):\n%s", diff)
	}
}

func TestUnpackZip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("all work and no play\n", 20_000)
	noise := string(pseudoRandom(1 << 20))
	huge := string(pseudoRandom(9 << 20)) // larger than what is unpacked in memory
	cases := map[string]struct {
		zip  rawZip
		want map[string]string
	}{
		"empty": {rawZip{}, map[string]string{}},
		"files and directories": {
			rawZip{files: []rawFile{
				{name: "pkg/", mode: 0o40755},
				{name: "pkg/__init__.py"},
				{name: "pkg/a.py", data: long, method: 8},
				{name: "pkg/b.bin", data: noise, method: 8},
				{name: "pkg/c", data: "stored"},
				{name: "pkg/d", data: long, method: 93},
				{name: "pkg/empty/"},
				{name: "./pkg//deep/./er/e.txt", data: "e"},
				{name: "pkg-1.0.dist-info/RECORD", data: "r", mode: 0o100644},
			}},
			map[string]string{
				"pkg": "/", "pkg/__init__.py": "", "pkg/a.py": long, "pkg/b.bin": noise, "pkg/c": "stored", "pkg/d": long, "pkg/empty": "/",
				"pkg/deep": "/", "pkg/deep/er": "/", "pkg/deep/er/e.txt": "e", "pkg-1.0.dist-info": "/", "pkg-1.0.dist-info/RECORD": "r",
			},
		},
		"large files": {
			rawZip{files: []rawFile{{name: "a.so", data: huge, method: 8, mode: 0o100755}, {name: "b.so", data: huge}, {name: "c.so", data: huge, method: 93}, {name: "d", data: "d"}}},
			map[string]string{"a.so": huge, "b.so": huge, "c.so": huge, "d": "d"},
		},
		"execute bits": {
			rawZip{files: []rawFile{{name: "x", data: "#!", mode: 0o100755}, {name: "y", mode: 0o100644}, {name: "z", mode: 0o100010}}},
			map[string]string{"x": "#!", "y": "", "z": ""},
		},
		"data descriptors": {
			rawZip{files: []rawFile{
				{name: "a", data: long, method: 8, descriptor: 12},
				{name: "b", data: long, method: 8, descriptor: 16},
				{name: "c", data: long, method: 8, descriptor: 20},
				{name: "d", data: long, method: 8, descriptor: 24},
				{name: "e", method: 8, descriptor: 16},
				{name: "f", data: huge, method: 8, descriptor: 16},
			}},
			map[string]string{"a": long, "b": long, "c": long, "d": long, "e": "", "f": huge},
		},
		"equal twice": {
			rawZip{files: []rawFile{{name: "a", data: "same", mode: 0o100755}, {name: "b", data: huge}, {name: "a", data: "same", method: 8, mode: 0o100755}, {name: "b", data: huge, method: 8}}},
			map[string]string{"a": "same", "b": huge},
		},
		"64-bit end":       {rawZip{files: []rawFile{{name: "a", data: "a"}}, zip64: true}, map[string]string{"a": "a"}},
		"comment":          {rawZip{files: []rawFile{{name: "a", data: "a"}}, comment: "made by hand\n"}, map[string]string{"a": "a"}},
		"zeros at the end": {rawZip{files: []rawFile{{name: "a", data: "a"}}, after: "\x00\x00\x00"}, map[string]string{"a": "a"}},
		"64-bit sizes": {
			rawZip{files: []rawFile{{
				name: "a", data: "abc", size: ptr[uint32](0xffffffff), packedSize: ptr[uint32](0xffffffff),
				localExtra: u64(u16(nil, 1, 16), 3, 3), centralExtra: u64(u16(nil, 1, 16), 3, 3),
			}}},
			map[string]string{"a": "abc"},
		},
		"directories that differ": {rawZip{files: []rawFile{{name: "x/a", data: "1"}, {name: "X/b", data: "2"}}}, map[string]string{"x": "/", "x/a": "1", "X": "/", "X/b": "2"}},
		"unicode":                 {rawZip{files: []rawFile{{name: "ä/🌈.py", data: "x", flags: 1 << 11}}}, map[string]string{"ä": "/", "ä/🌈.py": "x"}},
	}
	if runtime.GOOS != "linux" {
		delete(cases, "directories that differ") // are one where case does not count
	}
	for name, c := range cases {
		data := c.zip.bytes(t)
		for _, u := range unpackers() {
			t.Run(name+"/"+u.name, func(t *testing.T) {
				t.Parallel()
				dst, check := box(t)
				whole := sha256.New()
				m, err := u.unpack(t.Context(), data, dst, archive.Options{Tee: whole, FoldCase: true})
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
			})
		}
	}
}

func pseudoRandom(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// hostileZips are what must be refused by every way to unpack, with a part of
// the message.
func hostileZips(t testing.TB) map[string]struct {
	zip  rawZip
	want string
} {
	ok := rawFile{name: "ok.py", data: "ok"}
	long := strings.Repeat("x", 100_000)
	one := func(f rawFile) rawZip { return rawZip{files: []rawFile{ok, f}} }
	return map[string]struct {
		zip  rawZip
		want string
	}{
		"up":                      {one(rawFile{name: "../evil", data: "x"}), "leads out"},
		"up inside":               {one(rawFile{name: "a/../../evil", data: "x"}), "leads out"},
		"up and back":             {one(rawFile{name: "a/../b", data: "x"}), "leads out"},
		"absolute":                {one(rawFile{name: "/tmp/evil", data: "x"}), "absolute"},
		"absolute directory":      {one(rawFile{name: "/tmp/"}), "absolute"},
		"up directory":            {one(rawFile{name: "../evil/"}), "leads out"},
		"no name":                 {one(rawFile{name: "", data: "x"}), "no name"},
		"the target itself":       {one(rawFile{name: ".", data: "x"}), "directory with content"},
		"not UTF-8":               {one(rawFile{name: "a\xff", data: "x"}), "not UTF-8"},
		"NUL":                     {one(rawFile{name: "a\x00.py", data: "x"}), "unprintable"},
		"newline":                 {one(rawFile{name: "a\n.py", data: "x"}), "unprintable"},
		"direction override":      {one(rawFile{name: "a\u202egpj.py", data: "x"}), "unprintable"},
		"long name":               {one(rawFile{name: strings.Repeat("a/", 3000) + "b", data: "x"}), "longer than"},
		"long part":               {one(rawFile{name: strings.Repeat("a", 300), data: "x"}), "longer than"},
		"different twice":         {rawZip{files: []rawFile{{name: "a", data: "1"}, {name: "a", data: "2"}}}, "twice"},
		"different spelt twice":   {rawZip{files: []rawFile{{name: "a/b", data: "1"}, {name: "a//b", data: "2"}}}, "twice"},
		"modes twice":             {rawZip{files: []rawFile{{name: "a", data: "1", mode: 0o100755}, {name: "a", data: "1"}}}, "twice"},
		"file then directory":     {rawZip{files: []rawFile{{name: "a", data: "1"}, {name: "a/", data: ""}}}, "file and a directory"},
		"file as parent":          {rawZip{files: []rawFile{{name: "a", data: "1"}, {name: "a/b", data: "2"}}}, "file and a directory"},
		"directory then file":     {rawZip{files: []rawFile{{name: "a/"}, {name: "a", data: "1"}}}, "file and a directory"},
		"only case":               {rawZip{files: []rawFile{{name: "a/B", data: "1"}, {name: "A/b", data: "2"}}}, "only in case"},
		"file and directory":      {rawZip{files: []rawFile{{name: "a", data: "1"}, {name: "A/b", data: "2"}}}, "only in case"},
		"backslash":               {one(rawFile{name: `C:\..\evil.py`, data: "x"}), "backslash"},
		"directory with content":  {one(rawFile{name: "d/", data: "x"}), "directory with content"},
		"encrypted":               {one(rawFile{name: "e", data: "x", flags: 1}), "encrypted"},
		"unknown method":          {one(rawFile{name: "e", data: "x", method: 14}), "compression method"},
		"device":                  {one(rawFile{name: "dev", mode: 0o020644}), "device"},
		"checksum":                {one(rawFile{name: "c", data: "x", crc: ptr[uint32](7)}), "checksum"},
		"checksum, deflated":      {one(rawFile{name: "c", data: long, method: 8, crc: ptr[uint32](7)}), "checksum"},
		"checksum of directory":   {one(rawFile{name: "c", data: "x", centralCRC: ptr[uint32](7)}), "checksum"},
		"size too small":          {one(rawFile{name: "s", data: long, method: 8, size: ptr[uint32](99)}), "more than"},
		"size too large":          {one(rawFile{name: "s", data: long, method: 8, size: ptr[uint32](100_001)}), "damaged"},
		"size impossible":         {one(rawFile{name: "s", data: "x", method: 8, size: ptr[uint32](4_000_000_000)}), "cannot unpack to"},
		"stored size":             {one(rawFile{name: "s", data: "x", size: ptr[uint32](2)}), "stored, but"},
		"central size":            {one(rawFile{name: "s", data: "x", centralSize: ptr[uint32](2)}), "the size"},
		"packed size too large":   {rawZip{files: []rawFile{{name: "s", data: long, method: 8, packed: append(pack(t, 8, long), 0, 0)}, ok}}, "ends early"},
		"damaged":                 {one(rawFile{name: "s", data: long, method: 8, packed: []byte{7, 7, 7, 7, 7}}), ""},
		"zstd of nothing":         {one(rawFile{name: "s", data: long, method: 93, packed: []byte("nothing")}), "damaged"},
		"other name":              {one(rawFile{name: "a", data: "x", centralName: "b"}), "calls it"},
		"second name":             {one(rawFile{name: "a", data: "x", localExtra: append(u16(nil, 0x7075, 6, 0, 0), 0, 'b')}), "second name"},
		"unlisted":                {rawZip{files: []rawFile{ok, {name: "hidden", data: "x", unlisted: true}}}, ""},
		"unlisted first":          {rawZip{files: []rawFile{{name: "hidden", data: "x", unlisted: true}, ok}}, ""},
		"listed twice":            {one(rawFile{name: "a", data: "x", twice: true}), ""},
		"listed elsewhere":        {one(rawFile{name: "a", data: "x", offset: ptr[uint32](3)}), ""},
		"listed behind":           {one(rawFile{name: "a", data: "x", offset: ptr[uint32](1 << 30)}), ""},
		"overlap":                 {rawZip{files: []rawFile{ok, {name: "a", data: "x", offset: ptr[uint32](0)}}}, ""},
		"something first":         {rawZip{files: []rawFile{ok}, before: "MZ program"}, ""},
		"something between":       {rawZip{files: []rawFile{{name: "a", data: "x", junk: "junk"}, ok}}, ""},
		"something before end":    {rawZip{files: []rawFile{ok}, between: "junk"}, ""},
		"something after":         {rawZip{files: []rawFile{ok}, after: "junk"}, ""},
		"another zip after":       {rawZip{files: []rawFile{ok}, after: string(rawZip{files: []rawFile{{name: "b", data: "2"}}}.bytes(t))}, ""},
		"another zip in comment":  {rawZip{files: []rawFile{ok}, comment: string(rawZip{files: []rawFile{{name: "b", data: "2"}}}.bytes(t))}, ""},
		"fewer entries told":      {rawZip{files: []rawFile{ok, ok}, entries: ptr[uint16](1)}, "entries"},
		"more entries told":       {rawZip{files: []rawFile{ok}, entries: ptr[uint16](3)}, "entries"},
		"64-bit end tells more":   {rawZip{files: []rawFile{ok}, zip64: true, wide: ptr[uint64](9)}, ""},
		"directory elsewhere":     {rawZip{files: []rawFile{ok}, start: ptr[uint32](1)}, ""},
		"descriptor missing":      {rawZip{files: []rawFile{{name: "a", data: long, method: 8, flags: 8}, ok}}, "does not tell"},
		"descriptor lies":         {rawZip{files: []rawFile{{name: "a", data: long, method: 8, descriptor: 16, crc: ptr[uint32](1)}, ok}}, ""},
		"64-bit sizes missing":    {one(rawFile{name: "a", data: "abc", size: ptr[uint32](0xffffffff), packedSize: ptr[uint32](0xffffffff)}), "64-bit"},
		"64-bit sizes impossible": {one(rawFile{name: "a", data: "abc", size: ptr[uint32](0xffffffff), packedSize: ptr[uint32](0xffffffff), localExtra: u64(u16(nil, 1, 16), 1<<63, 1<<63), centralExtra: u64(u16(nil, 1, 16), 1<<63, 1<<63)}), "out of range"},
		"not a zip":               {rawZip{before: "<html>please log in</html>" + long}, ""},
	}
}

func TestHostileZips(t *testing.T) {
	t.Parallel()
	for name, c := range hostileZips(t) {
		for _, u := range unpackers() {
			t.Run(name+"/"+u.name, func(t *testing.T) {
				t.Parallel()
				dst, check := box(t)
				_, err := u.unpack(t.Context(), c.zip.bytes(t), dst, archive.Options{FoldCase: true})
				check()
				var refused *archive.Error
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want an *archive.Error that says %q", err, c.want)
				}
			})
		}
	}
}

func TestZipBombs(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 1<<20)
	var many []rawFile
	for i := range 50 {
		many = append(many, rawFile{name: fmt.Sprint(i), data: zeros, method: 8})
	}
	big := strings.Repeat(zeros, 20)
	cases := map[string]struct {
		files  []rawFile
		limits archive.Limits
		want   string
	}{
		"files":             {many, archive.Limits{Files: 49}, "more than 49 files"},
		"bytes":             {many, archive.Limits{Bytes: 10 << 20}, "more than 10485760 bytes"},
		"ratio":             {many, archive.Limits{Free: 1 << 20}, "more than 200 times"},
		"ratio of large":    {[]rawFile{{name: "big", data: big, method: 8}}, archive.Limits{Free: 1 << 20}, "more than 200 times"},
		"ratio, unsized":    {[]rawFile{{name: "big", data: big, method: 8, descriptor: 16}}, archive.Limits{Free: 1 << 20}, "more than 200 times"},
		"bytes of large":    {[]rawFile{{name: "big", data: big}}, archive.Limits{Bytes: 1 << 20}, "more than 1048576 bytes"},
		"directories count": {[]rawFile{{name: "a/b/c/d/e", data: "x"}}, archive.Limits{Files: 4}, "more than 4 files"},
	}
	for name, c := range cases {
		data := rawZip{files: c.files}.bytes(t)
		for _, u := range unpackers() {
			t.Run(name+"/"+u.name, func(t *testing.T) {
				t.Parallel()
				dst, check := box(t)
				_, err := u.unpack(t.Context(), data, dst, archive.Options{Limits: c.limits})
				check()
				var refused *archive.Error
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want an *archive.Error that says %q", err, c.want)
				}
			})
		}
	}
}

// Files that do not shrink are no bomb, however large and wherever they lie.
func TestLargeIsNoBomb(t *testing.T) {
	t.Parallel()
	noise := string(pseudoRandom(5 << 20))
	data := rawZip{files: []rawFile{{name: "a", data: noise, method: 8}, {name: "b", data: noise}, {name: "c", data: noise, method: 8, descriptor: 16}, {name: "d", data: noise[:900_000]}}}.bytes(t)
	for _, u := range unpackers() {
		dst, _ := box(t)
		if _, err := u.unpack(t.Context(), data, dst, archive.Options{Limits: archive.Limits{Free: 1 << 16}}); err != nil {
			t.Errorf("%s: %v", u.name, err)
		}
	}
}

func TestNotStreamable(t *testing.T) {
	t.Parallel()
	data := rawZip{files: []rawFile{{name: "a", data: "stored", descriptor: 16}}}.bytes(t)
	dst, _ := box(t)
	if _, err := archive.Unpack(t.Context(), bytes.NewReader(data), archive.Zip, dst, archive.Options{}); !errors.Is(err, archive.ErrNotStreamable) {
		t.Errorf("streamed: %v, want ErrNotStreamable", err)
	}
	dst, _ = box(t)
	if _, err := archive.UnpackZip(t.Context(), bytes.NewReader(data), int64(len(data)), dst, archive.Options{}); err != nil {
		t.Errorf("from the complete archive: %v", err)
	}
	if got := tree(t, dst)["a"]; got != "stored" {
		t.Errorf("unpacked %q", got)
	}
}

// Wherever a download breaks off, the source is to blame and the offset told.
func TestTruncatedZip(t *testing.T) {
	t.Parallel()
	data := rawZip{files: []rawFile{{name: "a/b", data: strings.Repeat("y", 5000), method: 8}, {name: "c", data: "c", descriptor: 16, method: 8}}, zip64: true}.bytes(t)
	for n := 0; n < len(data); n += 3 {
		dst, _ := box(t)
		_, err := archive.Unpack(t.Context(), bytes.NewReader(data[:n]), archive.Zip, dst, archive.Options{})
		var broken *archive.ReadError
		if !errors.As(err, &broken) || !errors.Is(err, io.ErrUnexpectedEOF) || broken.Offset != int64(n) {
			t.Errorf("cut to %d of %d bytes: %v, want a *ReadError at its end", n, len(data), err)
		}
		dst, _ = box(t)
		if _, err := archive.UnpackZip(t.Context(), bytes.NewReader(data[:n]), int64(n), dst, archive.Options{}); err == nil {
			t.Errorf("cut to %d of %d bytes: unpacked without error", n, len(data))
		}
	}
}

func TestSourceErrorAndCancellation(t *testing.T) {
	t.Parallel()
	data := rawZip{files: []rawFile{{name: "a", data: strings.Repeat("y", 500_000)}, {name: "b", data: "b"}}}.bytes(t)
	reset := errors.New("connection reset")
	dst, _ := box(t)
	r := io.MultiReader(bytes.NewReader(data[:400_000]), iotest.ErrReader(reset))
	_, err := archive.Unpack(t.Context(), r, archive.Zip, dst, archive.Options{})
	var broken *archive.ReadError
	if !errors.As(err, &broken) || !errors.Is(err, reset) || broken.Offset != 400_000 {
		t.Errorf("got %v, want a *ReadError at 400000", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, u := range unpackers() {
		dst, _ := box(t)
		if _, err := u.unpack(ctx, data, dst, archive.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s under a done context: %v", u.name, err)
		}
	}
}

func TestTargetMustBeEmpty(t *testing.T) {
	t.Parallel()
	for _, u := range unpackers() {
		dst, _ := box(t)
		if err := os.WriteFile(filepath.Join(dst, "there"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := u.unpack(t.Context(), rawZip{}.bytes(t), dst, archive.Options{}); err == nil {
			t.Errorf("%s: unpacked into a directory that is not empty", u.name)
		}
	}
}

// What archive/zip writes, as other tools do, is understood.
func TestZipOfArchiveZip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	want := map[string]string{}
	for i := range 300 {
		name := fmt.Sprintf("f%d", i)
		want[name] = strings.Repeat(name, i)
		f, err := w.Create(name) // with data descriptors
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, want[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, u := range unpackers() {
		dst, _ := box(t)
		m, err := u.unpack(t.Context(), b.Bytes(), dst, archive.Options{})
		if err != nil {
			t.Fatalf("%s: %v", u.name, err)
		}
		checkManifest(t, m, dst)
		if diff := cmp.Diff(want, tree(t, dst)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", u.name, diff)
		}
	}
}
