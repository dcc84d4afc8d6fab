package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Write writes the report in the format that the ending of a file name asks
// for: .json, .md or .html.
func (r *Report) Write(w io.Writer, name string) error {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(r)
	case ".md", ".markdown":
		_, err := io.WriteString(w, r.Markdown())
		return err
	case ".html", ".htm":
		_, err := io.WriteString(w, r.HTML())
		return err
	}
	return fmt.Errorf("the report's format is not known from its name `%s`: it should end in .json, .md or .html", name)
}

// Knows reports whether [Report.Write] has a format for a file name.
func Knows(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json", ".md", ".markdown", ".html", ".htm":
		return true
	}
	return false
}

// Read reads the JSON of a report.
func Read(text []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("this is no report: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("this is no report of the form %s", Schema)
	}
	for _, s := range r.All() {
		if len(s.Metrics) == 0 {
			return nil, errors.New("a subject of the report was not measured")
		}
	}
	return &r, nil
}
