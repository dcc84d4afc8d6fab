package metadata

import (
	"bytes"
	"encoding/json"
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
	body := h.Body
	var out bytes.Buffer
	add := func(field string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + strings.ToLower(strings.ReplaceAll(field, "-", "_")) + `":`)
		out.Write(text)
		return nil
	}
	for _, f := range jsonFields() {
		value, ok := h.jsonValue(f.name, f.list)
		if f.name == "Description" && len(body) > 0 {
			value, ok = string(body), true
		}
		if !ok {
			continue
		}
		if err := add(f.name, value); err != nil {
			return nil, err
		}
	}
	return []byte("{" + out.String() + "}"), nil
}

// jsonValue is a field in the JSON form: a text, or a list of them.
func (h Headers) jsonValue(name string, list bool) (value any, ok bool) {
	if list {
		var all []string
		for v := range h.All(name) {
			all = append(all, v)
		}
		return all, all != nil
	}
	text, ok := h.Get(name)
	if name != "Keywords" {
		return text, ok
	}
	if !strings.Contains(text, ",") {
		return strings.Fields(text), ok
	}
	words := strings.Split(text, ",")
	for i, w := range words {
		words[i] = strings.TrimSpace(w)
	}
	return words, ok
}
