package audit

import (
	"strings"

	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyproject"
)

// A License is what a distribution says of its licence.
type License struct {
	// Expression is an SPDX expression in its proper form, if the licence could be
	// told so.
	Expression string
	// Text is what was said otherwise: the names of classifiers, or the first line
	// of a free text.
	Text string
	// From names the field that it was told by; empty if nothing was said.
	From string
}

// String is the licence for people.
func (l License) String() string {
	switch {
	case l.Expression != "":
		return l.Expression
	case l.Text != "":
		return l.Text
	}
	return "unknown"
}

// The fields that tell a licence.
const (
	fromExpression  = "License-Expression"
	fromLicense     = "License"
	fromClassifiers = "Classifier"
)

// LicenseOf reads the licence from the fields of metadata: the expression of PEP
// 639, else what is an expression in the older free text, else the classifiers,
// else the free text. file is the pyproject.toml of a source tree, or nil.
func LicenseOf(h metadata.Headers, file *pyproject.File) License {
	expression, _ := h.Get("License-Expression")
	free, _ := h.Get("License")
	var classifiers []string
	for c := range h.All("Classifier") {
		classifiers = append(classifiers, c)
	}
	if file != nil && expression == "" && free == "" && len(classifiers) == 0 {
		if p, err := file.Project(); err == nil && p != nil {
			classifiers = p.Classifiers
			expression, free = p.License.Expression, p.License.Text
		}
	}
	if expression != "" {
		if canonical, err := metadata.ParseLicense(expression); err == nil {
			return License{Expression: canonical, From: fromExpression}
		}
		return License{Text: expression, From: fromExpression}
	}
	if canonical := freeExpression(free); canonical != "" {
		return License{Expression: canonical, From: fromLicense}
	}
	if l := classified(classifiers); l.From != "" {
		return l
	}
	if line := firstLine(free); line != "" {
		return License{Text: line, From: fromLicense}
	}
	return License{}
}

// firstLine is the beginning of a text, of which the rest may be pages.
func firstLine(text string) string {
	const most = 80
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.Join(strings.Fields(line), " ")
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most-1]) + "…"
	}
	return line
}

// freeExpression is the SPDX expression that a free text is, or stands for.
func freeExpression(text string) string {
	if text == "" || len(text) > 200 {
		return ""
	}
	if canonical, err := metadata.ParseLicense(text); err == nil {
		return canonical
	}
	switch strings.ToLower(strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")) {
	case "mit license", "the mit license", "the mit license (mit)", "mit license (mit)", "expat":
		return "MIT"
	case "apache 2.0", "apache 2", "apache-2", "apache license 2.0", "apache license, version 2.0", "apache license version 2.0", "apache software license 2.0", "asl 2.0", "apache2", "apache license v2.0":
		return "Apache-2.0"
	case "3-clause bsd", "bsd 3-clause", "bsd 3-clause license", "new bsd", "new bsd license", "modified bsd license", "bsd 3 clause":
		return "BSD-3-Clause"
	case "2-clause bsd", "bsd 2-clause", "bsd 2-clause license", "simplified bsd":
		return "BSD-2-Clause"
	case "isc license", "isc license (iscl)":
		return "ISC"
	case "mpl 2.0", "mozilla public license 2.0", "mozilla public license 2.0 (mpl 2.0)":
		return "MPL-2.0"
	case "psf", "psf license", "python software foundation license":
		return "PSF-2.0"
	case "gplv2", "gpl v2":
		return "GPL-2.0-only"
	case "gplv3", "gpl v3":
		return "GPL-3.0-only"
	case "gplv2+":
		return "GPL-2.0-or-later"
	case "gplv3+":
		return "GPL-3.0-or-later"
	case "unlicense", "the unlicense":
		return "Unlicense"
	}
	return ""
}

// classified is the licence that classifiers name. Of several, all are taken to
// hold: a policy must not let one pass for the sake of another.
func classified(classifiers []string) License {
	var ids, names []string
	exact := true
	for _, c := range classifiers {
		rest, ok := strings.CutPrefix(c, "License :: ")
		if !ok {
			continue
		}
		name := rest[strings.LastIndex(rest, " :: ")+1:]
		name = strings.TrimSpace(strings.TrimPrefix(name, ":: "))
		if name == "OSI Approved" {
			continue // says nothing about which
		}
		id := classifierID(name)
		exact = exact && id != ""
		ids, names = append(ids, id), append(names, name)
	}
	switch {
	case len(names) == 0:
		return License{}
	case exact:
		return License{Expression: strings.Join(unique(ids), " AND "), From: fromClassifiers}
	}
	return License{Text: strings.Join(unique(names), "; "), From: fromClassifiers}
}

// classifierID is the SPDX identifier of a classifier, or "" for one that may mean
// several licences, such as `BSD License`.
func classifierID(name string) string {
	switch name {
	case "MIT License":
		return "MIT"
	case "MIT No Attribution License (MIT-0)":
		return "MIT-0"
	case "Apache Software License":
		return "Apache-2.0" // the older ones are of before there were classifiers
	case "ISC License (ISCL)":
		return "ISC"
	case "Mozilla Public License 1.1 (MPL 1.1)":
		return "MPL-1.1"
	case "Mozilla Public License 2.0 (MPL 2.0)":
		return "MPL-2.0"
	case "Python Software Foundation License":
		return "PSF-2.0"
	case "GNU General Public License v2 (GPLv2)":
		return "GPL-2.0-only"
	case "GNU General Public License v2 or later (GPLv2+)":
		return "GPL-2.0-or-later"
	case "GNU General Public License v3 (GPLv3)":
		return "GPL-3.0-only"
	case "GNU General Public License v3 or later (GPLv3+)":
		return "GPL-3.0-or-later"
	case "GNU Lesser General Public License v2 (LGPLv2)":
		return "LGPL-2.0-only"
	case "GNU Lesser General Public License v2 or later (LGPLv2+)":
		return "LGPL-2.0-or-later"
	case "GNU Lesser General Public License v3 (LGPLv3)":
		return "LGPL-3.0-only"
	case "GNU Lesser General Public License v3 or later (LGPLv3+)":
		return "LGPL-3.0-or-later"
	case "GNU Affero General Public License v3":
		return "AGPL-3.0-only"
	case "GNU Affero General Public License v3 or later (AGPLv3+)":
		return "AGPL-3.0-or-later"
	case "The Unlicense (Unlicense)":
		return "Unlicense"
	case "zlib/libpng License":
		return "Zlib"
	case "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication":
		return "CC0-1.0"
	case "Boost Software License 1.0 (BSL-1.0)":
		return "BSL-1.0"
	case "Eclipse Public License 1.0 (EPL-1.0)":
		return "EPL-1.0"
	case "Eclipse Public License 2.0 (EPL-2.0)":
		return "EPL-2.0"
	case "European Union Public Licence 1.2 (EUPL 1.2)":
		return "EUPL-1.2"
	case "Historical Permission Notice and Disclaimer (HPND)":
		return "HPND"
	case "Universal Permissive License (UPL)":
		return "UPL-1.0"
	case "Blue Oak Model License (BlueOak-1.0.0)":
		return "BlueOak-1.0.0"
	}
	return ""
}
