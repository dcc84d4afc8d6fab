package fetch

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unsafe"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/dist"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pep440"
)

// A WheelError says that an archive is no valid wheel, or not the one that
// its name tells.
type WheelError struct {
	Reason string
	Err    error
}

func (e *WheelError) Error() string {
	if e.Err != nil {
		return "the wheel is invalid: " + e.Reason + ": " + e.Err.Error()
	}
	return "the wheel is invalid: " + e.Reason
}

func (e *WheelError) Unwrap() error { return e.Err }

func invalid(format string, args ...any) error {
	return &WheelError{Reason: fmt.Sprintf(format, args...)}
}

// verifyWheel checks an unpacked wheel: that it has one .dist-info directory,
// whose metadata are those of its file name, and that its files are what
// RECORD says. It returns the name of that directory.
//
// A file that RECORD does not have, and one that only RECORD has, are let
// pass, as pip and uv do: old wheels have both. A file whose hash is another
// one is not.
func verifyWheel(tree string, m *archive.Manifest, name *dist.Wheel, anyName bool) (string, error) {
	var top []string
	for _, dir := range m.Dirs {
		if !strings.Contains(dir, "/") {
			top = append(top, dir)
		}
	}
	distInfo, err := dist.FindDistInfo(top)
	if err != nil {
		return "", &WheelError{Reason: "its .dist-info directory cannot be told", Err: err}
	}
	if err := verifyIdentity(filepath.Join(tree, distInfo), name, anyName); err != nil {
		return "", err
	}
	return distInfo, verifyRecord(tree, distInfo, m)
}

// A NameError says that the metadata of a wheel have another name or version
// than its file's name.
type NameError struct{ Field, Metadata, Filename string }

func (e *NameError) Error() string {
	return fmt.Sprintf("wheel %s does not match filename (%s != %s), which indicates a malformed wheel", e.Field, e.Metadata, e.Filename)
}

// Hints tells how to take it nevertheless.
func (e *NameError) Hints() []string {
	return []string{"if this is intentional, set `UV_SKIP_WHEEL_FILENAME_CHECK=1`"}
}

func verifyIdentity(distInfo string, name *dist.Wheel, anyName bool) error {
	data, err := fsx.ReadFile(filepath.Join(distInfo, "METADATA"))
	if errors.Is(err, fs.ErrNotExist) {
		return invalid("%s/METADATA is missing", filepath.Base(distInfo))
	}
	if err != nil {
		return err
	}
	project, text, err := metadata.ParseIdentity(data)
	if err != nil {
		return &WheelError{Reason: "its metadata cannot be read", Err: err}
	}
	if anyName {
		return nil
	}
	if project != name.Name {
		return &NameError{"name", string(project), string(name.Name)}
	}
	version, err := pep440.Parse(text)
	if err != nil {
		return &WheelError{Reason: "its metadata cannot be read", Err: err}
	}
	if !version.Equal(name.Version) {
		return &NameError{"version", version.String(), name.Version.String()}
	}
	return nil
}

// verifyRecord compares the files with the hashes in RECORD.
func verifyRecord(tree, distInfo string, m *archive.Manifest) error {
	data, err := fsx.ReadFile(filepath.Join(tree, distInfo, "RECORD"))
	if errors.Is(err, fs.ErrNotExist) {
		return invalid("%s/RECORD is missing", distInfo)
	}
	if err != nil {
		return err
	}
	rows, err := dist.ParseRecordText(unsafe.String(unsafe.SliceData(data), len(data))) // nobody else has the bytes
	if err != nil {
		return &WheelError{Reason: "its RECORD cannot be read", Err: err}
	}
	for _, row := range rows {
		i := sort.Search(len(m.Files), func(i int) bool { return m.Files[i].Path >= row.Path })
		if row.Hash == "" || i == len(m.Files) || m.Files[i].Path != row.Path {
			continue
		}
		ok, err := recorded(tree, &m.Files[i], row.Hash)
		if err != nil {
			return err
		}
		if !ok {
			return invalid("%s is not what its RECORD says", row.Path)
		}
	}
	return nil
}

// recorded says whether a file has the hash that RECORD tells. Algorithms
// that are not known, or are broken, tell nothing.
func recorded(tree string, file *archive.File, hash string) (bool, error) {
	algorithm, digest, _ := strings.Cut(hash, "=")
	algorithm = strings.ToLower(algorithm)
	if algorithm == "sha256" {
		var text [43]byte // as dist.HashSHA256 returns it, but not as a string of its own
		base64.RawURLEncoding.Encode(text[:], file.SHA256[:])
		// Some tools write the digest in hexadecimal.
		return string(text[:]) == strings.TrimRight(digest, "=") ||
			hex.EncodeToString(file.SHA256[:]) == strings.ToLower(digest), nil
	}
	if strength(algorithm) <= 1 {
		return true, nil
	}
	in, err := os.Open(filepath.Join(tree, filepath.FromSlash(file.Path)))
	if err != nil {
		return false, err
	}
	defer in.Close()
	h := newHash(algorithm)
	if _, err := io.Copy(h, in); err != nil {
		return false, err
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)) == strings.TrimRight(digest, "="), nil
}
