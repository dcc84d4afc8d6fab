package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// ecosystem is what OSV calls the packages of Python.
const ecosystem = "PyPI"

// A record is a vulnerability in the OSV schema, as far as it is used.
type record struct {
	ID         string      `json:"id"`
	Modified   *time.Time  `json:"modified"`
	Published  *time.Time  `json:"published"`
	Summary    string      `json:"summary"`
	Details    string      `json:"details"`
	Aliases    []string    `json:"aliases"`
	Affected   []affected  `json:"affected"`
	References []reference `json:"references"`
}

type affected struct {
	Package *struct {
		Name      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Ranges []struct {
		Type   string  `json:"type"`
		Events []event `json:"events"`
	} `json:"ranges"`
}

type reference struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// An event is one bound of a range of versions. By the schema it is of exactly one
// kind.
type event struct{ kind, version string }

var errEvent = errors.New("an event of a range must be one of introduced, fixed, last_affected and limit")

// UnmarshalJSON implements json.Unmarshaler.
func (e *event) UnmarshalJSON(text []byte) error {
	var fields map[string]string
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	if len(fields) != 1 {
		return errEvent
	}
	for e.kind, e.version = range fields {
		switch e.kind {
		case "introduced", "fixed", "last_affected", "limit":
		default:
			return errEvent
		}
	}
	return nil
}

// A MalformedError reports an answer of a database that is not what it should be.
type MalformedError struct {
	ID  string // of the vulnerability; "" for an answer about packages
	Err error
}

func (e *MalformedError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("the vulnerability service returned a malformed answer: %v", e.Err)
	}
	return fmt.Sprintf("the vulnerability service returned a malformed record for `%s`: %v", e.ID, e.Err)
}

// Unwrap returns what is wrong.
func (e *MalformedError) Unwrap() error { return e.Err }

// parseRecord reads a vulnerability. The error is a *MalformedError.
func parseRecord(id string, text []byte) (*record, error) {
	r := &record{}
	err := json.Unmarshal(text, r)
	switch {
	case err != nil:
	case r.ID == "":
		err = errors.New("it has no `id`")
	case r.Modified == nil:
		err = errors.New("it has no `modified`")
	}
	for _, ref := range r.References {
		if u, wrong := url.Parse(ref.URL); err == nil && (wrong != nil || u.Scheme == "") {
			err = fmt.Errorf("a reference has no URL: %q", ref.URL)
		}
	}
	if err != nil {
		return nil, &MalformedError{id, err}
	}
	return r, nil
}

// of is what a record says about one package.
func (r *record) of(d Dependency) Vulnerability {
	return Vulnerability{
		Dependency: d, ID: r.ID, Aliases: r.Aliases, Details: r.Details, Link: r.link(), Fixed: r.fixed(d.Name),
		// Summaries often have superfluous space and line ends.
		Summary:   strings.ReplaceAll(strings.TrimSpace(r.Summary), "\n", ""),
		Published: moment(r.Published), Modified: moment(r.Modified),
	}
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// link is where to read more: an advisory, else a page, else that of the
// database.
func (r *record) link() string {
	for _, kind := range []string{"ADVISORY", "WEB"} {
		for _, ref := range r.References {
			if ref.Type == kind {
				return ref.URL
			}
		}
	}
	return PageURL(r.ID)
}

// PageURL is where OSV shows a vulnerability to people.
func PageURL(id string) string { return "https://osv.dev/vulnerability/" + url.PathEscape(id) }

// fixed are the versions of a package that the record says are repaired. What is
// no version is passed over: some old records have commits there.
func (r *record) fixed(name pyname.Package) []pep440.Version {
	var out []pep440.Version
	for i := range r.Affected {
		a := &r.Affected[i]
		if a.Package == nil || a.Package.Ecosystem != ecosystem {
			continue
		}
		if n, err := pyname.ParsePackage(a.Package.Name); err != nil || n != name {
			continue
		}
		for _, rng := range a.Ranges {
			for _, e := range rng.Events {
				if rng.Type != "ECOSYSTEM" || e.kind != "fixed" {
					continue
				}
				if v, err := pep440.Parse(e.version); err == nil {
					out = append(out, v)
				}
			}
		}
	}
	return out
}
