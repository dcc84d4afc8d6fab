package publish

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/textproto"
	"os"
	"strings"

	"github.com/tame-py/tame/internal/par"
)

// A message is a multipart form, of which the file is read while it is sent.
type message struct {
	before, after []byte
	contentType   string
}

// encode writes a form: with the content of the file, or with its name only.
func (f *Form) encode(file *File, content bool) (*message, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	var random [16]byte
	_, _ = rand.Read(random[:])
	if err := w.SetBoundary(hex.EncodeToString(random[:])); err != nil {
		return nil, err
	}
	var attestations *field
	for i, v := range f.fields {
		if v.name == "attestations" && content {
			attestations = &f.fields[i] // behind the file
			continue
		}
		if err := w.WriteField(v.name, v.value); err != nil {
			return nil, err
		}
	}
	m := &message{contentType: w.FormDataContentType()}
	if !content {
		if err := w.WriteField("filename", file.Name); err != nil {
			return nil, err
		}
	} else {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", `form-data; name="content"; filename="`+quoted(file.Name)+`"`)
		header.Set("Content-Type", "application/octet-stream")
		if _, err := w.CreatePart(header); err != nil {
			return nil, err
		}
		m.before = bytes.Clone(b.Bytes())
		b.Reset()
	}
	if attestations != nil {
		if err := w.WriteField(attestations.name, attestations.value); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	m.after = b.Bytes()
	return m, nil
}

func quoted(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// open starts the message anew. The file must have the size that it had.
func (m *message) open(path string, size int64, task par.Task) (io.ReadCloser, int64, error) {
	total := int64(len(m.before)+len(m.after)) + size
	if m.before == nil {
		return io.NopCloser(bytes.NewReader(m.after)), int64(len(m.after)), nil
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	file := &counted{Reader: io.LimitReader(in, size), task: task}
	body := io.MultiReader(bytes.NewReader(m.before), file, bytes.NewReader(m.after))
	return &closing{body, in, file}, total, nil
}

// counted tells how much was read.
type counted struct {
	io.Reader
	task par.Task
	n    int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.task.Add(int64(n))
	return n, err
}

type closing struct {
	io.Reader
	io.Closer
	file *counted
}
