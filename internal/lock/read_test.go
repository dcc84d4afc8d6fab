package lock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/toml"
)

// sharedDir is the folder of conformance data, or "".
func sharedDir() string {
	dir := os.Getenv("TAME_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "conformance")); err != nil {
		return ""
	}
	return dir
}

// recordedLocks are all locks in the conformance data, by where they are.
func recordedLocks(tb testing.TB) map[string]string {
	tb.Helper()
	dir := sharedDir()
	if dir == "" {
		tb.Skip("no conformance data")
	}
	out := map[string]string{}
	add := func(name, text string) {
		if strings.HasPrefix(text, "version = 1\n") && strings.Contains(text, "\nrequires-python = ") {
			out[name] = text
		}
	}
	err := filepath.WalkDir(filepath.Join(dir, "conformance"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch filepath.Ext(name) {
		case ".lock":
			text, err := os.ReadFile(name)
			add(name, string(text))
			return err
		case ".json":
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			var v any
			if json.Unmarshal(text, &v) == nil {
				n := 0
				eachString(v, func(s string) {
					n++
					add(fmt.Sprintf("%s#%d", filepath.Base(name), n), s)
				})
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func eachString(v any, yield func(string)) {
	switch v := v.(type) {
	case string:
		yield(v)
	case []any:
		for _, e := range v {
			eachString(e, yield)
		}
	case map[string]any:
		for _, e := range v {
			eachString(e, yield)
		}
	}
}

func TestReadWriteIsIdentity(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	equal, other := 0, 0
	for name, text := range recordedLocks(t) {
		if text = strings.TrimRight(text, "\n") + "\n"; seen[text] {
			continue
		}
		seen[text] = true
		l, err := lock.Read(name, []byte(text))
		if err != nil {
			other++
			t.Logf("%s: %v", name, err)
			continue
		}
		got := l.Bytes()
		if string(got) == text {
			equal++
			continue
		}
		other++
		t.Logf("%s: %s", name, firstDifference(string(got), text))
		if !strings.Contains(name, ".json#") {
			t.Errorf("%s is not written as it was read", name)
		}
		again, err := lock.Read(name, got)
		if err != nil {
			t.Errorf("%s: what was written cannot be read: %v", name, err)
		} else if !bytes.Equal(again.Bytes(), got) {
			t.Errorf("%s: written twice, it differs: %s", name, firstDifference(string(again.Bytes()), string(got)))
		}
	}
	// A few locks in the recorded cases are written by hand.
	if t.Logf("%d identical, %d not", equal, other); other > 8 {
		t.Error("too many locks are not written as they were read")
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// mangle writes a document with its keys and tables in another order, arrays on
// other lines, those of them that are sorted in another order, and comments.
func mangle(t *testing.T, text string, r *rand.Rand) string {
	t.Helper()
	doc, err := toml.Parse("uv.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# a comment\r\n")
	writeTable(&b, "", doc.Root(), r)
	return b.String()
}

func writeTable(b *strings.Builder, prefix string, v *toml.Value, r *rand.Rand) {
	var entries, tables []toml.Entry
	for e := range v.Entries() {
		isTable := e.Value.Kind() == toml.Table && !strings.HasPrefix(e.Value.Raw(), "{")
		isTables := e.Value.Kind() == toml.Array && !strings.HasPrefix(e.Value.Raw(), "[") || e.Key == "package" && prefix == "" || e.Key == "dependency-metadata"
		if isTable || isTables {
			tables = append(tables, e)
		} else {
			entries = append(entries, e)
		}
	}
	keepOrder := strings.HasSuffix(prefix, "exclude-newer-package.")
	shuffle := func(all []toml.Entry) {
		if !keepOrder {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
	}
	shuffle(entries)
	shuffle(tables)
	for _, e := range entries {
		b.WriteString(" " + toml.QuoteKey(e.Key) + "\t=  ")
		writeValue(b, e.Value, r, keepOrder, isSorted(e.Key))
		b.WriteString(" # odd\n\n")
	}
	for _, e := range tables {
		name := prefix + toml.QuoteKey(e.Key)
		if e.Value.Kind() == toml.Table {
			b.WriteString("[" + name + "] # here\n")
			writeTable(b, name+".", e.Value, r)
			continue
		}
		elements := make([]*toml.Value, 0, e.Value.Len())
		for _, x := range e.Value.Elems() {
			elements = append(elements, x)
		}
		r.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
		for _, x := range elements {
			b.WriteString("[[ " + name + " ]]\n")
			writeTable(b, name+".", x, r)
		}
	}
}

func elementsOf(v *toml.Value) iter.Seq[*toml.Value] {
	return func(yield func(*toml.Value) bool) {
		for _, e := range v.Elems() {
			if !yield(e) {
				return
			}
		}
	}
}

// isSorted says of which arrays the order means nothing.
func isSorted(key string) bool {
	switch key {
	case "dependencies", "extra", "members", "requires-dist", "overrides", "constraints":
		return true
	}
	return false
}

func writeValue(b *strings.Builder, v *toml.Value, r *rand.Rand, keepOrder, sorted bool) {
	switch v.Kind() {
	case toml.Array:
		b.WriteString("[")
		elements := slices.Collect(elementsOf(v))
		if sorted {
			r.Shuffle(len(elements), func(i, j int) { elements[i], elements[j] = elements[j], elements[i] })
		}
		for i, e := range elements {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString([]string{"", "\n\n  ", " # why\n"}[r.IntN(3)])
			writeValue(b, e, r, keepOrder, false)
		}
		b.WriteString([]string{"]", "\n]", ",]"}[r.IntN(min(3, 1+2*v.Len()))])
	case toml.Table:
		entries := make([]toml.Entry, 0, v.Len())
		for e := range v.Entries() {
			entries = append(entries, e)
		}
		if !keepOrder {
			r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		}
		b.WriteString("{")
		for i, e := range entries {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(toml.QuoteKey(e.Key) + "=")
			writeValue(b, e.Value, r, keepOrder, isSorted(e.Key))
		}
		b.WriteString("}")
	case toml.String:
		text, _ := v.Text()
		if r.IntN(4) == 0 && !strings.ContainsAny(text, "'\n") {
			b.WriteString("'" + text + "'")
		} else {
			b.WriteString(string(toml.LitString(text)))
		}
	default:
		b.WriteString(v.Raw())
	}
}

func TestReadOfOtherLayoutsGivesTheSameLock(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	n := 0
	for name, text := range recordedLocks(t) {
		if text = strings.TrimRight(text, "\n") + "\n"; len(text) > 200_000 && strings.Contains(name, ".json#") {
			continue
		}
		l, err := lock.Read(name, []byte(text))
		if err != nil || string(l.Bytes()) != text {
			continue
		}
		n++
		odd := mangle(t, text, r)
		m, err := lock.Read(name, []byte(odd))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, odd)
			continue
		}
		if got := string(m.Bytes()); got != text {
			t.Errorf("%s: %s", name, firstDifference(got, text))
		}
	}
	if n < 100 {
		t.Errorf("only %d locks were tried", n)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	head := "version = 1\nrevision = 3\nrequires-python = \">=3.12\"\n"
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "missing field `version`"},
		{"version", "version = 2\nrequires-python = 1", "version 2"},
		{"readable version", "version = 2\nrequires-python = '>=3.8'", "only version 1 is known"},
		{"no python", "version = 1", "missing field `requires-python`"},
		{"wrong type", head + "package = 1", "line 4, column 11"},
		{"no source", head + "[[package]]\nname = 'a'\nversion = '1'", "the package `a` has no source"},
		{"no version", head + "[[package]]\nname = 'a'\nsource = { registry = 'https://e.com' }", "has no version"},
		{"twice", head + strings.Repeat("[[package]]\nname = 'a'\nsource = { virtual = '.' }\n", 2), "is there twice"},
		{"unknown dependency", head + "[[package]]\nname = 'a'\nsource = { virtual = '.' }\ndependencies = [\n    { name = 'b' },\n]", "line 8, column 5"},
		{"merge", head + "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b\n", "merge conflicts (1 place, the first in line 4)"},
		{"wheel in another folder", head + "[[package]]\nname = 'a'\nversion = '1'\nsource = { registry = 'https://e.com' }\nwheels = [\n { url = 'https://e.com/..%2f..%2fa-1-py3-none-any.whl' },\n]", "no separators of folders: `../../a-1-py3-none-any.whl`"},
		{"wheel version", head + "[[package]]\nname = 'a'\nversion = '1'\nsource = { registry = 'https://e.com' }\nwheels = [\n { url = 'https://e.com/a-2-py3-none-any.whl' },\n]", "has version 1 but a wheel of version 2"},
		{"marker", head + "resolution-markers = ['x ==']", "line 4, column 23"},
		{"git", head + "[[package]]\nname = 'a'\nsource = { git = 'https://e.com/a' }", "names no commit"},
	} {
		_, err := lock.Read("uv.lock", []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	var v *lock.VersionError
	if _, err := lock.Read("uv.lock", []byte("version = 7\nx = {")); errors.As(err, &v) {
		t.Errorf("a broken document has no version: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("version = 1\nrevision = 3\nrequires-python = \">=3.12\"\nconflicts = [[\n    { package = \"a\", extra = \"x\" },\n]]\n")
	f.Add("version = 1\nrequires-python = \">=3.12\"\n\n[options]\nexclude-newer = \"2024-01-01T00:00:00Z\"\n\n[manifest]\nmembers = [\n    \"a\",\n]\n\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { git = \"https://e.com/x?rev=1#0123456789012345678901234567890123456789\" }\nsdist = { hash = \"sha256:00\", size = 3 }\nwheels = [\n    { url = \"https://e.com/a-1-py3-none-any.whl\", upload-time = \"2024-01-01T00:00:00.1Z\", zstd = { size = 1 } },\n]\n\n[package.optional-dependencies]\nx = [\n    { name = \"a\", extra = [\"x\"], marker = \"sys_platform == 'win32'\" },\n]\n\n[package.metadata]\nrequires-dist = [{ name = \"a\", specifier = \">1\" }]\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := lock.Read("uv.lock", []byte(text))
		if err != nil {
			return
		}
		// Extras that add nothing are not written, and what asks for them then
		// does so no more: that takes one more round.
		if l, err = lock.Read("uv.lock", l.Bytes()); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		once := l.Bytes()
		again, err := lock.Read("uv.lock", once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, once)
		}
		if twice := again.Bytes(); !bytes.Equal(once, twice) {
			t.Fatalf("%s\nbecomes\n%s", once, twice)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	benchmark(b, func(l *lock.Lock, text []byte) { _, _ = lock.Read("uv.lock", text) })
}
func BenchmarkBytes(b *testing.B) { benchmark(b, func(l *lock.Lock, _ []byte) { l.Bytes() }) }

func benchmark(b *testing.B, f func(*lock.Lock, []byte)) {
	dir := sharedDir()
	if dir == "" {
		b.Skip("no conformance data")
	}
	for _, name := range []string{"httpx", "flask", "warehouse", "pandas", "transformers"} {
		text, err := os.ReadFile(filepath.Join(dir, "conformance", "ecosystem", "projects", name, "expected.lock"))
		if err != nil {
			b.Fatal(err)
		}
		l, err := lock.Read(name, text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				f(l, text)
			}
		})
	}
}
