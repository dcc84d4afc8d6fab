package pypitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Vulnerability is a record of the database that the server has at its base, in
// the protocol of OSV.
type Vulnerability struct {
	ID, Package string
	// Introduced and Fixed are versions; empty means the first and none.
	Introduced, Fixed string
	Aliases           []string
	Summary           string
}

// Vulnerabilities puts records into the database.
func Vulnerabilities(all ...Vulnerability) Option {
	return func(s *Server) error {
		for i := range all {
			for _, version := range []string{all[i].Introduced, all[i].Fixed} {
				if _, err := pep440.Parse(version); version != "" && err != nil {
					return err
				}
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.vulnerabilities = append(s.vulnerabilities, all...)
		return nil
	}
}

// ParseVulnerability reads a record as scripts write it:
//
//	ID PACKAGE [introduced=VERSION] [fixed=VERSION] [alias=ID] [summary=WORD...]
//
// The summary comes last and goes to the end.
func ParseVulnerability(words []string) (v Vulnerability, err error) {
	if len(words) < 2 {
		return v, fmt.Errorf("a vulnerability needs a name and a package")
	}
	v = Vulnerability{ID: words[0], Package: words[1]}
	for i, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "introduced":
			v.Introduced = value
		case "fixed":
			v.Fixed = value
		case "alias":
			v.Aliases = append(v.Aliases, value)
		case "summary":
			v.Summary = strings.TrimSpace(value + " " + strings.Join(words[2+i+1:], " "))
			return v, nil
		default:
			return v, fmt.Errorf("%q says nothing about a vulnerability", word)
		}
	}
	return v, nil
}

// affects reports whether a version of a package has the vulnerability.
func (v *Vulnerability) affects(name, version string) bool {
	is, err := pep440.Parse(version)
	if err != nil || pyname.Normalize(name) != pyname.Normalize(v.Package) {
		return false
	}
	from := v.Introduced == "" || is.Compare(pep440.MustParse(v.Introduced)) >= 0
	return from && (v.Fixed == "" || is.Compare(pep440.MustParse(v.Fixed)) < 0)
}

// record is the vulnerability as the database gives it.
func (v *Vulnerability) record() map[string]any {
	type object = map[string]any
	introduced := v.Introduced
	if introduced == "" {
		introduced = "0"
	}
	events := []object{{"introduced": introduced}}
	if v.Fixed != "" {
		events = append(events, object{"fixed": v.Fixed})
	}
	out := object{
		"id": v.ID, "modified": UploadTime, "aliases": append([]string{}, v.Aliases...),
		"affected": []object{{
			"package": object{"ecosystem": "PyPI", "name": v.Package},
			"ranges":  []object{{"type": "ECOSYSTEM", "events": events}},
		}},
		"references": []object{{"type": "ADVISORY", "url": "https://example.com/" + v.ID}},
	}
	if v.Summary != "" {
		out["summary"] = v.Summary
	}
	return out
}

// osv answers requests to the database.
func (s *Server) osv(r *http.Request) (a answer, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, found := strings.CutPrefix(r.URL.Path, "/v1/vulns/"); found && r.Method == http.MethodGet {
		i := slices.IndexFunc(s.vulnerabilities, func(v Vulnerability) bool { return v.ID == id })
		if i < 0 {
			return notFound(), true
		}
		return jsonReply(http.StatusOK, s.vulnerabilities[i].record()), true
	}
	if r.URL.Path != "/v1/querybatch" || r.Method != http.MethodPost {
		return answer{}, false
	}
	var asked struct {
		Queries []struct {
			Package struct{ Name string }
			Version string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return jsonReply(http.StatusBadRequest, map[string]string{"message": err.Error()}), true
	}
	results := []map[string]any{}
	for _, q := range asked.Queries {
		result := map[string]any{}
		var found []map[string]string
		for i := range s.vulnerabilities {
			if v := &s.vulnerabilities[i]; v.affects(q.Package.Name, q.Version) {
				found = append(found, map[string]string{"id": v.ID, "modified": UploadTime})
			}
		}
		if found != nil {
			result["vulns"] = found
		}
		results = append(results, result)
	}
	return jsonReply(http.StatusOK, map[string]any{"results": results}), true
}
