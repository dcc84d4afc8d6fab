package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/packaging/pyname"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	e := NewEnv([]string{
		"UV_OFFLINE=Yes", "UV_FROZEN=0", "UV_HTTP_TIMEOUT=7", "UV_CONCURRENT_BUILDS=3", "UV_HTTP_RETRIES=0",
		"UV_NO_BINARY_PACKAGE=A_b  c", "UV_FIND_LINKS=a b,c", "UV_EXTRA_INDEX_URL=x y", "UV_HTTP_CONNECT_TIMEOUT=", "=odd",
	})
	v, err := e.Variables()
	if err != nil {
		t.Fatal(err)
	}
	if !*v.Offline || *v.Frozen || v.Locked != nil || *v.HTTPTimeout != 7*time.Second || *v.UploadTimeout != 7*time.Second ||
		v.HTTPConnectTimeout != nil || *v.ConcurrentBuilds != 3 || *v.HTTPRetries != 0 {
		t.Errorf("got %+v", v)
	}
	if diff := cmp.Diff([]pyname.Package{"a-b", "c"}, v.NoBinaryPackage); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"a b", "c"}, {"x", "y"}, nil}, [][]string{e.List("UV_FIND_LINKS"), e.List("UV_EXTRA_INDEX_URL"), e.List("UV_INDEX")}); diff != "" {
		t.Error(diff)
	}
}

func TestVariableErrors(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		"UV_OFFLINE=x":               "failed to parse environment variable `UV_OFFLINE` with invalid value `x`: expected a boolish value",
		"UV_OFFLINE=":                "failed to parse environment variable `UV_OFFLINE` with invalid value ``: expected a boolish value",
		"UV_NO_SYSTEM_CONFIG=":       "failed to parse environment variable `UV_NO_SYSTEM_CONFIG` with invalid value ``: expected a boolish value",
		"UV_OFFLINE=\xff":            "failed to parse environment variable `UV_OFFLINE` with invalid value `\uFFFD`: expected a valid UTF-8 string",
		"UV_HTTP_TIMEOUT=x":          "failed to parse environment variable `UV_HTTP_TIMEOUT` with invalid value `x`: invalid digit found in string; value should be an integer number of seconds",
		"UV_CONCURRENT_DOWNLOADS=0":  "failed to parse environment variable `UV_CONCURRENT_DOWNLOADS` with invalid value `0`: number would be zero for non-zero type",
		"UV_HTTP_RETRIES=-1":         "failed to parse environment variable `UV_HTTP_RETRIES` with invalid value `-1`: invalid digit found in string",
		"UV_HTTP_RETRIES=9999999999": "failed to parse environment variable `UV_HTTP_RETRIES` with invalid value `9999999999`: number too large to fit in target type",
		"UV_NO_GROUP=a -":            "failed to parse environment variable `UV_NO_GROUP` with invalid value `a -`: not a valid group name: \"-\"; names start and end with a letter or digit and may only contain -, _, ., and alphanumeric characters",
	} {
		if _, err := NewEnv([]string{entry}).Variables(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", entry, err, want)
		}
	}
}
