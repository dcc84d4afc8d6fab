package metadata_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/packaging/metadata"
)

// sharedFile reads a file of the conformance material that lives beside the
// repository, or skips the test.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	dirs := []string{os.Getenv("TAME_SHARED")}
	if wd, err := os.Getwd(); err == nil {
		for d := wd; d != filepath.Dir(d); d = filepath.Dir(d) {
			dirs = append(dirs, filepath.Join(d, "..", "shared"))
		}
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if data, err := os.ReadFile(filepath.Join(d, name)); err == nil {
			return data
		}
	}
	t.Skipf("no %s (set TAME_SHARED)", name)
	return nil
}

func vectors(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(sharedFile(t, "conformance/vectors/"+name), into); err != nil {
		t.Fatal(err)
	}
}

func TestLicenseVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		Expressions []struct {
			Input     string
			Valid     bool
			Canonical string
		}
	}
	vectors(t, "licenses.json", &v)
	for _, r := range v.Expressions {
		got, err := metadata.ParseLicense(r.Input)
		if (err == nil) != r.Valid || got != r.Canonical {
			t.Errorf("%q: %q, %v; want %q, valid %v", r.Input, got, err, r.Canonical, r.Valid)
		}
	}
}

func TestDirectURLVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		FromDict []struct {
			Input json.RawMessage
			Valid bool
			Error string
		} `json:"from_dict"`
		Strip []struct {
			URL      string
			Safe     []string `json:"safe_user_passwords"`
			Expected string
		}
	}
	vectors(t, "direct_url.json", &v)
	for _, r := range v.FromDict {
		d, err := metadata.ParseDirectURL(r.Input)
		if err == nil {
			err = d.Validate()
		}
		if (err == nil) != r.Valid {
			t.Errorf("%s: %v, want valid %v (%s)", r.Input, err, r.Valid, r.Error)
		}
	}
	for _, r := range v.Strip {
		if got := metadata.StripUserinfo(r.URL, r.Safe...); got != r.Expected {
			t.Errorf("%s: %s, want %s", r.URL, got, r.Expected)
		}
	}
}

// rawFields names the fields of Raw as packaging does.
func rawFields(r metadata.Raw) map[string]any {
	out := map[string]any{}
	for name, s := range map[string]string{
		"metadata_version": r.MetadataVersion, "name": r.Name, "version": r.Version, "summary": r.Summary, "description": r.Description,
		"description_content_type": r.DescriptionContentType, "home_page": r.HomePage, "download_url": r.DownloadURL, "author": r.Author,
		"author_email": r.AuthorEmail, "maintainer": r.Maintainer, "maintainer_email": r.MaintainerEmail, "license": r.License,
		"license_expression": r.LicenseExpression, "requires_python": r.RequiresPython,
	} {
		if s != "" {
			out[name] = s
		}
	}
	for name, list := range map[string][]string{
		"dynamic": r.Dynamic, "platforms": r.Platforms, "supported_platforms": r.SupportedPlatforms, "keywords": r.Keywords,
		"license_files": r.LicenseFiles, "classifiers": r.Classifiers, "requires_dist": r.RequiresDist, "requires_external": r.RequiresExternal,
		"provides_extra": r.ProvidesExtra, "provides_dist": r.ProvidesDist, "obsoletes_dist": r.ObsoletesDist, "requires": r.Requires,
		"provides": r.Provides, "obsoletes": r.Obsoletes, "import_names": r.ImportNames, "import_namespaces": r.ImportNamespaces,
	} {
		if list != nil {
			values := []any{}
			for _, s := range list {
				values = append(values, s)
			}
			out[name] = values
		}
	}
	if r.ProjectURLs != nil {
		urls := map[string]any{}
		for _, u := range r.ProjectURLs {
			urls[u.Label] = u.URL
		}
		out["project_urls"] = urls
	}
	return out
}

func TestParseEmailVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		ParseEmail []struct {
			Input    string
			Raw      map[string]any
			Unparsed map[string][]string
		} `json:"parse_email"`
	}
	vectors(t, "metadata.json", &v)
	for _, r := range v.ParseEmail {
		raw, rest := metadata.ParseRaw([]byte(r.Input))
		if diff := cmp.Diff(r.Raw, rawFields(raw)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", r.Input, diff)
		}
		if diff := cmp.Diff(r.Unparsed, rest); diff != "" {
			t.Errorf("%q, unparsed (-want +got):\n%s", r.Input, strings.TrimSpace(diff))
		}
	}
}

// rawFromFields is the reverse of rawFields.
func rawFromFields(t *testing.T, fields map[string]any) metadata.Raw {
	t.Helper()
	var r metadata.Raw
	for name, place := range map[string]*string{
		"metadata_version": &r.MetadataVersion, "name": &r.Name, "version": &r.Version, "summary": &r.Summary, "description": &r.Description,
		"description_content_type": &r.DescriptionContentType, "home_page": &r.HomePage, "download_url": &r.DownloadURL, "author": &r.Author,
		"author_email": &r.AuthorEmail, "maintainer": &r.Maintainer, "maintainer_email": &r.MaintainerEmail, "license": &r.License,
		"license_expression": &r.LicenseExpression, "requires_python": &r.RequiresPython,
	} {
		if s, ok := fields[name].(string); ok {
			*place = s
		}
	}
	for name, place := range map[string]*[]string{
		"dynamic": &r.Dynamic, "platforms": &r.Platforms, "supported_platforms": &r.SupportedPlatforms, "keywords": &r.Keywords,
		"license_files": &r.LicenseFiles, "classifiers": &r.Classifiers, "requires_dist": &r.RequiresDist, "requires_external": &r.RequiresExternal,
		"provides_extra": &r.ProvidesExtra, "provides_dist": &r.ProvidesDist, "obsoletes_dist": &r.ObsoletesDist, "requires": &r.Requires,
		"provides": &r.Provides, "obsoletes": &r.Obsoletes, "import_names": &r.ImportNames, "import_namespaces": &r.ImportNamespaces,
	} {
		if list, ok := fields[name].([]any); ok {
			*place = []string{}
			for _, v := range list {
				*place = append(*place, v.(string))
			}
		}
	}
	if urls, ok := fields["project_urls"].(map[string]any); ok {
		for label, u := range urls {
			r.ProjectURLs = append(r.ProjectURLs, metadata.ProjectURL{Label: label, URL: u.(string)})
		}
	}
	return r
}

func errorCount(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	errs, ok := err.(metadata.Errors)
	if !ok {
		t.Fatalf("%T is not metadata.Errors", err)
	}
	return len(errs)
}

func TestValidateVectors(t *testing.T) {
	t.Parallel()
	var v struct {
		FromRaw []struct {
			Raw      map[string]any
			Validate bool
			Errors   []string
		} `json:"from_raw"`
		FromEmail []struct {
			Input    string
			Validate bool
			Errors   []string
		} `json:"from_email"`
	}
	vectors(t, "metadata.json", &v)
	for _, r := range v.FromRaw {
		raw := rawFromFields(t, r.Raw)
		err := raw.Validate()
		if r.Validate && errorCount(t, err) != len(r.Errors) {
			t.Errorf("%v: %v, want %q", r.Raw, err, r.Errors)
		}
	}
	for _, r := range v.FromEmail {
		_, err := metadata.ParseStrict([]byte(r.Input))
		if r.Validate && errorCount(t, err) != len(r.Errors) {
			t.Errorf("%q: %v, want %q", r.Input, err, r.Errors)
		}
	}
}
