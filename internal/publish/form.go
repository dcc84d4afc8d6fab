package publish

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/tame-py/tame/internal/blake2b"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
)

// A Form is what an index is told about a file. It has no secrets.
type Form struct {
	fields []field
	Size   int64 // of the file, in bytes
	SHA256 string
}

type field struct{ name, value string }

// maxMetadata bounds the metadata of a distribution.
const maxMetadata = 64 << 20

// Read makes the form of a file: it reads its metadata and computes its hashes.
func Read(f *File) (*Form, error) {
	raw, err := readMetadata(f)
	if err != nil {
		return nil, &FileError{f.Path, err}
	}
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sha, blake := sha256.New(), blake2b.New(32)
	n, err := io.Copy(io.MultiWriter(sha, blake), in)
	if err != nil {
		return nil, err
	}
	form := &Form{Size: n, SHA256: hex.EncodeToString(sha.Sum(nil))}
	form.head(f, &raw, hex.EncodeToString(blake.Sum(nil)))
	form.single(&raw)
	form.several(&raw)
	return form, form.attest(f)
}

// FileError tells what is wrong with a file that was to be uploaded.
type FileError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *FileError) Error() string { return fmt.Sprintf("cannot publish `%s`: %s", e.Path, e.Err) }

// Unwrap returns what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

func readMetadata(f *File) (metadata.Raw, error) {
	read := sdistMetadata
	if f.Kind == dist.WheelKind {
		read = wheelMetadata
	}
	text, err := read(f)
	if err != nil {
		return metadata.Raw{}, fmt.Errorf("failed to read metadata: %w", err)
	}
	raw, _ := metadata.ParseRaw(text)
	switch {
	case raw.MetadataVersion == "":
		return raw, errors.New("the metadata have no field Metadata-Version")
	case raw.Name == "":
		return raw, errors.New("the metadata have no field Name")
	case raw.Version == "":
		return raw, errors.New("the metadata have no field Version")
	}
	return raw, nil
}

func wheelMetadata(f *File) ([]byte, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	z, err := dist.OpenZip(in, info.Size())
	if err != nil {
		return nil, err
	}
	data, _, err := z.ReadMetadata(f.Project)
	return data, err
}

// sdistMetadata returns the one PKG-INFO in the top folder. The format is that
// of PEP 625: others can be installed but not published.
func sdistMetadata(f *File) ([]byte, error) {
	if !strings.HasSuffix(f.Name, ".tar.gz") {
		return nil, errors.New("only files ending in `.tar.gz` are valid source distributions")
	}
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	gz, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	var found []byte
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		switch {
		case err == io.EOF && found == nil:
			return nil, errors.New("there is no PKG-INFO in it")
		case err == io.EOF:
			return found, nil
		case err != nil:
			return nil, err
		}
		parts := strings.Split(strings.TrimPrefix(h.Name, "./"), "/")
		if len(parts) != 2 || parts[1] != "PKG-INFO" || h.Typeflag != tar.TypeReg {
			continue
		}
		switch {
		case found != nil:
			return nil, errors.New("there are several PKG-INFO in it")
		case h.Size > maxMetadata:
			return nil, fmt.Errorf("its PKG-INFO has %d bytes", h.Size)
		}
		if found, err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}

func (f *Form) add(name, value string) { f.fields = append(f.fields, field{name, value}) }

// head adds what every form begins with.
func (f *Form) head(file *File, raw *metadata.Raw, blake string) {
	kind := "sdist"
	if file.Kind == dist.WheelKind {
		kind = "bdist_wheel"
	}
	f.add(":action", "file_upload")
	f.add("sha256_digest", f.SHA256)
	f.add("blake2_256_digest", blake)
	f.add("protocol_version", "1")
	f.add("metadata_version", raw.MetadataVersion)
	f.add("name", raw.Name)
	f.add("version", raw.Version)
	f.add("filetype", kind)
	f.add("pyversion", file.Python)
}

// single adds fields with one value, if they have it.
func (f *Form) single(raw *metadata.Raw) {
	for _, v := range []field{
		{"author", raw.Author},
		{"author_email", raw.AuthorEmail},
		{"description", raw.Description},
		{"description_content_type", raw.DescriptionContentType},
		{"download_url", raw.DownloadURL},
		{"home_page", raw.HomePage},
		{"keywords", strings.Join(raw.Keywords, ",")},
		{"license", raw.License},
		{"license_expression", raw.LicenseExpression},
		{"maintainer", raw.Maintainer},
		{"maintainer_email", raw.MaintainerEmail},
		{"summary", raw.Summary},
	} {
		if v.value != "" {
			f.add(v.name, v.value)
		}
	}
	// Some servers want this one even if it is empty.
	f.add("requires_python", raw.RequiresPython)
}

// several adds fields that may be there more than once.
func (f *Form) several(raw *metadata.Raw) {
	urls := make([]string, len(raw.ProjectURLs))
	for i, u := range raw.ProjectURLs {
		urls[i] = u.Label + ", " + u.URL
	}
	for _, v := range []struct {
		name   string
		values []string
	}{
		{"classifiers", raw.Classifiers},
		{"dynamic", raw.Dynamic},
		{"license_file", raw.LicenseFiles},
		{"obsoletes_dist", raw.ObsoletesDist},
		{"platform", raw.Platforms},
		{"project_urls", urls},
		{"provides_dist", raw.ProvidesDist},
		{"provides_extra", raw.ProvidesExtra},
		{"import_names", raw.ImportNames},
		{"import_namespaces", raw.ImportNamespaces},
		{"requires_dist", raw.RequiresDist},
		{"requires_external", raw.RequiresExternal},
	} {
		for _, value := range v.values {
			f.add(v.name, value)
		}
	}
}

// attest adds the attestations as one JSON array. That they are JSON is all that
// is looked at.
func (f *Form) attest(file *File) error {
	if len(file.Attestations) == 0 {
		return nil
	}
	list := make([]json.RawMessage, len(file.Attestations))
	for i, path := range file.Attestations {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !json.Valid(text) {
			return &FileError{path, errors.New("invalid attestation (PEP 740): it is no JSON")}
		}
		list[i] = text
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	f.add("attestations", string(text))
	return nil
}
