package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/archive"
)

// twinZip has files several times, under other names and with other modes.
func twinZip(t testing.TB) ([]byte, map[string]string) {
	t.Helper()
	var files []rawFile
	want := map[string]string{"a": "/", "b": "/"}
	add := func(name, data string, method uint16, mode uint32) {
		files = append(files, rawFile{name: name, data: data, method: method, mode: mode})
		want[name] = data
	}
	for round, dir := range []string{"a", "b", "a"} {
		for i := range 8 {
			data := strings.Repeat(fmt.Sprint("line ", i, "\n"), 1+600*i)
			add(fmt.Sprintf("%s/%d-%d", dir, round, i), data, 8, 0o100644|uint32(round&1)*0o111)
		}
		add(fmt.Sprintf("%s/stored-%d", dir, round), strings.Repeat("stored", 2000), 0, 0o100644)
	}
	return rawZip{files: files}.bytes(t), want
}

func TestTwins(t *testing.T) {
	t.Parallel()
	data, want := twinZip(t)
	for _, u := range unpackers() {
		dst, check := box(t)
		m, err := u.unpack(t.Context(), data, dst, archive.Options{})
		if err != nil {
			t.Fatalf("%s: %v", u.name, err)
		}
		check()
		checkManifest(t, m, dst)
		if diff := cmp.Diff(want, tree(t, dst)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", u.name, diff)
		}
	}
}

// A name that the archive has again is compared with a file that was made of
// another, whose hash is then needed at once.
func TestTwinAgain(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("once and again\n", 1000)
	for _, last := range []string{text, strings.ToUpper(text)} {
		data := rawZip{files: []rawFile{
			{name: "first", data: text, method: 8},
			{name: "second", data: text, method: 8},
			{name: "second", data: last, method: 8},
		}}.bytes(t)
		for _, u := range unpackers() {
			dst, _ := box(t)
			m, err := u.unpack(t.Context(), data, dst, archive.Options{}) // one after the other
			if last != text {
				if err == nil || !strings.Contains(err.Error(), "there twice") {
					t.Errorf("%s: %v", u.name, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", u.name, err)
			}
			checkManifest(t, m, dst)
		}
	}
}

// A download may be interrupted between two twins and after both.
func TestResumeTwins(t *testing.T) {
	t.Parallel()
	data, want := twinZip(t)
	for n := 100; n < len(data); n += 300 {
		dst, _ := box(t)
		state, offset, sum := interrupted(t, data, n, dst)
		if offset == 0 {
			continue
		}
		pool := archive.NewPool(1)
		whole := pool.NewSHA256()
		if err := whole.(encoding.BinaryUnmarshaler).UnmarshalBinary(sum); err != nil {
			t.Fatal(err)
		}
		z, err := archive.ResumeZip(dst, archive.Options{Tee: whole, Pool: pool}, state)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
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

// A first file that is not there any more, or not as it was written, is no
// reason for the second to be wrong.
func TestChangedTwin(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("once and again\n", 1000)
	files := []rawFile{
		{name: "first", data: text, method: 8},
		{name: "between", data: string(pseudoRandom(600_000))},
		{name: "second", data: text, method: 8},
	}
	data := rawZip{files: files}.bytes(t)
	for name, change := range map[string]func(string) error{
		"removed": os.Remove,
		"shorter": func(name string) error { return os.Truncate(name, 100) },
		"changed": func(name string) error { return os.WriteFile(name, make([]byte, len(text)), 0o666) },
	} {
		dst, _ := box(t)
		r := io.MultiReader(bytes.NewReader(data[:400_000]), &changing{change, filepath.Join(dst, "first")}, bytes.NewReader(data[400_000:]))
		if _, err := archive.Unpack(t.Context(), r, archive.Zip, dst, archive.Options{}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := tree(t, dst)["second"]; got != text {
			t.Errorf("%s: the second file has %d bytes, want %d", name, len(got), len(text))
		}
	}
}

// changing is an empty reader that does something to a file.
type changing struct {
	change func(name string) error
	name   string
}

func (c *changing) Read([]byte) (int, error) {
	if err := c.change(c.name); err != nil {
		return 0, err
	}
	return 0, io.EOF
}
