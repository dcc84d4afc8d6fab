package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/web"
)

// UploadDirect uploads a file in two steps: the index names a place in its
// storage, and is told when the file is there. It returns false if the index had
// the file already.
func (p *Publisher) UploadDirect(ctx context.Context, f *File, form *Form) (uploaded bool, err error) {
	m, err := form.encode(f, false)
	if err != nil {
		return false, err
	}
	body := func() (io.ReadCloser, int64, error) { return m.open("", 0, nil) }
	at := strings.TrimSuffix(p.URL, "/")
	resp, err := p.post(ctx, at+"/reserve", m, body)
	if err != nil {
		return false, broke(f, at+"/reserve", err)
	}
	defer resp.Body.Close()
	switch resp.Status {
	case http.StatusOK:
		return false, nil
	case http.StatusCreated:
	default:
		if failure := answer(f, at+"/reserve", resp); failure != nil {
			return false, failure
		}
		return false, fmt.Errorf("the index reserved no place for `%s`: status code %d", f.Name, resp.Status)
	}
	var place struct {
		URL     string            `json:"upload_url"`
		Headers map[string]string `json:"upload_headers"`
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(text, &place)
	}
	if err != nil {
		return false, fmt.Errorf("the index reserved no place for `%s`: %w", f.Name, err)
	}
	if place.URL != "" {
		if err := p.store(ctx, f, form, place.URL, place.Headers); err != nil {
			return false, err
		}
	}
	done, err := p.post(ctx, at+"/finalize", m, body)
	if err != nil {
		return false, broke(f, at+"/finalize", err)
	}
	defer done.Body.Close()
	if failure := answer(f, at+"/finalize", done); failure != nil {
		return false, failure
	}
	return true, nil
}

// store puts a file to where the index said. The URL is a secret.
func (p *Publisher) store(ctx context.Context, f *File, form *Form, to string, headers map[string]string) error {
	task := p.Progress.Start(f.Name, form.Size)
	defer task.Done()
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	for name, value := range headers {
		header.Set(name, value)
	}
	shown := auth.Redact(strings.SplitN(to, "?", 2)[0])
	p.Debug("uploading %s to %s", f.Name, shown)
	resp, err := p.Storage.Do(ctx, web.Request{
		URL: to, Method: http.MethodPut, Header: header, Large: true, AnyStatus: true, NoRedirect: true, Timeout: p.Timeout,
		Body: func() (io.ReadCloser, int64, error) {
			in, err := os.Open(f.Path)
			return in, form.Size, err
		},
	})
	if err != nil {
		var known *web.Error
		if errors.As(err, &known) {
			known.URL = shown
		}
		return broke(f, shown, err)
	}
	defer resp.Body.Close()
	if failure := answer(f, shown, resp); failure != nil {
		return failure
	}
	return nil
}
