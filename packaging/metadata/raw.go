package metadata

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Raw is a metadata file with each field as it was written, before any check.
// An empty string and a nil slice mean that a field is absent; only
// ImportNames tells an empty list from an absent one, as metadata 2.5 does.
type Raw struct {
	MetadataVersion        string
	Name                   string
	Version                string
	Dynamic                []string
	Platforms              []string
	SupportedPlatforms     []string
	Summary                string
	Description            string
	DescriptionContentType string
	Keywords               []string
	HomePage               string
	DownloadURL            string
	Author                 string
	AuthorEmail            string
	Maintainer             string
	MaintainerEmail        string
	License                string
	LicenseExpression      string
	LicenseFiles           []string
	Classifiers            []string
	RequiresDist           []string
	RequiresPython         string
	RequiresExternal       []string
	ProjectURLs            []ProjectURL
	ProvidesExtra          []string
	ProvidesDist           []string
	ObsoletesDist          []string
	Requires               []string // metadata 1.1
	Provides               []string // metadata 1.1
	Obsoletes              []string // metadata 1.1
	ImportNames            []string
	ImportNamespaces       []string
}

// ProjectURL is one Project-URL field.
type ProjectURL struct{ Label, URL string }

// A field ties a header's name to its place in Raw: one of text and list is
// set, or neither for the two that need conversion.
type field struct {
	name  string // lower case
	added string // the metadata version that introduced it
	text  *string
	list  *[]string
}

// fields lists every field there is, bound to r.
func (r *Raw) fields() []field {
	return []field{
		{"metadata-version", "1.0", &r.MetadataVersion, nil},
		{"name", "1.0", &r.Name, nil},
		{"version", "1.0", &r.Version, nil},
		{"dynamic", "2.2", nil, &r.Dynamic},
		{"platform", "1.0", nil, &r.Platforms},
		{"supported-platform", "1.1", nil, &r.SupportedPlatforms},
		{"summary", "1.0", &r.Summary, nil},
		{"description", "1.0", &r.Description, nil},
		{"description-content-type", "2.1", &r.DescriptionContentType, nil},
		{"keywords", "1.0", nil, nil},
		{"home-page", "1.0", &r.HomePage, nil},
		{"download-url", "1.1", &r.DownloadURL, nil},
		{"author", "1.0", &r.Author, nil},
		{"author-email", "1.0", &r.AuthorEmail, nil},
		{"maintainer", "1.2", &r.Maintainer, nil},
		{"maintainer-email", "1.2", &r.MaintainerEmail, nil},
		{"license", "1.0", &r.License, nil},
		{"license-expression", "2.4", &r.LicenseExpression, nil},
		{"license-file", "2.4", nil, &r.LicenseFiles},
		{"classifier", "1.1", nil, &r.Classifiers},
		{"requires-dist", "1.2", nil, &r.RequiresDist},
		{"requires-python", "1.2", &r.RequiresPython, nil},
		{"requires-external", "1.2", nil, &r.RequiresExternal},
		{"project-url", "1.2", nil, nil},
		{"provides-extra", "2.1", nil, &r.ProvidesExtra},
		{"provides-dist", "1.2", nil, &r.ProvidesDist},
		{"obsoletes-dist", "1.2", nil, &r.ObsoletesDist},
		{"requires", "1.1", nil, &r.Requires},
		{"provides", "1.1", nil, &r.Provides},
		{"obsoletes", "1.1", nil, &r.Obsoletes},
		{"import-name", "2.5", nil, &r.ImportNames},
		{"import-namespace", "2.5", nil, &r.ImportNamespaces},
	}
}

// present tells whether a field has a value.
func (r *Raw) present(f field) bool {
	switch {
	case f.text != nil:
		return *f.text != ""
	case f.list != nil:
		return *f.list != nil
	case f.name == "keywords":
		return r.Keywords != nil
	}
	return r.ProjectURLs != nil
}

// ParseRaw reads a metadata file without judging the values. What has no place
// in Raw is returned by the lower-case name of its field: fields that are
// unknown, single fields that are repeated, project URLs of one label, and
// values that are no UTF-8 (read as Latin-1). A description may stand in a
// field or after the fields, but not in both.
func ParseRaw(data []byte) (Raw, map[string][]string) {
	headers := ParseHeaders(data)
	values := map[string][]string{}
	mangled := map[string]bool{}
	for _, h := range headers.fields {
		name := strings.ToLower(string(h.name))
		value := string(bytes.TrimRight(h.value, "\r\n"))
		if !utf8.ValidString(value) {
			mangled[name] = true
			value = latin1(value)
		}
		values[name] = append(values[name], strings.ReplaceAll(value, "\r\n", "\n"))
	}
	var r Raw
	for _, f := range r.fields() {
		if list, ok := values[f.name]; ok && !mangled[f.name] && r.take(f, list) {
			delete(values, f.name)
		}
	}
	r.takeBody(string(headers.Body), values)
	return r, values
}

// take stores the values of a field if they have the form it wants.
func (r *Raw) take(f field, list []string) bool {
	switch {
	case f.name == "import-name" && len(list) == 1 && list[0] == "":
		r.ImportNames = []string{}
	case f.list != nil:
		*f.list = list
	case f.name == "project-url":
		return r.takeProjectURLs(list)
	case len(list) != 1:
		return false
	case f.text != nil:
		*f.text = list[0]
	default:
		r.Keywords = strings.Split(list[0], ",")
		for i, k := range r.Keywords {
			r.Keywords[i] = strings.TrimSpace(k)
		}
	}
	return true
}

func (r *Raw) takeProjectURLs(list []string) bool {
	var urls []ProjectURL
	for _, pair := range list {
		label, link, _ := strings.Cut(pair, ",")
		u := ProjectURL{strings.TrimSpace(label), strings.TrimSpace(link)}
		if slices.ContainsFunc(urls, func(have ProjectURL) bool { return have.Label == u.Label }) {
			return false
		}
		urls = append(urls, u)
	}
	r.ProjectURLs = urls
	return true
}

func (r *Raw) takeBody(body string, rest map[string][]string) {
	switch {
	case body == "":
	case !utf8.ValidString(body):
		rest["description"] = append(rest["description"], latin1(body))
	case r.Description != "":
		rest["description"] = []string{r.Description, body}
		r.Description = ""
	case rest["description"] != nil:
		rest["description"] = append(rest["description"], body)
	default:
		r.Description = body
	}
}

// latin1 reads each byte as the character of its number.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
