package simple

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	reference "golang.org/x/net/html"
)

// tokensOf is a document's tags with their attributes, by this package's
// tokenizer.
func tokensOf(doc []byte) string {
	var b strings.Builder
	t := tokenizer{doc: doc}
	for {
		switch t.next() {
		case tokenEnd:
			return b.String()
		case tokenStart:
			fmt.Fprintf(&b, "<%s", t.name)
			seen := map[string]bool{} // the reference leaves repeated attributes out
			for key, value, ok := t.attribute(); ok; key, value, ok = t.attribute() {
				if !seen[string(key)] {
					fmt.Fprintf(&b, " %q=%q", key, value)
				}
				seen[string(key)] = true
			}
			b.WriteString(">\n")
		case tokenClose:
			fmt.Fprintf(&b, "</%s>\n", t.name)
		}
	}
}

// referenceTokens is the same by the tokenizer of golang.org/x/net/html.
func referenceTokens(doc []byte) string {
	var b strings.Builder
	z := reference.NewTokenizer(bytes.NewReader(doc))
	for {
		switch z.Next() {
		case reference.ErrorToken:
			return b.String()
		case reference.StartTagToken, reference.SelfClosingTagToken:
			name, more := z.TagName()
			fmt.Fprintf(&b, "<%s", name)
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				fmt.Fprintf(&b, " %q=%q", key, value)
			}
			b.WriteString(">\n")
		case reference.EndTagToken:
			name, _ := z.TagName()
			fmt.Fprintf(&b, "</%s>\n", name)
		}
	}
}

func TestTokensAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`<a href="x">y</a>`,
		`<A HREF='x' Data-Yanked data-x=y/z>y</A>`,
		`<!DOCTYPE html><!-- <a href=no> --><a href=yes>`,
		`<!--><a>`, `<!---><a>`, `<!----!><a>`, `<!-- -- > --><a>`,
		`<script>if (a < b) "<a href=no>"</script><a href=yes>`,
		`<style><a></style ><title><a></title><textarea></TEXTAREA><a>`,
		`<a href="a&amp;b&#38;&#x26;&lt;&copy=1&ltx&lt">`,
		`<a b = "c" d= 'e' f =g h>`, `<br/><a/href=x/>`, `< a><a`, `a < b <1> <a>`, `<a =x =y>`, `</ a><a>`, `</>`, `<?php <a> ?><a>`,
		`<a title=">" href=x>`, `<a href="unclosed>`,
	} {
		if got, want := tokensOf([]byte(doc)), referenceTokens([]byte(doc)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", doc, got, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add([]byte(`<!DOCTYPE html><a href="a&amp;b" data-requires-python='&gt;=3'>x</a><!-- c --><script></script>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		// The reference turns NUL and CR into something else; index pages have
		// neither inside of tags.
		if bytes.ContainsAny(doc, "\x00\r") {
			return
		}
		if got, want := tokensOf(doc), referenceTokens(doc); got != want {
			t.Errorf("%q:\n got %s\nwant %s", doc, got, want)
		}
	})
}
