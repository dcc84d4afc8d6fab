package pypitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pyname"
)

// A Release is one version of a project. The zero value of each field is what
// a plain, valid release has.
type Release struct {
	Name           string // as METADATA spells it
	Version        string
	Requires       []string            // Requires-Dist
	Extras         map[string][]string // by extra
	RequiresPython string
	Summary        string
	Fields         []string // further lines of METADATA
	EntryPoints    string   // text of entry_points.txt

	Files      map[string]string // further files of the wheel, by path
	SdistFiles map[string]string // further files of the sdist, below its folder

	Tags             []string // one wheel for each; default py3-none-any
	NoWheel, NoSdist bool
	Yanked           *string // the reason, which may be ""
	Uploaded         string  // RFC 3339; default UploadTime

	BuildRequires []string
	BuildFails    string // what building the sdist fails with
	Dynamic       bool   // the sdist says nothing about dependencies
	Hostile       []string

	// scenario makes the files byte for byte as the shared conformance
	// scenarios have them.
	scenario bool
}

// UploadTime is when files were uploaded unless a release says otherwise.
const UploadTime = "2024-03-24T00:00:00Z"

// A File is a wheel or an sdist.
type File struct {
	Name     string
	Data     []byte
	Metadata []byte // METADATA of a wheel; nil for an sdist
}

// base is the name as it stands in file names.
func (r *Release) base() string {
	return strings.ReplaceAll(pyname.Normalize(r.Name), "-", "_")
}

// distInfo is the folder of the wheel's metadata.
func (r *Release) distInfo() string { return r.base() + "-" + r.Version + ".dist-info" }

// Build makes all files of the release.
func (r *Release) Build() []File {
	var out []File
	if !r.NoWheel {
		tags := r.Tags
		if len(tags) == 0 {
			tags = []string{"py3-none-any"}
		}
		for _, tag := range tags {
			out = append(out, r.Wheel(tag))
		}
	}
	if !r.NoSdist {
		out = append(out, r.Sdist())
	}
	return out
}

// Metadata returns METADATA, which is PKG-INFO too.
func (r *Release) Metadata() string {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", key, value) }
	line("Metadata-Version", r.metadataVersion())
	line("Name", r.Name)
	line("Version", r.Version)
	if r.Summary != "" {
		line("Summary", r.Summary)
	}
	for _, field := range r.Fields {
		b.WriteString(field + "\n")
	}
	if r.RequiresPython != "" {
		line("Requires-Python", r.RequiresPython)
	}
	extras := slices.Sorted(maps.Keys(r.Extras))
	for _, extra := range extras {
		line("Provides-Extra", pyname.Normalize(extra))
	}
	for _, req := range r.Requires {
		line("Requires-Dist", tidy(req))
	}
	for _, extra := range extras {
		for _, req := range r.Extras[extra] {
			line("Requires-Dist", withExtra(tidy(req), pyname.Normalize(extra)))
		}
	}
	return b.String()
}

// metadataVersion is one whose reader must not trust an sdist when its
// metadata is dynamic (PEP 643).
func (r *Release) metadataVersion() string {
	if r.Dynamic {
		return "2.1"
	}
	return "2.3"
}

// splitMarker cuts a requirement at its marker. URLs are not looked for.
func splitMarker(req string) (head, marker string) {
	head, marker, _ = strings.Cut(req, ";")
	return strings.TrimSpace(head), strings.TrimSpace(marker)
}

// tidy gives the text around a marker one spelling.
func tidy(req string) string {
	head, marker := splitMarker(req)
	if marker == "" {
		return head
	}
	return head + " ; " + strings.ReplaceAll(marker, `"`, "'")
}

func withExtra(req, extra string) string {
	head, marker := splitMarker(req)
	clause := "extra == '" + extra + "'"
	if marker == "" {
		return head + " ; " + clause
	}
	if slices.Contains(strings.Fields(marker), "or") {
		marker = "(" + marker + ")"
	}
	return head + " ; " + marker + " and " + clause
}

// Wheel makes the wheel with the given tag, such as "py3-none-any", or
// "1-py3-none-any" with a build number.
func (r *Release) Wheel(tag string) File {
	entries := r.WheelEntries(tag)
	f := File{Name: r.base() + "-" + r.Version + "-" + tag + ".whl", Data: Zip(entries), Metadata: []byte(r.Metadata())}
	for _, kind := range r.Hostile {
		f = hostile(kind, r, f, entries)
	}
	return f
}

// WheelEntries returns the members of a wheel, RECORD last, for tests that
// change them before they call Zip.
func (r *Release) WheelEntries(tag string) []Entry {
	files := r.wheelFiles()
	entries := make([]Entry, 0, len(files)+4)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, Entry{Name: name, Data: []byte(files[name])})
	}
	info := r.distInfo() + "/"
	entries = append(entries, Entry{Name: info + "METADATA", Data: []byte(r.Metadata())}, Entry{Name: info + "WHEEL", Data: []byte(r.wheelText(tag))})
	if r.EntryPoints != "" {
		entries = append(entries, Entry{Name: info + "entry_points.txt", Data: []byte(r.EntryPoints)})
	}
	return append(entries, Entry{Name: info + "RECORD", Data: Record(entries, info+"RECORD")})
}

// wheelFiles returns the modules of the wheel.
func (r *Release) wheelFiles() map[string]string {
	files := maps.Clone(r.Files)
	if files == nil {
		files = map[string]string{}
	}
	initial := r.base() + "/__init__.py"
	if _, given := files[initial]; !given {
		files[initial] = r.moduleText()
	}
	return files
}

// moduleText is the package's __init__.py: its version, and the functions
// that scripts call.
func (r *Release) moduleText() string {
	text := fmt.Sprintf("__version__ = \"%s\"\n", r.Version)
	made := map[string]bool{}
	for line := range strings.Lines(r.EntryPoints) {
		_, value, _ := strings.Cut(line, "=")
		module, function, found := strings.Cut(strings.TrimSpace(value), ":")
		if !found || strings.TrimSpace(module) != r.base() || made[function] {
			continue
		}
		made[function] = true
		text += fmt.Sprintf("\n\ndef %s():\n    print(%q)\n", function, r.Name+" "+r.Version)
	}
	return text
}

func (r *Release) wheelText(tag string) string {
	pure := "true"
	if !strings.HasSuffix(tag, "-any") && !r.scenario {
		pure = "false"
	}
	text := "Wheel-Version: 1.0\nGenerator: uv-test\nRoot-Is-Purelib: " + pure + "\n"
	parts := strings.Split(tag, "-")
	if r.scenario || len(parts) < 3 {
		return text + "Tag: " + tag + "\n"
	}
	if len(parts) == 4 {
		text += "Build: " + parts[0] + "\n"
		parts = parts[1:]
	}
	for _, python := range strings.Split(parts[0], ".") {
		for _, abi := range strings.Split(parts[1], ".") {
			for _, platform := range strings.Split(parts[2], ".") {
				text += "Tag: " + python + "-" + abi + "-" + platform + "\n"
			}
		}
	}
	return text
}

// Sdist makes the source distribution. It carries its build backend in the
// tree, so that building it needs no other package unless BuildRequires says
// so.
func (r *Release) Sdist() File {
	root := r.base() + "-" + r.Version
	files := r.SourceTree()
	entries := make([]Entry, 0, len(files))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, Entry{Name: root + "/" + name, Data: []byte(files[name])})
	}
	return File{Name: root + ".tar.gz", Data: Gzip(Tar(entries))}
}

// SourceTree returns the files of the sdist by path, for tests that want the
// project as a folder.
func (r *Release) SourceTree() map[string]string {
	files := map[string]string{
		"PKG-INFO":                         r.Metadata(),
		"_backend/intree_backend.py":       r.backend(),
		"pyproject.toml":                   r.pyproject(),
		"src/" + r.base() + "/__init__.py": r.moduleText(),
	}
	if !r.scenario {
		for name, text := range r.Files {
			files["src/"+name] = text
		}
		if r.EntryPoints != "" {
			files["_backend/entry_points.txt"] = r.EntryPoints
		}
	}
	maps.Copy(files, r.SdistFiles)
	return files
}

func (r *Release) backend() string {
	switch {
	case r.scenario:
		return scenarioBackend
	case r.BuildFails != "":
		return treeBackend + fmt.Sprintf("\n\ndef build_wheel(*args):\n    raise RuntimeError(%q)\n\n\nprepare_metadata_for_build_wheel = build_sdist = build_editable = build_wheel\n", r.BuildFails)
	}
	return treeBackend
}

func (r *Release) pyproject() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[build-system]\nrequires = %s\nbuild-backend = \"intree_backend\"\nbackend-path = [\"_backend\"]\n", list(r.BuildRequires))
	if r.Dynamic {
		return b.String()
	}
	fmt.Fprintf(&b, "\n[project]\nname = %s\nversion = %s\n", quote(r.Name), quote(r.Version))
	if r.RequiresPython != "" {
		fmt.Fprintf(&b, "requires-python = %s\n", quote(r.RequiresPython))
	}
	fmt.Fprintf(&b, "dependencies = %s\n", list(r.Requires))
	if len(r.Extras) > 0 {
		b.WriteString("\n[project.optional-dependencies]\n")
		for _, extra := range slices.Sorted(maps.Keys(r.Extras)) {
			fmt.Fprintf(&b, "%s = %s\n", quote(pyname.Normalize(extra)), list(r.Extras[extra]))
		}
	}
	return b.String()
}

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes a TOML basic string, which for plain text is a JSON string.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("internal error: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
