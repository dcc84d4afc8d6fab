package config

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Env is a snapshot of the environment. The zero Env is empty. It is not
// changed after it was made.
type Env struct{ vars map[string]string }

// NewEnv makes an Env from entries of the form NAME=value; later ones win. On
// systems where names differ only in case, they are taken as they come.
func NewEnv(entries []string) Env {
	e := Env{make(map[string]string, len(entries))}
	for _, entry := range entries {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			e.vars[name] = value
		}
	}
	return e
}

// Get returns the value of a variable, "" if it is not set.
func (e Env) Get(name string) string { return e.vars[name] }

// A VariableError says that the value of a variable can not be used.
type VariableError struct{ Name, Value, Reason string }

// Error names the variable, its value and what is wrong, as uv does.
func (e *VariableError) Error() string {
	return fmt.Sprintf("failed to parse environment variable `%s` with invalid value `%s`: %s", e.Name, strings.ToValidUTF8(e.Value, "\uFFFD"), e.Reason)
}

// ParseBool reads a boolish value as uv does: 1, true, t, yes, y, on and
// their opposites, in upper or lower case. The empty text is false here; see
// [Env.Bool] for a variable that is set but empty.
func ParseBool(name, value string) (bool, error) {
	if value == "" {
		return false, nil
	}
	return parseBool(name, value)
}

func parseBool(name, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "1", "true", "t", "yes", "y", "on":
		return true, nil
	case "0", "false", "f", "no", "n", "off":
		return false, nil
	}
	if !utf8.ValidString(value) {
		return false, &VariableError{name, value, "expected a valid UTF-8 string"}
	}
	return false, &VariableError{name, value, "expected a boolish value"}
}

// Bool reads a boolish variable; nil if it is not set. Empty is an error, as
// in uv for variables that are not flags as well.
func (e Env) Bool(name string) (*bool, error) {
	value, ok := e.vars[name]
	if !ok {
		return nil, nil
	}
	on, err := parseBool(name, value)
	if err != nil {
		return nil, err
	}
	return &on, nil
}

// Int reads a whole number of at least least; nil if the variable is not set
// or empty. The help is added to what is wrong, if not "".
func (e Env) Int(name string, least int, help string) (*int, error) {
	value := e.vars[name]
	if value == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 31)
	reason := "invalid digit found in string"
	switch {
	case err == nil && int(n) >= least:
		m := int(n)
		return &m, nil
	case err == nil:
		reason = "number would be zero for non-zero type"
	case strings.Trim(value, "0123456789") == "":
		reason = "number too large to fit in target type"
	}
	if help != "" {
		reason += "; " + help
	}
	return nil, &VariableError{name, value, reason}
}

func (e Env) seconds(name string) (*time.Duration, error) {
	n, err := e.Int(name, 0, "value should be an integer number of seconds")
	if n == nil {
		return nil, err
	}
	d := time.Duration(*n) * time.Second
	return &d, nil
}

// List splits a variable that stands for a list. Most lists are separated by
// blanks; UV_FIND_LINKS, UV_PREVIEW_FEATURES and others whose entries can hold
// blanks by commas. A variable that is not set or empty is nil.
func (e Env) List(name string) []string {
	value := e.vars[name]
	if value == "" {
		return nil
	}
	var out []string
	switch name {
	case "UV_FIND_LINKS", "UV_PREVIEW_FEATURES":
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	default:
		out = strings.Fields(value)
	}
	return out
}

// nameList reads a list of names, separated by blanks.
func nameList[V any](e Env, name string, parse func(string) (V, error)) ([]V, error) {
	var out []V
	for _, entry := range e.List(name) {
		v, err := parse(entry)
		if err != nil {
			return nil, &VariableError{name, e.vars[name], err.Error()}
		}
		out = append(out, v)
	}
	return out, nil
}

// Variables are the variables of the environment that are not just another way
// to write a flag. Nil fields are not set.
type Variables struct {
	SkipWheelFilenameCheck, HideBuildOutput, LogContext, GitLFS *bool

	PythonInstallBin, PythonInstallRegistry, PythonNoRegistry *bool

	PythonInstallMirror, PyPyInstallMirror, PythonDownloadsJSONURL string // "" if not set

	ConcurrentDownloads, ConcurrentBuilds, ConcurrentInstalls, ConcurrentCacheReads *int

	HTTPTimeout, HTTPConnectTimeout, UploadTimeout *time.Duration // the last is HTTPTimeout if only that is set
	HTTPRetries                                    *int

	Frozen, Locked, Offline, NoSync, Isolated, Dev, NoDev *bool
	ManagedPython, NoManagedPython                        *bool
	NativeTLS, SystemCerts, Preview                       *bool
	NoProgress, NoInstallerMetadata, ShowResolution       *bool
	NoSystemConfig                                        *bool

	NoEditable, NoInstallProject, NoInstallWorkspace, NoInstallLocal *bool
	OnlyInstallProject, OnlyInstallWorkspace, OnlyInstallLocal       *bool

	NoEnvFile, VenvSeed, VenvClear, VenvRelocatable, InitBare *bool

	NoGroup          []pyname.Group
	NoBinaryPackage  []pyname.Package
	NoBuildPackage   []pyname.Package
	NoSourcesPackage []pyname.Package

	MalwareCheck    *bool
	MalwareCheckURL string
	RunRlimitNofile *int

	// What a graphics card needs of PyTorch, in place of asking the machine:
	// the version of NVIDIA's driver, the architecture of AMD's processor.
	CUDADriver      *pep440.Version
	AMDArchitecture string
}

// Variables reads and checks them all. uv does so at its start, whatever the
// command: a value that can not be read is an error even where it does not
// matter.
func (e Env) Variables() (Variables, error) {
	v := Variables{
		PythonInstallMirror:    e.vars["UV_PYTHON_INSTALL_MIRROR"],
		PyPyInstallMirror:      e.vars["UV_PYPY_INSTALL_MIRROR"],
		PythonDownloadsJSONURL: e.vars["UV_PYTHON_DOWNLOADS_JSON_URL"],
		MalwareCheckURL:        e.vars["UV_MALWARE_CHECK_URL"],
	}
	for _, read := range []func(*Variables) error{e.readTimeouts, e.readFlags, e.readNumbers, e.readNames, e.readCards} {
		if err := read(&v); err != nil {
			return Variables{}, err
		}
	}
	if err := v.checkURLs(); err != nil {
		return v, err
	}
	return v, e.checkPythonDownloads()
}

// A PythonDownloadsError says that UV_PYTHON_DOWNLOADS has a value that it cannot
// have.
type PythonDownloadsError struct{ Value string }

func (e *PythonDownloadsError) Error() string {
	return fmt.Sprintf("invalid value `%s` for UV_PYTHON_DOWNLOADS, expected one of 'auto', 'true', 'manual', 'never', or 'false'", strings.ToValidUTF8(e.Value, "\uFFFD"))
}

// ExitCode is 1, which is uv's for this variable alone.
func (e *PythonDownloadsError) ExitCode() int { return 1 }

func (e Env) checkPythonDownloads() error {
	text, ok := e.vars["UV_PYTHON_DOWNLOADS"]
	if !ok {
		return nil
	}
	switch text {
	case "auto", "automatic", "true", "1", "manual", "never", "false", "0":
		return nil
	default:
		return &PythonDownloadsError{text}
	}
}

func (v *Variables) checkURLs() error {
	if text := v.MalwareCheckURL; text != "" {
		if u, err := url.Parse(text); err != nil || u.Scheme == "" {
			return &VariableError{"UV_MALWARE_CHECK_URL", text, "relative URL without a base"}
		}
	}
	return nil
}

func (e Env) readTimeouts(v *Variables) (err error) {
	for _, name := range []string{"UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT"} {
		d, err := e.seconds(name)
		if err != nil {
			return err
		}
		if v.HTTPTimeout == nil {
			v.HTTPTimeout = d
		}
	}
	if v.UploadTimeout, err = e.seconds("UV_UPLOAD_HTTP_TIMEOUT"); err != nil {
		return err
	}
	if v.UploadTimeout == nil {
		v.UploadTimeout = v.HTTPTimeout
	}
	v.HTTPConnectTimeout, err = e.seconds("UV_HTTP_CONNECT_TIMEOUT")
	return err
}

func (e Env) readFlags(v *Variables) (err error) {
	for _, flag := range []struct {
		name string
		to   **bool
	}{
		{"UV_SKIP_WHEEL_FILENAME_CHECK", &v.SkipWheelFilenameCheck},
		{"UV_HIDE_BUILD_OUTPUT", &v.HideBuildOutput},
		{"UV_PYTHON_INSTALL_BIN", &v.PythonInstallBin},
		{"UV_PYTHON_INSTALL_REGISTRY", &v.PythonInstallRegistry},
		{"UV_PYTHON_NO_REGISTRY", &v.PythonNoRegistry},
		{"UV_LOG_CONTEXT", &v.LogContext},
		{"UV_GIT_LFS", &v.GitLFS},
		{"UV_FROZEN", &v.Frozen},
		{"UV_LOCKED", &v.Locked},
		{"UV_OFFLINE", &v.Offline},
		{"UV_NO_SYNC", &v.NoSync},
		{"UV_MANAGED_PYTHON", &v.ManagedPython},
		{"UV_NO_MANAGED_PYTHON", &v.NoManagedPython},
		{"UV_NATIVE_TLS", &v.NativeTLS},
		{"UV_SYSTEM_CERTS", &v.SystemCerts},
		{"UV_PREVIEW", &v.Preview},
		{"UV_ISOLATED", &v.Isolated},
		{"UV_NO_PROGRESS", &v.NoProgress},
		{"UV_NO_INSTALLER_METADATA", &v.NoInstallerMetadata},
		{"UV_DEV", &v.Dev},
		{"UV_NO_DEV", &v.NoDev},
		{"UV_SHOW_RESOLUTION", &v.ShowResolution},
		{"UV_NO_EDITABLE", &v.NoEditable},
		{"UV_NO_INSTALL_PROJECT", &v.NoInstallProject},
		{"UV_NO_INSTALL_WORKSPACE", &v.NoInstallWorkspace},
		{"UV_NO_INSTALL_LOCAL", &v.NoInstallLocal},
		{"UV_ONLY_INSTALL_PROJECT", &v.OnlyInstallProject},
		{"UV_ONLY_INSTALL_WORKSPACE", &v.OnlyInstallWorkspace},
		{"UV_ONLY_INSTALL_LOCAL", &v.OnlyInstallLocal},
		{"UV_NO_ENV_FILE", &v.NoEnvFile},
		{"UV_VENV_SEED", &v.VenvSeed},
		{"UV_VENV_CLEAR", &v.VenvClear},
		{"UV_VENV_RELOCATABLE", &v.VenvRelocatable},
		{"UV_INIT_BARE", &v.InitBare},
		{"UV_MALWARE_CHECK", &v.MalwareCheck},
		{"UV_NO_SYSTEM_CONFIG", &v.NoSystemConfig},
	} {
		if *flag.to, err = e.Bool(flag.name); err != nil {
			return err
		}
	}
	return nil
}

func (e Env) readNumbers(v *Variables) (err error) {
	for _, number := range []struct {
		name  string
		least int
		to    **int
	}{
		{"UV_CONCURRENT_DOWNLOADS", 1, &v.ConcurrentDownloads},
		{"UV_CONCURRENT_BUILDS", 1, &v.ConcurrentBuilds},
		{"UV_CONCURRENT_INSTALLS", 1, &v.ConcurrentInstalls},
		{"UV_CONCURRENT_CACHE_READS", 1, &v.ConcurrentCacheReads},
		{"UV_HTTP_RETRIES", 0, &v.HTTPRetries},
		{"UV_RUN_RLIMIT_NOFILE", 0, &v.RunRlimitNofile},
	} {
		if *number.to, err = e.Int(number.name, number.least, ""); err != nil {
			return err
		}
	}
	return nil
}

func (e Env) readNames(v *Variables) (err error) {
	if v.NoGroup, err = nameList(e, "UV_NO_GROUP", pyname.ParseGroup); err != nil {
		return err
	}
	for _, list := range []struct {
		name string
		to   *[]pyname.Package
	}{
		{"UV_NO_BINARY_PACKAGE", &v.NoBinaryPackage},
		{"UV_NO_BUILD_PACKAGE", &v.NoBuildPackage},
		{"UV_NO_SOURCES_PACKAGE", &v.NoSourcesPackage},
	} {
		if *list.to, err = nameList(e, list.name, pyname.ParsePackage); err != nil {
			return err
		}
	}
	return nil
}

// AMDArchitectures are the graphics processors of AMD that ROCm supports.
func AMDArchitectures() []string {
	return []string{
		"gfx900", "gfx906", "gfx908", "gfx90a", "gfx942", "gfx950", "gfx1030", "gfx1100", "gfx1101", "gfx1102",
		"gfx1150", "gfx1151", "gfx1200", "gfx1201",
	}
}

func (e Env) readCards(v *Variables) error {
	if text := e.vars["UV_CUDA_DRIVER_VERSION"]; text != "" {
		version, err := pep440.Parse(text)
		if err != nil {
			return &VariableError{"UV_CUDA_DRIVER_VERSION", text, err.Error()}
		}
		v.CUDADriver = &version
	}
	v.AMDArchitecture = e.vars["UV_AMD_GPU_ARCHITECTURE"]
	if text := v.AMDArchitecture; text != "" && !slices.Contains(AMDArchitectures(), text) {
		return &VariableError{"UV_AMD_GPU_ARCHITECTURE", text, "unknown AMD GPU architecture: " + text}
	}
	return nil
}
