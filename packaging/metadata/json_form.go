package metadata

import (
	"slices"
	"strings"
)

// jsonFields are the fields of the JSON form in the order they are written, with
// whether they are lists there.
func jsonFields() []struct {
	name string
	list bool
} {
	return []struct {
		name string
		list bool
	}{
		{"Metadata-Version", false},
		{"Name", false},
		{"Version", false},
		{"Dynamic", true},
		{"Platform", true},
		{"Supported-Platform", true},
		{"Summary", false},
		{"Description", false},
		{"Description-Content-Type", false},
		{"Keywords", false},
		{"Home-page", false},
		{"Download-URL", false},
		{"Author", false},
		{"Author-email", false},
		{"Maintainer", false},
		{"Maintainer-email", false},
		{"License", false},
		{"License-Expression", false},
		{"License-File", true},
		{"Classifier", true},
		{"Requires-Dist", true},
		{"Requires-Python", false},
		{"Requires-External", true},
		{"Project-URL", true},
		{"Provides-Extra", true},
		{"Provides-Dist", true},
		{"Obsoletes-Dist", true},
		{"Import-Name", true},
		{"Import-Namespace", true},
	}
}

// MarshalJSON writes the JSON form of a metadata file (PEP 566, "JSON-compatible
// Metadata"): names in lower case with underscores, fields that may occur several
// times as lists, keywords as a list, and the body as the description. Fields that
// are absent or unknown to the specifications are left out.
func (h Headers) MarshalJSON() ([]byte, error) {
	var w jsonWriter
	w.open()
	for _, f := range jsonFields() {
		key := strings.ToLower(strings.ReplaceAll(f.name, "-", "_"))
		text, ok := h.Get(f.name)
		switch {
		case f.name == "Description" && len(h.Body) > 0:
			w.str(key, string(h.Body), true)
		case !ok:
		case f.name == "Keywords":
			w.list(key, keywords(text))
		case f.list:
			w.list(key, slices.Collect(h.All(f.name)))
		default:
			w.str(key, text, true)
		}
	}
	w.close()
	return w.buf, nil
}

// keywords are separated by commas or, in old files, by spaces.
func keywords(text string) []string {
	if !strings.Contains(text, ",") {
		return strings.Fields(text)
	}
	words := strings.Split(text, ",")
	for i, w := range words {
		words[i] = strings.TrimSpace(w)
	}
	return words
}
