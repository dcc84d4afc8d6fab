package pysource

import (
	"slices"
	"strings"
)

// A Use is a place in a source text that needs a name of a module.
type Use struct {
	// Name is the full name: "asyncio.get_event_loop", also where the text has an
	// alias of it. Of a method that is called on self in a file with test cases it
	// is that of unittest.TestCase.
	Name string
	Line int // counted from 1
	// Guarded is set where the text provides for the name being absent: it catches
	// ImportError or AttributeError, or asks for the version of Python.
	Guarded bool
}

// Uses finds the names of modules that a source text imports, and what it uses of
// them, in the order of the text. Relative imports are left out.
func Uses(src string) []Use {
	r := &reader{tokens: Tokens(src), bound: map[string][]binding{}}
	r.readImports()
	r.readLines()
	return r.uses
}

// A binding is what an import makes of a name.
type binding struct {
	at   int // the token
	name string
}

// An imported is what one import statement needs, with its tokens.
type imported struct {
	from, to int
	uses     []Use
}

// A block is a clause of the text and the lines below it.
type block struct {
	indent  int
	from    int // the first use
	isTry   bool
	guarded bool
	asks    bool // it is, or follows, an `if` that asks for the version
}

type reader struct {
	tokens  []Token
	bound   map[string][]binding
	imports []imported
	tests   bool // there are test cases
	blocks  []block
	uses    []Use
}

// starts reports whether a statement begins with the token at i.
func (r *reader) starts(i int) bool {
	if r.tokens[i].Depth > 0 {
		return false
	}
	if i == 0 {
		return true
	}
	p := &r.tokens[i-1]
	return p.Kind == Newline || p.Kind == Op && (p.Text == ";" || p.Text == ":")
}

func (r *reader) is(i int, k Kind, text string) bool {
	return i < len(r.tokens) && r.tokens[i].Kind == k && r.tokens[i].Text == text
}

func (r *reader) isName(i int) bool { return i < len(r.tokens) && r.tokens[i].Kind == Name }

// readImports finds the import statements, and what they make of names.
func (r *reader) readImports() {
	for i := range r.tokens {
		t := &r.tokens[i]
		if t.Kind != Name {
			continue
		}
		switch {
		case t.Text == "import" && r.starts(i):
			r.readImport(i)
		case t.Text == "from" && r.starts(i):
			r.readFrom(i)
		case t.Text == "unittest", strings.HasSuffix(t.Text, "TestCase"):
			r.tests = true
		}
	}
}

// dotted reads a dotted name from a token on, and returns the token behind it.
func (r *reader) dotted(i int) (name string, next int) {
	if !r.isName(i) {
		return "", i
	}
	name = r.tokens[i].Text
	for i++; r.is(i, Op, ".") && r.isName(i+1); i += 2 {
		name += "." + r.tokens[i+1].Text
	}
	return name, i
}

// alias reads `as NAME`.
func (r *reader) alias(i int) (name string, next int) {
	if r.is(i, Name, "as") && r.isName(i+1) {
		return r.tokens[i+1].Text, i + 2
	}
	return "", i
}

func (r *reader) bind(name, to string, at int) {
	r.bound[name] = append(r.bound[name], binding{at, to})
}

// readImport reads `import a.b, c as d`.
func (r *reader) readImport(at int) {
	s := imported{from: at}
	i := at
	for {
		i++
		line := 0
		if i < len(r.tokens) {
			line = r.tokens[i].Line
		}
		name, next := r.dotted(i)
		if name == "" {
			break
		}
		s.uses = append(s.uses, Use{Name: name, Line: line})
		as, after := r.alias(next)
		if as != "" {
			r.bind(as, name, at)
		} else {
			top, _, _ := strings.Cut(name, ".")
			r.bind(top, top, at)
		}
		if i = after; !r.is(i, Op, ",") {
			break
		}
	}
	s.to = i
	r.imports = append(r.imports, s)
}

// readFrom reads `from a import b, c as d`, also with brackets.
func (r *reader) readFrom(at int) {
	module, i := r.dotted(at + 1)
	if module == "" || !r.is(i, Name, "import") {
		r.imports = append(r.imports, imported{from: at, to: r.skipRelative(at)})
		return
	}
	s := imported{from: at}
	i++
	if r.is(i, Op, "(") {
		i++
	}
	if r.is(i, Op, "*") {
		s.uses = append(s.uses, Use{Name: module, Line: r.tokens[at].Line})
	}
	for r.isName(i) {
		t := &r.tokens[i]
		full := module + "." + t.Text
		s.uses = append(s.uses, Use{Name: full, Line: t.Line})
		as, after := r.alias(i + 1)
		if as == "" {
			as = t.Text
		}
		r.bind(as, full, at)
		if i = after; r.is(i, Op, ",") {
			i++
		}
	}
	s.to = i
	r.imports = append(r.imports, s)
}

// skipRelative is the end of the line of an import that is not read.
func (r *reader) skipRelative(i int) int {
	for i < len(r.tokens) && r.tokens[i].Kind != Newline && !(r.tokens[i].Depth == 0 && r.is(i, Op, ";")) {
		i++
	}
	return i
}

// readLines goes through the logical lines and collects the uses.
func (r *reader) readLines() {
	imports := r.imports
	for i := 0; i < len(r.tokens); {
		r.enter(i)
		for i < len(r.tokens) && r.tokens[i].Kind != Newline {
			if len(imports) > 0 && imports[0].from == i {
				for _, u := range imports[0].uses {
					r.use(u.Name, u.Line)
				}
				i = max(imports[0].to, i+1)
				imports = imports[1:]
				continue
			}
			i = r.readChain(i)
		}
		i++
	}
}

// readChain reads a name with its attributes, if that is what is at a token, and
// returns the token behind it.
func (r *reader) readChain(i int) int {
	if !r.isName(i) || i > 0 && r.is(i-1, Op, ".") {
		return i + 1
	}
	if !r.is(i+1, Op, ".") || !r.isName(i+2) {
		return i + 1
	}
	first, line := r.tokens[i].Text, r.tokens[i].Line
	if to, ok := r.meaning(first, i); ok {
		chain, next := r.dotted(i)
		r.use(to+chain[len(first):], line)
		return next
	}
	if method := r.tokens[i+2].Text; r.tests && first == "self" && (strings.HasPrefix(method, "assert") || strings.HasPrefix(method, "fail")) {
		r.use("unittest.TestCase."+method, line)
	}
	return i + 3
}

// meaning is what a name stands for at a token: by the last import before it or,
// in a function further up, by the first behind it.
func (r *reader) meaning(name string, at int) (string, bool) {
	list := r.bound[name]
	if len(list) == 0 {
		return "", false
	}
	i, _ := slices.BinarySearchFunc(list, at, func(b binding, at int) int { return b.at - at })
	return list[max(i-1, 0)].name, true
}

func (r *reader) use(name string, line int) {
	guarded := slices.ContainsFunc(r.blocks, func(b block) bool { return b.guarded })
	r.uses = append(r.uses, Use{name, line, guarded})
}

// enter begins a logical line: it leaves the blocks that have ended, and may be
// the head of a new one.
func (r *reader) enter(i int) {
	word, indent := r.tokens[i].Text, r.tokens[i].Indent
	if r.tokens[i].Kind == Newline {
		return
	}
	var before *block // of the statement that a clause goes on with
	for n := len(r.blocks); n > 0 && r.blocks[n-1].indent >= indent; n-- {
		if b := r.blocks[n-1]; b.indent == indent {
			before = &b
		}
		r.blocks = r.blocks[:n-1]
	}
	b := block{indent: indent, from: len(r.uses)}
	switch {
	case r.tokens[i].Kind != Name:
		return
	case word == "try":
		b.isTry = true
	case word == "except" && before != nil:
		b.guarded = r.catches(i)
		if b.from = before.from; b.guarded && before.isTry {
			for u := range r.uses[before.from:] {
				r.uses[before.from+u].Guarded = true
			}
		}
		b.isTry = before.isTry
	case word == "if", word == "elif" && before != nil && !before.asks:
		b.asks = r.asksVersion(i)
		b.guarded = b.asks
	case (word == "elif" || word == "else") && before != nil && before.asks:
		b.asks, b.guarded = true, true
	case word == "with":
		b.guarded = r.mentions(i, "suppress")
	default:
		return
	}
	r.blocks = append(r.blocks, b)
}

// head is the tokens of a line up to the colon that ends the head of a statement.
func (r *reader) head(i int) []Token {
	for end := i; end < len(r.tokens); end++ {
		if t := &r.tokens[end]; t.Kind == Newline || t.Depth == 0 && r.is(end, Op, ":") {
			return r.tokens[i:end]
		}
	}
	return r.tokens[i:]
}

func (r *reader) mentions(i int, names ...string) bool {
	return slices.ContainsFunc(r.head(i), func(t Token) bool { return t.Kind == Name && slices.Contains(names, t.Text) })
}

// catches reports whether an except clause is about names that are absent.
func (r *reader) catches(i int) bool {
	return len(r.head(i)) == 1 || r.mentions(i, "ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException")
}

// asksVersion reports whether a condition is about the version of Python, or about
// whether something is there.
func (r *reader) asksVersion(i int) bool {
	return r.mentions(i, "version_info", "hexversion", "hasattr", "PY2", "PY3", "PY38", "PY39", "PY310", "PY311", "PY312", "PY313", "PY314", "TYPE_CHECKING")
}
