package cli

import (
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/migrate"
	"github.com/tame-py/tame/packaging/pep440"
)

// Locks of other tools write versions as somebody typed them: 2.5.0 and 2.5 are
// one.
func TestImportCompare(t *testing.T) {
	t.Parallel()
	version := func(text string) pep440.Version {
		v, err := pep440.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	i := &importing{report: &importReport{}, result: &migrate.Result{Pins: []migrate.Pin{
		{Name: "padded", Version: version("2.5.0")},
		{Name: "other", Version: version("1.0")},
		{Name: "gone", Version: version("1.0")},
	}}}
	registry := lock.Source{Kind: lock.Registry, Location: "https://example.com/simple"}
	i.compare(&lock.Lock{Packages: []lock.Package{
		{Name: "padded", Version: version("2.5"), Source: registry},
		{Name: "other", Version: version("1.1"), Source: registry},
	}})
	if i.report.Locked != 1 || len(i.report.Changed) != 1 || i.report.Changed[0].Name != "other" {
		t.Errorf("%d stayed, %v changed", i.report.Locked, i.report.Changed)
	}
}
