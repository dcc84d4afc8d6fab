package backend

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tame-py/tame/packaging/metadata"
)

// licenseInfo is what the metadata say about the license, besides the expression.
type licenseInfo struct {
	text  *string
	files []string // sorted paths in the project
}

func (p *project) licenseExpression() *string { return p.license.expression }

// licenses checks the license (PEP 639, or the older table) and finds its
// files.
func (b *build) licenses() (licenseInfo, error) {
	p := b.project
	var info licenseInfo
	var err error
	switch {
	case p.licenseFiles != nil && (p.license.text != nil || p.license.file != nil):
		return info, invalid("when `project.license-files` is defined, `project.license` must be an SPDX expression string")
	case p.licenseFiles != nil:
		info.files, err = b.findLicenses(*p.licenseFiles)
	case p.license.text != nil:
		info.text = p.license.text
	case p.license.file != nil:
		var data []byte
		data, err = os.ReadFile(filepath.Join(b.Dir, filepath.FromSlash(*p.license.file)))
		text := string(data)
		info.text = &text
	}
	if err != nil {
		return info, err
	}
	if e := p.license.expression; e != nil {
		if err := checkExpression(*e); err != nil {
			return info, err
		}
	}
	for _, c := range p.classifiers {
		if strings.HasPrefix(c, "License :: ") {
			b.warn("Found license classifier `%s`. License classifiers are ambiguous and deprecated per PEP 639; use `project.license` and `project.license-files` instead.", c)
		}
	}
	return info, nil
}

// checkExpression refuses what is no SPDX expression, and identifiers that are
// deprecated or in the wrong case. An index is more lenient, but what is written
// here stays for good.
func checkExpression(text string) error {
	refuse := func(hint string, err error) error {
		return &ValidationError{Reason: "`project.license` is not a valid SPDX expression: " + text, Err: err, hint: hint}
	}
	canonical, err := metadata.ParseLicense(text)
	if err != nil {
		return refuse("", err)
	}
	if canonical = spaced(canonical); spaced(text) != canonical && upperOperators(spaced(text)) != canonical {
		return refuse("write it as `"+canonical+"`", nil)
	}
	for word := range strings.FieldsSeq(canonical) {
		if instead, old := deprecatedLicense(word); old {
			return refuse(instead, fmt.Errorf("`%s` is a deprecated identifier", word))
		}
	}
	return nil
}

// spaced puts one space between all tokens.
func spaced(text string) string {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// upperOperators writes operators in upper case, which may also be in lower
// case throughout.
func upperOperators(text string) string {
	return strings.NewReplacer(" or ", " OR ", " and ", " AND ", " with ", " WITH ").Replace(text)
}

// deprecatedLicense reports whether an identifier of the SPDX License List 3.27
// is deprecated, or a GNU license with the plus that was given up for names of
// their own; and what to do about it.
func deprecatedLicense(id string) (hint string, deprecated bool) {
	base := strings.TrimSuffix(id, "+")
	switch base {
	case "AGPL-1.0", "AGPL-3.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "GPL-1.0", "GPL-2.0", "GPL-3.0",
		"LGPL-2.0", "LGPL-2.1", "LGPL-3.0":
		return fmt.Sprintf("write `%s-only` or `%s-or-later`", base, base), true
	case "BSD-2-Clause-FreeBSD", "BSD-2-Clause-NetBSD", "Net-SNMP", "Nunit", "StandardML-NJ", "bzip2-1.0.5",
		"eCos-2.0", "wxWindows", "GPL-2.0-with-GCC-exception", "GPL-2.0-with-autoconf-exception",
		"GPL-2.0-with-bison-exception", "GPL-2.0-with-classpath-exception", "GPL-2.0-with-font-exception",
		"GPL-3.0-with-GCC-exception", "GPL-3.0-with-autoconf-exception":
		return "", true
	}
	if base != id && strings.Contains(base, "GPL-") {
		return fmt.Sprintf("write `%s` without the plus", base), true
	}
	return "", false
}

// findLicenses returns the files that the globs of license-files match. Each
// glob has to match one.
func (b *build) findLicenses(patterns []string) ([]string, error) {
	globs, err := parseGlobs(patterns, pep639, "project.license-files")
	if err != nil {
		return nil, err
	}
	all := newMatcher(globs)
	each := make([]*matcher, len(globs))
	for i := range globs {
		each[i] = newMatcher(globs[i : i+1])
	}
	matched := make([]bool, len(globs))
	var files []string
	err = walk(b.Dir, "", func(e entry) bool { return all.covers(e.path) }, func(e entry) error {
		if !e.mode.IsRegular() && !e.isLink() {
			return nil
		}
		if err := e.refuseVenv(); err != nil {
			return err
		}
		for i, m := range each {
			matched[i] = matched[i] || m.matches(e.path)
		}
		files = append(files, e.path)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, invalid("`project.license-files` glob `%s` did not match any files", patterns[i])
	}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(b.Dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(data) {
			return nil, invalid("license file `%s` must be UTF-8 encoded", name)
		}
	}
	slices.Sort(files)
	return files, nil
}
