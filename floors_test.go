package tame_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors is a statement of policy: a package imports only packages of lower
// floors, and never one of its own floor. Do not change it to make a build
// pass; move the code instead, or argue for a better seam.
//
// The first line is floor 0.
var floors = []string{
	"internal/brief internal/sha256pair",
	"internal/blake2b internal/par internal/fsx internal/toml internal/archive internal/pubgrub internal/ui internal/cloud internal/pysource internal/stdlib internal/bench/stats internal/bench/machine internal/dotenv internal/shellwords packaging/pyname packaging/pep440 packaging/tags",
	"internal/bundle internal/cache internal/auth internal/cmdline internal/bench/load internal/bench/report internal/bench/truth packaging/marker packaging/simple",
	"internal/web internal/git internal/bench/command internal/bench/server packaging/pep508",
	"internal/managed internal/bench/ab packaging/metadata packaging/requirements packaging/pyproject packaging/pylock",
	"internal/audit internal/bench internal/migrate internal/python internal/scaffold internal/task packaging/dist",
	"internal/venv internal/source internal/publish internal/target internal/backend internal/pypitest",
	"internal/index internal/workspace internal/build internal/install internal/pypitest/cmd/serve",
	"internal/fetch internal/resolve internal/ephemeral internal/watch",
	"internal/engine internal/lock internal/config",
	"internal/advise internal/compare internal/settings",
	"internal/project internal/pip internal/tool",
	"internal/cli",
	"cmd/tame",
}

const module = "github.com/tame-py/tame/"

// Rules that name the only packages allowed to do something.
var (
	onlyImporters = map[string][]string{
		"internal/ui":       {"internal/cli", "internal/cmdline", "internal/bench"},
		"internal/config":   {"internal/cli", "internal/settings"},
		"internal/pypitest": {"internal/pypitest/cmd/serve"},
		"os/exec":           {"internal/python", "internal/git", "internal/build", "internal/auth", "internal/cloud", "internal/install", "internal/cli", "internal/compare", "internal/bench/command", "internal/bench/server"},
	}
	onlyCallers = map[string][]string{
		"os.Getenv":    {"internal/config", "cmd/"},
		"os.LookupEnv": {"internal/config", "cmd/"},
		"os.Environ":   {"internal/config", "cmd/"},
		"os.Exit":      {"cmd/", "internal/pypitest/cmd/"},
		"os.Stdout":    {"cmd/", "internal/pypitest/cmd/"},
		"os.Stderr":    {"cmd/", "internal/pypitest/cmd/"},
	}
)

// longFiles and longFunctions are the exceptions to the limits of size, each
// with its reason.
var (
	longFiles     = map[string]string{}
	longFunctions = map[string]string{}
)

const (
	maxFileLines     = 1000
	maxFunctionLines = 120
)

// A goFile is one parsed source file of the module.
type goFile struct {
	path, pkg string // slash paths from the module's root
	test      bool
	lines     int
	ast       *ast.File
	fset      *token.FileSet
}

func (f goFile) line(p token.Pos) int { return f.fset.Position(p).Line }

// moduleFiles parses every Go file of the module itself. It does not ask the
// go command, because files that a child process reads are not among a test's
// cached inputs, and a broken rule would go unnoticed.
func moduleFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, source, parser.ParseComments)
		if err != nil {
			return err
		}
		slash := filepath.ToSlash(name)
		files = append(files, goFile{
			path: slash, pkg: path.Dir(slash), test: strings.HasSuffix(base, "_test.go"),
			lines: strings.Count(string(source), "\n"), ast: file, fset: fset,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(line string) bool {
		return slices.Contains(strings.Fields(line), pkg)
	})
}

func imports(f goFile) []string {
	var out []string
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func TestFloors(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.pkg == "." {
			continue
		}
		floor := floorOf(f.pkg)
		if floor < 0 {
			t.Errorf("%s: package %s stands on no floor", f.path, f.pkg)
			continue
		}
		if f.test {
			continue
		}
		for _, p := range imports(f) {
			if below, ok := strings.CutPrefix(p, module); ok && floorOf(below) >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d)", f.path, floor, below, floorOf(below))
			}
		}
	}
}

// The standards depend on nothing but each other, so that they are cheap to
// import and easy to trust.
func TestStandardsArePure(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test || !strings.HasPrefix(f.pkg, "packaging/") {
			continue
		}
		for _, p := range imports(f) {
			host, _, _ := strings.Cut(p, "/")
			switch {
			case !strings.Contains(host, "."),
				strings.HasPrefix(p, module+"packaging/"),
				p == module+"internal/toml",
				f.pkg == "packaging/simple" && p == "golang.org/x/net/html",
				f.pkg == "packaging/requirements" && strings.HasPrefix(p, "golang.org/x/text/encoding"):
			default:
				t.Errorf("%s imports %s", f.path, p)
			}
		}
	}
}

func allowed(pkg string, by []string) bool {
	return slices.ContainsFunc(by, func(p string) bool {
		return pkg == p || strings.HasSuffix(p, "/") && strings.HasPrefix(pkg+"/", p)
	})
}

// The measuring of commands and servers could leave the house: of the rest it
// knows the command line, the terminal and the formats of its files, and
// nothing of packages. Of the rest only the command line knows it.
func TestBenchStandsApart(t *testing.T) {
	const household = "internal/bench/"
	uses := []string{"internal/cmdline", "internal/shellwords", "internal/toml", "internal/ui"}
	for _, f := range moduleFiles(t) {
		inside := strings.HasPrefix(f.pkg+"/", household)
		for _, p := range imports(f) {
			p, own := strings.CutPrefix(p, module)
			toBench := strings.HasPrefix(p+"/", household)
			switch {
			case !own || inside == toBench:
			case inside && !slices.Contains(uses, p):
				t.Errorf("%s imports %s: of the module bench may use only %v", f.path, p, uses)
			case !inside && f.pkg != "internal/cli":
				t.Errorf("%s imports %s, which only internal/cli may", f.path, p)
			}
		}
	}
}

func TestBoundaries(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test {
			continue
		}
		all := imports(f)
		for _, p := range all {
			p = strings.TrimPrefix(p, module)
			if by, limited := onlyImporters[p]; limited && !allowed(f.pkg, by) {
				t.Errorf("%s imports %s, which only %v may", f.path, p, by)
			}
		}
		if slices.Contains(all, module+"internal/fetch") && slices.Contains(all, module+"internal/build") && f.pkg != "internal/engine" {
			t.Errorf("%s imports both fetch and build: only engine ties them", f.path)
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil {
				name := x.Name + "." + sel.Sel.Name
				if by, limited := onlyCallers[name]; limited && !allowed(f.pkg, by) {
					t.Errorf("%s:%d uses %s, which only %v may", f.path, f.line(n.Pos()), name, by)
				}
			}
			return true
		})
	}
}

// A child process gets an environment on purpose: a nil Env inherits silently.
func TestChildrenGetTheirEnvironment(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test || !slices.Contains(imports(f), "os/exec") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			fn, ok := n.(*ast.FuncDecl)
			if !ok {
				return true
			}
			made, set := token.NoPos, false
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if sel, ok := n.Fun.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Command" || sel.Sel.Name == "CommandContext") {
						if x, ok := sel.X.(*ast.Ident); ok && x.Name == "exec" {
							made = n.Pos()
						}
					}
				case *ast.AssignStmt:
					for _, lhs := range n.Lhs {
						if sel, ok := lhs.(*ast.SelectorExpr); ok && sel.Sel.Name == "Env" {
							set = true
						}
					}
				}
				return true
			})
			if made.IsValid() && !set {
				t.Errorf("%s:%d: a command is made in %s without setting its Env", f.path, f.line(made), fn.Name.Name)
			}
			return false
		})
	}
}

func TestPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range moduleFiles(t) {
		if !f.test {
			documented[f.pkg] = documented[f.pkg] || f.ast.Doc.Text() != ""
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", pkg)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test {
			continue
		}
		if f.lines > maxFileLines && longFiles[f.path] == "" {
			t.Errorf("%s has %d lines, more than %d", f.path, f.lines, maxFileLines)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := f.line(fn.End()) - f.line(fn.Pos()) + 1
			if lines > maxFunctionLines && longFunctions[f.pkg+"."+fn.Name.Name] == "" {
				t.Errorf("%s:%d: %s has %d lines, more than %d", f.path, f.line(fn.Pos()), fn.Name.Name, lines, maxFunctionLines)
			}
		}
	}
}

func TestArchitectureShowsTheFloors(t *testing.T) {
	page, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := len(floors) - 1; i >= 0; i-- {
		names := strings.Fields(floors[i])
		slices.Sort(names)
		want.WriteString("| " + strconv.Itoa(i) + " | " + strings.Join(names, " · ") + " |\n")
	}
	if !strings.Contains(string(page), want.String()) {
		t.Errorf("the table of floors in docs/ARCHITECTURE.md should read:\n%s", want.String())
	}
}
