package cli

import (
	"path/filepath"
	"strings"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pyname"
)

// writeCompiled writes the result into the output file and prints it, unless
// it is in a file and little is to be printed.
func (a *app) writeCompiled(s *compileSettings, e *engine.Engine, c *pip.Compiled) error {
	render := s.renderText
	if s.format == "pylock.toml" {
		s.warnUnsupported()
		render = s.renderLock
	}
	plain := render(e, c, ui.Palette{})
	if s.output == "" || a.print.Level >= ui.Normal {
		shown := plain
		if a.print.OutColor.On() {
			shown = render(e, c, a.print.OutColor)
		}
		a.print.Result([]byte(shown))
	}
	if s.output == "" {
		return nil
	}
	return a.writeOutput(s.output, []byte(plain))
}

// renderText is the result as a requirements file.
func (s *compileSettings) renderText(e *engine.Engine, c *pip.Compiled, color ui.Palette) string {
	p := &s.Pip
	var b strings.Builder
	b.WriteString(s.header(color))
	if isTrue(p.EmitMarkerExpression) {
		if m := c.Conditions(); !m.IsTrue() {
			b.WriteString(color.Green("# Pinned dependencies known to be valid for:") + "\n" + color.Green("#    "+m.String()) + "\n")
		}
	}
	b.WriteString(s.preamble(e, c).String())
	b.WriteString(c.Text(pip.TextFormat{
		Extras: isTrue(p.NoStripExtras), Markers: isTrue(p.NoStripMarkers) || c.Env == nil, Hashes: isTrue(p.GenerateHashes),
		Annotations: !isTrue(p.NoAnnotate), OneLine: text(p.AnnotationStyle) == "line",
		Index: isTrue(p.EmitIndexAnnotation), Omit: s.omitted(), Comment: color.Green,
	}))
	b.WriteString(s.footer(c, color))
	return b.String()
}

// renderLock is the result as a pylock.toml.
func (s *compileSettings) renderLock(_ *engine.Engine, c *pip.Compiled, color ui.Palette) string {
	dir := s.app.dir
	if s.output != "" {
		dir = filepath.Dir(s.app.path(s.output))
	}
	return s.header(color) + string(c.Lock(s.app.name, dir, s.omitted()).Bytes()) + s.footer(c, color)
}

func (s *compileSettings) omitted() map[pyname.Package]bool {
	out := map[pyname.Package]bool{}
	for _, name := range s.omit {
		out[name] = true
	}
	return out
}

func (s *compileSettings) header(color ui.Palette) string {
	if isTrue(s.Pip.NoHeader) {
		return ""
	}
	h := pip.Header{
		Program: s.app.name, Args: s.app.args, Command: text(s.Pip.CustomCompileCommand),
		IndexURLs: isTrue(s.Pip.EmitIndexURL), FindLinks: isTrue(s.Pip.EmitFindLinks),
	}
	out := ""
	for _, line := range h.Lines() {
		out += color.Green(line) + "\n"
	}
	return out
}

// footer names the packages that were left out.
func (s *compileSettings) footer(c *pip.Compiled, color ui.Palette) string {
	out := ""
	for _, name := range s.omit {
		if c.Contains(name) {
			out += "# " + string(name) + "\n"
		}
	}
	if out == "" || isTrue(s.Pip.NoAnnotate) {
		return ""
	}
	return "\n" + color.Green("# The following packages were excluded from the output:") + "\n" + out
}

func (s *compileSettings) preamble(e *engine.Engine, c *pip.Compiled) *pip.Preamble {
	p := &pip.Preamble{}
	l := e.Index.Locations()
	if isTrue(s.Pip.EmitIndexURL) && !l.NoIndex {
		p.Indexes = l.Searched()
	}
	if isTrue(s.Pip.EmitFindLinks) {
		p.FindLinks = l.FindLinks
	}
	if isTrue(s.Pip.EmitBuildOptions) {
		p.NoBinary = selectedNames(c.Policy.NoBinary, s.Pip.NoBinary, c.Inputs.Options.NoBinary)
		p.OnlyBinary = selectedNames(c.Policy.NoBuild, s.Pip.OnlyBinary, c.Inputs.Options.OnlyBinary)
	}
	return p
}

// selectedNames are the names of a selection in the order in which lists
// mention them.
func selectedNames(s index.Selection, lists ...[]string) []string {
	if s.All {
		return []string{":all:"}
	}
	var out []string
	seen := map[pyname.Package]bool{}
	for _, list := range lists {
		for _, text := range list {
			name := pyname.Package(pyname.Normalize(text))
			if s.Packages[name] && !seen[name] {
				seen[name] = true
				out = append(out, string(name))
			}
		}
	}
	return out
}

// warnUnsupported tells which options mean nothing in a pylock.toml.
func (s *compileSettings) warnUnsupported() {
	p := &s.Pip
	for _, option := range []struct {
		name string
		on   *bool
	}{
		{"emit-marker-expression", p.EmitMarkerExpression},
		{"emit-index-url", p.EmitIndexURL},
		{"emit-find-links", p.EmitFindLinks},
		{"emit-build-options", p.EmitBuildOptions},
		{"emit-index-annotation", p.EmitIndexAnnotation},
	} {
		if isTrue(option.on) {
			s.app.print.Warn("The `--%s` option is not supported for `pylock.toml` output", option.name)
		}
	}
}
