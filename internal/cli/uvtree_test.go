package cli

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tame-py/tame/internal/cmdline"
)

var update = flag.Bool("update", false, "write generated files anew instead of comparing them")

// uvCommands is the command tree of the uv whose behaviour this program has:
// names, no sentences. With TAME_TEST_ORACLE and -update it is asked anew.
const uvCommands = "testdata/uv-commands.txt"

// A uvFlag is what uv's help and completions tell of one flag.
type uvFlag struct {
	name, short, value, env string // "constraints", "c", "CONSTRAINTS", "UV_CONSTRAINT"
	choices                 []string
	aliases                 []string // other names that the help tells
	hidden, many            bool     // many: it may be repeated
}

func (f uvFlag) String() string {
	var b strings.Builder
	if f.short != "" {
		b.WriteString("-" + f.short + " ")
	}
	b.WriteString("--" + f.name)
	if f.many {
		b.WriteString("...")
	}
	if f.value != "" {
		b.WriteString(" <" + f.value + ">")
	}
	for _, part := range [][2]string{{"env", f.env}, {"values", strings.Join(f.choices, ",")}, {"alias", strings.Join(f.aliases, ",")}} {
		if part[1] != "" {
			b.WriteString(" " + part[0] + ":" + part[1])
		}
	}
	if f.hidden {
		b.WriteString(" hidden")
	}
	return b.String()
}

func parseUVFlag(line string) (f uvFlag) {
	for word := range strings.FieldsSeq(line) {
		kind, rest, _ := strings.Cut(word, ":")
		switch {
		case strings.HasPrefix(word, "--"):
			f.name, f.many = strings.CutSuffix(word[2:], "...")
		case strings.HasPrefix(word, "-"):
			f.short = word[1:]
		case strings.HasPrefix(word, "<"):
			f.value = strings.Trim(word, "<>")
		case kind == "env":
			f.env = rest
		case kind == "values":
			f.choices = strings.Split(rest, ",")
		case kind == "alias":
			f.aliases = strings.Split(rest, ",")
		case word == "hidden":
			f.hidden = true
		}
	}
	return f
}

// A uvTree has the flags of every command by its path; "" is uv itself.
type uvTree map[string][]uvFlag

func readUVTree(t *testing.T) uvTree {
	t.Helper()
	text, err := os.ReadFile(uvCommands)
	if err != nil {
		t.Fatal(err)
	}
	tree, path := uvTree{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			path = strings.TrimSpace(strings.TrimPrefix(line, "uv"))
			tree[path] = nil
		default:
			tree[path] = append(tree[path], parseUVFlag(line))
		}
	}
	return tree
}

// TestUVCommandsFile asks a real uv for its command tree and compares or writes
// what is recorded of it.
func TestUVCommandsFile(t *testing.T) {
	t.Parallel()
	uv := os.Getenv("TAME_TEST_ORACLE")
	if uv == "" {
		t.Skip("TAME_TEST_ORACLE names no uv")
	}
	tree := askUV(t, uv)
	var b strings.Builder
	b.WriteString("# The commands of uv " + Behaviour + " with their flags: by its completions, which name hidden ones\n# too, and its help. What uv itself takes is not repeated. Written by `go test ./internal/cli -run TestUVCommandsFile -update`.\n")
	var global []string
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace("uv "+path))
		for _, f := range tree[path] {
			line := "  " + f.String() + "\n"
			if path == "" {
				global = append(global, line)
			} else if slices.Contains(global, line) {
				continue
			}
			b.WriteString(line)
		}
	}
	golden(t, uvCommands, b.String())
}

// golden compares a generated text with the file that holds it, or writes it.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if old := strings.ReplaceAll(string(was), "\r\n", "\n"); old != text {
		t.Errorf("%s is not what it would be now; write it with `go test ./internal/cli -update`. The first difference:\n%s", file, firstDifference(old, text))
	}
}

func firstDifference(old, now string) string {
	a, b := strings.Split(old, "\n"), strings.Split(now, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			at := func(lines []string) string {
				if i < len(lines) {
					return lines[i]
				}
				return "(end)"
			}
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, at(a), at(b))
		}
	}
	return ""
}

func askUV(t *testing.T, uv string) uvTree {
	t.Helper()
	ask := func(args ...string) string {
		c := exec.Command(uv, args...)
		c.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
		c.Dir = t.TempDir()
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %v", c.Args, err)
		}
		return string(out)
	}
	tree := completed(ask("generate-shell-completion", "bash"))
	for path, flags := range tree {
		if path == "help" || strings.HasPrefix(path, "help ") {
			continue
		}
		of := strings.Fields(path)
		if path == "" {
			of = []string{"python", "dir"} // its own help is an overview
		}
		help := ask(append(append([]string{"help"}, of...), "--no-pager")...)
		tree[path] = withHelp(flags, help)
	}
	return tree
}

// completed reads the commands and flags, hidden ones too, out of the script
// for bash.
func completed(script string) uvTree {
	paths := map[string]string{"uv": ""}
	step := regexp.MustCompile(`(?m)^ +(uv[a-z_]*),([a-z-]+)\)\n +cmd="(uv[a-z_]*)"`)
	for again := true; again; {
		again = false
		for _, m := range step.FindAllStringSubmatch(script, -1) {
			if parent, ok := paths[m[1]]; ok && paths[m[3]] == "" {
				paths[m[3]], again = strings.TrimSpace(parent+" "+m[2]), true
			}
		}
	}
	section := regexp.MustCompile(`(?ms)^        (uv[a-z_]*)\)\n +opts="([^"]*)"(.*?)^            ;;`)
	valued := regexp.MustCompile(`(?ms)^                (--[a-z][a-z0-9-]*)\)\n(.*?)^ +;;`)
	words := regexp.MustCompile(`compgen -W "([^"]*)"`)
	tree := uvTree{}
	for _, m := range section.FindAllStringSubmatch(script, -1) {
		path, known := paths[m[1]]
		if !known {
			continue
		}
		values := map[string][]string{}
		for _, v := range valued.FindAllStringSubmatch(m[3], -1) {
			values[v[1]] = []string{}
			if w := words.FindStringSubmatch(v[2]); w != nil {
				values[v[1]] = strings.Fields(w[1])
			}
		}
		var flags []uvFlag
		for word := range strings.FieldsSeq(m[2]) {
			name, long := strings.CutPrefix(word, "--")
			if !long || name == "" {
				continue
			}
			f := uvFlag{name: name, hidden: true}
			if choices, takes := values[word]; takes {
				f.value, f.choices = "VALUE", choices
			}
			flags = append(flags, f)
		}
		slices.SortFunc(flags, func(a, b uvFlag) int { return cmp.Compare(a.name, b.name) })
		tree[path] = slices.CompactFunc(flags, func(a, b uvFlag) bool { return a.name == b.name })
	}
	return tree
}

// withHelp adds what the help tells of flags that it lists.
func withHelp(flags []uvFlag, help string) []uvFlag {
	head := regexp.MustCompile(`^ {2,6}(?:-(\w), )?--([a-z0-9-]+)(\.\.\.)?(?: \[?<([^>]+)>\]?(\.\.\.)?)?\s*$`)
	env := regexp.MustCompile("\\[env:\\s+[`\"]?([A-Z0-9_]+)(=[a-z]+)?[`\"]?=?\\]")
	aliases := regexp.MustCompile(`\[aliases:\s+([^\]]*)\]`)
	flush := func(at *uvFlag, text string) {
		if at == nil {
			return
		}
		if m := env.FindStringSubmatch(text); m != nil {
			at.env = m[1]
		}
		if m := aliases.FindStringSubmatch(text); m != nil {
			for name := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
				at.aliases = append(at.aliases, strings.TrimLeft(name, "-"))
			}
		}
	}
	var at *uvFlag
	var text strings.Builder
	for line := range strings.Lines(help) {
		m := head.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			text.WriteString(line)
			continue
		}
		flush(at, text.String())
		text.Reset()
		i := slices.IndexFunc(flags, func(f uvFlag) bool { return f.name == m[2] })
		if i < 0 {
			at = nil
			continue
		}
		at = &flags[i]
		at.hidden, at.short, at.many = false, m[1], m[3] != "" || m[5] != ""
		if m[4] != "" {
			at.value = m[4]
		}
	}
	flush(at, text.String())
	return flags
}

// A lack is what one command has otherwise than uv's.
type lack struct{ path, what string }

// lacks compares the command tree with uv's.
func lacks(a *app, root *cobra.Command, tree uvTree) (out []lack) {
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		node := found(root, path)
		if node == nil {
			out = append(out, lack{path, "no such command"})
			continue
		}
		own := flagsOf(a, node)
		for _, f := range tree[path] {
			if f.name == "help" || f.name == "version" {
				continue
			}
			for _, what := range compareFlag(own, f) {
				out = append(out, lack{path, what})
			}
		}
	}
	return out
}

func found(root *cobra.Command, path string) *cobra.Command {
	at := root
	for word := range strings.FieldsSeq(path) {
		if at = child(at, word); at == nil {
			return nil
		}
	}
	return at
}

// flagsOf are all flags of a command by their names.
func flagsOf(a *app, node *cobra.Command) map[string]*pflag.Flag {
	out := map[string]*pflag.Flag{}
	add := func(f *pflag.Flag) { out[f.Name] = f }
	node.Root().PersistentFlags().VisitAll(add)
	for _, sub := range node.Commands() { // a group takes what all of it takes
		if c := a.nodes[sub]; c.prepare != nil && a.nodes[node].prepare == nil {
			maps.Copy(out, flagsOf(a, sub))
		}
	}
	if c := a.nodes[node]; c.prepare != nil {
		f := newFlags(pflag.NewFlagSet("", pflag.ContinueOnError), a.getenv, true)
		c.prepare(f)
		f.Set.VisitAll(add)
	}
	return out
}

func compareFlag(own map[string]*pflag.Flag, f uvFlag) (out []string) {
	mine := own[f.name]
	if mine == nil {
		return []string{"no --" + f.name}
	}
	for _, alias := range f.aliases {
		if len(alias) > 1 && own[alias] == nil {
			out = append(out, "no --"+alias+", the alias of --"+f.name)
		}
	}
	if f.short != "" && mine.Shorthand != f.short {
		out = append(out, "no -"+f.short+" for --"+f.name)
	}
	if takes := mine.NoOptDefVal == ""; takes != (f.value != "") {
		out = append(out, fmt.Sprintf("--%s takes a value: %t", f.name, takes))
	}
	if f.env != "" && cmdline.Note(mine, cmdline.NoteEnv) != f.env {
		out = append(out, fmt.Sprintf("--%s names the variable %q and not %s", f.name, cmdline.Note(mine, cmdline.NoteEnv), f.env))
	}
	shown := func(other *pflag.Flag) bool { return other.Value == mine.Value && !other.Hidden }
	if !f.hidden && !slices.ContainsFunc(slices.Collect(maps.Values(own)), shown) {
		out = append(out, "--"+f.name+" is hidden")
	}
	for _, c := range f.choices {
		if cmdline.CheckChoice(mine, c) != nil {
			out = append(out, "--"+f.name+" does not take "+c)
		}
	}
	return out
}

// excused says why something is otherwise than uv has it; docs/differences.md
// names what a user could miss.
func excused(l lack) string {
	switch l.path + ": " + l.what {
	case `run: --script names the variable "" and not UV_FROZEN`, `run: --with names the variable "" and not UV_NO_ENV_FILE`:
		return "uv's help names the variable below the wrong flag; `--frozen` and `--no-env-file` have it"
	case "workspace metadata: no --sync":
		return "not yet, see [differences](../differences.md)"
	}
	return ""
}

// TestNothingOfUVIsMissing holds the command tree against uv's and keeps the
// table of both.
func TestNothingOfUVIsMissing(t *testing.T) {
	t.Parallel()
	a := newApp([]string{"tame"}, nil, Stdio{})
	root, tree := a.tree(), readUVTree(t)
	missing := lacks(a, root, tree)
	for _, l := range missing {
		if excused(l) == "" {
			t.Errorf("uv %s: %s", l.path, l.what)
		}
	}
	golden(t, "../../docs/reference/uv-commands.md", uvTable(a, root, tree, missing))
}

// uvTable is the table of uv's commands and flags against ours.
func uvTable(a *app, root *cobra.Command, tree uvTree, missing []lack) string {
	var b strings.Builder
	b.WriteString("<!-- Generated by `go test ./internal/cli -update`; do not edit. -->\n\n# The commands of uv " + Behaviour + " and tame\n\n" +
		"Every command and flag of uv, hidden ones too, as its completions and help name them, held against tame's: names, short\n" +
		"names, whether a value is taken, which values, and the variable behind it.\n\n")
	flags := 0
	for _, list := range tree {
		flags += len(list)
	}
	fmt.Fprintf(&b, "uv has %d commands with %d flags (those that all commands take are counted once). Otherwise in tame: %d.\n\n", len(tree)-1, flags, len(missing))
	b.WriteString("| command | otherwise | why |\n|---|---|---|\n")
	for _, l := range missing {
		fmt.Fprintf(&b, "| `uv %s` | %s | %s |\n", l.path, strings.ReplaceAll(l.what, `""`, "none"), excused(l))
	}
	b.WriteString("\n## All of them\n\n| command | flags of uv | of these in tame | beyond uv |\n|---|---|---|---|\n")
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		node := found(root, path)
		if node == nil {
			continue
		}
		there := len(tree[path])
		for _, l := range missing {
			if l.path == path && strings.HasPrefix(l.what, "no --") {
				there--
			}
		}
		fmt.Fprintf(&b, "| `%s` | %d | %d | %s |\n", strings.TrimSpace("uv "+path), len(tree[path]), there, strings.Join(beyond(a, node, tree[path], tree[""]), " "))
	}
	b.WriteString("\nCommands beyond uv:")
	for _, c := range commands() {
		if _, uvs := tree[c.path]; !uvs && !c.hidden {
			b.WriteString(" `" + c.path + "`")
		}
	}
	b.WriteString("\n\n## Flags by command\n")
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		fmt.Fprintf(&b, "\n### %s\n\n```text\n", strings.TrimSpace("uv "+path))
		for _, f := range tree[path] {
			b.WriteString(shortened(f).String() + "\n")
		}
		b.WriteString("```\n")
	}
	return b.String()
}

// shortened leaves out all but a few of very many values.
func shortened(f uvFlag) uvFlag {
	if len(f.choices) > 8 {
		f.choices = append(slices.Clone(f.choices[:4]), fmt.Sprintf("and-%d-more", len(f.choices)-4))
	}
	return f
}

// beyond are the visible flags of a command that uv does not have.
func beyond(a *app, node *cobra.Command, list, global []uvFlag) []string {
	if a.nodes[node].prepare == nil {
		return nil
	}
	var out []string
	for name, f := range flagsOf(a, node) {
		uvs := func(u uvFlag) bool { return u.name == name }
		if !f.Hidden && !slices.ContainsFunc(list, uvs) && !slices.ContainsFunc(global, uvs) {
			out = append(out, "`--"+name+"`")
		}
	}
	slices.Sort(out)
	return out
}
