package cloud

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AWS returns the signer of S3 and of stores that are compatible with it: with
// Signature Version 4, as the Amazon S3 reference describes it. The region is
// AWS_REGION, AWS_DEFAULT_REGION, the profile's, or us-east-1.
func AWS(o Options) *Signer {
	var l lease[awsKeys]
	return &Signer{sign: func(ctx context.Context, req *http.Request) error {
		keys, err := l.get(ctx, o.now(), o.awsKeys)
		if err != nil {
			return err
		}
		signV4(req, keys, o.awsRegion(), "s3", o.now(), nil)
		return nil
	}}
}

// awsKeys are the credentials of Amazon.
type awsKeys struct {
	id, secret string
	session    string // of temporary keys
}

const (
	amzTime      = "20060102T150405Z"
	emptyHash    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	unsignedBody = "UNSIGNED-PAYLOAD"
	algorithmV4  = "AWS4-HMAC-SHA256"
)

// signV4 signs a request's host, its x-amz headers and those named.
func signV4(req *http.Request, keys awsKeys, region, service string, now time.Time, also []string) {
	now = now.UTC()
	hash := emptyHash
	if req.Body != nil && req.Body != http.NoBody {
		hash = unsignedBody
	}
	req.Header.Set("X-Amz-Date", now.Format(amzTime))
	req.Header.Set("X-Amz-Content-Sha256", hash)
	names := append([]string{"host", "x-amz-content-sha256", "x-amz-date"}, also...)
	if keys.session != "" {
		req.Header.Set("X-Amz-Security-Token", keys.session)
		names = append(names, "x-amz-security-token")
	}
	slices.Sort(names)
	signed := strings.Join(names, ";")
	scope := strings.Join([]string{now.Format("20060102"), region, service, "aws4_request"}, "/")
	sum := sha256.Sum256([]byte(canonicalV4(req, names, signed, hash)))
	text := strings.Join([]string{algorithmV4, now.Format(amzTime), scope, hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + keys.secret)
	for _, part := range strings.Split(scope, "/") {
		key = hmacSHA256(key, part)
	}
	signature := hex.EncodeToString(hmacSHA256(key, text))
	req.Header.Set("Authorization", algorithmV4+" Credential="+keys.id+"/"+scope+",SignedHeaders="+signed+",Signature="+signature)
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonicalV4 is the text of a request that is signed.
func canonicalV4(req *http.Request, names []string, signed, hash string) string {
	var b strings.Builder
	path := req.URL.Path
	if path == "" {
		path = "/"
	}
	b.WriteString(req.Method + "\n" + escapeV4(path, true) + "\n" + queryV4(req.URL) + "\n")
	for _, name := range names {
		value := strings.Join(req.Header.Values(name), ",")
		if name == "host" {
			value = hostV4(req)
		}
		b.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	b.WriteString("\n" + signed + "\n" + hash)
	return b.String()
}

// hostV4 is the Host header as it will be sent.
func hostV4(req *http.Request) string {
	if req.Host != "" {
		return req.Host
	}
	return req.URL.Host
}

func queryV4(u *url.URL) string {
	var pairs []string
	for key, values := range u.Query() {
		for _, value := range values {
			pairs = append(pairs, escapeV4(key, false)+"="+escapeV4(value, false))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escapeV4 escapes all but letters, digits and "-._~", and slashes in paths.
func escapeV4(s string, path bool) string {
	const hexadecimal = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0, path && c == '/':
			b.WriteByte(c)
		default:
			b.WriteString("%" + hexadecimal[c>>4:c>>4+1] + hexadecimal[c&15:c&15+1])
		}
	}
	return b.String()
}
