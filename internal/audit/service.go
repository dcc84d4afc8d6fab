package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/web"
)

// DefaultURL is the database that is asked unless another one is named. Like uv's
// it is that of osv.dev, which is no registry of packages.
const DefaultURL = "https://api.osv.dev/"

// A Service is a database of vulnerabilities that speaks the protocol of OSV.
type Service struct {
	Web *web.Client
	// URL is below which the paths of the protocol are; a path in it must end in a
	// slash to count. It must have been looked at by CheckURL.
	URL string
	// File says where the answer from a URL is kept for ten minutes, as long as an
	// index keeps its pages. It may be nil, and return "", for nowhere.
	File func(url string) string
	// Limit is how many requests are made at a time; 0 means 50.
	Limit int
}

// The bounds of the protocol and of its use.
const (
	batchSize = 1000 // packages in one query
	maxPages  = 100  // of the answer about one package
	maxAge    = "max-age=600"
)

// CheckURL refuses an address that no service can have.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.Unwrap(err)
	case u.Scheme == "":
		return errors.New("relative URL without a base")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("an http or https URL is expected")
	}
	return nil
}

// at is the URL of something that the service has.
func (s *Service) at(path string) (string, error) {
	base, err := url.Parse(s.URL)
	if err != nil {
		return "", fmt.Errorf("invalid URL of the vulnerability service: %w", err)
	}
	return base.ResolveReference(&url.URL{Path: path}).String(), nil
}

func (s *Service) limit() int {
	if s.Limit > 0 {
		return s.Limit
	}
	return 50
}

type query struct {
	Package struct {
		Name      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Version string `json:"version"`
	Page    string `json:"page_token,omitempty"`
}

type queryResult struct {
	Vulns []struct {
		ID string `json:"id"`
	} `json:"vulns"`
	Next string `json:"next_page_token"`
}

// IDs asks which vulnerabilities the versions of packages have: for each the names
// in the order of the answer, each once. The error is a *MalformedError or that of
// the network.
func (s *Service) IDs(ctx context.Context, all []Dependency) ([][]string, error) {
	out := make([][]string, len(all))
	type question struct {
		of   int
		page string
	}
	open := make([]question, len(all))
	for i := range all {
		open[i].of = i
	}
	for page := 0; len(open) > 0; page++ {
		if page == maxPages {
			return nil, &MalformedError{Err: errors.New("it has no end")}
		}
		var next []question
		for len(open) > 0 {
			batch := open[:min(len(open), batchSize)]
			open = open[len(batch):]
			queries := make([]query, len(batch))
			for i, q := range batch {
				queries[i].Package.Name, queries[i].Package.Ecosystem = string(all[q.of].Name), ecosystem
				queries[i].Version, queries[i].Page = all[q.of].Version.String(), q.page
			}
			results, err := s.batch(ctx, queries)
			if err != nil {
				return nil, err
			}
			for i := range min(len(batch), len(results)) {
				of := batch[i].of
				for _, v := range results[i].Vulns {
					out[of] = append(out[of], v.ID)
				}
				if results[i].Next != "" {
					next = append(next, question{of, results[i].Next})
				}
			}
		}
		open = next
	}
	for i := range out {
		out[i] = unique(out[i])
	}
	return out, nil
}

// unique drops what stands in a list for the second time.
func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// batch asks about several packages at once.
func (s *Service) batch(ctx context.Context, queries []query) ([]queryResult, error) {
	address, err := s.at("v1/querybatch")
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{"queries": queries})
	if err != nil {
		return nil, err
	}
	_, text, err := s.Web.Get(ctx, web.Request{
		URL: address, Method: http.MethodPost, Accept: "application/json", Header: http.Header{"Content-Type": {"application/json"}},
		Body: func() (io.ReadCloser, int64, error) {
			return io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		},
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results *[]queryResult `json:"results"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, &MalformedError{Err: err}
	}
	if answer.Results == nil {
		return nil, &MalformedError{Err: errors.New("it has no `results`")}
	}
	return *answer.Results, nil
}

// Vulnerabilities asks what is known against versions of packages. The findings
// are in the order of these.
func (s *Service) Vulnerabilities(ctx context.Context, all []Dependency) ([]Vulnerability, error) {
	ids, err := s.IDs(ctx, all)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, list := range ids {
		names = append(names, list...)
	}
	names = unique(names)
	records := make([]*record, len(names))
	err = par.ForEach(ctx, s.limit(), len(names), func(ctx context.Context, i int) (err error) {
		records[i], err = s.record(ctx, names[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	known := make(map[string]*record, len(names))
	for i, name := range names {
		known[name] = records[i]
	}
	var out []Vulnerability
	for i, d := range all {
		for _, id := range ids[i] {
			out = append(out, known[id].of(d))
		}
	}
	return out, nil
}

// record asks for one vulnerability.
func (s *Service) record(ctx context.Context, id string) (*record, error) {
	address, err := s.at("v1/vulns/" + id)
	if err != nil {
		return nil, err
	}
	file := ""
	if s.File != nil {
		file = s.File(address)
	}
	text, err := s.Web.Cached(ctx, web.CachedRequest{
		Request: web.Request{URL: address, Accept: "application/json"}, File: file, CacheControl: maxAge,
		Transform: func(_ context.Context, resp *web.Response) ([]byte, error) {
			text, err := web.ReadAll(resp)
			if err == nil {
				_, err = parseRecord(id, text) // what is wrong is not kept
			}
			return text, err
		},
	})
	if err != nil {
		return nil, err
	}
	return parseRecord(id, text)
}

// Malware asks which versions of packages are known as malware, with the names
// under which they are. Those that are not have none.
func (s *Service) Malware(ctx context.Context, all []Dependency) ([][]string, error) {
	ids, err := s.IDs(ctx, all)
	for i, list := range ids {
		var malware []string
		for _, id := range list {
			if strings.HasPrefix(id, "MAL-") {
				malware = append(malware, id)
			}
		}
		ids[i] = malware
	}
	return ids, err
}
