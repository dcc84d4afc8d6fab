package install_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

func mustVersion(s string) pep440.Version { return pep440.MustParse(s) }

func TestSite(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	project := filepath.Join(t.TempDir(), "my project")
	write(t, project, files{"linked_pkg.egg-info/PKG-INFO": "Name: linked-pkg\nVersion: 3\n", "linked_pkg.egg-info/entry_points.txt": "[console_scripts]\nx = y:z\n"})
	write(t, l.Purelib, files{
		"foo_bar-1.0.dist-info/METADATA":      "Name: foo-bar\nVersion: 1.0\nRequires-Dist: x>=1\n",
		"foo_bar-1.0.dist-info/INSTALLER":     "pip\n",
		"edit-2.0.dist-info/direct_url.json":  `{"url":"file:///a%20b","dir_info":{"editable":true}}`,
		"edit-2.0.dist-info/uv_cache.json":    `{"timestamp":null,"commit":null,"tags":null,"env":{},"directories":{"src":{"secs_since_epoch":1,"nanos_since_epoch":2},"x":7,"y":null}}`,
		"edit-2.0.dist-info/uv_build.json":    `{}`,
		"archive-1.dist-info/direct_url.json": `{"url":"https://example.com/a.zip","archive_info":{}}`,
		"no_version.dist-info/METADATA":       "",
		"egg-4.0-py3.12.egg-info/PKG-INFO":    "Name: egg\nVersion: 4.0\n",
		"untold.egg-info/PKG-INFO":            "Name: untold\nVersion: 5\n",
		"empty.egg-info/x":                    "",
		"distutils-6.0.egg-info":              "Name: distutils\nVersion: 6.0\n",
		"file_untold.egg-info":                "Name: file-untold\nVersion: 7\n",
		"linked-pkg.egg-link":                 project + "\n.",
		"dangling.egg-link":                   "/nowhere\n",
		"~oken-1.x.dist-info/METADATA":        "",
		"foo_bar/__init__.py":                 "",
		"plain.dist-info.txt":                 "",
		".tame-install-half-1.0/RECORD":       "",
	})
	site := open(t, l)
	want := "archive 1\ndistutils 6.0\nedit 2.0\negg 4.0\nfile-untold 7\nfoo-bar 1.0\nlinked-pkg 3\nuntold 5\n"
	if diff := cmp.Diff(want, listed(site)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(site.Warnings) != 1 || !strings.Contains(site.Warnings[0], "~oken-1.x.dist-info") {
		t.Errorf("warnings: %q", site.Warnings)
	}
	get := func(name pyname.Package) *install.Installed {
		list := site.Get(name)
		if len(list) != 1 {
			t.Fatalf("%d distributions of %s", len(list), name)
		}
		return list[0]
	}
	var got []string
	for _, name := range []pyname.Package{"foo-bar", "edit", "archive", "egg", "distutils", "linked-pkg"} {
		d := get(name)
		got = append(got, fmt.Sprintf("%s %d %v %q %q %q", d, d.Kind, d.IsEditable(), strings.ReplaceAll(d.EditableLocation(), project, "P"),
			strings.ReplaceAll(d.URL(), strings.ReplaceAll(project, " ", "%20"), "P"), d.Installer()))
	}
	lines := []string{
		`foo-bar==1.0 0 false "" "" "pip"`, `edit==2.0 0 true "/a b" "file:///a%20b" ""`, `archive==1 0 false "" "https://example.com/a.zip" ""`,
		`egg==4.0 1 false "" "" ""`, `distutils==6.0 2 false "" "" ""`, `linked-pkg==3 3 true "P" "file://P" ""`,
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m, err := get("foo-bar").Metadata(); err != nil || len(m.RequiresDist) != 1 || m.RequiresDist[0].Name != "x" {
		t.Errorf("metadata: %+v, %v", m, err)
	}
	if raw, err := get("untold").RawMetadata(); err != nil || raw.Version != "5" {
		t.Errorf("raw metadata: %+v, %v", raw, err)
	}
	if c, err := get("edit").CacheInfo(); err != nil || c.Directories["src"].Created.Secs != 1 || c.Directories["x"].Inode != 7 || c.Directories["y"] != nil {
		t.Errorf("cache info: %+v, %v", c, err)
	}
	if e, err := get("linked-pkg").EntryPoints(); err != nil || len(e.Console) != 1 {
		t.Errorf("entry points: %+v, %v", e, err)
	}
	if get("linked-pkg").Location() != project || get("egg").Location() != l.Purelib {
		t.Error("wrong locations")
	}
	if list := site.FromURL("https://example.com/a.zip"); len(list) != 1 || list[0].Name != "archive" {
		t.Errorf("from URL: %v", list)
	}
}

func TestSiteErrors(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"foo-x.dist-info/METADATA", "-1.dist-info/METADATA", "a-b.egg-info/PKG-INFO"} {
		l := newLayout(t)
		write(t, l.Purelib, files{name: ""})
		if site, err := install.Open(l.Purelib); err == nil || !strings.Contains(err.Error(), filepath.Dir(name)) {
			t.Errorf("%s: %v, %v", name, site, err)
		}
	}
	site, err := install.Open(filepath.Join(t.TempDir(), "absent"))
	if err != nil || len(site.All()) != 0 {
		t.Errorf("an absent directory: %v, %v", site, err)
	}
}

func TestUninstallErrors(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Purelib, files{
		"norecord-1.dist-info/METADATA": "", "broken-1.dist-info/RECORD": "a,b,c\n", "distutils-1.egg-info": "", "notop-1.egg-info/PKG-INFO": "",
	})
	site := open(t, l)
	before := names(t, l.Purelib)
	for name, want := range map[pyname.Package]any{
		"norecord": new(*install.MissingRecordError), "notop": new(*install.MissingRecordError), "distutils": new(*install.DistutilsError), "broken": nil,
	} {
		_, err := install.Uninstall(l, site.Get(name)[0], nil)
		if err == nil || want != nil && !errors.As(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, names(t, l.Purelib)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// A RECORD of a stranger must not remove what lies outside of the environment,
// nor the environment.
func TestUninstallStaysInside(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	outside := filepath.Join(t.TempDir(), "precious")
	write(t, filepath.Dir(outside), files{"precious": "x"})
	rel, err := filepath.Rel(l.Purelib, outside)
	if err != nil {
		t.Fatal(err)
	}
	write(t, l.Data, files{"keep": ""})
	write(t, l.Purelib, files{
		"evil-1.dist-info/RECORD": filepath.ToSlash(rel) + ",,\n" + outside + ",,\n.,,\n..,,\n../../..,,\n../../../bin,,\n../../lib64/../../outside,,\nevil.py,,\nevil_dir,,\n",
		"evil.py":                 "", "evil_dir/sub/x": "", "other.py": "",
	})
	var warnings []string
	if _, err := install.Uninstall(l, open(t, l).Get("evil")[0], func(s string) { warnings = append(warnings, s) }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error("a file outside of the environment is gone")
	}
	if diff := cmp.Diff([]string{"keep", "lib/python3.12/site-packages/other.py"}, names(t, l.Data)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(warnings) != 1 {
		t.Errorf("%d warnings: %q", len(warnings), warnings)
	}
}

func TestUninstallLegacy(t *testing.T) {
	t.Parallel()
	l := newLayout(t)
	write(t, l.Purelib, files{
		"egg-1.egg-info/top_level.txt":          "pkg\nmod\n\n../evil\nspace\n",
		"egg-1.egg-info/namespace_packages.txt": "space\n",
		"pkg/a.py":                              "", "mod.py": "", "space/b.py": "", "other.py": "",
		"dev.egg-link":     "/some/where\n.",
		"easy-install.pth": "/first\n/some/where\n/some/where\n/last\n",
	})
	project := filepath.Join(t.TempDir(), "p")
	write(t, project, files{"dev.egg-info/PKG-INFO": "Name: dev\nVersion: 1\n"})
	site := open(t, l)
	var warnings []string
	if _, err := install.Uninstall(l, site.Get("egg")[0], func(s string) { warnings = append(warnings, s) }); err != nil {
		t.Fatal(err)
	}
	link := &install.Installed{Name: "dev", Version: mustVersion("1"), Kind: install.EggLink, Path: filepath.Join(l.Purelib, "dev.egg-link")}
	if _, err := install.Uninstall(l, link, nil); err != nil {
		t.Fatal(err)
	}
	want := files{"space/b.py": "", "other.py": "", "easy-install.pth": "/first\n/some/where\n/last\n"}
	if diff := cmp.Diff(want, tree(t, l.Purelib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(warnings) != 1 {
		t.Errorf("warnings: %q", warnings)
	}
}
