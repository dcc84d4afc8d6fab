package backend

import (
	"bytes"
	"encoding/json"
	"strings"
)

// wheelJSON is WHEEL for programs.
const wheelJSON = `{"wheel-version":"1.0","generator":"uv ` + Version + `","root-is-purelib":true,"tags":["py3-none-any"]}`

// jsonMetadata is METADATA for programs (PEP 566, JSON-compatible metadata): the
// fields in the order in which uv_build has them, all of them. Absent ones are
// null, or empty if there may be several.
type jsonMetadata struct {
	MetadataVersion        *string  `json:"metadata_version"`
	Name                   *string  `json:"name"`
	Version                *string  `json:"version"`
	Platforms              []string `json:"platforms"`
	SupportedPlatforms     []string `json:"supported_platforms"`
	Summary                *string  `json:"summary"`
	Description            *string  `json:"description"`
	DescriptionContentType *string  `json:"description_content_type"`
	Keywords               []string `json:"keywords"`
	HomePage               *string  `json:"home_page"`
	DownloadURL            *string  `json:"download_url"`
	Author                 *string  `json:"author"`
	AuthorEmail            *string  `json:"author_email"`
	Maintainer             *string  `json:"maintainer"`
	MaintainerEmail        *string  `json:"maintainer_email"`
	License                *string  `json:"license"`
	LicenseExpression      *string  `json:"license_expression"`
	LicenseFiles           []string `json:"license_files"`
	Classifiers            []string `json:"classifiers"`
	RequiresDist           []string `json:"requires_dist"`
	ProvidesDist           []string `json:"provides_dist"`
	ObsoletesDist          []string `json:"obsoletes_dist"`
	RequiresPython         *string  `json:"requires_python"`
	RequiresExternal       []string `json:"requires_external"`
	ProjectURLs            jsonURLs `json:"project_urls"`
	ProvidesExtra          []string `json:"provides_extra"`
	ImportNames            []string `json:"import_names"`
	ImportNamespaces       []string `json:"import_namespaces"`
	Dynamic                []string `json:"dynamic"`
}

// jsonURLs is an object whose members keep the order of the project.
type jsonURLs []pair

// MarshalJSON implements json.Marshaler.
func (u jsonURLs) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, p := range u {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := plainJSON(p.key)
		if err != nil {
			return nil, err
		}
		value, err := plainJSON(p.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}

// plainJSON is a value as JSON that is not meant for web pages.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// json is the text of METADATA.json.
func (w *fields) json() ([]byte, error) {
	first := func(key string) *string {
		for i := range w.all {
			if w.all[i].key == key {
				return &w.all[i].value
			}
		}
		return nil
	}
	all := func(key string) []string {
		out := []string{}
		for _, p := range w.all {
			if p.key == key {
				out = append(out, p.value)
			}
		}
		return out
	}
	none := []string{}
	m := jsonMetadata{
		MetadataVersion: first("Metadata-Version"), Name: first("Name"), Version: first("Version"),
		Platforms: none, SupportedPlatforms: none,
		Summary: first("Summary"), Description: w.body, DescriptionContentType: first("Description-Content-Type"),
		Author: first("Author"), AuthorEmail: first("Author-email"), Maintainer: first("Maintainer"), MaintainerEmail: first("Maintainer-email"),
		License: first("License"), LicenseExpression: first("License-Expression"), LicenseFiles: all("License-File"),
		Classifiers: all("Classifier"), RequiresDist: all("Requires-Dist"), ProvidesDist: none, ObsoletesDist: none,
		RequiresPython: first("Requires-Python"), RequiresExternal: none,
		ProvidesExtra: all("Provides-Extra"), ImportNames: all("Import-Name"), ImportNamespaces: all("Import-Namespace"), Dynamic: none,
	}
	if words := first("Keywords"); words != nil {
		m.Keywords = none
		if *words != "" {
			m.Keywords = strings.Split(*words, ",")
		}
	}
	for _, text := range all("Project-URL") {
		label, url, _ := strings.Cut(text, ", ")
		m.ProjectURLs = append(m.ProjectURLs, pair{label, url})
	}
	return plainJSON(m)
}
