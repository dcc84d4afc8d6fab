package migrate

import (
	"embed"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"
)

//go:embed testdata
var testdata embed.FS

var update = flag.Bool("update", false, "write what is got into the test data")

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
