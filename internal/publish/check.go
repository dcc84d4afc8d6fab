package publish

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/tame-py/tame/internal/blake2b"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/simple"
)

// pageTypes are the media types of project pages (PEP 691).
const pageTypes = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"

// MismatchError tells that an index has another file of the same name. What is
// published stays as it is: another version is needed.
type MismatchError struct {
	File                     string
	Algorithm, Local, Remote string
}

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("local file and index file do not match for %s. Local: %s=%s, Remote: %s=%s", e.File, e.Algorithm, e.Local, e.Algorithm, e.Remote)
}

// Hints says what can be done.
func (e *MismatchError) Hints() []string {
	return []string{"a file on an index cannot be replaced: publish the change as another version"}
}

// Exists reports whether the index behind [Options].CheckURL has the file. One of
// the same name with another hash is a [*MismatchError].
func (p *Publisher) Exists(ctx context.Context, f *File) (bool, error) {
	if p.CheckURL == "" {
		return false, nil
	}
	url := strings.TrimSuffix(p.CheckURL, "/") + "/" + string(f.Project) + "/"
	resp, body, err := p.Web.Get(ctx, web.Request{URL: url, Accept: pageTypes, Header: http.Header{"Cache-Control": {"max-age=0"}}})
	if web.StatusOf(err) == http.StatusNotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("failed to query check URL: %w", err)
	}
	page, err := simple.Parse(resp.Header.Get("Content-Type"), string(body), resp.URL)
	if err != nil {
		return false, fmt.Errorf("failed to query check URL: %w", err)
	}
	for i := range page.Files {
		if page.Files[i].Filename == f.Name {
			return true, compare(f, page.Files[i].Hashes)
		}
	}
	return false, nil
}

// compare holds a local file against the hashes that an index tells.
func compare(f *File, hashes []simple.Hash) error {
	for _, algorithm := range [...]string{"sha256", "sha512", "sha384", "blake2b", "md5"} {
		remote := simple.Digest(hashes, algorithm)
		if remote == "" {
			continue
		}
		in, err := os.Open(f.Path)
		if err != nil {
			return err
		}
		defer in.Close()
		h := hasher(algorithm)
		if _, err := io.Copy(h, in); err != nil {
			return err
		}
		if local := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(local, remote) {
			return &MismatchError{f.Name, algorithm, local, remote}
		}
		return nil
	}
	return errors.New("the index has no hash for " + f.Name)
}

func hasher(algorithm string) hash.Hash {
	switch algorithm {
	case "sha512":
		return sha512.New()
	case "sha384":
		return sha512.New384()
	case "blake2b":
		return blake2b.New(blake2b.Size)
	case "md5":
		return md5.New()
	}
	return sha256.New()
}
