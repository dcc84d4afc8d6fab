package cloud

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The examples of the Amazon S3 reference, "Signature calculations".
func TestSignatureVersion4(t *testing.T) {
	t.Parallel()
	keys := awsKeys{id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ url, header, want string }{
		{"https://examplebucket.s3.amazonaws.com/test.txt", "range", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"https://examplebucket.s3.amazonaws.com/?lifecycle", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		req := request(t, c.url)
		var also []string
		if c.header != "" {
			req.Header.Set("Range", "bytes=0-9")
			also = []string{"range"}
		}
		signV4(req, keys, "us-east-1", "s3", now, also)
		_, got, _ := strings.Cut(req.Header.Get("Authorization"), "Signature=")
		if got != c.want {
			t.Errorf("%s: signature %s, want %s", c.url, got, c.want)
		}
	}
}

func TestEscapeV4(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"/a b+c/ü~": "/a%20b%2Bc/%C3%BC~", "x-1_2.whl": "x-1_2.whl", "a%2Fb": "a%252Fb"} {
		if got := escapeV4(in, true); got != want {
			t.Errorf("escapeV4(%q) = %q, want %q", in, got, want)
		}
	}
	if got := escapeV4("a/b", false); got != "a%2Fb" {
		t.Errorf("in queries a slash is %q", got)
	}
}

func request(t *testing.T, rawURL string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, rawURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// A world is what a signer sees.
type world struct {
	mu      sync.Mutex
	env     map[string]string
	answers map[string]string // by method and URL
	asked   []Request
}

func (w *world) options(t *testing.T) Options {
	t.Helper()
	if w.env == nil {
		w.env = map[string]string{}
	}
	w.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://machine"
	return Options{
		Getenv:  func(name string) string { return w.env[name] },
		Environ: []string{"PATH=/nonexistent"},
		Now:     func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC) },
		Fetch: func(_ context.Context, r Request) (int, []byte, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked = append(w.asked, r)
			text, ok := w.answers[r.Method+" "+r.URL]
			if !ok {
				return http.StatusNotFound, []byte(`{"error":"invalid_grant","secret":"sesame"}`), nil
			}
			return http.StatusOK, []byte(text), nil
		},
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const awsJSON = `{"AccessKeyId":"ID","SecretAccessKey":"KEY","Token":"SESSION","Expiration":"2030-01-02T04:00:00Z"}`

func TestAWSKeys(t *testing.T) {
	t.Parallel()
	config := "# comment\n[default]\nregion = eu-west-1\n\n[profile  work]\nregion=eu-west-2\ncredential_process = echo '" + awsJSON + "'\n[profile bad]\ncredential_process = exit 3\n"
	credentials := "[default]\naws_access_key_id = A\naws_secret_access_key = B\n[other]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n"
	sts := "<R xmlns='x'><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ID</AccessKeyId><SecretAccessKey>KEY</SecretAccessKey>" +
		"<SessionToken>SESSION</SessionToken><Expiration>2030-01-02T04:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></R>"
	files := map[string]string{"AWS_CONFIG_FILE": write(t, config), "AWS_SHARED_CREDENTIALS_FILE": write(t, credentials)}
	given := awsKeys{"ID", "KEY", "SESSION"}
	for _, c := range []struct {
		name, region string
		files        bool
		env, answers map[string]string
		want         awsKeys
		fails        string
	}{
		{name: "environment", files: true, env: map[string]string{"AWS_ACCESS_KEY_ID": "1", "AWS_SECRET_ACCESS_KEY": "2", "AWS_REGION": "here"}, want: awsKeys{"1", "2", ""}, region: "here"},
		{name: "default region", files: true, env: map[string]string{"AWS_ACCESS_KEY_ID": "1", "AWS_SECRET_ACCESS_KEY": "2", "AWS_DEFAULT_REGION": "there"}, want: awsKeys{"1", "2", ""}, region: "there"},
		{name: "default profile", files: true, want: awsKeys{"A", "B", ""}, region: "eu-west-1"},
		{name: "named profile", files: true, env: map[string]string{"AWS_PROFILE": "other"}, want: awsKeys{"C", "D", "E"}, region: "us-east-1"},
		{name: "program", files: true, env: map[string]string{"AWS_PROFILE": "work"}, want: given, region: "eu-west-2"},
		{name: "program that fails", files: true, env: map[string]string{"AWS_PROFILE": "bad"}, fails: "the credential_process of the profile `bad`", region: "us-east-1"},
		{
			name: "web identity", env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": write(t, "jwt\n"), "AWS_ROLE_ARN": "role", "AWS_ENDPOINT_URL_STS": "http://sts"},
			answers: map[string]string{"POST http://sts/": sts}, want: given, region: "us-east-1",
		},
		{
			name: "web identity that is refused", env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": write(t, "sesame"), "AWS_ROLE_ARN": "role"},
			fails: "the role `role` is not given for the web identity: status 404", region: "us-east-1",
		},
		{
			name: "container", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"},
			answers: map[string]string{"GET http://169.254.170.2/v2/x": awsJSON}, want: given, region: "us-east-1",
		},
		{name: "container elsewhere", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/x"}, fails: "neither https nor on this machine", region: "us-east-1"},
		{name: "machine", answers: map[string]string{
			"PUT http://machine/latest/api/token":                               "t",
			"GET http://machine/latest/meta-data/iam/security-credentials/":     "role\n",
			"GET http://machine/latest/meta-data/iam/security-credentials/role": awsJSON,
		}, want: given, region: "us-east-1"},
		{name: "nothing", env: map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, fails: "there are no credentials for S3", region: "us-east-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && strings.HasPrefix(c.name, "program") {
				t.Skip("the program is one of a POSIX shell")
			}
			w := &world{env: c.env, answers: c.answers}
			o := w.options(t)
			o.Environ = []string{"PATH=/bin:/usr/bin"}
			if c.files {
				for name, path := range files {
					w.env[name] = path
				}
			}
			got, _, err := o.awsKeys(t.Context())
			if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
				t.Errorf("error %v, want %q", err, c.fails)
			}
			if err != nil && strings.Contains(err.Error(), "sesame") {
				t.Errorf("the error shows a secret: %v", err)
			}
			if err == nil && got != c.want {
				t.Errorf("keys %v, want %v", got, c.want)
			}
			if region := o.awsRegion(); region != c.region {
				t.Errorf("region %s, want %s", region, c.region)
			}
		})
	}
}

// A login of the AWS tools, whose tokens lie in a cache by the SHA-1 of the
// session's name.
func TestAWSLogin(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	config := "[profile new]\nsso_session = mine\nsso_account_id = 1\nsso_role_name = r\n[sso-session mine]\nsso_region = eu-west-1\nsso_start_url = https://a.example/\n" +
		"[profile old]\nsso_start_url = https://b.example/\nsso_region = eu-west-2\nsso_account_id = 1\nsso_role_name = r\n"
	if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	login := func(name, until string) {
		sum := sha1.Sum([]byte(name))
		text := `{"accessToken":"sesame","expiresAt":"` + until + `"}`
		if err := os.WriteFile(filepath.Join(cache, hex.EncodeToString(sum[:])+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	login("mine", "2031-01-01T00:00:00Z")
	login("https://b.example/", "2029-01-01T00:00:00Z")
	answers := map[string]string{
		"GET https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id=1&role_name=r": `{"roleCredentials":{"accessKeyId":"ID","secretAccessKey":"KEY","sessionToken":"SESSION","expiration":1900000000000}}`,
	}
	for profile, want := range map[string]string{"new": "", "old": "the login of the profile `old` has expired"} {
		w := &world{env: map[string]string{"HOME": home, "USERPROFILE": home, "AWS_PROFILE": profile}, answers: answers}
		o := w.options(t)
		keys, until, err := o.awsKeys(t.Context())
		switch {
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s: error %v, want %q", profile, err, want)
		case want == "" && (err != nil || keys != awsKeys{"ID", "KEY", "SESSION"} || until.Unix() != 1900000000):
			t.Errorf("%s: %v until %v, %v", profile, keys, until, err)
		}
	}
}

// Credentials are looked for once, and again before they expire.
func TestLease(t *testing.T) {
	t.Parallel()
	var l lease[int]
	now, calls := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), 0
	renew := func(context.Context) (int, time.Time, error) {
		calls++
		return calls, now.Add(time.Hour), nil
	}
	var got []int
	for _, later := range []time.Duration{0, 50 * time.Minute, 59 * time.Minute} {
		v, err := l.get(t.Context(), now.Add(later), renew)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	if d := cmp.Diff([]int{1, 1, 2}, got); d != "" {
		t.Error(d)
	}
	var failing lease[int]
	tries := 0
	for range 3 {
		_, err := failing.get(t.Context(), now, func(context.Context) (int, time.Time, error) {
			tries++
			return 0, time.Time{}, errUnset
		})
		if !errors.Is(err, errUnset) {
			t.Errorf("error %v", err)
		}
	}
	if tries != 1 {
		t.Errorf("what is not there was looked for %d times", tries)
	}
}

func sign(t *testing.T, s *Signer, rawURL string) (*http.Request, error) {
	t.Helper()
	req := request(t, rawURL)
	return req, s.Sign(t.Context(), req)
}

func TestAWSSigner(t *testing.T) {
	t.Parallel()
	w := &world{env: map[string]string{"AWS_ACCESS_KEY_ID": "ID", "AWS_SECRET_ACCESS_KEY": "KEY", "AWS_SESSION_TOKEN": "SESSION"}}
	req, err := sign(t, AWS(w.options(t)), "https://bucket.example.com/a/b c.whl")
	if err != nil {
		t.Fatal(err)
	}
	want := "AWS4-HMAC-SHA256 Credential=ID/20300102/us-east-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,Signature="
	if got := req.Header.Get("Authorization"); !strings.HasPrefix(got, want) {
		t.Errorf("Authorization %s", got)
	}
	if got := req.Header.Get("X-Amz-Security-Token"); got != "SESSION" {
		t.Errorf("session %q", got)
	}
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	account, _ := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "me@example.com", "token_uri": "http://google/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "private_key_id": "1",
	})
	person := `{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r","token_uri":"http://google/token"}`
	answers := map[string]string{
		"POST http://google/token": `{"access_token":"T","expires_in":3600}`,
		"GET http://meta/computeMetadata/v1/instance/service-accounts/default/token?scopes=" + url.QueryEscape(googleScope): `{"access_token":"T","expires_in":3600}`,
	}
	for name, file := range map[string]string{"account": string(account), "person": person, "machine": ""} {
		w := &world{env: map[string]string{"GCE_METADATA_HOST": "meta"}, answers: answers}
		if file != "" {
			w.env["GOOGLE_APPLICATION_CREDENTIALS"] = write(t, file)
		}
		s := Google(w.options(t))
		for range 2 {
			req, err := sign(t, s, "https://storage.example.com/x")
			if err != nil || req.Header.Get("Authorization") != "Bearer T" {
				t.Errorf("%s: %v, Authorization %q", name, err, req.Header.Get("Authorization"))
			}
		}
		if len(w.asked) != 1 {
			t.Errorf("%s: %d requests for one token", name, len(w.asked))
		}
		if name == "account" {
			checkAssertion(t, &key.PublicKey, w.asked[0].Body)
		}
	}
	for _, c := range []struct{ file, want string }{
		{person, "no token from http://google/token: status 404, invalid_grant"},
		{`{"type":"other","private_key":"sesame"}`, `of the type "other"`},
		{`{"type":"service_account","private_key":"sesame"}`, "the private key is not PEM"},
		{`{"sesame`, "not valid JSON"},
	} {
		w := &world{env: map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": write(t, c.file)}}
		_, err := sign(t, Google(w.options(t)), "https://storage.example.com/x")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

func checkAssertion(t *testing.T, key *rsa.PublicKey, body string) {
	t.Helper()
	form, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	text, encoded, _ := cutLast(form.Get("assertion"))
	signature, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func TestAzure(t *testing.T) {
	t.Parallel()
	token := map[string]string{"POST http://entra/tenant/oauth2/v2.0/token": `{"access_token":"T","expires_in":"3599"}`}
	application := map[string]string{"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "c", "AZURE_AUTHORITY_HOST": "http://entra/"}
	with := func(name, value string) map[string]string {
		out := map[string]string{name: value}
		for k, v := range application {
			out[k] = v
		}
		return out
	}
	for _, c := range []struct {
		name                 string
		env, answers         map[string]string
		authorization, query string
		fails                string
	}{
		{
			name: "key", env: map[string]string{"AZURE_STORAGE_ACCOUNT_NAME": "me", "AZURE_STORAGE_ACCOUNT_KEY": "c2VjcmV0"},
			authorization: "SharedKey me:tb0qetvhjMc+DutLof4SDVdwNzSClY0QMZUgw5aVKj4=", query: "b=2&a=1",
		},
		{name: "key that is none", env: map[string]string{"AZBLOB_ACCOUNT_NAME": "me", "AZBLOB_ACCOUNT_KEY": "sesame!"}, fails: "not valid base64"},
		{name: "signature", env: map[string]string{"AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=x"}, query: "b=2&a=1&sv=1&sig=x"},
		{name: "token", env: map[string]string{"AZURE_STORAGE_BEARER_TOKEN": "given"}, authorization: "Bearer given", query: "b=2&a=1"},
		{name: "secret", env: with("AZURE_CLIENT_SECRET", "sesame"), answers: token, authorization: "Bearer T", query: "b=2&a=1"},
		{name: "federation", env: with("AZURE_FEDERATED_TOKEN_FILE", write(t, "sesame")), answers: token, authorization: "Bearer T", query: "b=2&a=1"},
		{name: "refused", env: with("AZURE_CLIENT_SECRET", "sesame"), fails: "status 404, invalid_grant"},
		{name: "nothing", fails: "there are no credentials for Azure Storage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := &world{env: c.env, answers: c.answers}
			req, err := sign(t, Azure(w.options(t)), "https://me.blob.example.com/c/x.whl?b=2&a=1")
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || strings.Contains(err.Error(), "sesame") {
					t.Errorf("error %v, want %q", err, c.fails)
				}
				return
			}
			if err != nil || req.Header.Get("Authorization") != c.authorization || req.URL.RawQuery != c.query {
				t.Errorf("%v, Authorization %q, query %q", err, req.Header.Get("Authorization"), req.URL.RawQuery)
			}
		})
	}
}

// The text of the example in the reference "Authorize with Shared Key", as far
// as it is of a GET.
func TestSharedText(t *testing.T) {
	t.Parallel()
	req := request(t, "http://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20")
	req.Header.Set("X-Ms-Date", "Fri, 26 Jun 2015 23:39:12 GMT")
	req.Header.Set("X-Ms-Version", "2015-02-21")
	want := "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n" +
		"/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
	if d := cmp.Diff(want, sharedText(req, "myaccount")); d != "" {
		t.Error(d)
	}
}

func BenchmarkSignV4(b *testing.B) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://bucket.example.com/a/b/c-1.0-py3-none-any.whl", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		signV4(req, awsKeys{id: "ID", secret: "KEY"}, "us-east-1", "s3", time.Unix(1e9, 0), nil)
	}
}
