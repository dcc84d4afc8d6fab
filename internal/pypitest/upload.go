package pypitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/pyname"
)

// An Upload is a form that the server was sent.
type Upload struct {
	Filename, User, Password string
	Fields                   []Field // in order, without the file
	Content                  []byte
}

// A Field is one field of a form.
type Field struct{ Name, Value string }

// Get returns the first value of a field.
func (u *Upload) Get(name string) string {
	for _, f := range u.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// UploadURL is the address to upload to, which ends in "/upload/".
func (s *Server) UploadURL() string { return s.http.URL + "/upload/" }

// Uploads returns the forms so far, those that were refused included.
func (s *Server) Uploads() []Upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Upload(nil), s.uploads...)
}

// The tokens of trusted publishing: what the job has to ask for an identity
// (ACTIONS_ID_TOKEN_REQUEST_TOKEN, for the address IdentityPath), the identity,
// and the upload token that the index gives for it.
const (
	JobToken      = "job"
	IdentityToken = "head.eyJzdWIiOiJyZXBvOmEvYiIsInJlcG9zaXRvcnkiOiJhL2IifQ.sign" // {"sub":"repo:a/b","repository":"a/b"}
	MintedToken   = "minted"
	Audience      = "pypitest"
	IdentityPath  = "/identity"
)

// post answers what is not read from the index: uploads and trusted publishing.
// ok is false if the request is something else.
func (s *Server) post(r *http.Request) (a answer, ok bool) {
	switch r.URL.Path {
	case "/upload/":
		if r.Method != http.MethodPost {
			return answer{}, false
		}
		return s.upload(r), true
	case "/upload":
		a := reply(http.StatusPermanentRedirect, "text/plain", nil)
		a.header.Set("Location", "/upload/")
		return a, r.Method == http.MethodPost
	case "/_/oidc/audience":
		return jsonReply(http.StatusOK, map[string]string{"audience": Audience}), true
	case "/_/oidc/mint-token":
		var v struct{ Token string }
		if json.NewDecoder(r.Body).Decode(&v) != nil || v.Token != IdentityToken {
			return jsonReply(http.StatusUnprocessableEntity, map[string]string{"message": "Token request failed"}), true
		}
		return jsonReply(http.StatusOK, map[string]string{"token": MintedToken}), true
	case IdentityPath:
		if r.Header.Get("Authorization") != "bearer "+JobToken || r.URL.Query().Get("audience") != Audience {
			return jsonReply(http.StatusForbidden, map[string]string{"message": "no"}), true
		}
		return jsonReply(http.StatusOK, map[string]string{"value": IdentityToken}), true
	}
	return answer{}, false
}

func jsonReply(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings can be encoded
	}
	return reply(status, "application/json", body)
}

// refuse is an error as indexes report it.
func refuse(status int, text string) answer {
	return jsonReply(status, map[string]string{"message": "The server could not comply", "code": fmt.Sprintf("%d %s", status, text), "title": http.StatusText(status)})
}

// upload takes a file in, if its form is right. The same file again is accepted
// and changes nothing; another one of the same name is refused.
func (s *Server) upload(r *http.Request) answer {
	u, err := readUpload(r)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads = append(s.uploads, *u)
	switch {
	case u.User == "":
		return refuse(http.StatusForbidden, "Invalid or non-existent authentication information.")
	case u.User == "__token__" && u.Password != MintedToken && u.Password != "token":
		return refuse(http.StatusForbidden, "Invalid API Token")
	case u.Get(":action") != "file_upload" || u.Get("protocol_version") != "1":
		return refuse(http.StatusBadRequest, "Invalid action")
	case u.Get("sha256_digest") != SHA256(u.Content):
		return refuse(http.StatusBadRequest, "The digest supplied does not match a digest calculated from the uploaded file.")
	}
	project := pyname.Normalize(u.Get("name"))
	if old, known := s.files[u.Filename]; known {
		if !bytes.Equal(old, u.Content) {
			return refuse(http.StatusBadRequest, "File already exists ('"+u.Filename+"').")
		}
		return reply(http.StatusOK, "text/plain", nil)
	}
	f := File{Name: u.Filename, Data: u.Content}
	if strings.HasSuffix(u.Filename, ".whl") {
		if z, err := dist.OpenZip(bytes.NewReader(u.Content), int64(len(u.Content))); err == nil {
			f.Metadata, _, _ = z.ReadMetadata("")
		}
	}
	s.addFile(&Release{Version: u.Get("version"), RequiresPython: u.Get("requires_python")}, project, f)
	return reply(http.StatusOK, "text/plain", nil)
}

func readUpload(r *http.Request) (*Upload, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return nil, fmt.Errorf("not a form: %s", r.Header.Get("Content-Type"))
	}
	u := &Upload{}
	u.User, u.Password, _ = r.BasicAuth()
	parts := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return u, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if part.FormName() == "content" {
			u.Filename, u.Content = part.FileName(), data
			continue
		}
		u.Fields = append(u.Fields, Field{part.FormName(), string(data)})
	}
}
