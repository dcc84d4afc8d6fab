package simple

import (
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// latestAPI is the version of the repository API written when the value to be
// written claims none: 1.4 is the one that added project status.
const latestAPI = "1.4"

// AppendJSON appends the project as a JSON page (PEP 691) to b. [ParseJSON]
// gives the same value again.
func (p *Project) AppendJSON(b []byte) []byte {
	b = append(b, `{"meta":{"api-version":`...)
	b = appendString(b, orLatest(p.APIVersion))
	if len(p.Tracks) > 0 {
		b = append(b, `,"tracks":`...)
		b = appendStrings(b, p.Tracks)
	}
	b = append(b, `},"name":`...)
	b = appendString(b, p.Name)
	if p.Status != "" || p.StatusReason != "" {
		b = append(b, `,"project-status":{"status":`...)
		b = appendString(b, string(p.Status))
		if p.StatusReason != "" {
			b = append(b, `,"reason":`...)
			b = appendString(b, p.StatusReason)
		}
		b = append(b, '}')
	}
	if p.Versions != nil {
		b = append(b, `,"versions":`...)
		b = appendStrings(b, p.Versions)
	}
	if len(p.AlternateLocations) > 0 {
		b = append(b, `,"alternate-locations":`...)
		b = appendStrings(b, p.AlternateLocations)
	}
	b = append(b, `,"files":[`...)
	for i := range p.Files {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.Files[i].appendJSON(b)
	}
	return append(b, "]}"...)
}

func (f *File) appendJSON(b []byte) []byte {
	b = append(b, `{"filename":`...)
	b = appendString(b, f.Filename)
	b = append(b, `,"url":`...)
	b = appendString(b, f.URL)
	b = append(b, `,"hashes":`...)
	b = appendHashes(b, f.Hashes)
	if f.RequiresPython != "" {
		b = append(b, `,"requires-python":`...)
		b = appendString(b, f.RequiresPython)
	}
	if f.Size >= 0 {
		b = append(b, `,"size":`...)
		b = strconv.AppendInt(b, f.Size, 10)
	}
	if !f.UploadTime.IsZero() {
		b = append(b, `,"upload-time":`...)
		b = appendString(b, timeText(f.UploadTime))
	}
	if f.Yanked {
		b = append(b, `,"yanked":`...)
		if f.YankedReason != "" {
			b = appendString(b, f.YankedReason)
		} else {
			b = append(b, "true"...)
		}
	}
	if f.Metadata.Available {
		b = append(b, `,"core-metadata":`...)
		if len(f.Metadata.Hashes) > 0 {
			b = appendHashes(b, f.Metadata.Hashes)
		} else {
			b = append(b, "true"...)
		}
	}
	if f.GPGSig != nil {
		b = append(b, `,"gpg-sig":`...)
		b = strconv.AppendBool(b, *f.GPGSig)
	}
	if f.Provenance != "" {
		b = append(b, `,"provenance":`...)
		b = appendString(b, f.Provenance)
	}
	return append(b, '}')
}

// AppendJSON appends the list of projects as a JSON page (PEP 691) to b.
func (x *Index) AppendJSON(b []byte) []byte {
	b = append(b, `{"meta":{"api-version":`...)
	b = appendString(b, orLatest(x.APIVersion))
	b = append(b, `},"projects":[`...)
	for i, name := range x.Projects {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendString(b, name)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

func orLatest(version string) string {
	if version == "" {
		return latestAPI
	}
	return version
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999999Z07:00") }

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

func appendHashes(b []byte, hashes []Hash) []byte {
	b = append(b, '{')
	for i, h := range hashes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, h.Algorithm)
		b = append(b, ':')
		b = appendString(b, h.Digest)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	if plainPrefix(s) == len(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted, err := json.Marshal(strings.ToValidUTF8(s, string(utf8.RuneError)))
	if err != nil {
		panic("internal error: a string did not marshal: " + err.Error())
	}
	return append(b, quoted...)
}

// AppendHTML appends the project as an HTML page (PEP 503) to b. [ParseHTML]
// gives the same value again, but for what HTML cannot say: the name, the list
// of versions, and of several hashes all but the strongest.
func (p *Project) AppendHTML(b []byte) []byte {
	b = appendHead(b, p.APIVersion, "Links for "+p.Name)
	b = appendMeta(b, "pypi:project-status", string(p.Status))
	b = appendMeta(b, "pypi:project-status-reason", p.StatusReason)
	for _, url := range p.Tracks {
		b = appendMeta(b, "pypi:tracks", url)
	}
	for _, url := range p.AlternateLocations {
		b = appendMeta(b, "pypi:alternate-locations", url)
	}
	b = append(b, "  </head>\n  <body>\n"...)
	for i := range p.Files {
		b = p.Files[i].appendHTML(b)
	}
	return append(b, "  </body>\n</html>\n"...)
}

func (f *File) appendHTML(b []byte) []byte {
	target := f.URL
	if h, ok := strongest(f.Hashes); ok {
		target += "#" + h.Algorithm + "=" + h.Digest
	}
	b = append(b, "    <a"...)
	b = appendAttr(b, "href", target)
	if f.RequiresPython != "" {
		b = appendAttr(b, "data-requires-python", f.RequiresPython)
	}
	if f.Metadata.Available {
		value := "true"
		if h, ok := strongest(f.Metadata.Hashes); ok {
			value = h.Algorithm + "=" + h.Digest
		}
		b = appendAttr(b, "data-core-metadata", value)
		b = appendAttr(b, "data-dist-info-metadata", value)
	}
	if f.Yanked {
		b = appendAttr(b, "data-yanked", f.YankedReason)
	}
	if f.GPGSig != nil {
		b = appendAttr(b, "data-gpg-sig", strconv.FormatBool(*f.GPGSig))
	}
	if f.Provenance != "" {
		b = appendAttr(b, "data-provenance", f.Provenance)
	}
	if f.Size >= 0 {
		b = appendAttr(b, "data-size", strconv.FormatInt(f.Size, 10))
	}
	if !f.UploadTime.IsZero() {
		b = appendAttr(b, "data-upload-time", timeText(f.UploadTime))
	}
	b = append(b, '>')
	b = append(b, html.EscapeString(f.Filename)...)
	return append(b, "</a><br>\n"...)
}

// AppendHTML appends the list of projects as an HTML page (PEP 503) to b.
func (x *Index) AppendHTML(b []byte) []byte {
	b = appendHead(b, x.APIVersion, "Simple index")
	b = append(b, "  </head>\n  <body>\n"...)
	for _, name := range x.Projects {
		b = append(b, "    <a"...)
		b = appendAttr(b, "href", url.PathEscape(name)+"/")
		b = append(b, '>')
		b = append(b, html.EscapeString(name)...)
		b = append(b, "</a><br>\n"...)
	}
	return append(b, "  </body>\n</html>\n"...)
}

// strongest returns the hash that an installer would rather trust.
func strongest(hashes []Hash) (best Hash, ok bool) {
	rank := func(algorithm string) int {
		switch algorithm {
		case "md5":
			return 1
		case "sha1":
			return 2
		case "sha256":
			return 4 // what PEP 503 recommends and everyone reads
		}
		return 3
	}
	for _, h := range hashes {
		if best.Algorithm == "" || rank(h.Algorithm) > rank(best.Algorithm) {
			best = h
		}
	}
	return best, best.Algorithm != ""
}

func appendHead(b []byte, version, title string) []byte {
	b = append(b, "<!DOCTYPE html>\n<html>\n  <head>\n"...)
	b = appendMeta(b, "pypi:repository-version", orLatest(version))
	b = append(b, "    <title>"...)
	b = append(b, html.EscapeString(title)...)
	return append(b, "</title>\n"...)
}

func appendMeta(b []byte, name, content string) []byte {
	if content == "" {
		return b
	}
	b = append(b, "    <meta"...)
	b = appendAttr(b, "name", name)
	b = appendAttr(b, "content", content)
	return append(b, ">\n"...)
}

func appendAttr(b []byte, name, value string) []byte {
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, `="`...)
	b = append(b, html.EscapeString(value)...)
	return append(b, '"')
}
