// Package simple reads and writes the documents of the simple repository API:
// the page that lists a project's files and the page that lists an index's
// projects, each as HTML (PEP 503) or JSON (PEP 691).
//
// [ParseJSON] and [ParseHTML] turn a project page into the same [Project]
// value, so a caller need not know which of the two an index speaks; [Parse]
// chooses between them by the Content-Type of the answer. [Project.AppendJSON]
// and [Project.AppendHTML] write it again. [Index] does the same for the list
// of projects.
//
// Besides the two base documents the package understands yanked files
// (PEP 592), Requires-Python and metadata beside the file (PEP 658 and 714),
// sizes, upload times and version lists (PEP 700), repositories that track each
// other (PEP 708), provenance (PEP 740) and project status (PEP 792). HTML has
// no standard place for sizes and upload times: the attributes data-size and
// data-upload-time, which some indexes send, are read and written.
//
// The package does no I/O and judges no values: file names, versions and
// version specifiers stay the text that the index sent.
package simple

import (
	"fmt"
	"mime"
	"strings"
	"time"
)

// The media types of the two formats. MediaLegacy is what indexes older than
// PEP 691 send for HTML.
const (
	MediaJSON   = "application/vnd.pypi.simple.v1+json"
	MediaHTML   = "application/vnd.pypi.simple.v1+html"
	MediaLegacy = "text/html"
)

// Accept is the value of an Accept header that prefers JSON and takes anything
// this package reads.
const Accept = MediaJSON + ", " + MediaHTML + ";q=0.2, " + MediaLegacy + ";q=0.01"

// A Project is the page of one project: its files and what else the index says
// about it.
type Project struct {
	// APIVersion is the version of the repository API that the document
	// claims, such as "1.1"; empty if it claims none.
	APIVersion string
	// Name is the project's name as the document spells it. HTML pages carry
	// it in their title, where it means nothing, so it is empty for them.
	Name string
	// Status is the project's state (PEP 792); empty means active.
	Status Status
	// StatusReason is the free text that goes with Status.
	StatusReason string
	// Versions lists every version of the project (PEP 700), also those
	// without files. JSON only.
	Versions []string
	// Tracks lists the project pages that this one promises to mirror, and
	// AlternateLocations other pages of the same project (both PEP 708).
	Tracks             []string
	AlternateLocations []string
	// Files lists the project's files in the order of the document.
	Files []File
}

// Status is the state of a project (PEP 792). An index may send values that
// are not listed here; PEP 792 has them treated as [Active].
type Status string

// The states that PEP 792 defines.
const (
	Active      Status = "active"
	Archived    Status = "archived"
	Quarantined Status = "quarantined"
	Deprecated  Status = "deprecated"
)

// A File is one distribution file of a project.
type File struct {
	// Filename is the file's name, unescaped.
	Filename string
	// URL is where the file is, made absolute against the page's URL, without
	// the fragment that carries the hash in HTML.
	URL string
	// Hashes are the file's digests, sorted by algorithm.
	Hashes []Hash
	// RequiresPython is the version specifier of the Pythons that the file
	// supports, as written; empty if the page gives none.
	RequiresPython string
	// Size is the file's length in bytes, or -1 if the page gives none.
	Size int64
	// UploadTime is when the file was uploaded, in UTC; zero if the page does
	// not say.
	UploadTime time.Time
	// Yanked says that the file was withdrawn (PEP 592), YankedReason why; the
	// reason may be empty.
	Yanked       bool
	YankedReason string
	// Metadata tells whether the file's core metadata can be had by itself.
	Metadata Metadata
	// GPGSig tells whether a detached signature lies beside the file, at the
	// same URL with ".asc" added; nil if the page does not say.
	GPGSig *bool
	// Provenance is the URL of the file's provenance object (PEP 740), or
	// empty.
	Provenance string
}

// Metadata tells whether the core metadata of a wheel can be downloaded without
// the wheel (PEP 658, renamed by PEP 714): it is at the file's URL with
// ".metadata" added.
type Metadata struct {
	Available bool
	// Hashes are the digests of the metadata file, sorted by algorithm; there
	// may be none even when it is available.
	Hashes []Hash
}

// A Hash is the digest of a file.
type Hash struct {
	Algorithm string // a name that Python's hashlib knows, such as "sha256"
	Digest    string // hexadecimal
}

// Digest returns the hexadecimal digest of the given algorithm, or "".
func Digest(hashes []Hash, algorithm string) string {
	for _, h := range hashes {
		if h.Algorithm == algorithm {
			return h.Digest
		}
	}
	return ""
}

// An Index is the root page of an index: the projects that it has.
type Index struct {
	APIVersion string
	// Projects are the names of the projects as the document spells them.
	Projects []string
}

// A ParseError reports a document that cannot be read.
type ParseError struct {
	Format string // "JSON" or "HTML"
	Offset int    // where in the document, in bytes
	Reason string
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("invalid %s index page at byte %d: %s", e.Format, e.Offset, e.Reason)
}

// An UnsupportedError reports an answer in a format that is neither of the two;
// typical of a server that is not an index.
type UnsupportedError struct {
	ContentType string // as sent; may be empty
}

func (e *UnsupportedError) Error() string {
	if e.ContentType == "" {
		return "the index page has no content type"
	}
	return fmt.Sprintf("unsupported content type %q for an index page", e.ContentType)
}

// Parse reads a project page in the format that contentType, the value of the
// Content-Type header, names. It returns an [UnsupportedError] if that is none
// of the three media types of this package, and otherwise what [ParseJSON] or
// [ParseHTML] return.
func Parse(contentType, doc, base string) (*Project, error) {
	return new(Scratch).Parse(contentType, doc, base)
}

// A Scratch is memory to read one page after the other into. The zero value is
// ready for use; it is not safe for concurrent use.
type Scratch struct {
	files  []File
	hashes []Hash
	text   []byte
}

// Parse is the function Parse in the memory of s: nobody may have any part of what
// the call before returned.
func (s *Scratch) Parse(contentType, doc, base string) (*Project, error) {
	switch mediaOf(contentType) {
	case MediaJSON:
		return s.parseJSON(doc, base, nil)
	case MediaHTML, MediaLegacy:
		return ParseHTML(doc, base)
	}
	return nil, &UnsupportedError{ContentType: contentType}
}

// mediaOf is the media type that a Content-Type names.
func mediaOf(contentType string) string {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	return media
}
