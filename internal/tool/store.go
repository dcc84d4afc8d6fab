// Package tool keeps Python programs that are installed for a user rather than
// for a project: each in an environment of its own, with its executables in a
// folder on the PATH.
//
// A [Store] is the folder of the environments. In each lies a [Receipt], which
// tells how it was made. Folders and receipts are uv's, so that both programs
// see the same tools.
package tool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Store is the folder that the environments of tools lie in, and the one for
// their executables.
type Store struct {
	Root string
	Bin  string // empty if there is no home to put it in
}

// DefaultStore is the store that the environment asks for: UV_TOOL_DIR, else
// tools in uv's data directory; UV_TOOL_BIN_DIR, else where all executables of
// a user lie. Relative paths are taken from dir.
func DefaultStore(getenv func(string) string, dir string) Store {
	s := Store{Root: getenv("UV_TOOL_DIR")}
	if s.Root == "" {
		s.Root = filepath.Join(managed.DataDir(getenv, dir), "tools")
	} else if !filepath.IsAbs(s.Root) {
		s.Root = filepath.Join(dir, s.Root)
	}
	if s.Bin = getenv("UV_TOOL_BIN_DIR"); s.Bin == "" {
		s.Bin, _ = managed.UserBinDir(getenv)
	} else if !filepath.IsAbs(s.Bin) {
		s.Bin = filepath.Join(dir, s.Bin)
	}
	return s
}

// Dir is the environment of a tool, which need not exist.
func (s Store) Dir(name pyname.Package) string { return filepath.Join(s.Root, string(name)) }

// Init makes the folder, if it is not there.
func (s Store) Init() error {
	if err := os.MkdirAll(s.Root, 0o755); err != nil {
		return err
	}
	ignore := filepath.Join(s.Root, ".gitignore")
	if _, err := os.Stat(ignore); err == nil {
		return nil
	}
	return fsx.WriteFile(ignore, []byte("*"), 0o644)
}

// Lock keeps other processes from changing the store. The folder must exist.
func (s Store) Lock(ctx context.Context, o fsx.LockOptions) (*fsx.Lock, error) {
	l, err := fsx.Acquire(ctx, filepath.Join(s.Root, ".lock"), fsx.Exclusive, o)
	if err != nil {
		return nil, fmt.Errorf("failed to lock the tools at `%s`: %w", s.Root, err)
	}
	return l, nil
}

// A ReceiptError reports a tool whose receipt is missing or cannot be read.
type ReceiptError struct {
	Name pyname.Package
	Err  error // matches fs.ErrNotExist if it is missing
}

func (e *ReceiptError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return fmt.Sprintf("the tool `%s` has no receipt", e.Name)
	}
	return fmt.Sprintf("the receipt of the tool `%s` cannot be read: %v", e.Name, e.Err)
}

func (e *ReceiptError) Unwrap() error { return e.Err }

// Receipt reads the receipt of a tool. The error matches fs.ErrNotExist if the
// tool is not installed; a tool that is, but has no good receipt, gives a
// *ReceiptError.
func (s Store) Receipt(name pyname.Package) (*Receipt, error) {
	if name == "" {
		return nil, fs.ErrNotExist // its folder would be that of all tools
	}
	path := filepath.Join(s.Dir(name), ReceiptName)
	text, err := os.ReadFile(path)
	if err != nil {
		if _, absent := os.Stat(s.Dir(name)); absent != nil {
			return nil, absent
		}
		return nil, &ReceiptError{name, err}
	}
	r, err := ParseReceipt(path, text)
	if err != nil {
		return nil, &ReceiptError{name, err}
	}
	return r, nil
}

// WriteReceipt writes the receipt of a tool.
func (s Store) WriteReceipt(name pyname.Package, r *Receipt) error {
	return fsx.WriteFile(filepath.Join(s.Dir(name), ReceiptName), r.Bytes(), 0o644)
}

// An Entry is a tool of a store, with its receipt or why there is none.
type Entry struct {
	Name    pyname.Package
	Receipt *Receipt
	Err     error
}

// List returns the tools, sorted by name. A store that does not exist is empty.
func (s Store) List() ([]Entry, error) {
	dirs, err := os.ReadDir(s.Root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("failed to read the tools at `%s`: %w", s.Root, err)
	}
	var out []Entry
	for _, d := range dirs {
		if !d.IsDir() {
			continue
		}
		name, err := pyname.ParsePackage(d.Name())
		if err != nil {
			continue
		}
		e := Entry{Name: name}
		e.Receipt, e.Err = s.Receipt(name)
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) })
	return out, nil
}

// Remove deletes the environment of a tool.
func (s Store) Remove(name pyname.Package) error {
	if name == "" {
		return errors.New("a tool without a name cannot be removed") // its folder would be that of all tools
	}
	_, err := fsx.RemoveAll(s.Dir(name), nil)
	return err
}
