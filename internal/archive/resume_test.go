package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/archive"
)

var errCut = errors.New("cut off")

// interrupted unpacks the first n bytes of data and returns what is needed to
// go on.
func interrupted(t *testing.T, data []byte, n int, dst string) (state []byte, offset int64, sum []byte) {
	t.Helper()
	pool := archive.NewPool(2)
	whole := pool.NewSHA256()
	z := archive.NewZipStream(dst, archive.Options{Tee: whole, Pool: pool})
	defer z.Close()
	z.Mark = func(int64) bool {
		b, err := whole.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		sum = b
		return true
	}
	_, err := z.Unpack(context.Background(), io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(errCut)))
	if !errors.Is(err, errCut) {
		t.Fatalf("cut at %d: %v, want %v", n, err, errCut)
	}
	state, offset = z.State()
	return state, offset, sum
}

func resumable(t *testing.T) ([]byte, map[string]string) {
	t.Helper()
	files, want := []rawFile{{name: "pkg/"}}, map[string]string{"pkg": "/"}
	for i := range 20 {
		f := rawFile{name: fmt.Sprintf("pkg/f%d.py", i), data: strings.Repeat(fmt.Sprint("line ", i, "\n"), 200*i), method: 8, mode: 0o100644}
		if i%3 == 0 {
			f.descriptor = 16
		}
		if i%5 == 0 {
			f.mode = 0o100755
		}
		want[f.name] = f.data
		files = append(files, f)
	}
	return rawZip{files: files}.bytes(t), want
}

func TestResumeZip(t *testing.T) {
	t.Parallel()
	data, want := resumable(t)
	for n := 50; n < len(data); n += 400 {
		dst, _ := box(t)
		state, offset, sum := interrupted(t, data, n, dst)
		if offset == 0 {
			continue // nothing was marked yet
		}
		if err := os.WriteFile(filepath.Join(dst, "pkg", "half"), []byte("left behind"), 0o666); err != nil {
			t.Fatal(err)
		}
		whole := sha256.New()
		if err := whole.(encoding.BinaryUnmarshaler).UnmarshalBinary(sum); err != nil {
			t.Fatal(err)
		}
		z, err := archive.ResumeZip(dst, archive.Options{Tee: whole}, state)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if z.Offset() != offset {
			t.Errorf("goes on at %d, was at %d", z.Offset(), offset)
		}
		m, err := z.Unpack(t.Context(), bytes.NewReader(data[offset:]))
		z.Close()
		if err != nil {
			t.Fatalf("cut at %d, resumed at %d: %v", n, offset, err)
		}
		checkManifest(t, m, dst)
		if diff := cmp.Diff(want, tree(t, dst)); diff != "" {
			t.Errorf("cut at %d (-want +got):\n%s", n, diff)
		}
		if all := sha256.Sum256(data); !bytes.Equal(whole.Sum(nil), all[:]) {
			t.Errorf("cut at %d: the hash of the whole is wrong", n)
		}
	}
}

// What lies in the target is not believed.
func TestResumeZipOfChangedTree(t *testing.T) {
	t.Parallel()
	data, _ := resumable(t)
	for name, change := range map[string]func(dst string) error{
		"changed": func(dst string) error {
			return os.WriteFile(filepath.Join(dst, "pkg", "f1.py"), make([]byte, 1400), 0o666)
		},
		"cut off": func(dst string) error { return os.Truncate(filepath.Join(dst, "pkg", "f1.py"), 0) },
		"removed": func(dst string) error { return os.Remove(filepath.Join(dst, "pkg", "f1.py")) },
		"replaced": func(dst string) error {
			return errors.Join(os.Remove(filepath.Join(dst, "pkg", "f1.py")), os.Mkdir(filepath.Join(dst, "pkg", "f1.py"), 0o777))
		},
		"a link": func(dst string) error {
			return errors.Join(os.Rename(filepath.Join(dst, "pkg", "f1.py"), filepath.Join(dst, "moved")), os.Symlink("../moved", filepath.Join(dst, "pkg", "f1.py")))
		},
	} {
		dst, _ := box(t)
		state, _, _ := interrupted(t, data, len(data)-800, dst)
		if err := change(dst); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.ResumeZip(dst, archive.Options{}, state); err == nil {
			t.Errorf("%s: went on with it", name)
		}
	}
	if _, err := archive.ResumeZip(t.TempDir(), archive.Options{}, []byte("{")); err == nil {
		t.Error("went on with a damaged state")
	}
}

// Another archive than the one that was begun is found out at its directory.
func TestResumeZipOfAnotherArchive(t *testing.T) {
	t.Parallel()
	data, _ := resumable(t)
	dst, _ := box(t)
	state, offset, _ := interrupted(t, data, len(data)-800, dst)
	other := bytes.Clone(data)
	for i := bytes.LastIndex(other, []byte("pkg/f1.py")); i > 0; {
		other[i-46+16] ^= 1 // its checksum in the central directory
		break
	}
	z, err := archive.ResumeZip(dst, archive.Options{}, state)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var refused *archive.Error
	if _, err := z.Unpack(t.Context(), bytes.NewReader(other[offset:])); !errors.As(err, &refused) {
		t.Errorf("got %v, want an *archive.Error", err)
	}
}
