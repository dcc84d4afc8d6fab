package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write generated files anew instead of comparing them")

const reference = "../../docs/reference/settings.md"

// texts says what each key is for, and its values.
const texts = `
required-version: the versions of uv that may be used; tame answers for 0.12.5
system-certs: trust the system's certificates (tame does in any case)
native-tls: the older name of system-certs
offline: use no network
no-cache: work without the cache
cache-dir: where the cache is
preview: use what is still being tried out
preview-features: the same for these features; or true
python-preference: whose Pythons to prefer: only-managed, managed, system, only-system
python-downloads: when to download Pythons: automatic, manual, never
concurrent-downloads: how many downloads at once
concurrent-builds: how many builds at once
concurrent-installs: how many wheels to install at once
http-proxy: the proxy for http
https-proxy: the proxy for https
no-proxy: hosts without a proxy
allow-insecure-host: hosts whose certificate is not verified
index: tables with name, url, default, explicit, format, publish-url, authenticate, ignore-error-codes, cache-control, exclude-newer, hash-algorithm
index-url: the default index; an entry of index with default = true is preferred
extra-index-url: further indexes; entries of index are preferred
no-index: ask no index
find-links: directories and pages with distributions
index-strategy: first-index, unsafe-first-match, unsafe-best-match
keyring-provider: disabled, subprocess
resolution: highest, lowest, lowest-direct
prerelease: disallow, allow, if-necessary, explicit, if-necessary-or-explicit
prerelease-package: the same by package
fork-strategy: requires-python, fewest
dependency-metadata: metadata in place of that of packages
config-settings: what build backends are told
config-settings-package: the same by package
no-build-isolation: build in the environment itself
no-build-isolation-package: the same for these packages
extra-build-dependencies: what builds need beyond what they say, by package
extra-build-variables: variables for builds, by package
exclude-newer: leave out what was uploaded later: a date, a time, a span, or false
exclude-newer-package: the same by package
link-mode: clone, copy, hardlink, symlink
compile-bytecode: compile Python files after installing
no-sources: leave tool.uv.sources out
no-sources-package: the same for these packages
upgrade: take the newest of all packages
upgrade-package: the same for these
reinstall: install all packages anew
reinstall-package: the same for these
no-build: build nothing
no-build-package: do not build these packages
no-binary: use no wheels
no-binary-package: use no wheels of these packages
torch-backend: which builds of PyTorch to take
python-install-mirror: what takes the place of the host of CPython
pypy-install-mirror: what takes the place of the host of PyPy
python-downloads-json-url: the list of Pythons to download
publish-url: where to upload
trusted-publishing: automatic, always, never
check-url: the index to look first whether a file is there
add-bounds: what bounds add writes: lower, major, minor, exact
audit.malware-check: hold what is locked against a list of malware
audit.malware-check-url: where that list is
audit.ignore: advisories to pass over
audit.ignore-until-fixed: the same as long as there is no fix
cache-keys: what a build depends on: files, directories, variables, the state of git
override-dependencies: requirements that replace all others of these packages
exclude-dependencies: packages never to install
constraint-dependencies: requirements that limit versions
build-constraint-dependencies: the same for builds
environments: the markers to resolve for
required-environments: platforms that must have a wheel
pip.python: the Python to use
pip.system: use the Python of the system
pip.break-system-packages: change an environment that something else manages
pip.target: install into this directory
pip.prefix: install below this directory
pip.no-binary: use no wheels of these packages, or :all:
pip.only-binary: do not build these packages, or :all:
pip.strict: say what does not fit together
pip.extra: extras to include
pip.all-extras: include all extras
pip.no-extra: extras to leave out
pip.no-deps: no dependencies
pip.group: dependency groups to include
pip.allow-empty-requirements: let pip sync remove everything
pip.output-file: where pip compile writes
pip.no-strip-extras: write extras
pip.no-strip-markers: write markers
pip.no-annotate: write no comments on who needs a package
pip.no-header: write no comment at the top
pip.custom-compile-command: what that comment gives as the command
pip.generate-hashes: write hashes
pip.python-version: the Python to resolve for
pip.python-platform: the platform to resolve for
pip.universal: resolve for all platforms
pip.no-emit-package: packages to leave out of the output
pip.emit-index-url: write the URLs of indexes
pip.emit-find-links: write the places of find-links
pip.emit-build-options: write no-binary and only-binary
pip.emit-marker-expression: write for which environments the result holds
pip.emit-index-annotation: write which index a package is from
pip.annotation-style: line, split
pip.require-hashes: refuse what has no hash
pip.verify-hashes: check the hashes that there are
sources: where packages are from: git, url, path, workspace, index, with marker, extra and group
workspace: members and exclude, as globs
managed: false leaves the project alone
package: whether the project is built and installed
default-groups: groups that are included by default; or "all"
dependency-groups: requires-python of groups
dev-dependencies: the older form of the group dev
conflicts: extras and groups that exclude each other
build-backend: the build backend: see [Building](../building.md)
tame.build-timeout: seconds that a hook of a build may take (TAME_BUILD_TIMEOUT)
tame.keyring-timeout: seconds to wait for a keyring (TAME_KEYRING_TIMEOUT)
tame.git-credentials: ask the credential helpers of git for indexes, too (TAME_GIT_CREDENTIALS)
tame.pip-config: let pip's files and PIP_* count behind all others (TAME_PIP_CONFIG): index-url, extra-index-url, find-links, no-index, trusted-host, cert, client-cert, proxy, timeout, retries, no-binary, only-binary, constraint
tame.expand-variables: expand ${NAME} in the user and password of indexes in files (TAME_EXPAND_VARIABLES)
tame.mirror: tables with of, a URL of an index or of files, and urls, which are asked in its stead (TAME_MIRRORS); in tame.toml alone; see [The network](../network.md#mirrors)
tame.vendor: a folder of files that take the place of downloads, if a digest of them is known; see [Projects](../projects.md#vendoring)
tame.audit: see [Audit](../audit.md)
tame.licenses: see [Audit](../audit.md)
tame.version: see [Building](../building.md)
tame.tasks: commands of the project
tame.env: variables for them
tame.env-file: files of such variables
tame.matrix: the Pythons of run --matrix without a value
tame.default-extras: extras that are included by default; or "all" (TAME_DEFAULT_EXTRAS); see [Projects](../projects.md#defaults)
`

// TestReference keeps docs/reference/settings.md, which is made of the tables of
// keys.
func TestReference(t *testing.T) {
	t.Parallel()
	text := map[string]string{}
	for line := range strings.Lines(texts) {
		if key, what, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			text[key] = what
		}
	}
	var b strings.Builder
	b.WriteString(head)
	row := func(key, shown string) {
		what, ok := text[key]
		if !ok {
			t.Errorf("no text about %s", key)
		}
		delete(text, key)
		list := ""
		if IsList(key) {
			list = "joined"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", shown, what, list)
	}
	table := func(title string) { fmt.Fprintf(&b, "\n## %s\n\n| key | | |\n|---|---|---|\n", title) }
	table("Everywhere")
	for _, key := range Keys() {
		if !strings.HasPrefix(key, "pip.") {
			row(key, key)
		}
	}
	table("In the table `pip`")
	b.WriteString("| keys from `index-url` to `torch-backend` | as above | |\n")
	shared := fieldNames(resolverFields())
	for _, key := range fieldNames(pipFields()) {
		if !strings.Contains("\n"+strings.Join(shared, "\n")+"\n", "\n"+key+"\n") {
			row("pip."+key, key)
		}
	}
	table("In `[tool.uv]` of a project alone")
	for _, f := range projectFields() {
		row(f.name, f.name)
	}

	table("Of tame alone: `[tool.tame]` of a project, `~/.config/tame/tame.toml`")
	for _, f := range tameFields() {
		row("tame."+f.name, f.name)
	}
	for key := range text {
		t.Errorf("%s is no key", key)
	}
	compareReference(t, b.String())
}

const head = "<!-- Generated by `go test ./internal/config -update`; do not edit. -->\n\n# Settings\n\n" + `Settings stand in ` + "`uv.toml`" + `, or in ` + "`[tool.uv]`" + ` of a pyproject.toml or script. Of a project's files the nearest counts; those of
the user (` + "`~/.config/uv/uv.toml`" + `) and of the system (` + "`/etc/uv/uv.toml`" + `) come behind it. A flag comes before its variable, and both before
files. ` + "`--show-settings`" + ` says what is in force and where it is from. Lists and tables that are "joined" are those of all files.
`

func compareReference(t *testing.T, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(reference, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(was), "\r\n", "\n") != text {
		t.Errorf("%s is not what it would be now; write it with `go test ./internal/config -update`", reference)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"resolutoin": "resolution", "indexurl": "index-url", "x": "", "prerelase": "prerelease", "something-else-entirely": "",
	} {
		if got := Nearest(name, Keys()); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
