package metadata

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// The identifiers of the SPDX License List 3.27 (CC0-1.0), one a line.
//
//go:embed spdx/licenses.txt
var spdxLicenses string

// The exceptions of the same list, which may follow WITH.
//
//go:embed spdx/exceptions.txt
var spdxExceptions string

// spdx returns the identifiers in their proper case by lower case.
var spdx = sync.OnceValue(func() (ids struct{ licenses, exceptions map[string]string }) {
	ids.licenses, ids.exceptions = byLower(spdxLicenses), byLower(spdxExceptions)
	return ids
})

func byLower(list string) map[string]string {
	m := make(map[string]string, 1024)
	for id := range strings.SplitSeq(strings.TrimSuffix(list, "\n"), "\n") {
		m[strings.ToLower(id)] = id
	}
	return m
}

// LicenseError tells why a text is no SPDX license expression.
type LicenseError struct {
	Expression string // the whole text
	Reason     string
}

// Error implements error.
func (e *LicenseError) Error() string {
	return fmt.Sprintf("invalid license expression %q: %s", e.Expression, e.Reason)
}

// ParseLicense checks an SPDX license expression as PEP 639 allows it in
// License-Expression, and returns it with identifiers and operators in their
// proper case and single spaces. The error is a [*LicenseError].
func ParseLicense(expression string) (string, error) {
	spaced := strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expression)
	p := licenseParser{tokens: strings.Fields(spaced)}
	p.or()
	if p.reason == "" && p.at < len(p.tokens) {
		p.fail("unexpected " + p.tokens[p.at])
	}
	if p.reason != "" {
		return "", &LicenseError{Expression: expression, Reason: p.reason}
	}
	return strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(p.out, " ")), nil
}

// A licenseParser reads tokens by recursive descent and collects their
// canonical form. The first failure stays in reason and ends all reading.
type licenseParser struct {
	tokens []string
	at     int
	out    []string
	reason string
	depth  int
}

func (p *licenseParser) fail(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
}

// word returns the next token in lower case, or nothing at the end.
func (p *licenseParser) word() string {
	if p.at == len(p.tokens) || p.reason != "" {
		return ""
	}
	return strings.ToLower(p.tokens[p.at])
}

func (p *licenseParser) accept(canonical string) {
	p.out = append(p.out, canonical)
	p.at++
}

// or reads terms divided by AND and OR. Their precedence does not matter to the
// printed form.
func (p *licenseParser) or() {
	p.term()
	for w := p.word(); w == "or" || w == "and"; w = p.word() {
		p.accept(strings.ToUpper(w))
		p.term()
	}
}

func (p *licenseParser) term() {
	switch w := p.word(); w {
	case "":
		p.fail("it ends where a license is expected")
	case "(":
		// More nesting than this is an attack, not a license.
		if p.depth++; p.depth > 200 {
			p.fail("it is nested too deeply")
			return
		}
		p.accept("(")
		p.or()
		if p.word() != ")" {
			p.fail("a parenthesis is not closed")
			return
		}
		p.accept(")")
		p.depth--
	case ")", "or", "and", "with":
		p.fail("unexpected " + w)
	default:
		p.license(w)
	}
}

func (p *licenseParser) license(word string) {
	id, suffix := word, ""
	if base, plus := strings.CutSuffix(word, "+"); plus {
		id, suffix = base, "+"
	}
	const ref = "licenseref-"
	if strings.HasPrefix(id, ref) {
		name := p.tokens[p.at][len(ref):]
		if suffix != "" || name == "" || strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-") != "" {
			p.fail("invalid reference " + p.tokens[p.at])
			return
		}
		p.accept("LicenseRef-" + name)
	} else {
		canonical, ok := spdx().licenses[id]
		if !ok {
			p.fail("unknown license " + p.tokens[p.at])
			return
		}
		p.accept(canonical + suffix)
	}
	if p.word() != "with" {
		return
	}
	p.accept("WITH")
	canonical, ok := spdx().exceptions[p.word()]
	if !ok {
		p.fail("unknown exception " + p.word())
		return
	}
	p.accept(canonical)
}
