package managed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/internal/fsx"
)

// sysconfigHeader begins the module in which CPython keeps how it was built.
const sysconfigHeader = "# system configuration generated and used by the sysconfig module\n"

// A sysconfig is what that module assigns to build_time_vars.
type sysconfig map[string]sysconfigValue

// A sysconfigValue is a text or, with isNumber, the digits of a whole number.
type sysconfigValue struct {
	text     string
	isNumber bool
}

// buildPrefix is where portable builds of CPython believe to be installed.
const buildPrefix = "/install"

// patchSysconfig makes sysconfig of the CPython below home tell of where it is
// going to be, prefix, and of compilers that are there: those that it was built
// with are on the machine of who built it. pkg-config files likewise. What
// is right stays as it is.
func patchSysconfig(home, lib, prefix string) error {
	path, err := findSysconfig(lib)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	vars, err := parseSysconfig(string(old))
	if err != nil {
		return fmt.Errorf("reading `%s`: %w", filepath.Base(path), err)
	}
	vars.patch(prefix)
	if text := vars.String(); text != string(old) {
		if err := fsx.ReplaceFile(path, []byte(text)); err != nil {
			return err
		}
	}
	return patchPkgconfig(filepath.Join(home, "lib", "pkgconfig"))
}

// findSysconfig finds the module in the directory of the standard library.
func findSysconfig(lib string) (string, error) {
	entries, err := os.ReadDir(lib)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "_sysconfigdata_") && strings.HasSuffix(name, ".py") && e.Type().IsRegular() {
			return filepath.Join(lib, name), nil
		}
	}
	return "", errors.New("the Python installation has no `_sysconfigdata_` file")
}

// patch changes all values, which are words with blanks between them.
func (s sysconfig) patch(prefix string) {
	for name, value := range s {
		if value.isNumber {
			continue
		}
		value.text = patchWords(name, value.text, prefix)
		s[name] = value
	}
	s["PYTHON_BUILD_STANDALONE"] = sysconfigValue{"1", true}
}

func patchWords(name, text, prefix string) string {
	if name == "AR" {
		return "ar"
	}
	var compiler string
	switch name {
	case "BLDSHARED", "CC", "LDSHARED", "LINKCC":
		compiler = "cc"
	case "CXX", "LDCXXSHARED":
		compiler = "c++"
	}
	words := strings.Fields(text)
	out := words[:0]
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch rest, ok := strings.CutPrefix(word, buildPrefix); {
		case ok && (rest == "" || rest[0] == '/'):
			word = prefix + rest
		case word == "-isysroot": // of an SDK that is somewhere else
			i++
			continue
		case compiler != "" && isBuildCompiler(word, compiler == "c++"):
			word = compiler
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// isBuildCompiler reports whether a word is one of the compilers that portable
// Pythons are built with.
func isBuildCompiler(word string, cxx bool) bool {
	gcc, clang := "gcc", "clang"
	if cxx {
		gcc, clang = "g++", "clang++"
	}
	if word == clang || word == "musl-clang" && !cxx {
		return true
	}
	name, ok := strings.CutPrefix(word, "/usr/bin/")
	if !ok {
		return false
	}
	if name == "riscv64-linux-gnu-"+clang {
		return true
	}
	triple, ok := strings.CutSuffix(name, "-"+gcc)
	if !ok {
		return false
	}
	switch triple {
	case "aarch64-linux-gnu", "arm-linux-gnueabi", "arm-linux-gnueabihf", "loongarch64-linux-gnu", "mips-linux-gnu",
		"mipsel-linux-gnu", "powerpc64le-linux-gnu", "riscv64-linux-gnu", "s390x-linux-gnu", "x86_64-linux-gnu":
		return true
	}
	return false
}

// patchPkgconfig makes pkg-config files name the prefix relative to themselves.
func patchPkgconfig(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || filepath.Ext(e.Name()) != ".pc" {
			continue
		}
		path := filepath.Join(dir, e.Name())
		old, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if text, changed := relativePkgconfig(string(old)); changed {
			if err := fsx.ReplaceFile(path, []byte(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

func relativePkgconfig(text string) (string, bool) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	changed := false
	for i, line := range lines {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\r"), "=")
		if value == buildPrefix && !strings.ContainsFunc(name, func(r rune) bool { return r|0x20 < 'a' || r|0x20 > 'z' }) {
			lines[i], changed = name+"=${pcfiledir}/../..", true
		}
	}
	return strings.Join(lines, "\n"), changed
}

// String is the text of the module, sorted, as uv writes it.
func (s sysconfig) String() string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	b := make([]byte, 0, 64<<10)
	b = append(b, sysconfigHeader...)
	b = append(b, "build_time_vars = {"...)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(append(b, "\n    "...), name), ": "...)
		if value := s[name]; value.isNumber {
			b = append(b, value.text...)
		} else {
			b = appendQuoted(b, value.text)
		}
	}
	if len(names) > 0 {
		b = append(b, '\n')
	}
	return string(append(b, "}\n"...))
}

// appendQuoted writes a text between quotes, with the escapes that JSON and
// Python have in common.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		default:
			if c < ' ' {
				b = fmt.Appendf(b, `\u%04x`, c)
			} else {
				b = append(b, c)
			}
		}
	}
	return append(b, '"')
}

// parseSysconfig reads the module: a comment, and an assignment of a dictionary
// of texts and whole numbers, as pprint prints it.
func parseSysconfig(text string) (sysconfig, error) {
	rest, ok := strings.CutPrefix(text, sysconfigHeader)
	if !ok {
		return nil, errors.New("it does not begin with the comment of the sysconfig module")
	}
	p := &pythonReader{rest: rest, all: text}
	if !p.eat("build_time_vars") || !p.eat("=") || !p.eat("{") {
		return nil, p.errorf("an assignment of a dictionary to `build_time_vars` was expected")
	}
	out := sysconfig{}
	for !p.eat("}") {
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if !p.eat(":") {
			return nil, p.errorf("a colon was expected behind %q", name)
		}
		if out[name], err = p.value(); err != nil {
			return nil, err
		}
		if !p.eat(",") && !p.sees('}') {
			return nil, p.errorf("a comma or the end was expected behind the value of %q", name)
		}
	}
	return out, nil
}

// A pythonReader reads a little of Python's syntax.
type pythonReader struct{ rest, all string }

func (p *pythonReader) errorf(format string, args ...any) error {
	line := 1 + strings.Count(p.all[:len(p.all)-len(p.rest)], "\n")
	return fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
}

func (p *pythonReader) blanks() { p.rest = strings.TrimLeft(p.rest, " \t\f\r\n") }

// eat steps over a token, if it is the next.
func (p *pythonReader) eat(token string) bool {
	p.blanks()
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *pythonReader) sees(c byte) bool {
	p.blanks()
	return p.rest != "" && p.rest[0] == c
}

func (p *pythonReader) value() (sysconfigValue, error) {
	if p.sees('\'') || p.sees('"') {
		text, err := p.text()
		return sysconfigValue{text: text}, err
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool { return (r < '0' || r > '9') && r != '-' })
	digits := p.rest[:max(end, 0)]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return sysconfigValue{}, p.errorf("a text or a whole number was expected")
	}
	p.rest = p.rest[end:]
	return sysconfigValue{strconv.FormatInt(n, 10), true}, nil
}

// text reads a text, which may be several with blanks between them.
func (p *pythonReader) text() (string, error) {
	if !p.sees('\'') && !p.sees('"') {
		return "", p.errorf("a text was expected")
	}
	var b []byte
	for p.sees('\'') || p.sees('"') {
		var err error
		if b, err = p.literal(b); err != nil {
			return "", err
		}
	}
	return string(b), nil
}

func (p *pythonReader) literal(b []byte) ([]byte, error) {
	quote, s := p.rest[0], p.rest[1:]
	for {
		end := strings.IndexAny(s, "\\\n"+string(quote))
		if end < 0 || s[end] == '\n' {
			return nil, p.errorf("a text does not end")
		}
		b, s = append(b, s[:end]...), s[end:]
		if s[0] == quote {
			p.rest = s[1:]
			return b, nil
		}
		// Python's escapes are Go's but for the quotes, which Go allows only where
		// they are needed.
		if len(s) > 1 && (s[1] == '\'' || s[1] == '"') {
			b, s = append(b, s[1]), s[2:]
			continue
		}
		r, multibyte, tail, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			return nil, p.errorf("a text has an escape that is not known")
		}
		if s = tail; multibyte || r >= utf8.RuneSelf {
			b = utf8.AppendRune(b, r)
		} else {
			b = append(b, byte(r))
		}
	}
}
