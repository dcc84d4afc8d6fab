package pypitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"

	"github.com/tame-py/tame/packaging/pyname"
)

// jsonType is the media type of PEP 691.
const jsonType = "application/vnd.pypi.simple.v1+json"

// A row is a file as the pages show it.
type row struct {
	name, version, project string
	sha256, metadata       string
	requiresPython         string
	yanked                 *string
	uploaded               string
	size                   int
}

// Add puts releases on the index, also while it is running.
func (s *Server) Add(releases ...Release) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range releases {
		r := &releases[i]
		if !pyname.Valid(r.Name) || r.Version == "" {
			return fmt.Errorf("a release needs a name and a version: %q %q", r.Name, r.Version)
		}
		project := pyname.Normalize(r.Name)
		if _, known := s.projects[project]; !known {
			s.projects[project] = nil
		}
		for _, f := range r.Build() {
			s.addFile(r, project, f)
		}
	}
	return nil
}

// AddFile puts a file of any content on the index, for a project in normal
// form.
func (s *Server) AddFile(project string, f File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addFile(&Release{}, project, f)
}

func (s *Server) addFile(r *Release, project string, f File) {
	entry := row{
		name: f.Name, version: r.Version, project: project, sha256: SHA256(f.Data), requiresPython: r.RequiresPython,
		yanked: r.Yanked, uploaded: r.Uploaded, size: len(f.Data),
	}
	if entry.uploaded == "" {
		entry.uploaded = UploadTime
	}
	if f.Metadata != nil {
		entry.metadata = SHA256(f.Metadata)
		s.files[f.Name+".metadata"] = f.Metadata
	}
	rows := slices.DeleteFunc(s.projects[project], func(old row) bool { return old.name == f.Name })
	s.projects[project] = append(rows, entry)
	s.files[f.Name] = f.Data
}

// Remove takes all files of a project off the index.
func (s *Server) Remove(project string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.projects[project] {
		delete(s.files, r.name)
		delete(s.files, r.name+".metadata")
	}
	delete(s.projects, project)
}

// Status puts a project into a state of PEP 792, such as archived. Pages of JSON
// tell it.
func Status(project, status, reason string) Option {
	return func(s *Server) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.statuses[pyname.Normalize(project)] = [2]string{status, reason}
		return nil
	}
}

// File returns a file of the index by name, nil if there is none.
func (s *Server) File(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[name]
}

// fileURL is relative to a project's page.
func fileURL(r row) string { return "../../files/" + r.name }

func (s *Server) projectJSON(project string) []byte {
	type object = map[string]any
	files := []object{}
	versions := []string{}
	for _, r := range s.projects[project] {
		f := object{"filename": r.name, "url": fileURL(r), "hashes": object{}}
		if s.hashes {
			f["hashes"] = object{"sha256": r.sha256}
		}
		if s.uploadTimes {
			f["upload-time"] = r.uploaded
		}
		if s.sizes {
			f["size"] = r.size
		}
		if r.requiresPython != "" {
			f["requires-python"] = r.requiresPython
		}
		switch {
		case r.yanked != nil && *r.yanked != "":
			f["yanked"] = *r.yanked
		case r.yanked != nil:
			f["yanked"] = true
		}
		if s.metadata && r.metadata != "" {
			f["core-metadata"] = object{"sha256": r.metadata}
		}
		files = append(files, f)
		if r.version != "" && !slices.Contains(versions, r.version) {
			versions = append(versions, r.version)
		}
	}
	page := object{"meta": object{"api-version": "1.1"}, "name": project, "versions": versions, "files": files}
	if status, ok := s.statuses[project]; ok {
		page["project-status"] = map[string]string{"status": status[0], "reason": status[1]}
	}
	return encodeTo(page, "") // indexes write it without white space
}

func encode(v any) []byte { return encodeTo(v, " ") }

func encodeTo(v any, indent string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		panic("internal error: " + err.Error())
	}
	return b.Bytes()
}

func (s *Server) projectHTML(project string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html><head><meta name=\"pypi:repository-version\" content=\"1.1\"><title>Links for %s</title></head><body>\n", project)
	for _, r := range s.projects[project] {
		s.link(&b, fileURL(r), r)
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}

func (s *Server) link(b *bytes.Buffer, url string, r row) {
	if s.hashes {
		url += "#sha256=" + r.sha256
	}
	fmt.Fprintf(b, `<a href="%s"`, html.EscapeString(url))
	if s.uploadTimes {
		fmt.Fprintf(b, ` data-upload-time="%s"`, r.uploaded)
	}
	if r.requiresPython != "" {
		fmt.Fprintf(b, ` data-requires-python="%s"`, html.EscapeString(r.requiresPython))
	}
	if r.yanked != nil {
		fmt.Fprintf(b, ` data-yanked="%s"`, html.EscapeString(*r.yanked))
	}
	if s.metadata && r.metadata != "" {
		fmt.Fprintf(b, ` data-core-metadata="sha256=%s"`, r.metadata)
	}
	fmt.Fprintf(b, ">%s</a><br/>\n", html.EscapeString(r.name))
}

// linksHTML is a page of all files, for --find-links.
func (s *Server) linksHTML() []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html><body>\n")
	for _, project := range slices.Sorted(maps.Keys(s.projects)) {
		for _, r := range s.projects[project] {
			s.link(&b, "../files/"+r.name, r)
		}
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}

func (s *Server) root(asJSON bool) []byte {
	names := slices.Sorted(maps.Keys(s.projects))
	if asJSON {
		projects := []map[string]string{}
		for _, name := range names {
			projects = append(projects, map[string]string{"name": name})
		}
		return encode(map[string]any{"meta": map[string]string{"api-version": "1.1"}, "projects": projects})
	}
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html><body>\n")
	for _, name := range names {
		fmt.Fprintf(&b, "<a href=\"%s/\">%s</a><br/>\n", name, name)
	}
	b.WriteString("</body></html>\n")
	return b.Bytes()
}
