package toml

import "slices"

// Delete removes the entry at a path of keys, with the comment directly above
// it and the one behind it, and with all sections if it is a table. It reports
// if there was such an entry.
func (d *Document) Delete(path ...string) (bool, error) {
	t := d.Lookup(path[:len(path)-1]...)
	e, ok := t.Entry(path[len(path)-1])
	if !ok {
		return false, nil
	}
	return true, d.DeleteKey(t, e.Key)
}

// DeleteKey removes an entry of a table, as [Document.Delete] does.
func (d *Document) DeleteKey(t *Value, key string) error {
	if err := d.owns(t); err != nil {
		return err
	}
	e, ok := t.Entry(key)
	if !ok {
		return nil
	}
	var out []splice
	for _, s := range e.Value.sections() {
		out = append(out, d.removeSection(s))
	}
	home := t
	for home.form == formDotted {
		home = home.parent
	}
	if home.form == formInline {
		out = append(out, home.removeInline(e)...)
	} else {
		for _, leaf := range e.leaves(nil) {
			out = append(out, d.removeLine(home, leaf))
		}
	}
	return d.apply(mergeSplices(out)...)
}

// leaves appends the entry, or the entries that dotted keys made below it: the
// ones that stand in the text as `key = value`.
func (e Entry) leaves(to []Entry) []Entry {
	switch e.Value.form {
	case formInline:
		return append(to, e)
	case formDotted:
		for _, sub := range e.Value.entries {
			to = sub.leaves(to)
		}
	}
	return to
}

// removeLine removes `key = value` from a section.
func (d *Document) removeLine(home *Value, e Entry) splice {
	start := d.attached(d.gapStart(home, e), d.lineStart(e.start))
	return splice{Span: Span{start, d.nextLine(e.Value.span.End)}}
}

// removeSection removes a header with the lines below it.
func (d *Document) removeSection(s *Value) splice {
	start := d.attached(d.sectionStart(s), d.lineStart(s.span.Start))
	end := d.bodyEnd(s)
	if start == d.root.span.Start { // no blank lines at the top
		for end < len(d.src.text) && (d.src.text[end] == '\n' || d.src.text[end] == '\r') {
			end++
		}
	}
	return splice{Span: Span{start, end}}
}

// removeInline removes an entry of `{ … }`: with each run of leaves, the comma
// behind it, or the one in front if it is the last.
func (v *Value) removeInline(e Entry) []splice {
	var all []Entry
	for _, own := range v.entries {
		all = own.leaves(all)
	}
	slices.SortFunc(all, func(a, b Entry) int { return a.start - b.start })
	gone := map[int]bool{}
	for _, leaf := range e.leaves(nil) {
		gone[leaf.start] = true
	}
	var out []splice
	for i := 0; i < len(all); i++ {
		if !gone[all[i].start] {
			continue
		}
		first := i
		for i+1 < len(all) && gone[all[i+1].start] {
			i++
		}
		span := Span{v.span.Start + 1, v.span.End - 1}
		switch {
		case i+1 < len(all):
			span = Span{all[first].start, all[i+1].start}
		case first > 0:
			span = Span{all[first-1].Value.span.End, all[i].Value.span.End}
		}
		out = append(out, splice{Span: span})
	}
	return out
}

// mergeSplices joins removals that touch or overlap.
func mergeSplices(edits []splice) []splice {
	slices.SortFunc(edits, func(a, b splice) int { return a.Start - b.Start })
	var out []splice
	for _, e := range edits {
		if n := len(out); n > 0 && e.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, e.End)
			continue
		}
		out = append(out, e)
	}
	return out
}
