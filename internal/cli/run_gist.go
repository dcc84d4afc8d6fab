package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/web"
)

// gistID is the number of the gist that a URL shows.
func gistID(rawURL string) (string, bool) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host != "gist.github.com" {
		return "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 2 {
		return "", false
	}
	return parts[1], true
}

// gistScript is the URL of the one Python file of a gist.
func (a *app) gistScript(ctx context.Context, client *web.Client, id string) (string, error) {
	request := web.Request{URL: "https://api.github.com/gists/" + url.PathEscape(id), Accept: "application/vnd.github.v3+json"}
	_, body, err := client.Get(ctx, request)
	if err != nil {
		return "", fmt.Errorf("looking up the gist %s: %w", id, err)
	}
	return scriptOfGist(id, body)
}

// scriptOfGist finds the script in what GitHub says of a gist.
func scriptOfGist(id string, body []byte) (string, error) {
	var gist struct {
		Files map[string]struct {
			Filename string
			RawURL   string `json:"raw_url"`
		}
	}
	if err := json.Unmarshal(body, &gist); err != nil {
		return "", fmt.Errorf("reading what GitHub says of the gist %s: %w", id, err)
	}
	var urls, names []string
	for name, file := range gist.Files {
		if strings.HasSuffix(name, ".py") && file.RawURL != "" {
			urls, names = append(urls, file.RawURL), append(names, name)
		}
	}
	slices.Sort(names)
	switch len(urls) {
	case 0:
		return "", fmt.Errorf("the gist %s has no Python file", id)
	case 1:
		return urls[0], nil
	}
	return "", withHint(fmt.Errorf("the gist %s has several Python files: %s", id, strings.Join(names, ", ")), "pass the URL of the raw file")
}
