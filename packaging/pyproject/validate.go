package pyproject

import (
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep508"
)

// Validate holds the document against the standards: PEP 621 and PEP 639 for
// [project], PEP 518 for [build-system], PEP 735 for [dependency-groups]. It
// returns all it finds, in the order of the text. Dependency specifiers are
// checked as well; whether a license is a valid SPDX expression is not.
func (f *File) Validate() []*Error {
	r := reader{}
	if t := f.project(); f.script {
		r.core(t, &Project{})
	} else if r.table(t) != nil {
		r.validateProject(t)
	}
	for _, list := range f.lists() {
		r.specifiers(list)
	}
	if !f.script {
		r.validateRest(f)
	}
	slices.SortStableFunc(r.errs, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return r.errs
}

func (r *reader) validateRest(f *File) {
	if t := f.doc.Lookup("build-system"); r.table(t) != nil {
		r.only(t, "requires", "build-backend", "backend-path")
	}
	if _, err := f.BuildSystem(); err != nil {
		r.errs = append(r.errs, asErrors(err)...)
	}
	groups, err := f.Groups()
	r.errs = append(r.errs, asErrors(err)...)
	for _, name := range groups.names {
		r.errs = append(r.errs, asErrors(groups.wrong[name])...)
	}
	if err := groups.Check(); err != nil && len(groups.wrong) == 0 {
		r.complain(f.doc.Lookup("dependency-groups").Errorf("%s", err))
	}
}

// lists returns all arrays of dependency specifiers.
func (f *File) lists() []*toml.Value {
	lists := []*toml.Value{f.project().Get("dependencies")}
	if f.script {
		return lists
	}
	lists = append(lists, f.doc.Lookup("build-system", "requires"))
	for e := range tableOf(f.project().Get("optional-dependencies")).Entries() {
		lists = append(lists, e.Value)
	}
	for e := range tableOf(f.doc.Lookup("dependency-groups")).Entries() {
		lists = append(lists, e.Value)
	}
	return lists
}

func (r *reader) specifiers(list *toml.Value) {
	for _, e := range list.Elems() {
		if text, ok := e.Text(); ok {
			if _, err := pep508.Parse(text); err != nil {
				r.errs = append(r.errs, fail(e.Errorf("%s", err), err))
			}
		}
	}
}

func asErrors(err error) []*Error {
	if e, ok := err.(*Error); ok {
		return []*Error{e}
	}
	return nil
}

func (r *reader) validateProject(t *toml.Value) {
	p := &Project{}
	r.identity(t, p)
	r.core(t, p)
	r.optional(t, p)
	r.describe(t, p)
	r.only(t, projectKeys()...)
	r.dynamic(t, p)
	r.readmeRules(t)
	r.licenseRules(t, p)
	r.peopleRules(t)
	r.scriptRules(t)
	if strings.ContainsAny(p.Description, "\r\n") {
		r.complain(t.Get("description").Errorf("the description must be one line"))
	}
	for i, c := range p.Classifiers {
		if p.License.Expression != "" && strings.HasPrefix(c, "License ::") {
			r.complain(t.Get("classifiers").Elem(i).Errorf("a license classifier can not be used together with a license expression (PEP 639)"))
		}
	}
}

func projectKeys() []string {
	return []string{
		"name", "version", "description", "readme", "requires-python", "license", "license-files", "authors",
		"maintainers", "keywords", "classifiers", "urls", "scripts", "gui-scripts", "entry-points",
		"dependencies", "optional-dependencies", "import-names", "import-namespaces", "dynamic",
	}
}

func (r *reader) dynamic(t *toml.Value, p *Project) {
	for i, field := range p.Dynamic {
		at := t.Get("dynamic").Elem(i)
		switch {
		case field == "name":
			r.complain(at.Errorf("the name of a project can not be dynamic"))
		case field == "dynamic" || !slices.Contains(projectKeys(), field):
			r.complain(at.Errorf("`%s` is not a field of `[project]`", field))
		case t.Get(field) != nil:
			r.complain(at.Errorf("`%s` is both given and dynamic", field))
		}
	}
}

func (r *reader) readmeRules(t *toml.Value) {
	v := t.Get("readme")
	if v.Kind() != toml.Table {
		return
	}
	if (v.Get("file") == nil) == (v.Get("text") == nil) {
		r.complain(v.Errorf("exactly one of `file` and `text` must be given"))
	}
	if v.Get("content-type") == nil {
		r.complain(v.Errorf("missing field `content-type`"))
	}
}

func (r *reader) licenseRules(t *toml.Value, p *Project) {
	v := t.Get("license")
	switch v.Kind() {
	case toml.Table:
		if (v.Get("file") == nil) == (v.Get("text") == nil) {
			r.complain(v.Errorf("exactly one of `file` and `text` must be given"))
		}
		if t.Get("license-files") != nil {
			r.complain(v.Errorf("`license-files` can not be used together with a license table (PEP 639)"))
		}
	}
	for i, glob := range p.LicenseFiles {
		if strings.HasPrefix(glob, "/") || strings.Contains(glob, "\\") || slices.Contains(strings.Split(glob, "/"), "..") {
			r.complain(t.Get("license-files").Elem(i).Errorf("a license glob must stay in the project and use `/` (PEP 639)"))
		}
	}
}

func (r *reader) peopleRules(t *toml.Value) {
	for _, key := range []string{"authors", "maintainers"} {
		for _, e := range t.Get(key).Elems() {
			if e.Kind() == toml.Table && e.Len() == 0 {
				r.complain(e.Errorf("a person needs a `name` or an `email`"))
			}
			if name, _ := e.Get("name").Text(); strings.Contains(name, ",") {
				r.complain(e.Get("name").Errorf("a name can not contain a comma"))
			}
			if email, ok := e.Get("email").Text(); ok && !strings.Contains(email, "@") {
				r.complain(e.Get("email").Errorf("`%s` is not an email address", email))
			}
		}
	}
}

func (r *reader) scriptRules(t *toml.Value) {
	for e := range tableOf(t.Get("entry-points")).Entries() {
		if e.Key == "console_scripts" || e.Key == "gui_scripts" {
			r.complain(e.Errorf("use `project.scripts` or `project.gui-scripts` instead of the entry point group `%s`", e.Key))
		}
	}
}
