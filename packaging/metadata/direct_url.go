package metadata

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// DirectURL is the origin of an installed distribution that did not come from
// an index: the file direct_url.json (PEP 610). Exactly one of Archive, VCS and
// Dir is set in a valid one.
type DirectURL struct {
	URL     string
	Archive *ArchiveInfo
	VCS     *VCSInfo
	Dir     *DirInfo
	// Subdirectory is where the project lies within the archive or repository.
	Subdirectory string
	// Path is where an archive lies within a repository; only uv knows it.
	Path string
}

// ArchiveInfo tells that the origin was a file.
type ArchiveInfo struct {
	// Hash is the older form of Hashes, such as sha256=abc….
	Hash string
	// Hashes are digests in hex by algorithm. They are written in order of the
	// algorithms' names.
	Hashes map[string]string
}

// VCSInfo tells that the origin was a repository.
type VCSInfo struct {
	// VCS is git, hg, bzr or svn.
	VCS string
	// CommitID is what was installed.
	CommitID string
	// RequestedRevision is the branch, tag or commit that was asked for.
	RequestedRevision string
	// LFS tells that Git LFS files were fetched; nil means unsaid. Only uv
	// knows it.
	LFS *bool
}

// DirInfo tells that the origin was a local directory.
type DirInfo struct {
	// Editable tells that the directory itself is in use; nil means unsaid.
	Editable *bool
}

// IsEditable tells whether the distribution is an editable directory.
func (d *DirectURL) IsEditable() bool {
	return d.Dir != nil && d.Dir.Editable != nil && *d.Dir.Editable
}

type directURLJSON struct {
	URL     *string `json:"url"`
	Archive *struct {
		Hash   *string           `json:"hash"`
		Hashes map[string]string `json:"hashes"`
	} `json:"archive_info"`
	VCS *struct {
		VCS               *string `json:"vcs"`
		CommitID          *string `json:"commit_id"`
		RequestedRevision *string `json:"requested_revision"`
		LFS               *bool   `json:"git_lfs"`
	} `json:"vcs_info"`
	Dir *struct {
		Editable *bool `json:"editable"`
	} `json:"dir_info"`
	Subdirectory *string `json:"subdirectory"`
	Path         *string `json:"path"`
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// ParseDirectURL reads a direct_url.json. It is as lenient as uv: unknown keys
// and values that contradict each other pass. [DirectURL.Validate] is strict.
func ParseDirectURL(data []byte) (*DirectURL, error) {
	var j directURLJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("parsing direct URL: %w", err)
	}
	if j.URL == nil {
		return nil, errors.New("parsing direct URL: no url")
	}
	d := &DirectURL{URL: *j.URL, Subdirectory: text(j.Subdirectory), Path: text(j.Path)}
	if j.Dir != nil {
		d.Dir = &DirInfo{Editable: j.Dir.Editable}
	}
	if j.Archive != nil {
		d.Archive = &ArchiveInfo{Hash: text(j.Archive.Hash), Hashes: j.Archive.Hashes}
	}
	if j.VCS != nil {
		if j.VCS.VCS == nil {
			return nil, errors.New("parsing direct URL: no vcs in vcs_info")
		}
		d.VCS = &VCSInfo{
			VCS: *j.VCS.VCS, CommitID: text(j.VCS.CommitID), RequestedRevision: text(j.VCS.RequestedRevision), LFS: j.VCS.LFS,
		}
	}
	if d.Dir == nil && d.Archive == nil && d.VCS == nil {
		return nil, errors.New("parsing direct URL: none of archive_info, vcs_info, dir_info is present")
	}
	return d, nil
}

// Validate checks what PEP 610 demands beyond the form of the file.
func (d *DirectURL) Validate() error {
	kinds := 0
	for _, present := range []bool{d.Archive != nil, d.VCS != nil, d.Dir != nil} {
		if present {
			kinds++
		}
	}
	switch {
	case d.URL == "":
		return errors.New("direct URL has no url")
	case kinds != 1:
		return errors.New("direct URL must have exactly one of vcs_info, archive_info, dir_info")
	case d.VCS != nil && d.VCS.CommitID == "":
		return errors.New("direct URL has no commit_id in vcs_info")
	case d.Archive != nil:
		return d.Archive.validate()
	case d.Dir != nil:
		u, err := url.Parse(d.URL)
		if err != nil {
			return fmt.Errorf("direct URL has an invalid url: %w", err)
		}
		if !strings.EqualFold(u.Scheme, "file") || !strings.HasPrefix(u.Path, "/") {
			return errors.New("direct URL of a directory must be an absolute file: URL")
		}
	}
	return nil
}

func (a *ArchiveInfo) validate() error {
	if a.Hash == "" {
		return nil
	}
	algorithm, digest, ok := strings.Cut(a.Hash, "=")
	if !ok {
		return fmt.Errorf("hash %q in archive_info is not of the form algorithm=digest", a.Hash)
	}
	if a.Hashes != nil && a.Hashes[algorithm] != digest {
		return fmt.Errorf("hash %q in archive_info differs from hashes", a.Hash)
	}
	return nil
}

// Marshal writes the file as uv does: compact JSON, keys in the order url, kind
// of origin, subdirectory, path, and no line end.
func (d *DirectURL) Marshal() []byte {
	var w jsonWriter
	w.open()
	w.str("url", d.URL, true)
	switch {
	case d.Dir != nil:
		w.object("dir_info")
		w.flag("editable", d.Dir.Editable)
		w.close()
	case d.Archive != nil:
		w.object("archive_info")
		w.str("hash", d.Archive.Hash, false)
		if d.Archive.Hashes != nil {
			w.object("hashes")
			for _, algorithm := range slices.Sorted(maps.Keys(d.Archive.Hashes)) {
				w.str(algorithm, d.Archive.Hashes[algorithm], true)
			}
			w.close()
		}
		w.close()
	case d.VCS != nil:
		w.object("vcs_info")
		w.str("vcs", d.VCS.VCS, true)
		w.str("commit_id", d.VCS.CommitID, false)
		w.str("requested_revision", d.VCS.RequestedRevision, false)
		w.flag("git_lfs", d.VCS.LFS)
		w.close()
	}
	w.str("subdirectory", d.Subdirectory, false)
	if d.VCS != nil {
		w.str("path", d.Path, false)
	}
	w.close()
	return w.buf
}

// Requirement returns the origin as the URL of a requirement, as uv prints it:
// with the kind of repository before the URL, the commit behind it, and the
// subdirectory and the strongest digest in the fragment.
func (d *DirectURL) Requirement() string {
	out := d.URL
	var fragments []string
	if d.VCS != nil {
		out = d.VCS.VCS + "+" + out
		if rev := cmp.Or(d.VCS.CommitID, d.VCS.RequestedRevision); rev != "" {
			out = insertRevision(out, rev)
		}
	}
	if d.Subdirectory != "" {
		fragments = append(fragments, "subdirectory="+d.Subdirectory)
	}
	switch {
	case d.VCS != nil:
		if d.VCS.LFS != nil && *d.VCS.LFS {
			fragments = append(fragments, "lfs=true")
		}
		if d.Path != "" {
			fragments = append(fragments, "path="+d.Path)
		}
	case d.Archive != nil:
		if hash := d.Archive.strongest(); hash != "" {
			fragments = append(fragments, hash)
		}
	}
	if len(fragments) == 0 {
		return out
	}
	base, _, _ := strings.Cut(out, "#")
	return base + "#" + strings.Join(fragments, "&")
}

// insertRevision puts a revision behind the path of a URL.
func insertRevision(u, rev string) string {
	end := len(u)
	if i := strings.IndexAny(u, "?#"); i >= 0 {
		end = i
	}
	return u[:end] + "@" + rev + u[end:]
}

// strongest returns the preferred digest as algorithm=digest.
func (a *ArchiveInfo) strongest() string {
	for _, algorithm := range []string{"blake2b", "sha512", "sha384", "sha256", "md5"} {
		if digest := a.Hashes[algorithm]; digest != "" {
			return algorithm + "=" + digest
		}
	}
	return a.Hash
}

// StripUserinfo removes user and password from a URL, unless they are made of
// environment variables such as ${TOKEN} or ${USER}:${PASSWORD} (PEP 610), or
// are listed as safe; git is what people commonly list, for ssh.
func StripUserinfo(rawURL string, safe ...string) string {
	start := strings.Index(rawURL, "//")
	if start < 0 {
		return rawURL
	}
	start += 2
	end := len(rawURL)
	if i := strings.IndexAny(rawURL[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(rawURL[start:end], '@')
	if at < 0 {
		return rawURL
	}
	userinfo := rawURL[start : start+at]
	if slices.Contains(safe, userinfo) || fromEnvironment(userinfo) {
		return rawURL
	}
	return rawURL[:start] + rawURL[start+at+1:]
}

// fromEnvironment tells whether a text is one or two variables.
func fromEnvironment(userinfo string) bool {
	user, password, both := strings.Cut(userinfo, ":")
	return isVariable(user) && (!both || isVariable(password))
}

func isVariable(s string) bool {
	name, ok := strings.CutPrefix(s, "${")
	name, ok2 := strings.CutSuffix(name, "}")
	return ok && ok2 && name != "" && strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}
