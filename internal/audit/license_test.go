package audit

import (
	"strings"
	"testing"

	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyproject"
)

func TestLicenseOf(t *testing.T) {
	t.Parallel()
	const classifier = "Classifier: License :: OSI Approved :: "
	for _, c := range []struct{ fields, want, from string }{
		{"", "unknown", ""},
		{"License-Expression: mit or (apache-2.0 and bsd-3-clause)", "MIT OR (Apache-2.0 AND BSD-3-Clause)", fromExpression},
		{"License-Expression: Something Own\nLicense: MIT", "Something Own", fromExpression},
		{"License: BSD-3-Clause\n" + classifier + "BSD License", "BSD-3-Clause", fromLicense},
		{"License: Apache License, Version 2.0", "Apache-2.0", fromLicense},
		{"License: Copyright (c) 2020 Somebody,\n    who has much to say", "Copyright (c) 2020 Somebody, who has much to say", fromLicense},
		{"License: " + strings.Repeat("very long ", 40), strings.Repeat("very long ", 8)[:79] + "…", fromLicense},
		{"License: see file\n" + classifier + "MIT License", "MIT", fromClassifiers},
		{classifier + "MIT License\n" + classifier + "Apache Software License", "MIT AND Apache-2.0", fromClassifiers},
		{classifier + "BSD License\n" + classifier + "MIT License", "BSD License; MIT License", fromClassifiers},
		{"Classifier: License :: OSI Approved\nClassifier: Programming Language :: Python", "unknown", ""},
		{"Classifier: License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0", fromClassifiers},
		{"License: UNKNOWN", "unknown", ""},
	} {
		l := LicenseOf(metadata.ParseHeaders([]byte("Metadata-Version: 2.4\nName: a\n"+c.fields+"\n")), nil)
		if l.String() != c.want || l.From != c.from {
			t.Errorf("%q: %q from %q, want %q from %q", c.fields, l, l.From, c.want, c.from)
		}
	}
	f, err := pyproject.Parse("pyproject.toml", []byte("[project]\nname = 'a'\nversion = '1'\nlicense = 'MIT'\n"))
	if err != nil {
		t.Fatal(err)
	}
	if l := LicenseOf(metadata.Headers{}, f); l.Expression != "MIT" {
		t.Errorf("of a tree: %q", l)
	}
}

// TestClassifierIDs checks that all identifiers are of the SPDX list.
func TestClassifierIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		classifierID("MIT No Attribution License (MIT-0)"), classifierID("Historical Permission Notice and Disclaimer (HPND)"),
		classifierID("European Union Public Licence 1.2 (EUPL 1.2)"), classifierID("Blue Oak Model License (BlueOak-1.0.0)"),
		classifierID("Universal Permissive License (UPL)"), classifierID("zlib/libpng License"), classifierID("Python Software Foundation License"),
	} {
		if got, err := metadata.ParseLicense(id); err != nil || got != id {
			t.Errorf("%q: %q, %v", id, got, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	policy := func(text string) *Policy {
		f, err := pyproject.Parse("pyproject.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParsePolicy(f)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	all := policy("")
	some := policy("[tool.tame.licenses]\nallow = ['mit', 'BSD-*', 'GPL-2.0-only WITH Classpath-exception-2.0', 'BSD License']\nignore = ['Some_Name']")
	none := policy("[tool.tame.licenses]\ndeny = ['AGPL-*', 'GPL-3.0-only']")
	if !all.IsEmpty() || some.IsEmpty() || none.IsEmpty() || !some.DenyUnknown || none.DenyUnknown {
		t.Error("policies are not what they should be")
	}
	for _, c := range []struct {
		license string
		ok      [3]bool // all, some, none
	}{
		{"MIT", [3]bool{true, true, true}},
		{"BSD-3-Clause", [3]bool{true, true, true}},
		{"Apache-2.0", [3]bool{true, false, true}},
		{"AGPL-3.0-only", [3]bool{true, false, false}},
		{"MIT OR AGPL-3.0-only", [3]bool{true, true, true}},
		{"MIT AND AGPL-3.0-only", [3]bool{true, false, false}},
		{"AGPL-3.0-only OR MIT AND BSD-2-Clause", [3]bool{true, true, true}},
		{"(AGPL-3.0-only OR MIT) AND GPL-3.0-only", [3]bool{true, false, false}},
		{"GPL-2.0-only WITH Classpath-exception-2.0", [3]bool{true, true, true}},
		{"GPL-2.0-only", [3]bool{true, false, true}},
	} {
		for i, p := range []*Policy{all, some, none} {
			if why := p.Judge("a", License{Expression: c.license, From: fromExpression}); (why == "") != c.ok[i] {
				t.Errorf("%s under policy %d: %q", c.license, i, why)
			}
		}
	}
	if some.Judge("some-name", License{Expression: "X"}) != "" || some.Judge("a", License{}) == "" || none.Judge("a", License{}) != "" {
		t.Error("ignored or unknown packages are judged wrongly")
	}
	if some.Judge("a", License{Text: "BSD License; MIT", From: fromClassifiers}) != "" || some.Judge("a", License{Text: "BSD License; Other", From: fromClassifiers}) == "" {
		t.Error("classifiers are judged wrongly")
	}
}

func TestPolicyErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"allow = 'MIT'", "deny = [1]", "unknown = 'maybe'", "ignore = ['-']", "packages = ['a']", "packages = {a = 1}", "packages = {'-' = 'MIT'}", "denied = []"} {
		f, err := pyproject.Parse("pyproject.toml", []byte("[tool.tame.licenses]\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePolicy(f); err == nil || !strings.Contains(err.Error(), "pyproject.toml:2") && !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
