package project

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/workspace"
)

// An agreement is the knowledge that the members of a workspace say of
// themselves what its lock says of them: that needs not be worked out again as
// long as no text of which it follows changes. Texts are known by their digest,
// not by times: all of them are read on every run. Only what follows of the
// texts alone is ever agreed on; see [agreement.has].
type agreement struct {
	path      string // of the file with the digest
	digest    []byte
	workspace *workspace.Workspace
	doubtful  bool
}

// manyMembers is from how many members on comparing digests pays.
const manyMembers = 8

// agreement is that of the target's workspace and a lock, nil if it would not
// pay.
func (r *LockRequest) agreement(text string) *agreement {
	w := r.Target.Workspace
	if w == nil || len(w.Members) < manyMembers || r.Engine.Cache == nil {
		return nil
	}
	t := textHash{Hash: sha256.New()}
	// How members are read, and held against a lock.
	t.add(map[bool]string{false: "1", true: "without metadata"}[r.MetadataFree])
	t.add(w.Root)
	o := r.Engine.Workspaces.Sources
	t.list(len(o.DisabledFor) + 1)
	t.add(map[bool]string{true: "without sources"}[o.Disabled])
	for _, name := range o.DisabledFor {
		t.add(string(name))
	}
	t.add(text)
	t.add(w.File.TOML().Text())
	t.list(len(w.Members))
	for _, m := range w.Members {
		t.add(m.Dir)
		t.add(m.File.TOML().Text())
	}
	return &agreement{path: r.Engine.Cache.Path(cache.Locks, cache.Key(w.Root)), digest: t.Sum(nil), workspace: w}
}

// textHash tells texts apart, and lists of them.
type textHash struct {
	hash.Hash
	buffer [4 << 10]byte
}

func (t *textHash) list(n int) {
	_, _ = t.Write(binary.AppendUvarint(t.buffer[:0], uint64(n)))
}

func (t *textHash) add(text string) {
	t.list(len(text))
	for text != "" {
		n := copy(t.buffer[:], text)
		_, _ = t.Write(t.buffer[:n])
		text = text[n:]
	}
}

// holds reports whether this was agreed on before.
func (a *agreement) holds() bool {
	if a == nil {
		return false
	}
	known, err := fsx.ReadFile(a.path)
	return err == nil && bytes.Equal(known, a.digest)
}

// keep writes it down. It may fail unseen: then it is worked out again.
func (a *agreement) keep() {
	if a == nil || a.doubtful || os.MkdirAll(filepath.Dir(a.path), 0o777) != nil {
		return
	}
	_ = fsx.WriteFile(a.path, a.digest, 0o666)
}

// see takes note of the metadata of a source tree: whether it follows of the
// texts of the workspace alone.
func (a *agreement) see(d *source.Dist, m *resolve.Metadata) {
	switch {
	case a == nil || a.doubtful:
		return
	case m == nil, d.Source.Subdirectory != "", a.workspace.At(d.Source.Location) == nil:
		a.doubtful = true
		return
	}
	a.doubtful = slices.ContainsFunc(m.Requires, a.doubts)
	for _, list := range m.Groups {
		a.doubtful = a.doubtful || slices.ContainsFunc(list, a.doubts)
	}
}

// doubts reports whether more than texts may have decided a requirement: what a
// path leads to, how an index is configured, or variables.
func (a *agreement) doubts(r source.Requirement) bool {
	s := &r.Source
	switch s.Kind {
	case source.Registry:
		return s.Index != ""
	case source.Git, source.URL:
		return s.Written != ""
	case source.Directory:
		return a.workspace.At(s.Location) == nil
	}
	return true
}

// An agreeingReader tells an agreement what a lock is held against.
type agreeingReader struct {
	reader
	*agreement
}

// LocalMetadata implements lock.LocalMetadata.
func (r agreeingReader) LocalMetadata(ctx context.Context, d *source.Dist) (*resolve.Metadata, bool, error) {
	m, dynamic, err := r.reader.LocalMetadata(ctx, d)
	r.see(d, m)
	return m, dynamic, err
}

// BuiltMetadata implements lock.LocalMetadata.
func (r agreeingReader) BuiltMetadata(ctx context.Context, d *source.Dist) (*resolve.Metadata, bool, error) {
	r.see(d, nil)
	return r.reader.BuiltMetadata(ctx, d)
}
