package metadata

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Errors are all that is wrong with a metadata file.
type Errors []*FieldError

// Error implements error: one line an error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return "invalid metadata:\n" + strings.Join(lines, "\n")
}

// Unwrap returns the errors.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, err := range e {
		out[i] = err
	}
	return out
}

// ParseStrict reads a metadata file and judges it as a whole, as pypa/packaging
// does: unknown and repeated fields are errors, too. The error is of type
// [Errors].
func ParseStrict(data []byte) (Raw, error) {
	raw, rest := ParseRaw(data)
	var errs Errors
	known := map[string]bool{}
	for _, f := range raw.fields() {
		known[f.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if known[name] {
			errs = append(errs, &FieldError{name, strings.Join(rest[name], ", "), errors.New("repeated or malformed")})
		} else {
			errs = append(errs, &FieldError{name, "", errors.New("unrecognized field")})
		}
	}
	var wrong Errors
	errors.As(raw.Validate(), &wrong)
	for _, err := range wrong {
		// A field that could not be read is not missing.
		if _, unread := rest[err.Field]; !unread || err.Err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return raw, errs
	}
	return raw, nil
}

// versions are those of the metadata format, oldest first.
func versions() []string {
	return []string{"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"}
}

// Validate checks every field that is present, that those that must be are,
// and that none is newer than the file's metadata version. The error is of
// type [Errors].
func (r *Raw) Validate() error {
	var errs Errors
	age := slices.Index(versions(), r.MetadataVersion)
	switch {
	case r.MetadataVersion == "":
		errs = append(errs, &FieldError{Field: "metadata-version"})
	case age < 0:
		errs = append(errs, &FieldError{"metadata-version", r.MetadataVersion, errors.New("not a valid metadata version")})
	}
	for _, f := range r.fields()[1:] {
		if !r.present(f) {
			if f.name == "name" || f.name == "version" {
				errs = append(errs, &FieldError{Field: f.name})
			}
			continue
		}
		err := r.check(f.name)
		if age >= 0 && slices.Index(versions(), f.added) > age {
			err = fmt.Errorf("introduced in metadata version %s, not %s", f.added, r.MetadataVersion)
		}
		if err != nil {
			errs = append(errs, &FieldError{Field: f.name, Err: err})
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// check judges one field that is present.
func (r *Raw) check(name string) (err error) {
	switch name {
	case "name":
		_, err = pyname.ParsePackage(r.Name)
	case "version":
		_, err = pep440.Parse(r.Version)
	case "summary":
		if strings.ContainsAny(r.Summary, "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029") {
			err = errors.New("not a single line")
		}
	case "description-content-type":
		err = checkContentType(r.DescriptionContentType)
	case "dynamic":
		err = r.checkDynamic()
	case "requires-python":
		_, err = pep440.ParseSpecifiers(r.RequiresPython)
	case "license-expression":
		_, err = ParseLicense(r.LicenseExpression)
	case "provides-extra":
		err = each(r.ProvidesExtra, func(s string) error {
			_, err := pyname.ParseExtra(s)
			return err
		})
	case "requires-dist":
		err = each(r.RequiresDist, func(s string) error {
			_, err := pep508.ParseStrict(s)
			return err
		})
	case "license-file":
		err = each(r.LicenseFiles, checkLicenseFile)
	case "import-name":
		err = each(r.ImportNames, checkImportName)
	case "import-namespace":
		err = each(r.ImportNamespaces, checkImportName)
	}
	return err
}

func each(list []string, check func(string) error) error {
	for _, s := range list {
		if err := check(s); err != nil {
			return fmt.Errorf("%q: %w", s, err)
		}
	}
	return nil
}

func (r *Raw) checkDynamic() error {
	return each(r.Dynamic, func(s string) error {
		name := strings.ToLower(s)
		if name == "name" || name == "version" || name == "metadata-version" {
			return errors.New("may not be dynamic")
		}
		if !slices.ContainsFunc(r.fields(), func(f field) bool { return f.name == name }) {
			return errors.New("not a field")
		}
		return nil
	})
}

// checkContentType judges a media type: one of three, in UTF-8, and of Markdown
// one of two variants.
func checkContentType(value string) error {
	if strings.ContainsAny(value, "\r\n") {
		return errors.New("not a single line")
	}
	kind, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind != "text/plain" && kind != "text/x-rst" && kind != "text/markdown" {
		return fmt.Errorf("must be text/plain, text/x-rst or text/markdown, not %q", kind)
	}
	for strings.TrimSpace(rest) != "" {
		name, param, after, err := parameter(rest)
		if err != nil {
			return err
		}
		rest = after
		switch {
		case name == "charset" && !strings.EqualFold(param, "utf-8"):
			return fmt.Errorf("charset must be UTF-8, not %q", param)
		case name == "variant" && kind == "text/markdown" && param != "GFM" && param != "CommonMark":
			return fmt.Errorf("variant must be GFM or CommonMark, not %q", param)
		}
	}
	return nil
}

// parameter reads name=value up to the next semicolon.
func parameter(s string) (name, value, rest string, err error) {
	end := strings.IndexAny(s, "=;")
	if end < 0 || s[end] == ';' {
		return "", "", "", fmt.Errorf("parameter %q has no value", strings.TrimSpace(s))
	}
	name, s = strings.ToLower(strings.TrimSpace(s[:end])), strings.TrimSpace(s[end+1:])
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		end := strings.IndexByte(quoted, '"')
		if end < 0 {
			return "", "", "", fmt.Errorf("parameter %q has no closing quote", name)
		}
		value, s = quoted[:end], strings.TrimSpace(quoted[end+1:])
		if s != "" && s[0] != ';' {
			return "", "", "", fmt.Errorf("parameter %q is followed by %q", name, s)
		}
		return name, value, strings.TrimPrefix(s, ";"), nil
	}
	value, rest, _ = strings.Cut(s, ";")
	return name, strings.TrimSpace(value), rest, nil
}

func checkLicenseFile(file string) error {
	switch {
	case strings.Contains(file, ".."):
		return errors.New("parent directories are not allowed")
	case strings.Contains(file, "*"):
		return errors.New("patterns are not allowed")
	case path.IsAbs(file), len(file) > 1 && file[1] == ':':
		return errors.New("not a relative path")
	case strings.Contains(file, `\`), path.Clean(file) != file:
		return errors.New("not a plain path with slashes")
	}
	return nil
}

// checkImportName judges module[.module][; private] (PEP 794).
func checkImportName(value string) error {
	name, private, marked := strings.Cut(value, ";")
	for part := range strings.SplitSeq(strings.TrimRight(name, " \t"), ".") {
		if !isIdentifier(part) || isKeyword(part) {
			return fmt.Errorf("%q is not an identifier", part)
		}
	}
	if marked && strings.TrimLeft(private, " \t") != "private" {
		return errors.New("only private may follow the semicolon")
	}
	return nil
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return false
		}
	}
	return s != ""
}

// isKeyword tells the reserved words of Python.
func isKeyword(s string) bool {
	switch s {
	case "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
		"elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
		"not", "or", "pass", "raise", "return", "try", "while", "with", "yield":
		return true
	}
	return false
}
