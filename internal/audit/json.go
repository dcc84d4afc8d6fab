package audit

import (
	"bytes"
	"encoding/json"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

type (
	jsonBody struct {
		Summary  jsonSummary  `json:"summary"`
		Found    []jsonFound  `json:"vulnerabilities"`
		Statuses []jsonStatus `json:"adverse_statuses"`
	}
	jsonSchema struct {
		Version string `json:"version"`
	}
	jsonSummary struct {
		Packages        int `json:"audited_packages"`
		Vulnerabilities int `json:"vulnerabilities"`
		Statuses        int `json:"adverse_statuses"`
	}
	jsonDependency struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	jsonFound struct {
		Dependency  jsonDependency `json:"dependency"`
		ID          string         `json:"id"`
		DisplayID   string         `json:"display_id"`
		Aliases     []string       `json:"aliases"`
		Summary     *string        `json:"summary"`
		Description *string        `json:"description"`
		Link        *string        `json:"link"`
		Fixed       []string       `json:"fix_versions"`
		Published   *string        `json:"published"`
		Modified    *string        `json:"modified"`
	}
	jsonStatus struct {
		Name   string  `json:"name"`
		Status string  `json:"status"`
		Reason *string `json:"reason"`
	}
)

// optional is null for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func texts(versions []pep440.Version) []string {
	out := make([]string, len(versions))
	for i, v := range versions {
		out[i] = v.String()
	}
	return out
}

func (r *Report) body() jsonBody {
	out := jsonBody{
		Summary: jsonSummary{r.Packages, len(r.Vulnerabilities), len(r.Statuses)},
		Found:   []jsonFound{}, Statuses: []jsonStatus{},
	}
	for i := range r.Vulnerabilities {
		v := &r.Vulnerabilities[i]
		out.Found = append(out.Found, jsonFound{
			Dependency: jsonDependency{string(v.Dependency.Name), v.Dependency.Version.String()},
			ID:         v.ID, DisplayID: v.DisplayID(), Aliases: append([]string{}, v.Aliases...),
			Summary: optional(v.Summary), Description: optional(v.Details), Link: optional(v.Link),
			Fixed: texts(v.Fixed), Published: optional(v.Published), Modified: optional(v.Modified),
		})
	}
	for _, s := range r.Statuses {
		out.Statuses = append(out.Statuses, jsonStatus{string(s.Name), string(s.Status), optional(s.Reason)})
	}
	return out
}

// JSON is the report as a document in uv's preview schema.
func (r *Report) JSON() ([]byte, error) {
	return encode(struct {
		Schema jsonSchema `json:"schema"`
		jsonBody
	}{jsonSchema{"preview"}, r.body()})
}

// A Named is the report of one tool.
type Named struct {
	Name pyname.Package
	*Report
	Artifact string // see SARIFRun
}

// ToolsJSON are the reports of several tools as one document.
func ToolsJSON(all []Named) ([]byte, error) {
	type tool struct {
		Name pyname.Package `json:"name"`
		jsonBody
	}
	tools := []tool{}
	for _, n := range all {
		tools = append(tools, tool{n.Name, n.body()})
	}
	return encode(struct {
		Schema jsonSchema `json:"schema"`
		Tools  []tool     `json:"tools"`
	}{jsonSchema{"preview"}, tools})
}

// encode writes a document as people read it, with a line end.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return out.Bytes(), err
}
