package python

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/managed"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/tags"
)

//go:embed probe.py
var probeScript string

// probeRare is what only some interpreters need: the script's argument.
//
//go:embed proberare.py
var probeRare string

// probeMarker stands before the probe's answer; start-up hooks of the
// interpreter may print something of their own before it.
const probeMarker = "\x1etame-probe\x1e"

// probeTimeout is for an interpreter that hangs. Starting from a cold disk
// takes seconds.
const probeTimeout = 60 * time.Second

// answer is what probe.py prints.
type answer struct {
	Error, Detail  string
	Markers        marker.Env
	Executable     string
	BaseExecutable string `json:"base_executable"`
	Prefix         string
	BasePrefix     string `json:"base_prefix"`
	Stdlib         string
	SitePackages   []string `json:"site_packages"`
	Scheme         Scheme
	Virtualenv     Scheme
	System         system
	BytecodeMagic  string `json:"bytecode_magic"`
	Is64Bit        bool   `json:"is_64bit"`
	FreeThreaded   bool   `json:"free_threaded"`
	Debug          bool
	Standalone     bool
	WheelPkgDir    string `json:"wheel_pkg_dir"`
}

// system is the platform as the interpreter sees it.
type system struct {
	Name, Version, Machine string
	Glibc                  string
	NoManylinux            bool `json:"no_manylinux"`
	Simulator              bool
	Pyemscripten           string
	AndroidAPI             int `json:"android_api"`
}

// probe runs an interpreter to have it tell about itself.
func (f *Finder) probe(ctx context.Context, path string) (*Interpreter, error) {
	f.trace("Querying interpreter executable at `%s`", path)
	out, err := f.runProbe(ctx, path)
	if err != nil {
		return nil, err
	}
	var a answer
	_, text, found := bytes.Cut(out.stdout, []byte(probeMarker))
	if !found {
		return nil, out.error(path, Babbled, "it did not tell about itself")
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&a); err != nil {
		return nil, out.error(path, Babbled, err.Error())
	}
	if a.Error != "" {
		return nil, &QueryError{Path: path, Fault: Unsupported, Detail: unsupportedDetail(a.Error, a.Detail)}
	}
	i, problem, detail := a.interpreter(ctx, path)
	if problem != "" {
		return nil, &QueryError{Path: path, Fault: Unsupported, Detail: unsupportedDetail(problem, detail)}
	}
	if err := i.finish(); err != nil {
		return nil, out.error(path, Babbled, err.Error())
	}
	i.index = findPipIndex(i, a.WheelPkgDir)
	return i, nil
}

// output is what an interpreter printed.
type output struct{ stdout, stderr []byte }

func (o output) error(path string, fault Fault, detail string) *QueryError {
	return &QueryError{
		Path: path, Fault: fault, Detail: detail,
		Stdout: strings.TrimSpace(string(o.stdout)), Stderr: strings.TrimSpace(string(o.stderr)),
	}
}

// runProbe runs the script isolated (-I: no user site, no PYTHON* variables, no
// current directory) and without writing bytecode (-B).
func (f *Finder) runProbe(ctx context.Context, path string) (output, error) {
	timeout := cmp.Or(f.Timeout, probeTimeout)
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, path, "-I", "-B", "-c", probeScript, probeRare)
	cmd.Env = append([]string{}, f.Environ...)
	if runtime.GOOS == "darwin" {
		// Old builds are told that macOS is 10.16 otherwise.
		cmd.Env = append(cmd.Env, "SYSTEM_VERSION_COMPAT=0")
	}
	cmd.Dir = f.Dir
	cmd.WaitDelay = 2 * time.Second // a grandchild may hold the pipe
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	out := output{stdout.Bytes(), stderr.Bytes()}
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return out, nil
	case ctx.Err() != nil:
		return out, &QueryError{Path: path, Fault: NotStarted, Err: ctx.Err()}
	case limited.Err() != nil:
		return out, out.error(path, TimedOut, timeout.String())
	case errors.As(err, &exit):
		return out, failure(path, out, exit)
	case errors.Is(err, fs.ErrNotExist):
		return out, &QueryError{Path: path, Fault: Missing}
	case errors.Is(err, fs.ErrPermission):
		return out, &QueryError{Path: path, Fault: NotPermitted, Err: err}
	}
	return out, &QueryError{Path: path, Fault: NotStarted, Err: err}
}

// failure words an unsuccessful exit.
func failure(path string, out output, exit *exec.ExitError) *QueryError {
	if home := venvHome(path); home != "" && !exists(home) {
		return &QueryError{Path: path, Fault: BrokenLink}
	}
	if bytes.Contains(out.stderr, []byte("Unknown option: -I")) {
		return &QueryError{
			Path: path, Fault: Unsupported,
			Detail: "Python executable does not support `-I` flag. Please use Python 3.6 or newer.",
		}
	}
	status := exit.String()
	if code := exit.ExitCode(); code >= 0 {
		status = "exit status " + strconv.Itoa(code)
	}
	return out.error(path, Failed, status)
}

// venvHome is the home of pyvenv.cfg for an environment's executable.
func venvHome(executable string) string {
	config, err := ReadConfig(configOf(executable))
	if err != nil {
		return ""
	}
	return config.Home
}

// interpreter turns the answer into facts. What the Python cannot know, its
// platform tags' C library, is looked up here.
func (a *answer) interpreter(ctx context.Context, path string) (i *Interpreter, problem, detail string) {
	if !filepath.IsAbs(a.Executable) || !filepath.IsAbs(a.Prefix) {
		return nil, "unusable paths", a.Executable + ", " + a.Prefix
	}
	platform, problem, detail := a.platform(ctx)
	return &Interpreter{
		Path: path, Executable: filepath.Clean(a.Executable), BaseExecutable: a.BaseExecutable,
		Prefix: a.Prefix, BasePrefix: a.BasePrefix, Stdlib: a.Stdlib, SitePackages: a.SitePackages,
		Scheme: a.Scheme, Virtual: a.Virtualenv, Env: a.Markers, Platform: platform,
		BytecodeMagic: a.BytecodeMagic, Is64Bit: a.Is64Bit, FreeThreaded: a.FreeThreaded, Debug: a.Debug, Standalone: a.Standalone,
		NoManylinux: a.System.NoManylinux,
	}, problem, detail
}

// platform decides what wheels fit.
func (a *answer) platform(ctx context.Context) (p tags.Platform, problem, detail string) {
	s := a.System
	machine := s.Machine
	if !a.Is64Bit && s.Name == "linux" {
		// 32-bit code on a 64-bit kernel.
		switch machine {
		case "x86_64":
			machine = "i686"
		case "aarch64":
			machine = "armv8l"
		}
	}
	if !a.Is64Bit && s.Name == "macosx" {
		machine = "i386"
	}
	if s.Name == "android" {
		machine = androidMachine(machine)
	}
	if s.Name == "emscripten" && machine == "" {
		machine = "wasm32"
	}
	p.Machine = s.Machine
	var known bool
	if p.Arch, known = tags.ParseArch(machine); !known && s.Name != "illumos" && s.Name != "solaris" {
		return p, "unknown_machine", machine
	}
	p.Major, p.Minor = numbers(s.Version, ".")
	switch s.Name {
	case "linux":
		return a.linux(ctx, p)
	case "win":
		p.OS, p.Major, p.Minor = tags.Windows, 0, 0
	case "macosx":
		p.OS = tags.MacOS
		if p.Major == 0 {
			return p, "broken_mac_ver", ""
		}
	case "ios":
		p.OS, p.Simulator = tags.IOS, s.Simulator
	case "android":
		p.OS, p.Major, p.Minor = tags.Android, s.AndroidAPI, 0
	case "emscripten":
		p.OS = tags.Pyodide
		if s.Pyemscripten != "" {
			p.OS = tags.Emscripten
		}
		if p.Major, p.Minor = numbers(s.Version, "_"); s.Version == "" {
			return p, "not_pyodide", ""
		}
	default:
		var ok bool
		if p.OS, ok = otherSystem(s.Name); !ok {
			return p, "unknown_system", s.Name
		}
		p.Release, p.Major, p.Minor = s.Version, 0, 0
	}
	if p.OS != tags.Illumos {
		p.Machine = ""
	}
	return p, "", ""
}

// linux tells musl from glibc. The loader of the interpreter says which one it
// runs on; a system can have both.
func (a *answer) linux(ctx context.Context, p tags.Platform) (_ tags.Platform, problem, detail string) {
	p.OS, p.Machine = tags.Linux, ""
	if loader, err := managed.ELFInterpreter(a.Executable); err == nil && strings.Contains(loader, "musl") {
		if major, minor, ok := muslVersion(ctx, loader); ok {
			p.Libc, p.Major, p.Minor = tags.Musl, major, minor
			return p, "", ""
		}
	}
	if major, minor, ok := tags.ParseGlibcVersion(a.System.Glibc); ok {
		p.Libc, p.Major, p.Minor = tags.Glibc, major, minor
		return p, "", ""
	}
	if a.System.AndroidAPI > 0 {
		p.OS, p.Major, p.Minor = tags.Android, a.System.AndroidAPI, 0
		return p, "", ""
	}
	return p, "no_libc", ""
}

// muslVersion asks musl's loader, which prints its version and fails.
func muslVersion(ctx context.Context, loader string) (major, minor int, ok bool) {
	cmd := exec.CommandContext(ctx, loader)
	cmd.Env = []string{}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run()
	return tags.ParseMuslVersion(stderr.String())
}

func androidMachine(abi string) string {
	switch abi {
	case "arm64_v8a":
		return "aarch64"
	case "armeabi_v7a":
		return "armv7l"
	case "x86":
		return "i686"
	}
	return abi
}

func otherSystem(name string) (tags.OS, bool) {
	switch name {
	case "freebsd":
		return tags.FreeBSD, true
	case "netbsd":
		return tags.NetBSD, true
	case "openbsd":
		return tags.OpenBSD, true
	case "dragonfly":
		return tags.DragonFly, true
	case "illumos":
		return tags.Illumos, true
	case "haiku":
		return tags.Haiku, true
	}
	return tags.UnknownOS, false
}

// numbers reads the first two numbers of a version.
func numbers(s, separator string) (major, minor int) {
	first, rest, _ := strings.Cut(s, separator)
	second, _, _ := strings.Cut(rest, separator)
	major, _ = strconv.Atoi(first)
	minor, _ = strconv.Atoi(second)
	return major, minor
}
