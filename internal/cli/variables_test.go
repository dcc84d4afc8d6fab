package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A variable is one of the environment that the program obeys: what it is for, and
// the test that fails if it is ignored, a script of cmd/tame or a file below it.
type variable struct{ name, text, test string }

// variables are all of them by what they are about.
func variables() (headings []string, byHeading map[string][]variable) {
	byHeading = map[string][]variable{
		"Indexes and resolution": {
			{"UV_DEFAULT_INDEX", "The index for whatever no other index has: a URL or a path", "variables_resolve.txtar"},
			{"UV_INDEX", "Further indexes, which are asked first; separated by blanks", "variables_resolve.txtar"},
			{"UV_INDEX_URL", "The older name of UV_DEFAULT_INDEX", "variables_resolve.txtar"},
			{"UV_EXTRA_INDEX_URL", "The older name of UV_INDEX", "variables_resolve.txtar"},
			{"UV_FIND_LINKS", "Directories and pages with distributions; separated by commas", "variables_resolve.txtar"},
			{"UV_INDEX_STRATEGY", "Which indexes count if several have a package", "variables_resolve.txtar"},
			{"UV_INDEX_NAME_USERNAME", "The user for the index NAME (in capitals, other characters as `_`)", "../internal/auth/auth_test.go"},
			{"UV_INDEX_NAME_PASSWORD", "The password for the index NAME", "../internal/auth/auth_test.go"},
			{"UV_KEYRING_PROVIDER", "Where credentials are kept: `disabled`, `subprocess`, `native`", "auth_refused.txtar"},
			{"UV_RESOLUTION", "Which versions to prefer: `highest`, `lowest`, `lowest-direct`", "variables_resolve.txtar"},
			{"UV_PRERELEASE", "Whether pre-releases count", "variables_resolve.txtar"},
			{"UV_FORK_STRATEGY", "What a universal resolution prefers: `requires-python`, `fewest`", "variables_resolve.txtar"},
			{"UV_EXCLUDE_NEWER", "Leave out what was uploaded later: a date, a time or a span", "variables_resolve.txtar"},
			{"UV_CONSTRAINT", "Files of constraints; separated by blanks", "variables_resolve.txtar"},
			{"UV_BUILD_CONSTRAINT", "Files of constraints for builds", "variables_resolve.txtar"},
			{"UV_OVERRIDE", "Files of requirements that replace others", "variables_resolve.txtar"},
			{"UV_EXCLUDE", "Files of packages never to install", "variables_resolve.txtar"},
			{"UV_NO_SOURCES", "Leave `tool.uv.sources` out", "variables_resolve.txtar"},
			{"UV_NO_SOURCES_PACKAGE", "The same for these packages", "variables_resolve.txtar"},
			{"UV_TORCH_BACKEND", "Which builds of PyTorch to take", "pip_install_torch.txtar"},
			{"UV_CUDA_DRIVER_VERSION", "The version of the driver, instead of asking the machine", "variables_python.txtar"},
			{"UV_AMD_GPU_ARCHITECTURE", "The architecture of the card, instead of asking the machine", "variables_python.txtar"},
			{"UV_REQUIRE_HASHES", "Refuse what has no hash", "variables_install.txtar"},
			{"UV_NO_VERIFY_HASHES", "Do not check the hashes that requirements files have", "variables_install.txtar"},
			{"UV_GIT_LFS", "Fetch the large files of git repositories", "variables_project.txtar"},
			{"UV_CUSTOM_COMPILE_COMMAND", "What the comment at the top of `pip compile` gives as the command", "variables_resolve.txtar"},
		},
		"Building and installing": {
			{"UV_LINK_MODE", "How files get from the cache into environments", "variables_install.txtar"},
			{"UV_COMPILE_BYTECODE", "Compile Python files after installing", "variables_install.txtar"},
			{"UV_COMPILE_BYTECODE_TIMEOUT", "Seconds that this may take; 0 is no limit", "variables_compile.txtar"},
			{"PYC_INVALIDATION_MODE", "How Python finds out that bytecode is stale", "variables_install.txtar"},
			{"UV_NO_BUILD", "Build nothing", "variables_project.txtar"},
			{"UV_NO_BUILD_PACKAGE", "Do not build these packages", "variables_project.txtar"},
			{"UV_NO_BINARY", "Use no wheels", "variables_project.txtar"},
			{"UV_NO_BINARY_PACKAGE", "Use no wheels of these packages", "variables_project.txtar"},
			{"UV_NO_BUILD_ISOLATION", "Build in the environment itself", "variables_install.txtar"},
			{"UV_NO_INSTALLER_METADATA", "Write no INSTALLER, REQUESTED and direct_url.json", "variables_install.txtar"},
			{"UV_SKIP_WHEEL_FILENAME_CHECK", "Accept wheels whose metadata tells another name or version", "variables_install.txtar"},
			{"UV_HIDE_BUILD_OUTPUT", "Leave the output of a failed build out", "variables_install.txtar"},
			{"UV_SYSTEM_PYTHON", "Use the Python of the system rather than a virtual environment", "variables_install.txtar"},
			{"UV_BREAK_SYSTEM_PACKAGES", "Change an environment even if something else manages it", "variables_python.txtar"},
			{"UV_MALWARE_CHECK", "Hold what is locked against a list of malware", "variables_network.txtar"},
			{"UV_MALWARE_CHECK_URL", "Where that list is", "variables_network.txtar"},
			{"UV_CONCURRENT_DOWNLOADS", "How many downloads at once, at least 1", "variables_requests.txtar"},
			{"UV_CONCURRENT_BUILDS", "How many builds at once", "variables_requests.txtar"},
			{"UV_CONCURRENT_INSTALLS", "How many wheels to install at once", "variables_compile.txtar"},
			{"UV_CONCURRENT_CACHE_READS", "Checked; tame reads its cache without threads of their own", "variables_install.txtar"},
		},
		"Projects": {
			{"UV_PROJECT", "Where the project is looked for", "variables_project.txtar"},
			{"UV_NO_PROJECT", "Look for no project", "variables_project.txtar"},
			{"UV_WORKING_DIR", "Change to this directory first", "variables_resolve.txtar"},
			{"UV_WORKING_DIRECTORY", "The older name of UV_WORKING_DIR", "variables_resolve.txtar"},
			{"UV_PROJECT_ENVIRONMENT", "The environment of the project, instead of `.venv`", "variables_project.txtar"},
			{"UV_NO_SYNC", "Change no environment", "variables_project.txtar"},
			{"UV_LOCKED", "Fail if the lock would have to change", "variables_project.txtar"},
			{"UV_FROZEN", "Use the lock without looking whether it is right", "variables_project.txtar"},
			{"UV_ISOLATED", "Run in an environment of its own", "variables_project.txtar"},
			{"UV_DEV", "Include the group `dev`", "variables_project.txtar"},
			{"UV_NO_DEV", "Leave the group `dev` out", "variables_project.txtar"},
			{"UV_NO_GROUP", "Leave these groups out", "variables_project.txtar"},
			{"UV_NO_DEFAULT_GROUPS", "Leave out the groups that are included by default", "variables_project.txtar"},
			{"UV_NO_EDITABLE", "Install projects as if they were not editable", "variables_project.txtar"},
			{"UV_NO_INSTALL_PROJECT", "Do not install the project itself", "variables_project.txtar"},
			{"UV_NO_INSTALL_WORKSPACE", "Install no member of the workspace", "variables_project.txtar"},
			{"UV_NO_INSTALL_LOCAL", "Install nothing that is a directory or file", "variables_project.txtar"},
			{"UV_ONLY_INSTALL_PROJECT", "Install nothing but the project", "variables_project.txtar"},
			{"UV_ONLY_INSTALL_WORKSPACE", "Install nothing but members of the workspace", "variables_project.txtar"},
			{"UV_ONLY_INSTALL_LOCAL", "Install nothing but directories and files", "variables_project.txtar"},
			{"UV_ENV_FILE", "Files of variables for `run`", "variables_project.txtar"},
			{"UV_NO_ENV_FILE", "Read no such file", "variables_project.txtar"},
			{"UV_INIT_BARE", "`init` makes only the pyproject.toml", "variables_project.txtar"},
			{"UV_INIT_BUILD_BACKEND", "What builds a new project", "variables_project.txtar"},
			{"UV_RUN_RLIMIT_NOFILE", "How many files a command may open", "run_command.txtar"},
			{"UV_RUN_MAX_RECURSION_DEPTH", "How deep `run` may run itself", "run_command.txtar"},
			{"UV_RUN_RECURSION_DEPTH", "Set by `run`: how deep it is", "run_command.txtar"},
			{"UV_SHOW_RESOLUTION", "Say what is resolved and installed for one run", "variables_project.txtar"},
			{"UV_VENV_SEED", "Put pip into new environments", "variables_install.txtar"},
			{"UV_VENV_CLEAR", "Replace an environment that is there", "variables_install.txtar"},
			{"UV_VENV_RELOCATABLE", "Make environments that can be moved", "variables_install.txtar"},
		},
		"Python": {
			{"UV_PYTHON", "The Python to use", "variables_python.txtar"},
			{"UV_PYTHON_PREFERENCE", "Whose Pythons to prefer", "variables_python.txtar"},
			{"UV_MANAGED_PYTHON", "Use only managed Pythons", "variables_python.txtar"},
			{"UV_NO_MANAGED_PYTHON", "Use no managed Python", "variables_python.txtar"},
			{"UV_PYTHON_DOWNLOADS", "When to download Pythons: `automatic`, `manual`, `never`", "variables_python.txtar"},
			{"UV_PYTHON_DOWNLOADS_JSON_URL", "The list of Pythons to download", "variables_python.txtar"},
			{"UV_PYTHON_INSTALL_DIR", "Where managed Pythons are", "variables_python.txtar"},
			{"UV_PYTHON_BIN_DIR", "Where links to them are made", "variables_python.txtar"},
			{"UV_PYTHON_CACHE_DIR", "Where their archives are kept", "variables_python.txtar"},
			{"UV_PYTHON_INSTALL_MIRROR", "What takes the place of the host of CPython", "variables_python.txtar"},
			{"UV_PYPY_INSTALL_MIRROR", "What takes the place of the host of PyPy", "variables_network.txtar"},
			{"UV_ASTRAL_MIRROR_URL", "A mirror of several hosts", "variables_network.txtar"},
			{"UV_PYTHON_INSTALL_BIN", "Whether links are made", "variables_python.txtar"},
			{"UV_PYTHON_INSTALL_REGISTRY", "Whether Windows is told", "variables_python.txtar"},
			{"UV_PYTHON_NO_REGISTRY", "The older opposite of it", "variables_python.txtar"},
			{"UV_PYTHON_SEARCH_PATH", "Where Pythons are looked for, instead of PATH", "variables_python.txtar"},
			{"UV_PYTHON_CPYTHON_BUILD", "Which build of CPython to take; likewise for PYPY, GRAALPY and PYODIDE", "variables_python.txtar"},
			{"UV_LIBC", "Which libc Pythons are to have", "../internal/managed/store_test.go"},
			{"UV_TOOL_DIR", "Where tools are", "variables_python.txtar"},
			{"UV_TOOL_BIN_DIR", "Where their programs are linked", "variables_python.txtar"},
			{"MACOSX_DEPLOYMENT_TARGET", "The version of macOS for `--python-platform`", "../packaging/tags/tags_test.go"},
			{"ANDROID_API_LEVEL", "The same for Android", "../packaging/tags/tags_test.go"},
			{"IPHONEOS_DEPLOYMENT_TARGET", "The same for iOS", "../packaging/tags/tags_test.go"},
			{"VIRTUAL_ENV", "The environment that is active", "variables_install.txtar"},
			{"CONDA_PREFIX", "The same for conda", "../internal/python/finder_test.go"},
			{"CONDA_DEFAULT_ENV", "Which of conda's environments it is", "../internal/python/finder_test.go"},
		},
		"Network and credentials": {
			{"UV_OFFLINE", "Use no network", "variables_resolve.txtar"},
			{"UV_HTTP_TIMEOUT", "Seconds to wait for an answer", "variables_requests.txtar"},
			{"UV_REQUEST_TIMEOUT", "The same", "variables_requests.txtar"},
			{"HTTP_TIMEOUT", "The same", "variables_requests.txtar"},
			{"UV_HTTP_CONNECT_TIMEOUT", "Seconds to wait for a connection", "../cmd/tame/variables_tls_test.go"},
			{"UV_UPLOAD_HTTP_TIMEOUT", "Seconds to wait while uploading", "variables_requests.txtar"},
			{"UV_HTTP_RETRIES", "How often a request is repeated", "variables_requests.txtar"},
			{"UV_SYSTEM_CERTS", "Checked; the certificates of the system count in any case", "variables_network.txtar"},
			{"UV_NATIVE_TLS", "The older name of UV_SYSTEM_CERTS", "variables_network.txtar"},
			{"UV_INSECURE_HOST", "Hosts whose certificate is not verified", "../cmd/tame/variables_tls_test.go"},
			{"SSL_CERT_FILE", "The certificates to trust instead", "../cmd/tame/variables_tls_test.go"},
			{"SSL_CERT_DIR", "Directories of them", "../cmd/tame/variables_tls_test.go"},
			{"SSL_CLIENT_CERT", "The certificate and key to show", "../cmd/tame/variables_tls_test.go"},
			{"HTTP_PROXY", "The proxy for http", "../internal/web/web_test.go"},
			{"HTTPS_PROXY", "The proxy for https", "../internal/web/web_test.go"},
			{"ALL_PROXY", "The proxy for both", "../internal/web/web_test.go"},
			{"NO_PROXY", "Hosts without a proxy", "../internal/web/web_test.go"},
			{"NETRC", "The netrc file", "auth_refused.txtar"},
			{"UV_CREDENTIALS_DIR", "Where `auth login` keeps credentials", "variables_python.txtar"},
			{"UV_PUBLISH_URL", "Where to upload", "variables_network.txtar"},
			{"UV_PUBLISH_INDEX", "To which index of the settings", "variables_network.txtar"},
			{"UV_PUBLISH_CHECK_URL", "The index to look first whether a file is there", "variables_network.txtar"},
			{"UV_PUBLISH_USERNAME", "The user", "variables_network.txtar"},
			{"UV_PUBLISH_PASSWORD", "The password", "variables_network.txtar"},
			{"UV_PUBLISH_TOKEN", "The token instead of both", "variables_network.txtar"},
			{"UV_PUBLISH_NO_ATTESTATIONS", "Upload no attestations", "variables_network.txtar"},
			{"HF_TOKEN", "The token for Hugging Face", "../internal/auth/store_test.go"},
			{"UV_NO_HF_TOKEN", "Do not use it", "../internal/auth/store_test.go"},
			{"UV_S3_ENDPOINT_URL", "Where requests are signed as for S3", "auth_endpoints.txtar"},
			{"UV_GCS_ENDPOINT_URL", "The same for Google's store", "auth_endpoints.txtar"},
			{"UV_AZURE_ENDPOINT_URL", "The same for Azure's store", "auth_endpoints.txtar"},
			{"AWS_ACCESS_KEY_ID", "The key for S3", "auth_endpoints.txtar"},
			{"AWS_SECRET_ACCESS_KEY", "Its secret", "auth_endpoints.txtar"},
			{"AWS_SESSION_TOKEN", "Its token", "auth_endpoints.txtar"},
			{"AWS_REGION", "The region", "auth_endpoints.txtar"},
			{"AWS_DEFAULT_REGION", "The region, if there is no other", "../internal/cloud/cloud_test.go"},
			{"AWS_PROFILE", "Which profile of AWS's files", "../internal/cloud/cloud_test.go"},
			{"AWS_CONFIG_FILE", "Where its settings are", "../internal/cloud/cloud_test.go"},
			{"AWS_SHARED_CREDENTIALS_FILE", "Where its keys are", "../internal/cloud/cloud_test.go"},
			{"GITHUB_ACTIONS", "Set by GitHub: trusted publishing is possible", "publish_trusted.txtar"},
			{"GITLAB_CI", "Set by GitLab: the same", "publish_trusted.txtar"},
			{"PYX_API_URL", "Which host is that of one vendor's service, whose logins are refused", ""},
		},
		"The program": {
			{"UV_CACHE_DIR", "Where the cache is", "variables_resolve.txtar"},
			{"UV_NO_CACHE", "Work without the cache", "variables_resolve.txtar"},
			{"UV_CONFIG_FILE", "The settings file that counts instead of all others", "variables_resolve.txtar"},
			{"UV_NO_CONFIG", "Read no settings files", "variables_resolve.txtar"},
			{"UV_NO_SYSTEM_CONFIG", "Read none of the system", "variables_resolve.txtar"},
			{"UV_PREVIEW", "Use what is still being tried out", "variables_python.txtar"},
			{"UV_PREVIEW_FEATURES", "The same for these features", "cache_size.txtar"},
			{"UV_NO_PROGRESS", "Show no progress", "variables_python.txtar"},
			{"UV_LOG_CONTEXT", "Checked; what `-v` prints has no further context", "variables_python.txtar"},
			{"UV_LOCK_TIMEOUT", "Seconds to wait for another process", "variables_network.txtar"},
			{"NO_COLOR", "Use no colour", "../internal/ui/ui_test.go"},
			{"FORCE_COLOR", "Use colour", "../internal/ui/ui_test.go"},
			{"CLICOLOR_FORCE", "The same", "../internal/ui/ui_test.go"},
			{"XDG_CONFIG_HOME", "Where the user's settings are", "variables_resolve.txtar"},
			{"XDG_CONFIG_DIRS", "Where the system's settings are", "variables_resolve.txtar"},
			{"XDG_CACHE_HOME", "Where the cache is, without UV_CACHE_DIR", "variables_resolve.txtar"},
			{"XDG_DATA_HOME", "Where Pythons and tools are, without variables of their own", "../internal/managed/store_test.go"},
			{"XDG_BIN_HOME", "Where programs are linked", "../internal/managed/store_test.go"},
			{"UV", "Set for commands that are run: the path of the program", "run_command.txtar"},
		},
		"Of tame alone": {
			{"TAME_BUILD_TIMEOUT", "Seconds that a hook of a build may take", "pip_install_build_fails.txtar"},
			{"TAME_CACHE_MAX_SIZE", "What the cache is kept to: `5GB`, `800MiB`", "cache_limit.txtar"},
			{"TAME_DEFAULT_EXTRAS", "Extras that are included by default, in place of `default-extras` of `[tool.tame]`; or `all`", "sync_defaults.txtar"},
			{"TAME_DEFAULT_GROUPS", "Groups that are included by default, in place of `default-groups` of `[tool.uv]`; or `all`", "sync_defaults.txtar"},
			{"TAME_GIT_CREDENTIALS", "Ask the credential helpers of git for indexes, too", "variables_network.txtar"},
			{"TAME_KEYRING_TIMEOUT", "Seconds to wait for a keyring", "variables_network.txtar"},
			{"TAME_MIRRORS", "Mirrors of indexes and files: `URL=MIRROR`, separated by blanks", "network_mirrors.txtar"},
			{"TAME_PIP_CONFIG", "Let pip's own settings and `PIP_*` count, behind all others", "settings_tame.txtar"},
			{"TAME_EXPAND_VARIABLES", "Expand `${NAME}` in the user and password of indexes in files", "settings_tame.txtar"},
			{"TAME_AUDIT_SERVICE_URL", "The database of vulnerabilities", "audit.txtar"},
			{"TAME_SHELL", "Set in the shells that `tame shell` starts: the environment that is active in them", "shell.txtar"},
		},
	}
	return []string{"Indexes and resolution", "Building and installing", "Projects", "Python", "Network and credentials", "The program", "Of tame alone"}, byHeading
}

// notVariables are names that the sources have for other reasons, and those of uv
// that mean nothing here.
func notVariables() map[string]string {
	return map[string]string{
		"UV_TEST_AVAILABLE_VERSION_CUTOFF": "for uv's own tests", "UV_TEST_CURRENT_TIMESTAMP": "for uv's own tests",
		"UV_TEST_NO_CLI_PROGRESS": "for uv's own tests", "UV_TEST_NO_HTTP_RETRY_DELAY": "for uv's own tests",
		"UV_INTERNAL__PARENT_INTERPRETER": "for uv's own processes", "UV_INTERNAL__TEST_PYTHON_MANAGED": "for uv's own tests",
		"UV_NO_HASHES":                  "of no effect in uv, too",
		"UV_INSECURE_NO_ZIP_VALIDATION": "the checks of archives can not be turned off",
		"UV_NO_GITHUB_FAST_PATH":        "there is no such path: commits are asked for with git",
		"UV_GITHUB_TOKEN":               "for `self update`, which only says how to update",
		"UV_NO_WRAP":                    "messages are not wrapped",
		"UV_STACK_SIZE":                 "stacks grow as they need to",
		"RUST_LOG":                      "`-v` and `-vv` say how much is told",
		"UV_INSTALL_DIR":                "for uv's installer", "UV_UNMANAGED_INSTALL": "for uv's installer",
		"UV_NO_MODIFY_PATH": "for uv's installer", "UV_DOWNLOAD_URL": "for uv's installer",
		"UV_INSTALLER_GITHUB_BASE_URL": "for uv's installer", "UV_INSTALLER_GHE_BASE_URL": "for uv's installer",
		"UV_API_KEY": "one vendor's service", "UV_AUTH_TOKEN": "one vendor's service",
		"TAME_MATRIX_CELL":  "set by run --matrix for itself",
		"TAME_WATCHED":      "set by run --watch for itself",
		"TAME_GIT_USERNAME": "set for git alone", "TAME_GIT_PASSWORD": "set for git alone",
	}
}

// TestVariablesAreTested sees to it that every variable that the sources or uv
// know is listed, and that the test of each names it; and keeps the reference.
func TestVariablesAreTested(t *testing.T) {
	t.Parallel()
	headings, lists := variables()
	known := map[string]bool{}
	tested := 0
	for _, h := range headings {
		for _, v := range lists[h] {
			known[v.name] = true
			if v.test == "" {
				continue
			}
			tested++
			file := filepath.Join("..", "..", "cmd", "tame", "testdata", "script", v.test)
			if below, ok := strings.CutPrefix(v.test, "../"); ok {
				file = filepath.Join("..", "..", filepath.FromSlash(below))
			}
			if !namedIn(t, file, v.name) {
				t.Errorf("%s does not name %s", v.test, v.name)
			}
		}
	}
	for name := range notVariables() {
		known[name] = true
	}
	for _, name := range slices.Concat(namesInSources(t), strings.Fields(uvVariables)) {
		if !known[name] {
			t.Errorf("%s is not in the list of variables", name)
		}
	}
	t.Logf("%d variables have a test", tested)
	golden(t, "../../docs/reference/variables.md", variablesText(headings, lists))
}

func namedIn(t *testing.T, file, name string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pattern := `(^|[^A-Z_])` + strings.Replace(name, "_NAME_", "_[A-Z0-9_]+_", 1) + `($|[^A-Z_])`
	return regexp.MustCompile("(?m)" + pattern).Match(text)
}

// namesInSources are the names of variables that the program's sources have.
func namesInSources(t *testing.T) (out []string) {
	t.Helper()
	name := regexp.MustCompile(`"((?:UV|TAME)_[A-Z0-9_]*[A-Z0-9])["=]`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "pypitest") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			out = append(out, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func variablesText(headings []string, lists map[string][]variable) string {
	var b strings.Builder
	b.WriteString("<!-- Generated by `go test ./internal/cli -update`; do not edit. -->\n\n# Variables\n\n" +
		"A flag comes before its variable, a variable before all settings files. Switches take `1`, `true`, `yes`, `on` and their\nopposites.\n")
	for _, h := range headings {
		fmt.Fprintf(&b, "\n## %s\n\n| variable | |\n|---|---|\n", h)
		for _, v := range lists[h] {
			fmt.Fprintf(&b, "| `%s` | %s |\n", v.name, strings.ReplaceAll(v.text, "|", `\|`))
		}
	}
	b.WriteString("\n## Variables of uv that mean nothing here\n\n| variable | why |\n|---|---|\n")
	none := notVariables()
	var names []string
	for name := range none {
		if slices.Contains(strings.Fields(uvVariables), name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, none[name])
	}
	return b.String()
}

// uvVariables are those that uv 0.12.5 documents, by its names alone.
const uvVariables = `
UV_AZURE_ENDPOINT_URL UV_BREAK_SYSTEM_PACKAGES UV_BUILD_CONSTRAINT UV_CACHE_DIR UV_COMPILE_BYTECODE UV_COMPILE_BYTECODE_TIMEOUT
UV_CONCURRENT_BUILDS UV_CONCURRENT_CACHE_READS UV_CONCURRENT_DOWNLOADS UV_CONCURRENT_INSTALLS UV_CONFIG_FILE UV_CONSTRAINT UV_CREDENTIALS_DIR
UV_CUSTOM_COMPILE_COMMAND UV_DEFAULT_INDEX UV_DEV UV_DOWNLOAD_URL UV_ENV_FILE UV_EXCLUDE UV_EXCLUDE_NEWER UV_EXTRA_INDEX_URL UV_FIND_LINKS
UV_FORK_STRATEGY UV_FROZEN UV_GCS_ENDPOINT_URL UV_GITHUB_TOKEN UV_GIT_LFS UV_HIDE_BUILD_OUTPUT UV_HTTP_CONNECT_TIMEOUT UV_HTTP_RETRIES
UV_HTTP_TIMEOUT UV_INDEX UV_INDEX_STRATEGY UV_INDEX_URL UV_INIT_BARE UV_INIT_BUILD_BACKEND UV_INSECURE_HOST UV_INSECURE_NO_ZIP_VALIDATION
UV_INSTALLER_GHE_BASE_URL UV_INSTALLER_GITHUB_BASE_URL UV_INSTALL_DIR UV_ISOLATED UV_KEYRING_PROVIDER UV_LIBC UV_LINK_MODE UV_LOCKED
UV_LOCK_TIMEOUT UV_LOG_CONTEXT UV_MALWARE_CHECK UV_MALWARE_CHECK_URL UV_MANAGED_PYTHON UV_NATIVE_TLS UV_NO_BINARY UV_NO_BINARY_PACKAGE
UV_NO_BUILD UV_NO_BUILD_ISOLATION UV_NO_BUILD_PACKAGE UV_NO_CACHE UV_NO_CONFIG UV_NO_DEFAULT_GROUPS UV_NO_DEV UV_NO_EDITABLE UV_NO_ENV_FILE
UV_NO_GITHUB_FAST_PATH UV_NO_GROUP UV_NO_HF_TOKEN UV_NO_INSTALLER_METADATA UV_NO_INSTALL_LOCAL UV_NO_INSTALL_PROJECT UV_NO_INSTALL_WORKSPACE
UV_NO_MANAGED_PYTHON UV_NO_MODIFY_PATH UV_NO_PROGRESS UV_NO_PROJECT UV_NO_SOURCES UV_NO_SOURCES_PACKAGE UV_NO_SYNC UV_NO_SYSTEM_CONFIG
UV_NO_VERIFY_HASHES UV_NO_WRAP UV_OFFLINE UV_OVERRIDE UV_PRERELEASE UV_PREVIEW UV_PREVIEW_FEATURES UV_PROJECT UV_PROJECT_ENVIRONMENT
UV_PUBLISH_CHECK_URL UV_PUBLISH_INDEX UV_PUBLISH_NO_ATTESTATIONS UV_PUBLISH_PASSWORD UV_PUBLISH_TOKEN UV_PUBLISH_URL UV_PUBLISH_USERNAME
UV_PYPY_INSTALL_MIRROR UV_PYTHON UV_PYTHON_BIN_DIR UV_PYTHON_CACHE_DIR UV_PYTHON_CPYTHON_BUILD UV_PYTHON_DOWNLOADS
UV_PYTHON_DOWNLOADS_JSON_URL UV_PYTHON_INSTALL_BIN UV_PYTHON_INSTALL_DIR UV_PYTHON_INSTALL_MIRROR UV_PYTHON_INSTALL_REGISTRY
UV_PYTHON_NO_REGISTRY UV_PYTHON_PREFERENCE UV_PYTHON_SEARCH_PATH UV_REQUEST_TIMEOUT UV_REQUIRE_HASHES UV_RESOLUTION UV_RUN_RLIMIT_NOFILE
UV_S3_ENDPOINT_URL UV_SKIP_WHEEL_FILENAME_CHECK UV_STACK_SIZE UV_SYSTEM_CERTS UV_SYSTEM_PYTHON UV_TEST_NO_HTTP_RETRY_DELAY UV_TOOL_BIN_DIR
UV_TOOL_DIR UV_TORCH_BACKEND UV_UNMANAGED_INSTALL UV_UPLOAD_HTTP_TIMEOUT UV_VENV_CLEAR UV_VENV_RELOCATABLE UV_VENV_SEED UV_WORKING_DIR
`
