package index

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

func TestRowTypes(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		cache.CheckRow[projectRow](), cache.CheckRow[versionRow](), cache.CheckRow[fileRow](), cache.CheckRow[hashRow](), cache.CheckRow[textRow](),
		cache.CheckRow[coreRow](), cache.CheckRow[requirementRow](), cache.CheckRow[wordRow](),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func offlineClient() *Client { return New(Options{Web: web.New(web.Options{Offline: true})}) }

const hexPath = "ab/cd/0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab/"

func sampleFiles() []simple.File {
	day := time.Date(2024, 1, 2, 3, 4, 5, 678901000, time.UTC)
	digest := "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	return []simple.File{
		{
			Filename: "a-1.0-py3-none-any.whl", URL: "https://files.example.com/packages/" + hexPath + "a-1.0-py3-none-any.whl",
			Hashes: []simple.Hash{{Algorithm: "sha256", Digest: digest}}, RequiresPython: ">=3.8", Size: 123, UploadTime: day,
			Metadata: simple.Metadata{Available: true, Hashes: []simple.Hash{{Algorithm: "sha256", Digest: digest}}},
		},
		{Filename: "a-1.0.tar.gz", URL: "https://files.example.com/a-1.0.tar.gz?token=x", Size: -1, Yanked: true, YankedReason: "bad"},
		{
			Filename: "a-2.0.zip", URL: "https://files.example.com/download/17", Size: 0, Yanked: true,
			Hashes: []simple.Hash{{Algorithm: "md5", Digest: "0a"}, {Algorithm: "sha256", Digest: "ABC"}, {Algorithm: "sha512", Digest: "0b"}},
		},
		{
			Filename: "a-2.1-py3-none-any.whl", URL: "https://files.example.com/AB/cd/" + hexPath[6:] + "a-2.1-py3-none-any.whl", Size: 5,
			Hashes:   []simple.Hash{{Algorithm: "sha256", Digest: digest}, {Algorithm: "sha512", Digest: "ff"}},
			Metadata: simple.Metadata{Available: true},
		},
	}
}

func TestListingRoundTrip(t *testing.T) {
	t.Parallel()
	c := offlineClient()
	files := sampleFiles()
	file, err := encodeListing(c.listFiles("a", files, "a page"), nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := openListing(file)
	if err != nil {
		t.Fatal(err)
	}
	page := l.page("a")
	if page == nil || l.page("b") != nil {
		t.Fatalf("pages %v, %v", page, l.page("b"))
	}
	var got []simple.File
	for i := range page.Len() {
		got = append(got, page.Files(i)...)
	}
	files[0].Metadata.Hashes = []simple.Hash{{Algorithm: partHash, Digest: files[0].Metadata.Hashes[0].Digest[:16]}}
	if d := cmp.Diff(files, got); d != "" {
		t.Error(d)
	}
	want := NewPage("a", files)
	for i := range want.Len() {
		if !want.Version(i).Equal(page.Version(i)) {
			t.Errorf("version %d is %s, want %s", i, page.Version(i), want.Version(i))
		}
	}
}

func TestManyProjects(t *testing.T) {
	t.Parallel()
	var files []simple.File
	for p := range 20 {
		for v := range 7 {
			files = append(files, simple.File{Filename: fmt.Sprintf("p%d-%d.0-py3-none-any.whl", p, v)})
		}
	}
	rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	file, err := encodeListing(offlineClient().listFiles("", files, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := openListing(file)
	if err != nil {
		t.Fatal(err)
	}
	for p := range 20 {
		page := l.page(pyname.Package(fmt.Sprintf("p%d", p)))
		if page == nil || page.Len() != 7 || page.Version(6).String() != "6.0" || page.Files(3)[0].Filename != fmt.Sprintf("p%d-3.0-py3-none-any.whl", p) {
			t.Errorf("project %d: %v", p, page)
		}
	}
}

func TestMetadataRoundTrip(t *testing.T) {
	t.Parallel()
	c := offlineClient()
	for _, text := range []string{
		"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n",
		`Metadata-Version: 2.2
Name: A.b
Version: 1.0+local
Requires-Python: >=3.8, !=3.9.*,<4
Provides-Extra: X_y
Provides-Extra: all
Dynamic: License
Requires-Dist: one
Requires-Dist: two[b,a] (>=1.0,<2,!=1.5) ; python_version < "3.11" and extra == 'x-y'
Requires-Dist: three @ https://example.com/three.zip ; os_name == 'nt' or sys_platform == 'darwin'
Requires-Dist: never ; python_version < '3' and python_version > '3'
Requires-Dist: always ; python_version > '2'
`,
	} {
		want, err := metadata.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		file, err := encodeMetadata(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.decodeMetadata(file)
		if err != nil {
			t.Fatal(err)
		}
		show := func(m *metadata.Metadata) string {
			out := fmt.Sprintf("%q %s %v %q %q\n", m.Name, m.Version, m.RequiresPython == nil, m.ProvidesExtra, m.Dynamic) + joinSpecifiers(m.RequiresPython)
			for _, r := range m.RequiresDist {
				out += fmt.Sprintf("\n%q %q %s %q %v %v", r.Name, r.Extras, joinSpecifiers(r.Specifiers), r.URL, r.Marker.IsTrue(), r.Marker)
			}
			return out
		}
		if d := cmp.Diff(show(want), show(got)); d != "" {
			t.Error(d)
		}
		for i := range want.RequiresDist {
			if want.RequiresDist[i].Marker != got.RequiresDist[i].Marker {
				t.Errorf("the marker of %s became another", want.RequiresDist[i].Name)
			}
		}
	}
}

// What a packer made before has no influence on what it makes next.
func TestPacker(t *testing.T) {
	t.Parallel()
	c, p := offlineClient(), new(packer)
	for range 3 {
		for _, files := range [][]simple.File{bigFiles(20), sampleFiles(), nil, bigFiles(3)} {
			for _, project := range []pyname.Package{"big", "a", ""} {
				want, err := encodeListing(c.listFiles(project, files, ""), &simple.Project{Status: simple.Archived})
				if err != nil {
					t.Fatal(err)
				}
				got, err := p.encode(p.list(c, project, files, ""), &simple.Project{Status: simple.Archived})
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d files of %q: another listing (%v)", len(files), project, err)
				}
			}
		}
	}
}

// Any bytes where a file of the cache should be are refused or harmless.
func FuzzCacheFiles(f *testing.F) {
	c := offlineClient()
	page, err := encodeListing(c.listFiles("a", sampleFiles(), ""), nil)
	if err != nil {
		f.Fatal(err)
	}
	meta, err := encodeMetadata(&metadata.Metadata{Name: "a", Version: pep440.MustParse("1.0")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page, 0, byte(0))
	f.Add(meta, 10, byte(1))
	f.Fuzz(func(_ *testing.T, file []byte, at int, value byte) {
		file = bytes.Clone(file)
		if at >= 0 && at < len(file) {
			file[at] = value
		}
		if l, err := openListing(file); err == nil {
			if page := l.page("a"); page != nil {
				for i := range page.Len() {
					page.Files(i)
				}
			}
		}
		_, _ = c.decodeMetadata(file)
	})
}

func FuzzStream(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = metadataInStream(bytes.NewReader(data), "a") })
}

// bigFiles are like the files of a large project: versions of 20 wheels each.
func bigFiles(versions int) []simple.File {
	var files []simple.File
	for v := range versions {
		for w := range 20 {
			name := fmt.Sprintf("big-1.%d.0-cp3%d-cp3%d-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", v, w, w)
			files = append(files, simple.File{
				Filename: name, URL: "https://files.example.com/packages/" + fmt.Sprintf("%02x", w) + hexPath[2:] + name,
				Hashes:         []simple.Hash{{Algorithm: "sha256", Digest: fmt.Sprintf("%064x", v*w)}},
				RequiresPython: ">=3.9", Size: int64(v), UploadTime: time.Unix(int64(1e9+v), 0).UTC(),
				Metadata: simple.Metadata{Available: true},
			})
		}
	}
	return files
}

func BenchmarkEncodeListing(b *testing.B) {
	files, c := bigFiles(250), offlineClient()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encodeListing(c.listFiles("big", files, ""), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenListing opens a page of 2,000 files and makes those of one version.
func BenchmarkOpenListing(b *testing.B) {
	file, err := encodeListing(offlineClient().listFiles("big", bigFiles(100), ""), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := openListing(file)
		if err != nil {
			b.Fatal(err)
		}
		l.page("big").Files(99)
	}
}

func BenchmarkCandidate(b *testing.B) {
	file, err := encodeListing(offlineClient().listFiles("big", bigFiles(1), ""), nil)
	if err != nil {
		b.Fatal(err)
	}
	l, err := openListing(file)
	if err != nil {
		b.Fatal(err)
	}
	page, policy := l.page("big"), &Policy{Tags: linux312(b)}
	b.ReportAllocs()
	for b.Loop() {
		if c := NewVersionMap("big", source.Source{}, page, policy, Cutoff{}).Candidate(0); c.Dist == nil {
			b.Fatal("nothing usable")
		}
	}
}

func BenchmarkDecodeMetadata(b *testing.B) {
	text := "Metadata-Version: 2.1\nName: a\nVersion: 1.0\nRequires-Python: >=3.8\n"
	for i := range 20 {
		text += fmt.Sprintf("Requires-Dist: dep%d>=%d.0 ; python_version < '3.%d' and extra == 'x%d'\n", i, i, 8+i%4, i%3)
	}
	m, err := metadata.Parse([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	file, err := encodeMetadata(m)
	if err != nil {
		b.Fatal(err)
	}
	c := offlineClient()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.decodeMetadata(file); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWarmRead is what 100 packages cost in a run that has everything in
// the cache: a page and the metadata of one file each.
func BenchmarkWarmRead(b *testing.B) {
	dir := b.TempDir()
	listing, err := encodeListing(offlineClient().listFiles("big", bigFiles(15), ""), nil)
	if err != nil {
		b.Fatal(err)
	}
	m, err := metadata.Parse([]byte("Metadata-Version: 2.1\nName: a\nVersion: 1.0\nRequires-Dist: b>=1 ; extra == 'c'\nRequires-Dist: d<2\n"))
	if err != nil {
		b.Fatal(err)
	}
	meta, err := encodeMetadata(m)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		for kind, file := range map[string][]byte{"page": listing, "meta": meta} {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(kind, i)), file, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	c := offlineClient()
	for b.Loop() {
		for i := range 100 {
			file, err := os.ReadFile(filepath.Join(dir, fmt.Sprint("page", i)))
			if err != nil {
				b.Fatal(err)
			}
			l, err := openListing(file)
			if err != nil {
				b.Fatal(err)
			}
			l.page("big").Files(14)
			if file, err = os.ReadFile(filepath.Join(dir, fmt.Sprint("meta", i))); err != nil {
				b.Fatal(err)
			}
			if _, err := c.decodeMetadata(file); err != nil {
				b.Fatal(err)
			}
		}
	}
}
