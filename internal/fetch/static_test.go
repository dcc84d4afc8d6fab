package fetch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fetch"
	"github.com/tame-py/tame/internal/pypitest"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
	"github.com/tame-py/tame/packaging/simple"
)

// sdist is a source distribution of the index, with its hash.
func (w *world) sdist(r *pypitest.Release) *source.Dist {
	f := r.Sdist()
	w.server.AddFile(r.Name, f)
	return &source.Dist{
		Name: "demo", Version: pep440.MustParse(r.Version), Source: source.Source{Kind: source.Registry, Index: w.server.URL()},
		File: simple.File{Filename: f.Name, URL: w.server.FileURL(f.Name), Size: int64(len(f.Data)), Hashes: []simple.Hash{sha256Of(f.Data)}},
	}
}

func requirements(m *metadata.Metadata) string {
	var list []string
	for _, r := range m.RequiresDist {
		list = append(list, r.String())
	}
	return strings.Join(list, ", ")
}

func TestStaticMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := release("1.0")
	r.Requires = []string{"other>=2"}
	r.Extras = map[string][]string{"more": {"third"}}
	d := w.sdist(r)
	m, err := w.fetcher(t).StaticMetadata(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	const want = "other>=2, third ; extra == 'more'"
	if got := requirements(m); got != want || m.Version.String() != "1.0" {
		t.Errorf("version %s requires %s, want %s", m.Version, got, want)
	}
	// What was read is kept: without a network it is still known.
	offline := w.fetcher(t, func(_ *fetch.Options, _ *cache.Options, o *web.Options) { o.Offline = true })
	if m, err = offline.StaticMetadata(context.Background(), d); err != nil || requirements(m) != want {
		t.Errorf("from the cache: %v, %v", m, err)
	}
	w.archives(t)
}

func TestStaticMetadataNeedsABuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := release("1.0")
	r.Dynamic = true
	d, store := w.sdist(r), keptMetadata{}
	_, err := w.fetcher(t, store.use).StaticMetadata(context.Background(), d)
	var need *fetch.BuildNeededError
	if !errors.As(err, &need) {
		t.Errorf("error %v, want one that asks for a build", err)
	}
	// That is kept too: with neither the archive nor a network it is still known.
	if err := os.RemoveAll(w.root); err != nil {
		t.Fatal(err)
	}
	offline := w.fetcher(t, store.use, func(_ *fetch.Options, _ *cache.Options, o *web.Options) { o.Offline = true })
	if _, err = offline.StaticMetadata(context.Background(), d); !errors.As(err, &need) {
		t.Errorf("once it is known: error %v, want one that asks for a build", err)
	}
}

// keptMetadata is a store in memory.
type keptMetadata map[string]*metadata.Metadata

func (k keptMetadata) use(o *fetch.Options, _ *cache.Options, _ *web.Options) { o.Metadata = k }

func (k keptMetadata) StoredMetadata(name pyname.Package, key string) (*metadata.Metadata, bool) {
	m, ok := k[string(name)+" "+key]
	return m, ok
}

func (k keptMetadata) StoreMetadata(name pyname.Package, key string, m *metadata.Metadata) {
	k[string(name)+" "+key] = m
}

func TestStaticMetadataOfAChangedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.sdist(release("1.0"))
	d.File.Hashes[0].Digest = strings.Repeat("0", 64)
	_, err := w.fetcher(t).StaticMetadata(context.Background(), d)
	var mismatch *fetch.HashError
	if !errors.As(err, &mismatch) {
		t.Errorf("error %v, want a hash that differs", err)
	}
}

func TestStaticMetadataOfADirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	d := &source.Dist{Name: "demo", Source: source.Source{Kind: source.Directory, Location: dir}}
	write("[project]\nname = 'demo'\nversion = '3'\ndependencies = ['a>=1']\n[project.optional-dependencies]\nx = ['b']\n")
	m, err := w.fetcher(t).StaticMetadata(context.Background(), d)
	if err != nil || requirements(m) != "a>=1, b ; extra == 'x'" || m.Version.String() != "3" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, text := range []string{
		"[project]\nname = 'demo'\ndynamic = ['version']\n",
		"[project]\nname = 'demo'\nversion = '3'\ndynamic = ['dependencies']\n",
		"[build-system]\nrequires = []\n",
	} {
		write(text)
		var need *fetch.BuildNeededError
		if _, err := w.fetcher(t).StaticMetadata(context.Background(), d); !errors.As(err, &need) {
			t.Errorf("%s: error %v, want one that asks for a build", text, err)
		}
	}
}
