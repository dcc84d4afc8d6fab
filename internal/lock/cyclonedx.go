package lock

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pyname"
)

// CycloneStyle is what a bill of materials has beside the packages.
type CycloneStyle struct {
	Hashes bool
	// Together gives all projects of the workspace one root of their own.
	Together bool
	// DefaultIndex is the registry that need not be mentioned.
	DefaultIndex string
	// Licenses are those of a package; nil leaves licences out.
	Licenses func(*Package) []CycloneLicense
	// Serial is a `urn:uuid:`, Timestamp a time of RFC 3339.
	Serial, Timestamp string
	Tool              CycloneTool
}

// CycloneTool is the program that writes a bill of materials.
type CycloneTool struct {
	Vendor  string `json:"vendor,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// A CycloneLicense is what a bill of materials says of a licence: an SPDX
// expression, or one licence by its SPDX identifier or its own name.
type CycloneLicense struct {
	Expression string             `json:"expression,omitempty"`
	License    *CycloneOneLicense `json:"license,omitempty"`
}

// CycloneOneLicense has exactly one of its fields.
type CycloneOneLicense struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type (
	cycloneBOM struct {
		Format       string              `json:"bomFormat"`
		Spec         string              `json:"specVersion"`
		Version      int                 `json:"version"`
		Serial       string              `json:"serialNumber"`
		Metadata     cycloneMetadata     `json:"metadata"`
		Components   []*cycloneComponent `json:"components"`
		Dependencies []cycloneDependency `json:"dependencies"`
	}
	cycloneMetadata struct {
		Timestamp string            `json:"timestamp"`
		Tools     []CycloneTool     `json:"tools"`
		Component *cycloneComponent `json:"component,omitempty"`
	}
	cycloneComponent struct {
		Type       string             `json:"type"`
		Ref        string             `json:"bom-ref"`
		Name       string             `json:"name"`
		Version    string             `json:"version,omitempty"`
		Licenses   []CycloneLicense   `json:"licenses,omitempty"`
		PURL       string             `json:"purl,omitempty"`
		References []cycloneReference `json:"externalReferences,omitempty"`
		Properties []cycloneProperty  `json:"properties,omitempty"`
	}
	cycloneReference struct {
		Type   string        `json:"type"`
		URL    string        `json:"url"`
		Hashes []cycloneHash `json:"hashes"`
	}
	cycloneHash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	cycloneProperty struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	cycloneDependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn,omitempty"`
	}
)

// cycloneBuilder numbers components as it makes them, so that their references
// are unique.
type cycloneBuilder struct {
	lock  *Lock
	style *CycloneStyle
	count int
	refs  map[int]string // of packages
}

// CycloneDX is a bill of materials, in the format CycloneDX 1.5 as JSON, of the
// packages that the roots lead to. The error is a *RootError.
func (l *Lock) CycloneDX(r *ExportRequest, style CycloneStyle) ([]byte, error) {
	all, err := l.exports(r)
	if err != nil {
		return nil, err
	}
	b := &cycloneBuilder{lock: l, style: &style, refs: map[int]string{}}
	bom := cycloneBOM{
		Format: "CycloneDX", Spec: "1.5", Version: 1, Serial: style.Serial,
		Metadata:   cycloneMetadata{Timestamp: style.Timestamp, Tools: []CycloneTool{style.Tool}},
		Components: []*cycloneComponent{},
	}
	root := l.cycloneRoot(all, r.Roots.Members)
	if root >= 0 {
		bom.Metadata.Component = b.component(root, marker.True(), cycloneProperty{"uv:package:is_project_root", "true"})
	}
	var members []int
	for _, e := range all {
		_, isMember := slices.BinarySearch(l.Manifest.Members, l.Packages[e.at].Name)
		if isMember {
			members = append(members, e.at)
		}
		if e.at == root {
			continue
		}
		var properties []cycloneProperty
		if isMember {
			properties = []cycloneProperty{{"uv:workspace:path", l.Packages[e.at].Source.Text()}}
		}
		bom.Components = append(bom.Components, b.component(e.at, e.marker, properties...))
	}
	for _, e := range all {
		bom.Dependencies = append(bom.Dependencies, b.dependencies(e.at))
	}
	if style.Together || bom.Metadata.Component == nil {
		b.addSyntheticRoot(&bom, root, members)
	}
	return encodeJSON(bom)
}

// encodeJSON writes a document as people read it.
func encodeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// cycloneRoot is the package that the bill is of, or -1.
func (l *Lock) cycloneRoot(all []exported, roots []pyname.Package) int {
	if len(roots) == 1 {
		for _, e := range all {
			if l.Packages[e.at].Name == roots[0] {
				return e.at
			}
		}
	}
	for i := range l.Packages {
		if p := l.Root(); p != nil && p == &l.Packages[i] {
			return i
		}
	}
	return -1
}

func (b *cycloneBuilder) ref(name, version string) string {
	b.count++
	ref := name + "-" + strconv.Itoa(b.count)
	if version != "" {
		ref += "@" + version
	}
	return ref
}

func (b *cycloneBuilder) component(at int, m marker.Tree, properties ...cycloneProperty) *cycloneComponent {
	p := &b.lock.Packages[at]
	version := ""
	if !p.Version.IsZero() {
		version = p.Version.String()
	}
	c := &cycloneComponent{
		Type: "library", Ref: b.ref(string(p.Name), version), Name: string(p.Name), Version: version,
		PURL: p.packageURL(b.style.DefaultIndex), Properties: properties,
	}
	b.refs[at] = c.Ref
	if b.style.Licenses != nil {
		c.Licenses = b.style.Licenses(p)
	}
	if text := m.String(); text != "" {
		c.Properties = append(c.Properties, cycloneProperty{"uv:package:marker", text})
	}
	if b.style.Hashes {
		c.References = p.references()
	}
	return c
}

// references are the files of a package that are behind URLs.
func (p *Package) references() []cycloneReference {
	var out []cycloneReference
	add := func(f *File) {
		h, ok := hashOf(f.Hash)
		name := cycloneAlgorithm(h.Algorithm, len(h.Digest))
		if ok && f.URL != "" && name != "" {
			out = append(out, cycloneReference{"distribution", f.URL, []cycloneHash{{name, h.Digest}}})
		}
	}
	if p.Sdist != nil {
		add(p.Sdist)
	}
	for i := range p.Wheels {
		add(&p.Wheels[i])
	}
	return out
}

func cycloneAlgorithm(name string, digits int) string {
	switch name {
	case "md5":
		return "MD5"
	case "sha256", "sha384", "sha512":
		return "SHA-" + name[3:]
	case "blake2b":
		switch digits {
		case 64, 96, 128:
			return "BLAKE2b-" + strconv.Itoa(4*digits)
		}
	}
	return ""
}

// packageURL names a package of Python by a `pkg:` URL, with where it is from
// unless that is the default index. Packages on this machine have none.
func (p *Package) packageURL(defaultIndex string) string {
	text := "pkg:pypi/" + escapePURL(string(p.Name))
	if !p.Version.IsZero() {
		text += "@" + escapePURL(p.Version.String())
	}
	switch p.Source.Kind {
	case Registry:
		if strings.TrimSuffix(p.Source.Location, "/") != strings.TrimSuffix(defaultIndex, "/") {
			text += "?repository_url=" + escapePURL(p.Source.Location)
		}
	case RegistryPath:
	case Git:
		text += "?vcs_url=" + escapePURL(p.Source.Text())
	case URL:
		text += "?download_url=" + escapePURL(p.Source.Location)
	default:
		return ""
	}
	return text
}

// escapePURL escapes what has a meaning in a `pkg:` URL.
func escapePURL(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"#%<>`?{};=+@\\[]^|", c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// dependencies are what a package needs in whatever way, as far as it is part of
// the bill.
func (b *cycloneBuilder) dependencies(at int) cycloneDependency {
	p := &b.lock.Packages[at]
	out := cycloneDependency{Ref: b.refs[at]}
	add := func(all []Dependency) {
		for _, d := range all {
			if ref, ok := b.refs[d.To]; ok {
				out.On = append(out.On, ref)
			}
		}
	}
	add(p.Dependencies)
	for i := range p.Extras {
		add(p.Extras[i].Dependencies)
	}
	for i := range p.Groups {
		add(p.Groups[i].Dependencies)
	}
	slices.Sort(out.On)
	out.On = slices.Compact(out.On)
	return out
}

// addSyntheticRoot puts a component above all projects of a workspace: a bill has
// exactly one root.
func (b *cycloneBuilder) addSyntheticRoot(bom *cycloneBOM, root int, members []int) {
	name := "uv-workspace"
	if root >= 0 {
		name = string(b.lock.Packages[root].Name)
	}
	above := &cycloneComponent{
		Type: "library", Ref: b.ref(name, ""), Name: name,
		Properties: []cycloneProperty{{"uv:package:is_synthetic_root", "true"}},
	}
	d := cycloneDependency{Ref: above.Ref}
	for _, m := range members {
		d.On = append(d.On, b.refs[m])
	}
	if below := bom.Metadata.Component; below != nil {
		d.On = append(d.On, below.Ref)
		bom.Components = append(bom.Components, below)
	}
	bom.Metadata.Component = above
	slices.Sort(d.On)
	d.On = slices.Compact(d.On)
	bom.Dependencies = append(bom.Dependencies, d)
}
