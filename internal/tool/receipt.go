package tool

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// ReceiptName is the file in a tool's environment that tells how it was
// installed.
const ReceiptName = "uv-receipt.toml"

// A Receipt tells how a tool was installed, so that it can be upgraded and
// removed. The file is uv's: either program reads what the other wrote.
type Receipt struct {
	// Requirements begin with the tool itself.
	Requirements     []source.Requirement
	Constraints      []source.Requirement
	Overrides        []source.Requirement
	Excludes         []pyname.Package
	BuildConstraints []source.Requirement
	Python           string // as it was asked for, or "" if it was not
	EntryPoints      []EntryPoint
	// Options are the settings that were in force, as the lines of the table
	// [tool.options].
	Options string
}

// An EntryPoint is an executable of a tool.
type EntryPoint struct {
	Name string
	Path string // where it was put, an absolute path
	From string // the package that it belongs to
}

// Tool is the requirement on the tool itself.
func (r *Receipt) Tool() *source.Requirement {
	if len(r.Requirements) == 0 {
		return &source.Requirement{}
	}
	return &r.Requirements[0]
}

// Bytes is the text of the receipt.
func (r *Receipt) Bytes() []byte {
	var b strings.Builder
	b.WriteString("[tool]\n")
	array(&b, "requirements", requirementTexts(r.Requirements), false)
	array(&b, "constraints", requirementTexts(r.Constraints), true)
	array(&b, "overrides", requirementTexts(r.Overrides), true)
	excludes := make([]string, len(r.Excludes))
	for i, name := range r.Excludes {
		excludes[i] = string(toml.LitString(string(name)))
	}
	array(&b, "excludes", excludes, true)
	array(&b, "build-constraint-dependencies", requirementTexts(r.BuildConstraints), true)
	if r.Python != "" {
		fmt.Fprintf(&b, "python = %s\n", toml.LitString(r.Python))
	}
	b.WriteString("entrypoints = [\n")
	for _, e := range r.EntryPoints {
		fmt.Fprintf(&b, "    { name = %s, install-path = %s", toml.LitString(e.Name), toml.LitString(e.Path))
		if e.From != "" {
			fmt.Fprintf(&b, ", from = %s", toml.LitString(e.From))
		}
		b.WriteString(" },\n")
	}
	b.WriteString("]\n")
	if r.Options != "" {
		b.WriteString("\n[tool.options]\n" + r.Options)
	}
	return []byte(b.String())
}

func requirementTexts(all []source.Requirement) []string {
	out := make([]string, len(all))
	for i := range all {
		r := lock.FromSource(&all[i], "")
		out[i] = r.TOML()
	}
	return out
}

// array writes up to one element on the line of the key, more on lines of their
// own.
func array(b *strings.Builder, key string, elems []string, omitEmpty bool) {
	switch {
	case len(elems) == 0 && omitEmpty:
	case len(elems) < 2:
		fmt.Fprintf(b, "%s = [%s]\n", key, strings.Join(elems, ""))
	default:
		fmt.Fprintf(b, "%s = [\n    %s,\n]\n", key, strings.Join(elems, ",\n    "))
	}
}

// ParseReceipt reads a receipt. The name of the file is for errors, which are
// *toml.Error.
func ParseReceipt(name string, text []byte) (*Receipt, error) {
	doc, err := toml.Parse(name, text)
	if err != nil {
		return nil, err
	}
	t := doc.Lookup("tool")
	if t.Kind() != toml.Table {
		return nil, doc.Root().Errorf("missing table `tool`")
	}
	r := &Receipt{}
	for _, list := range []struct {
		key string
		to  *[]source.Requirement
	}{
		{"requirements", &r.Requirements},
		{"constraints", &r.Constraints},
		{"overrides", &r.Overrides},
		{"build-constraint-dependencies", &r.BuildConstraints},
	} {
		if *list.to, err = readRequirements(doc, t.Get(list.key)); err != nil {
			return nil, err
		}
	}
	if len(r.Requirements) == 0 {
		return nil, t.Errorf("missing field `requirements`")
	}
	if err := r.readExcludes(t.Get("excludes")); err != nil {
		return nil, err
	}
	r.Python, _ = t.Get("python").Text()
	if err := r.readEntryPoints(t.Get("entrypoints")); err != nil {
		return nil, err
	}
	r.Options = optionLines(t.Get("options"))
	return r, nil
}

// readRequirements reads a list of requirements: tables or, in old receipts,
// texts as in PEP 508.
func readRequirements(doc *toml.Document, v *toml.Value) ([]source.Requirement, error) {
	if v != nil && v.Kind() != toml.Array {
		return nil, v.Errorf("expected an array of requirements")
	}
	var out []source.Requirement
	for _, e := range v.Elems() {
		r, err := readRequirement(doc, e)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func readRequirement(doc *toml.Document, v *toml.Value) (source.Requirement, error) {
	text, ok := v.Text()
	if !ok {
		r, err := lock.RequirementOf(doc, v)
		return r.ToSource(""), err
	}
	parsed, err := pep508.Parse(text)
	if err != nil {
		return source.Requirement{}, v.Errorf("%s", err)
	}
	r, err := source.FromPEP508(parsed)
	if err != nil {
		return r, v.Errorf("%s", err)
	}
	return r, nil
}

func (r *Receipt) readExcludes(v *toml.Value) error {
	names, ok := v.Strings()
	if v != nil && !ok {
		return v.Errorf("expected an array of names")
	}
	for _, text := range names {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return v.Errorf("%s", err)
		}
		r.Excludes = append(r.Excludes, name)
	}
	return nil
}

func (r *Receipt) readEntryPoints(v *toml.Value) error {
	if v.Kind() != toml.Array {
		return nil
	}
	for _, e := range v.Elems() {
		var p EntryPoint
		var named, placed bool
		p.Name, named = e.Get("name").Text()
		p.Path, placed = e.Get("install-path").Text()
		if !named || !placed {
			return e.Errorf("an entry point has a `name` and an `install-path`")
		}
		p.From, _ = e.Get("from").Text()
		r.EntryPoints = append(r.EntryPoints, p)
	}
	return nil
}
