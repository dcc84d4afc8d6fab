package config

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tame-py/tame/internal/toml"
)

// shown says for each key which scripts of cmd/tame see it change an outcome: they
// have it in a uv.toml, in the table of a project or of a script, or in the lines of
// the command `settings`.
const shown = `
settings_resolve: index index-url extra-index-url no-index find-links index-strategy resolution prerelease prerelease-package
settings_resolve: fork-strategy dependency-metadata exclude-newer exclude-newer-package no-sources no-sources-package upgrade
settings_resolve: upgrade-package torch-backend constraint-dependencies override-dependencies exclude-dependencies
settings_resolve: build-constraint-dependencies sources
settings_resolve: pip.index-url pip.extra-index-url pip.no-index pip.find-links pip.index-strategy pip.resolution pip.prerelease
settings_resolve: pip.fork-strategy pip.dependency-metadata pip.exclude-newer pip.exclude-newer-package pip.no-sources
settings_resolve: pip.no-sources-package pip.upgrade pip.upgrade-package pip.torch-backend
settings_build: config-settings config-settings-package extra-build-dependencies extra-build-variables no-build-isolation
settings_build: no-build-isolation-package no-build no-build-package no-binary no-binary-package
settings_build: pip.config-settings pip.config-settings-package pip.extra-build-dependencies pip.extra-build-variables
settings_build: pip.no-build-isolation pip.no-build-isolation-package pip.no-build pip.only-binary pip.no-binary
settings_compile: pip.extra pip.all-extras pip.no-extra pip.group pip.no-deps pip.output-file pip.no-strip-extras
settings_compile: pip.no-strip-markers pip.no-annotate pip.no-header pip.custom-compile-command pip.generate-hashes
settings_compile: pip.no-emit-package pip.emit-index-url pip.emit-find-links pip.emit-build-options pip.emit-marker-expression
settings_compile: pip.emit-index-annotation pip.annotation-style pip.python-version pip.python-platform pip.universal
settings_install: link-mode compile-bytecode reinstall reinstall-package
settings_install: pip.link-mode pip.compile-bytecode pip.reinstall pip.reinstall-package pip.python pip.system pip.target
settings_install: pip.prefix pip.require-hashes pip.verify-hashes pip.strict pip.allow-empty-requirements
settings_network: required-version preview preview-features cache-dir no-cache offline http-proxy no-proxy keyring-provider
settings_network: pip.keyring-provider concurrent-downloads concurrent-builds concurrent-installs
settings_publish: python-preference python-downloads python-downloads-json-url python-install-mirror pypy-install-mirror
settings_publish: publish-url check-url trusted-publishing add-bounds audit.ignore audit.ignore-until-fixed
settings_project: default-groups dev-dependencies dependency-groups package managed environments required-environments
settings_project: build-backend
variables_python: pip.break-system-packages
settings_index: index.url index.name index.default index.explicit index.format index.publish-url index.authenticate
settings_index: index.ignore-error-codes index.cache-control index.exclude-newer index.hash-algorithm
variables_network: audit.malware-check audit.malware-check-url tame.git-credentials tame.keyring-timeout
pip_install_build_cache: cache-keys
lock_conflicts: conflicts
build_workspace: workspace
pip_install_build_fails: tame.build-timeout
settings_tame: tame.pip-config tame.expand-variables
network_mirrors: tame.mirror
vendor: tame.vendor
audit: tame.audit
audit_licenses: tame.licenses
build_git_version: tame.version
run_task: tame.tasks tame.env tame.env-file
run_matrix: tame.matrix
sync_defaults: tame.default-extras
`

// exceptions are keys that no script shows, with the reason.
func exceptions() map[string]string {
	return map[string]string{
		"system-certs":        "the certificates of the system count in any case: the value is checked alone",
		"native-tls":          "the older name of system-certs",
		"https-proxy":         "needs a server of TLS: TestConnections of cmd/tame",
		"allow-insecure-host": "needs a server of TLS: TestConnections of cmd/tame",
	}
}

// TestKeysAreShown sees to it that every key is in a script that shows what it does,
// at the top level and in the table pip, or has a reason not to be.
func TestKeysAreShown(t *testing.T) {
	t.Parallel()
	known := maps.Clone(exceptions())
	for line := range strings.Lines(shown) {
		script, keys, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if script == "" {
			continue
		}
		has := keysOfScript(t, script)
		for _, key := range strings.Fields(keys) {
			if !has[key] {
				t.Errorf("%s.txtar has no settings with %s", script, key)
			}
			if _, twice := known[key]; twice {
				t.Errorf("%s is listed twice", key)
			}
			known[key] = script
		}
	}
	all := slices.Concat(Keys(), fieldNames(projectFields()))
	for _, name := range fieldNames(tameFields()) {
		all = append(all, "tame."+name)
	}
	all = append(all, indexKeys(t)...)
	slices.Sort(all)
	all = slices.Compact(all)
	for _, key := range all {
		if known[key] == "" {
			t.Errorf("no script shows what %s does", key)
		}
		delete(known, key)
	}
	for key := range known {
		t.Errorf("%s is no key", key)
	}
	t.Logf("%d keys, %d of them exceptions", len(all), len(exceptions()))
}

// indexKeys are the keys of an entry of index, as the function that reads one has
// them.
func indexKeys(t *testing.T) (out []string) {
	t.Helper()
	source, err := os.ReadFile("urls.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "\nfunc asIndex(")
	body, _, _ = strings.Cut(body, "\n}\n")
	key := regexp.MustCompile(`(?:\w+\(v, |v\.Get\()"([a-z-]+)"`)
	for _, m := range key.FindAllStringSubmatch(body, -1) {
		out = append(out, "index."+m[1])
	}
	if len(out) < 11 {
		t.Errorf("asIndex reads %v: there were more", out)
	}
	return out
}

// keysOfScript are the keys of settings in a script: in files of TOML, in the
// blocks of scripts, and in the command `settings`.
func keysOfScript(t *testing.T, script string) map[string]bool {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("..", "..", "cmd", "tame", "testdata", "script", script+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range archive.Files {
		name, text := filepath.Base(file.Name), string(file.Data)
		if block, ok := scriptBlock(text); ok {
			name, text = "script.toml", block
		}
		if strings.Contains(filepath.Base(name), ".toml") {
			addKeys(out, name, text)
		}
	}
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "settings ") {
			if !addKeys(out, "uv.toml", settingsLines(line)) {
				t.Errorf("%s: %s: no TOML", script, line)
			}
		}
	}
	return out
}

// addKeys adds the keys of a file, and reports whether it is TOML. A file that is
// none of a project may be a uv.toml or a tame.toml, whatever its name.
func addKeys(to map[string]bool, name, text string) bool {
	doc, err := toml.Parse(name, []byte(text))
	if err != nil {
		return false
	}
	addTable(to, doc.Root().Get("tool").Get("uv"), "")
	addTable(to, doc.Root().Get("tool").Get("tame"), "tame.")
	if doc.Root().Get("tool").Kind() != toml.Table && doc.Root().Get("project").Kind() != toml.Table {
		addTable(to, doc.Root(), "")
		addTable(to, doc.Root(), "tame.")
	}
	return true
}

func addTable(to map[string]bool, table *toml.Value, prefix string) {
	if table.Kind() != toml.Table {
		return
	}
	for e := range table.Entries() {
		to[prefix+e.Key] = true
		if prefix == "" && (e.Key == "pip" || e.Key == "audit") {
			addTable(to, e.Value, e.Key+".")
		}
		if prefix == "" && e.Key == "index" {
			for _, x := range e.Value.Elems() {
				addTable(to, x, "index.")
			}
		}
	}
}

// scriptBlock is the metadata of a script of Python (PEP 723).
func scriptBlock(text string) (string, bool) {
	m := regexp.MustCompile(`(?ms)^# /// script\n(.*?)^# ///$`).FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return regexp.MustCompile(`(?m)^# ?`).ReplaceAllString(m[1], ""), true
}

// settingsLines are the lines that `settings 'LINE' 'LINE'` writes, with any text in
// place of variables.
func settingsLines(command string) string {
	var b strings.Builder
	for i, part := range strings.Split(strings.TrimPrefix(command, "settings "), "'") {
		switch {
		case i%2 == 1:
			b.WriteString(part)
		case strings.TrimSpace(part) == "":
			b.WriteString("\n")
		default:
			b.WriteString("value")
		}
	}
	return b.String()
}
