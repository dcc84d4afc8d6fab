package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/ui"
)

func cacheVerifyCommand() command {
	return command{
		path: "cache verify", short: "Check what the cache holds against the hashes noted when it was written",
		long: "Reads all unpacked wheels, pages and metadata of this program, and names what is damaged: by a disk, or by somebody who edited a file of an environment that is the same file as that in the cache. Exits with 1 if something is. Other processes may use the cache meanwhile.",
		prepare: func(f *flags) work {
			var fix bool
			var format string
			f.Bool(&fix, "fix", "Remove what is damaged, so that it is fetched again when it is next needed; exits with 0 if all of it could be removed")
			f.Choice(&format, "output-format", "FORMAT", "How to show it", "text", "json")
			return func(ctx context.Context, a *app, _ []string) error { return a.cacheVerify(ctx, fix, format) }
		},
	}
}

// A verifyReport is the result of `cache verify` as JSON.
type verifyReport struct {
	Cache    string           `json:"cache"`
	Archives int64            `json:"archives"`
	Files    int64            `json:"files"`
	Bytes    int64            `json:"bytes"`
	Damaged  []damageReported `json:"damaged"`
}

type damageReported struct {
	Path    string               `json:"path"` // below the cache
	Wheels  []string             `json:"wheels"`
	Problem string               `json:"problem,omitempty"`
	Files   []damageReportedFile `json:"files"`
	Removed bool                 `json:"removed"`
}

type damageReportedFile struct {
	Path    string `json:"path"`
	Problem string `json:"problem"`
}

func (a *app) cacheVerify(ctx context.Context, fix bool, format string) error {
	dir, err := a.cacheRoot()
	if err != nil {
		return err
	}
	r := verifyReport{Cache: a.path(dir), Damaged: []damageReported{}}
	removed := 0
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		a.print.Line("No cache found at: %s", a.print.Color.Cyan(a.shown(r.Cache)))
	} else {
		c, err := cache.Open(ctx, dir, cache.Options{LockTimeout: a.lockTimeout()})
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		if removed, err = r.verify(ctx, c, fix); err != nil {
			return err
		}
	}
	if format == "json" {
		text, err := json.MarshalIndent(&r, "", "  ")
		if err != nil {
			return err
		}
		a.print.Data("%s\n", text)
	} else {
		a.showVerified(&r)
	}
	if removed < len(r.Damaged) {
		return exitStatus(exitFailed)
	}
	return nil
}

// verify looks at the cache, and returns how many damaged parts were removed.
func (r *verifyReport) verify(ctx context.Context, c *cache.Cache, fix bool) (removed int, err error) {
	v, err := c.Verify(ctx)
	if err != nil {
		return 0, err
	}
	r.Archives, r.Files, r.Bytes = v.Archives, v.Files, v.Bytes
	for _, d := range v.Damaged {
		out := damageReported{Wheels: d.Wheels, Problem: d.Problem, Files: []damageReportedFile{}}
		if out.Wheels == nil {
			out.Wheels = []string{}
		}
		rel, err := filepath.Rel(c.Root(), d.Path)
		if err != nil {
			return removed, err
		}
		out.Path = filepath.ToSlash(rel)
		for _, f := range d.Files {
			out.Files = append(out.Files, damageReportedFile(f))
		}
		if fix {
			if err := c.Remove(d); err != nil {
				return removed, err
			}
			out.Removed = true
			removed++
		}
		r.Damaged = append(r.Damaged, out)
	}
	return removed, nil
}

func (a *app) showVerified(r *verifyReport) {
	for _, d := range r.Damaged {
		name := d.Path
		if len(d.Wheels) > 0 {
			name = strings.Join(d.Wheels, ", ") + " (" + d.Path + ")"
		}
		switch {
		case d.Removed:
			name += ": removed"
		case d.Problem != "":
			name += ": " + d.Problem
		}
		a.print.Text("%s\n", name)
		for _, f := range d.Files {
			a.print.Text("  %s: %s\n", f.Path, f.Problem)
		}
	}
	verdict := "all in good order"
	if n := len(r.Damaged); n > 0 {
		verdict = ui.Count(n, "part") + " damaged"
	}
	a.print.Line("Checked %s, %s (%s): %s", ui.Count(int(r.Archives), "wheel"), ui.Count(int(r.Files), "file"), ui.Bytes(r.Bytes), verdict)
	if n := len(r.Damaged); n > 0 && !r.Damaged[0].Removed {
		a.print.Line("Use `%s cache verify --fix` to remove what is damaged", a.name)
	}
}
