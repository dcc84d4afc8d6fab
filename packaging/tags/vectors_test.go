package tags_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tame-py/tame/packaging/tags"
)

// sharedFile reads a file of the conformance material that lives beside the
// repository, or skips the test.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	dirs := []string{os.Getenv("TAME_SHARED")}
	if wd, err := os.Getwd(); err == nil {
		for d := wd; d != filepath.Dir(d); d = filepath.Dir(d) {
			dirs = append(dirs, filepath.Join(d, "..", "shared"))
		}
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		if data, err := os.ReadFile(filepath.Join(d, name)); err == nil {
			return data
		}
	}
	t.Skipf("no %s (set TAME_SHARED)", name)
	return nil
}

type tagArgs struct {
	Tag           string
	ValidateOrder bool `json:"validate_order"`
	Limit         *int
	Version       []int
	Arch          string
	CPUArch       string `json:"cpu_arch"`
	Multiarch     string
	APILevel      int `json:"api_level"`
	ABI           string
	PythonVersion []int `json:"python_version"`
	ABIs          []string
	Platforms     []string
	Interpreter   string
	Output        string
}

type tagRow struct {
	Function string
	Args     tagArgs
	Expected json.RawMessage
	Error    string
	Test     string
}

type tagVectors struct {
	ParseTag         []tagRow            `json:"parse_tag"`
	MacPlatforms     []tagRow            `json:"mac_platforms"`
	MacBinaryFormats []tagRow            `json:"mac_binary_formats"`
	IOS              []tagRow            `json:"ios_platforms"`
	Android          []tagRow            `json:"android_platforms"`
	CPython          []tagRow            `json:"cpython_tags"`
	Generic          []tagRow            `json:"generic_tags"`
	Compatible       []tagRow            `json:"compatible_tags"`
	Musl             []tagRow            `json:"parse_musl_version"`
	OraclePlatforms  map[string][]string `json:"oracle_platforms"`
	OracleTags       map[string][]string `json:"oracle_supported_tags"`
}

func loadTags(t *testing.T) tagVectors {
	var v tagVectors
	if err := json.Unmarshal(sharedFile(t, "conformance/vectors/tags.json"), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func texts(list []tags.Tag) []string {
	out := []string{}
	for _, tag := range list {
		out = append(out, tag.String())
	}
	return out
}

func (r tagRow) answer() (any, error) {
	a := r.Args
	switch r.Function {
	case "parse_tag":
		opts := tags.ParseOptions{Sorted: a.ValidateOrder}
		if a.Limit != nil {
			opts.Limit = *a.Limit
		}
		list, err := tags.ParseTags(a.Tag, opts)
		out := texts(list)
		slices.Sort(out)
		return out, err
	case "mac_platforms":
		return tags.MacPlatforms(a.Version[0], a.Version[1], a.Arch), nil
	case "mac_binary_formats":
		return tags.MacBinaryFormats(a.Version[0], a.Version[1], a.CPUArch), nil
	case "ios_platforms":
		return tags.IOSPlatforms(a.Version[0], a.Version[1], a.Multiarch), nil
	case "android_platforms":
		return tags.AndroidPlatforms(a.APILevel, a.ABI), nil
	case "cpython_tags":
		return texts(tags.CPythonTags(a.PythonVersion, a.ABIs, a.Platforms)), nil
	case "generic_tags":
		return texts(tags.GenericTags(a.Interpreter, a.ABIs, a.Platforms)), nil
	case "compatible_tags":
		return texts(tags.CompatibleTags(a.PythonVersion, a.Interpreter, a.Platforms)), nil
	case "parse_musl_version":
		if major, minor, ok := tags.ParseMuslVersion(a.Output); ok {
			return []int{major, minor}, nil
		}
		return nil, nil
	}
	return nil, fmt.Errorf("unknown function %s", r.Function)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	v := loadTags(t)
	rows := 0
	for _, group := range [][]tagRow{v.ParseTag, v.MacPlatforms, v.MacBinaryFormats, v.IOS, v.Android, v.CPython, v.Generic, v.Compatible, v.Musl} {
		for _, r := range group {
			rows++
			got, err := r.answer()
			if (err != nil) != (r.Error != "") {
				t.Errorf("%s %+v: error %v, want %q", r.Function, r.Args, err, r.Error)
				continue
			}
			if err != nil {
				continue
			}
			text, _ := json.Marshal(got)
			if string(text) == "null" && string(r.Expected) == "[]" {
				continue
			}
			var want any
			var have any
			_ = json.Unmarshal(r.Expected, &want)
			_ = json.Unmarshal(text, &have)
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("%s %+v (-want +got):\n%s", r.Function, r.Args, diff)
			}
		}
	}
	t.Logf("%d rows", rows)
}

// oraclePlatforms answers an entry such as "manylinux glibc 2.28 aarch64" with
// packaging's building blocks.
func oraclePlatforms(name string) []string {
	f := strings.Fields(name)
	version := func(s string) (int, int) {
		major, minor, _ := strings.Cut(s, ".")
		x, _ := strconv.Atoi(major)
		y, _ := strconv.Atoi(minor)
		return x, y
	}
	switch f[0] {
	case "manylinux":
		x, y := version(f[2])
		return append(tags.ManylinuxPlatforms(x, y, f[3]), "linux_"+f[3])
	case "musllinux":
		x, y := version(f[2])
		return append(tags.MusllinuxPlatforms(x, y, f[3]), "linux_"+f[3])
	case "macos":
		x, y := version(f[1])
		return tags.MacPlatforms(x, y, f[2])
	}
	return f[1:]
}

func TestOracleBlocks(t *testing.T) {
	t.Parallel()
	v := loadTags(t)
	for name, want := range v.OraclePlatforms {
		if diff := cmp.Diff(want, oraclePlatforms(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, want := range v.OracleTags {
		python, platform, _ := strings.Cut(name, " ")
		minor, free := strings.CutSuffix(strings.TrimPrefix(python, "cp3"), "t")
		n, _ := strconv.Atoi(minor)
		abi := "cp3" + minor
		if free {
			abi += "t"
		}
		plats := oraclePlatforms(platform)
		got := append(tags.CPythonTags([]int{3, n}, []string{abi}, plats), tags.CompatibleTags([]int{3, n}, "cp3"+minor, plats)...)
		if diff := cmp.Diff(want, texts(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// oraclePlatform is the same entry as a [tags.Platform].
func oraclePlatform(name string) tags.Platform {
	f := strings.Fields(name)
	p := tags.Platform{}
	p.Arch, _ = tags.ParseArch(strings.TrimPrefix(f[len(f)-1], "win_"))
	version := f[max(1, len(f)-2)]
	switch f[0] {
	case "manylinux":
		p.OS, p.Libc = tags.Linux, tags.Glibc
	case "musllinux":
		p.OS, p.Libc = tags.Linux, tags.Musl
	case "macos":
		p.OS = tags.MacOS
	case "windows":
		p.OS = tags.Windows
		return p
	}
	_, _ = fmt.Sscanf(version, "%d.%d", &p.Major, &p.Minor)
	return p
}

// exemptPlatform names what uv lists otherwise than packaging, with the reason.
func exemptPlatform(name string) string {
	if strings.Contains(name, "riscv64") {
		return "uv follows glibc down to 2.31 only, the first with riscv64 wheels"
	}
	return ""
}

func TestOracleSets(t *testing.T) {
	t.Parallel()
	v := loadTags(t)
	// uv calls the format of 32-bit fat binaries fat32, packaging fat3.
	fat := strings.NewReplacer("_fat32", "_fat3")
	for name, want := range v.OraclePlatforms {
		if exemptPlatform(name) != "" {
			continue
		}
		got, err := oraclePlatform(name).Tags()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range got {
			got[i] = fat.Replace(got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, want := range v.OracleTags {
		python, platform, _ := strings.Cut(name, " ")
		in := tags.Interpreter{Implementation: "cpython", Major: 3}
		minor, free := strings.CutSuffix(strings.TrimPrefix(python, "cp3"), "t")
		in.Minor, _ = strconv.Atoi(minor)
		in.FreeThreaded = free
		set, err := tags.For(in, oraclePlatform(platform))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := texts(set.All())
		for i, tag := range set.All() {
			if at, ok := set.Priority([]tags.Tag{tag}); !ok || at != i {
				t.Errorf("%s: %s at %d, %v; want %d", name, tag, at, ok, i)
			}
			if m := set.Match(tags.Compress([]tags.Tag{tag})); !m.OK() || m.Priority != i {
				t.Errorf("%s: %s matches %v; want %d", name, tag, m, i)
			}
			got[i] = fat.Replace(got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
