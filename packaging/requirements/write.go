package requirements

import "strings"

// Format writes the file as one without includes, in canonical form: its
// options, an empty line, and the requirements. Constraints are not part of
// it, because a file can only name another one for them; see
// [File.FormatConstraints].
func (f *File) Format() []byte {
	b := f.Options.appendTo(nil)
	if len(b) > 0 && len(f.Requirements) > 0 {
		b = append(b, '\n')
	}
	return appendEntries(b, f.Requirements)
}

// FormatConstraints writes the constraints in canonical form, as a file that
// -c can include.
func (f *File) FormatConstraints() []byte { return appendEntries(nil, f.Constraints) }

func (o Options) appendTo(b []byte) []byte {
	if o.IndexURL != nil {
		b = appendOption(b, "--index-url", o.IndexURL.Given)
	}
	for _, l := range o.ExtraIndexURLs {
		b = appendOption(b, "--extra-index-url", l.Given)
	}
	for _, l := range o.FindLinks {
		b = appendOption(b, "--find-links", l.Given)
	}
	if o.NoIndex {
		b = append(b, "--no-index\n"...)
	}
	for _, name := range o.NoBinary {
		b = appendOption(b, "--no-binary", name)
	}
	for _, name := range o.OnlyBinary {
		b = appendOption(b, "--only-binary", name)
	}
	if o.RequireHashes {
		b = append(b, "--require-hashes\n"...)
	}
	return b
}

func appendEntries(b []byte, entries []Entry) []byte {
	for _, e := range entries {
		b = append(e.AppendTo(b), '\n')
	}
	return b
}

func appendOption(b []byte, option, value string) []byte {
	b = append(b, option...)
	b = append(b, ' ')
	b = append(b, quote(value)...)
	return append(b, '\n')
}

// quote returns text such that unquote returns it.
func quote(text string) string {
	if text != "" && !strings.ContainsAny(text, "'\"\\") && strings.TrimSpace(text) == text {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// String returns the entry as it stands in a requirements file, each hash on a
// continued line of its own. Its URL is written as it was given.
func (e Entry) String() string { return string(e.AppendTo(nil)) }

// AppendTo appends what String returns.
func (e Entry) AppendTo(b []byte) []byte {
	if e.Editable {
		b = append(b, "-e "...)
	}
	b = e.appendRequirement(b)
	for _, h := range e.Hashes {
		b = append(b, " \\\n    --hash="...)
		b = append(b, h...)
	}
	return b
}

func (e Entry) appendRequirement(b []byte) []byte {
	switch {
	case e.Requirement != nil:
		r := *e.Requirement
		if e.GivenURL != "" {
			r.URL = e.GivenURL
		}
		return r.AppendTo(b)
	case e.Unnamed != nil:
		u := *e.Unnamed
		if e.GivenURL != "" {
			u.URL = e.GivenURL
		}
		return append(b, u.String()...)
	}
	return b
}
