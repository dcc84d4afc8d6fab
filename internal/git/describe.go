package git

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNoTag says that a directory is in no repository, or in one without a tag
// that fits.
var ErrNoTag = errors.New("no tag of git leads here")

// A Description is where the work tree of a repository stands.
type Description struct {
	Tag     string // the nearest one behind the commit
	Commits int    // since the tag
	Commit  string // short
	Dirty   bool   // files that are followed were changed
}

// Describe says how the directory's commit is reached from a tag that begins
// with a prefix. The error matches [ErrNoTag] if there is none.
func (l Local) Describe(ctx context.Context, prefix string) (*Description, error) {
	out, err := l.Run(ctx, "describe", "--tags", "--long", "--dirty", "--abbrev=7", "--match", globQuoted(prefix)+"*")
	var failed *localError
	switch {
	case errors.As(err, &failed):
		return nil, fmt.Errorf("%w (%s)", ErrNoTag, strings.TrimPrefix(strings.TrimSpace(failed.stderr), "fatal: "))
	case err != nil:
		return nil, err
	}
	text := strings.TrimSpace(out)
	clean, dirty := strings.CutSuffix(text, "-dirty")
	rest, commit, ok := cutLast(clean, "-g")
	tag, count, ok2 := cutLast(rest, "-")
	n, err := strconv.Atoi(count)
	if !ok || !ok2 || err != nil {
		return nil, fmt.Errorf("git describes the directory as %q", text)
	}
	return &Description{Tag: tag, Commits: n, Commit: commit, Dirty: dirty}, nil
}

func cutLast(text, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// globQuoted takes the meaning from characters that are special in patterns.
func globQuoted(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(text)
}
