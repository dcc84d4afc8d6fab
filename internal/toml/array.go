package toml

import (
	"fmt"
	"slices"
	"strings"
)

// arrayText is an array in pieces: in front of each element a gap that starts
// at the bracket or comma before it, behind it a gap up to its own comma.
type arrayText struct {
	elems []elemText
	tail  string // between the last comma (or, without one, the last element's gap) and the bracket
	comma bool   // there is a comma behind the last element
}

type elemText struct{ before, value, after string }

func textOfArray(v *Value) arrayText {
	var a arrayText
	text := v.src.text
	at := v.span.Start + 1
	for _, e := range v.list {
		a.elems = append(a.elems, elemText{before: text[at:e.span.Start], value: e.Raw()})
		at = e.span.End
		comma := skipGap(text, at)
		a.elems[len(a.elems)-1].after = text[at:comma]
		at = comma
		if a.comma = text[comma] == ','; a.comma {
			at++
		}
	}
	a.tail = text[at : v.span.End-1]
	return a
}

// skipGap is skipTrivia that stops at a comma.
func skipGap(text string, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\r', '\n':
			at++
		case '#':
			at = lineEnd(text, at)
		default:
			return at
		}
	}
	return at
}

func (a arrayText) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, e := range a.elems {
		b.WriteString(e.before + e.value + e.after)
		if i < len(a.elems)-1 || a.comma {
			b.WriteByte(',')
		}
	}
	b.WriteString(a.tail + "]")
	return b.String()
}

// setArray writes an array with the document's line ends in its gaps.
func (d *Document) setArray(v *Value, a arrayText) error {
	for i, e := range a.elems {
		a.elems[i] = elemText{d.lines(e.before), e.value, d.lines(e.after)}
	}
	a.tail = d.lines(a.tail)
	return d.apply(splice{v.span, a.String()})
}

// InsertElem puts a value in front of element i of an array, or at its end if
// i is its length. The layout stays: a value gets a line of its own where the
// others have, and the last comma is there or not as before. A comment at the
// end of a line stays on its line; comments on lines of their own stay where
// they are, except above the first element, where they stay with it.
//
// An array of tables takes [Document.InsertTable] instead.
func (d *Document) InsertElem(v *Value, i int, value Literal) error {
	if err := d.ownsArray(v, i, v.Len()); err != nil {
		return err
	}
	if v.form == formTables {
		return v.Errorf("expected an array in brackets")
	}
	a := textOfArray(v)
	e := elemText{value: d.lines(string(value))}
	switch {
	case i == len(a.elems):
		e.before = a.appendGap()
	case i == 0:
		first, rest, lines := strings.Cut(a.elems[0].before, "\n")
		if e.before = first; lines {
			e.before += "\n" + lastLine(rest)
			a.elems[0].before = "\n" + rest
		} else if a.elems[0].before == "" {
			a.elems[0].before = " "
		}
	default:
		e.before = a.elems[i].before
		a.elems[i].before = " "
		if strings.Contains(e.before, "\n") {
			a.elems[i].before = "\n" + lastLine(e.before)
		}
	}
	a.elems = slices.Insert(a.elems, i, e)
	return d.setArray(v, a)
}

// appendGap makes room behind the last element and returns the gap in front
// of the new one.
func (a *arrayText) appendGap() string {
	n := len(a.elems)
	if n > 0 && !a.comma {
		a.tail, a.elems[n-1].after = a.elems[n-1].after+a.tail, ""
	}
	if !strings.Contains(a.tail, "\n") {
		if n > 0 && a.tail == "" || n > 0 && !a.comma {
			return " "
		}
		gap := a.tail
		return gap
	}
	gap, closing := cutLastLine(a.tail)
	a.tail = "\n" + closing
	return gap + "\n" + a.indent(gap)
}

// indent returns the indentation of the last line that starts with an element,
// or else with a comment of the gap; four spaces if there is none.
func (a *arrayText) indent(gap string) string {
	for _, e := range slices.Backward(a.elems) {
		if strings.Contains(e.before, "\n") {
			return lastLine(e.before)
		}
	}
	if blanks, _, ok := strings.Cut(lastLine(gap), "#"); ok && strings.Contains(gap, "\n") {
		return blanks
	}
	return "    "
}

// RemoveElem removes element i of an array. Comments stay: the one at the end
// of the element's line gets a line of its own. Of an array of tables the
// whole section goes, as in [Document.Delete].
func (d *Document) RemoveElem(v *Value, i int) error {
	if err := d.ownsArray(v, i, v.Len()-1); err != nil {
		return err
	}
	if v.form == formTables {
		var out []splice
		for _, s := range v.list[i].sections() {
			out = append(out, d.removeSection(s))
		}
		return d.apply(mergeSplices(out)...)
	}
	a := textOfArray(v)
	gone := a.elems[i]
	last := i == len(a.elems)-1
	a.elems = slices.Delete(a.elems, i, i+1)
	switch {
	case last && !a.comma:
		if len(a.elems) > 0 {
			a.elems[i-1].after += joinGaps(gone.before, gone.after+a.tail)
			a.tail = ""
		} else {
			a.tail = joinGaps(gone.before, gone.after+a.tail)
		}
	case last:
		a.tail = joinGaps(joinGaps(gone.before, gone.after), a.tail)
		a.comma = len(a.elems) > 0
	case i == 0 && !strings.Contains(gone.before+gone.after+a.elems[0].before, "\n"):
		a.elems[0].before = gone.before
	default:
		a.elems[i].before = joinGaps(joinGaps(gone.before, gone.after), a.elems[i].before)
	}
	if !strings.ContainsAny(a.String(), "#\n") && len(a.elems) > 0 && !a.comma {
		a.elems[len(a.elems)-1].after = strings.TrimRight(a.elems[len(a.elems)-1].after, " \t")
	}
	return d.setArray(v, a)
}

// joinGaps joins the gaps around a removed element. Without comments one of
// them is enough; a comment that ended the element's line goes to the next.
func joinGaps(a, b string) string {
	first, _, _ := strings.Cut(b, "\n")
	switch {
	case !strings.Contains(a, "#") && !strings.Contains(first, "#"):
		if strings.Contains(b, "\n") || !strings.Contains(a, "\n") {
			return b
		}
		return a
	case !strings.Contains(b, "#"):
		if !strings.Contains(b, "\n") {
			return a
		}
		rest, _ := cutLastLine(a)
		return rest + "\n" + lastLine(b)
	case strings.Contains(first, "#") && strings.Contains(a, "\n"):
		return a + strings.TrimLeft(b, " \t")
	case strings.Contains(a, "\n"):
		rest, _ := cutLastLine(a)
		return rest + b
	}
	return a + b
}

// lastLine returns what follows the last line end.
func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// cutLastLine splits at the last line end, which goes to neither part.
func cutLastLine(s string) (before, last string) {
	i := strings.LastIndexByte(s, '\n')
	if i < 0 {
		return "", s
	}
	return strings.TrimSuffix(s[:i], "\r"), s[i+1:]
}

func (d *Document) ownsArray(v *Value, i, most int) error {
	if err := d.owns(v); err != nil {
		return err
	}
	if v.kind != Array {
		return v.Errorf("expected an array")
	}
	if i < 0 || i > most {
		return fmt.Errorf("internal error: array index %d of %d", i, len(v.list))
	}
	return nil
}

// Spread gives each element of an array its own line and the last a comma, as
// uv does with the lists it has changed. All get the same indentation: the one
// given, else what is in front of the first element, else four spaces. Comments
// keep their order: one at the end of a line stays there, others get lines of
// their own. Blank lines go. An empty array without comments becomes [].
func (d *Document) Spread(v *Value, indent string) error {
	if err := d.ownsArray(v, 0, 0); err != nil || v.form == formTables {
		return err
	}
	return d.setArray(v, textOfArray(v).spread(indent))
}

func (a arrayText) spread(indent string) arrayText {
	n := len(a.elems)
	if indent == "" && n > 0 {
		before := strings.TrimSuffix(a.elems[0].before, "\n") // at the margin, comments above can be indented
		indent, _, _ = strings.Cut(lastLine(before), "#")
	}
	if indent = strings.Trim(indent, "\r\n"); indent == "" {
		indent = "    "
	}
	out := arrayText{comma: n > 0}
	after := "" // comments between an element and its comma come behind the comma
	gap := func(before string) string {
		comments := spreadGap(after, indent, true)
		return comments + spreadGap(before, indent, comments == "")
	}
	for _, e := range a.elems {
		out.elems = append(out.elems, elemText{before: gap(e.before) + "\n" + indent, value: e.value})
		after = e.after
	}
	if out.tail = gap(a.tail); out.tail != "" || n > 0 {
		out.tail += "\n"
	}
	return out
}

// spreadGap returns the comments of a gap: one that ends a line with code, with
// the blanks in front of it, others on lines of their own. The gap's first
// line can be the end of a line with code.
func spreadGap(gap, indent string, code bool) string {
	var b strings.Builder
	for ; gap != ""; code = false {
		var line string
		line, gap, _ = strings.Cut(gap, "\n")
		blanks, comment, ok := strings.Cut(line, "#")
		if !ok {
			continue
		}
		if code {
			b.WriteString(blanks)
		} else {
			b.WriteString("\n" + indent)
		}
		b.WriteString(strings.TrimRight("#"+comment, " \t\r"))
	}
	return b.String()
}
