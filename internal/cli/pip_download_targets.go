package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/pip"
	"github.com/tame-py/tame/internal/python"
)

// targetFlags name several environments at once: each version on each platform.
type targetFlags struct {
	versions, platforms []string
	// Flags of pip: tags instead of names of platforms.
	platformTags   []string
	implementation string
	abis           []string
}

func (t *targetFlags) register(f *flags) {
	f.List(&t.versions, "python-version", "VERSION", "For this version of Python; may be given several times")
	f.List(&t.platforms, "python-platform", "PLATFORM", "For this platform: linux, windows, macos or a target triple; may be given several times")
	t.registerTags(f)
}

// registerTags are the flags of pip that name what uv has other names for.
func (t *targetFlags) registerTags(f *flags) {
	f.List(&t.platformTags, "platform", "TAG", "For the platform of this tag of wheels, as in pip: win_amd64, manylinux_2_28_x86_64").Hide()
	f.Choice(&t.implementation, "implementation", "NAME", "As in pip", "cp", "py").Hide()
	f.List(&t.abis, "abi", "TAG", "As in pip: it follows from the version").Hide()
}

// settle adds what the settings say, and puts the forms of pip into those of uv.
func (t *targetFlags) settle(s *config.Pip) error {
	for _, tag := range t.platformTags {
		name, err := platformOfTag(tag)
		if err != nil {
			return err
		}
		if name != "" {
			t.platforms = append(t.platforms, name)
		}
	}
	for i, v := range t.versions {
		t.versions[i] = dotted(v)
	}
	if len(t.versions) == 0 && text(s.PythonVersion) != "" {
		t.versions = []string{text(s.PythonVersion)}
	}
	if len(t.platforms) == 0 && text(s.PythonPlatform) != "" {
		t.platforms = []string{text(s.PythonPlatform)}
	}
	slices.Sort(t.platforms)
	t.platforms = slices.Compact(t.platforms)
	return nil
}

// dotted is a version that may be written as in tags: 310 is 3.10.
func dotted(v string) string {
	if len(v) >= 2 && len(v) <= 3 && v[0] == '3' && strings.Trim(v, "0123456789") == "" {
		return v[:1] + "." + v[1:]
	}
	return v
}

// nearest is the version that the interpreter should be close to.
func (t *targetFlags) nearest() string {
	if len(t.versions) == 0 {
		return ""
	}
	return t.versions[len(t.versions)-1]
}

// all are the environments; without flags it is the one of the interpreter.
func (t *targetFlags) all(a *app, i *python.Interpreter) ([]pip.DownloadTarget, error) {
	versions, platforms := t.versions, t.platforms
	if len(versions) == 0 {
		versions = []string{""}
	}
	if len(platforms) == 0 {
		platforms = []string{""}
	}
	var out []pip.DownloadTarget
	for _, v := range versions {
		for _, p := range platforms {
			target, err := i.Target(v, p, a.environment.Get)
			if err != nil {
				return nil, err
			}
			one := pip.DownloadTarget{Target: target}
			if v != "" || p != "" {
				one.Label = "Python " + target.Version.Truncate(2).String()
				if v != "" {
					one.Label = "Python " + v
				}
			}
			if p != "" {
				one.Label += " on " + p
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// platformOfTag is the platform that a tag of wheels is for, in uv's terms; ""
// is any.
func platformOfTag(tag string) (string, error) {
	switch tag {
	case "any":
		return "", nil
	case "win_amd64":
		return "x86_64-pc-windows-msvc", nil
	case "win_arm64":
		return "aarch64-pc-windows-msvc", nil
	case "win32":
		return "i686-pc-windows-msvc", nil
	}
	for _, arch := range [...]string{"x86_64", "aarch64", "arm64", "riscv64"} {
		rest, ok := strings.CutSuffix(tag, "_"+arch)
		switch {
		case !ok:
		case strings.HasPrefix(rest, "manylinux"):
			return arch + "-" + rest, nil
		case rest == "linux":
			return arch + "-unknown-linux-gnu", nil
		case strings.HasPrefix(rest, "musllinux"):
			return arch + "-unknown-linux-musl", nil
		case strings.HasPrefix(rest, "macosx") && arch == "arm64":
			return "aarch64-apple-darwin", nil
		case strings.HasPrefix(rest, "macosx"):
			return arch + "-apple-darwin", nil
		}
	}
	return "", withHint(usageError(fmt.Sprintf("invalid value %q for `--platform`: it is no tag of a platform", tag)), "platforms are named by `--python-platform linux`, `windows`, `macos` or a target triple")
}
