package scaffold

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/toml"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Kind is what a new project is for.
type Kind uint8

// The kinds of projects.
const (
	Application Kind = iota // a package with a command of the project's name
	Flat                    // a main.py, nothing to build
	Library                 // a package without a command, typed
	Bare                    // only a pyproject.toml
	BarePackage             // only a pyproject.toml, with a build system
)

// IsPackage reports whether the project is built.
func (k Kind) IsPackage() bool { return k != Flat && k != Bare }

// An Author of a project. Either part may be empty.
type Author struct {
	Name, Email string
}

// A Project is what its first files are made from.
type Project struct {
	Name           pyname.Package
	Kind           Kind
	Backend        Backend // of kinds that are built
	RequiresPython pep440.Specifiers
	Description    *string // nil for none
	Author         Author  // the zero value for none
	Readme         bool
}

// A File to be written; the name has slashes on every system.
type File struct {
	Name, Text string
}

// Files are the files of the project. The pyproject.toml is the last one, so
// that a project whose making was cut short can be made again.
func (p *Project) Files() []File {
	var files []File
	add := func(name, text string) { files = append(files, File{p.expand(name), p.expand(text)}) }
	switch p.Kind {
	case Flat:
		add("main.py", mainFile)
	case Application, Library:
		for _, f := range p.Backend.files(p.Kind == Library) {
			add(f.Name, f.Text)
		}
	}
	if p.Readme {
		add("README.md", "")
	}
	return append(files, File{"pyproject.toml", p.pyproject()})
}

// Write writes those of the files that are not there yet into a directory.
func (p *Project) Write(dir string) error {
	for _, f := range p.Files() {
		if err := f.Write(dir); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the file into a directory, unless something of that name is
// there.
func (f File) Write(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(f.Name))
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return fsx.WriteFile(path, []byte(f.Text), 0o666)
}

// expand puts the project's name, and that of its module, into a template.
func (p *Project) expand(text string) string {
	return strings.NewReplacer("{name}", string(p.Name), "{module}", p.module()).Replace(text)
}

// module is the name that the project's package is imported by.
func (p *Project) module() string { return strings.ReplaceAll(string(p.Name), "-", "_") }

func (p *Project) pyproject() string {
	var b strings.Builder
	line := func(key, value string) { b.WriteString(key + " = " + value + "\n") }
	text := func(key, value string) { line(key, string(toml.LitString(value))) }
	b.WriteString("[project]\n")
	text("name", string(p.Name))
	text("version", "0.1.0")
	if p.Description != nil {
		text("description", *p.Description)
	}
	if p.Readme {
		text("readme", "README.md")
	}
	if p.Author != (Author{}) {
		line("authors", "[\n    "+p.Author.toml()+"\n]")
	}
	text("requires-python", p.RequiresPython.String())
	line("dependencies", "[]")
	if p.Kind == Application {
		b.WriteString("\n[project.scripts]\n")
		line(string(p.Name), string(toml.LitString(p.module()+":main")))
	}
	if p.Kind.IsPackage() {
		b.WriteString("\n" + p.expand(p.Backend.tables()))
	}
	return b.String()
}

func (a Author) toml() string {
	var fields []toml.Field
	if a.Name != "" {
		fields = append(fields, toml.Field{Key: "name", Value: toml.LitString(a.Name)})
	}
	if a.Email != "" {
		fields = append(fields, toml.Field{Key: "email", Value: toml.LitString(a.Email)})
	}
	return string(toml.LitTable(fields...))
}
