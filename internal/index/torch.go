package index

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// torchIndexes is where PyTorch publishes builds, below it one index for each
// backend (https://pytorch.org/get-started/locally).
const torchIndexes = "https://download.pytorch.org/whl/"

// isTorch reports whether PyTorch's indexes have a project, which is then taken
// from nowhere else: the list is uv's.
func isTorch(name pyname.Package) bool {
	switch name {
	case "fbgemm-gpu", "fbgemm-gpu-genai", "pytorch-triton", "pytorch-triton-rocm", "pytorch-triton-xpu",
		"torch", "torch-tensorrt", "torchao", "torcharrow", "torchaudio", "torchcodec", "torchcsprng", "torchdistx",
		"torchrec", "torchserve", "torchtext", "torchtune", "torchvision", "triton", "triton-rocm", "triton-xpu", "xformers":
		return true
	}
	return false
}

// A Card is the graphics card of a machine, as far as builds of PyTorch differ
// by it. The zero Card is none.
type Card struct {
	Driver pep440.Version // of NVIDIA's driver
	AMD    string         // the architecture of AMD's processor, such as gfx1100
	Intel  bool
}

// TorchIndexes are the indexes for a backend (cpu, cu128, rocm6.3, xpu). With
// auto they are those that suit a card under an operating system
// (sys.platform), the newest first.
func TorchIndexes(backend, system string, card Card) []Index {
	backends := []string{backend}
	if backend == "auto" {
		backends = card.backends(system)
	}
	out := make([]Index, len(backends))
	for i, b := range backends {
		out[i] = Index{URL: torchIndexes + b}
	}
	return out
}

func (c Card) backends(system string) []string {
	linux, windows := system == "linux", system == "win32"
	switch {
	case !c.Driver.IsZero() && linux:
		return append(cudaBackends(c.Driver, 0), "cpu")
	case !c.Driver.IsZero() && windows:
		return append(cudaBackends(c.Driver, 1), "cpu")
	case c.AMD != "" && linux:
		return append(rocmBackends(c.AMD), "cpu")
	case c.Intel && (linux || windows):
		return []string{"xpu"}
	}
	return []string{"cpu"}
}

// cudaBackends are the versions of CUDA that a driver can serve, by the release
// notes of the CUDA toolkit: column 0 is Linux, 1 Windows.
func cudaBackends(driver pep440.Version, column int) []string {
	var out []string
	for _, row := range [...]struct {
		backends string
		least    [2]string
	}{
		{"cu132 cu130", [2]string{"580", "580"}},
		{"cu129 cu128 cu126 cu125 cu124 cu123 cu122 cu121 cu120", [2]string{"525.60.13", "528.33"}},
		{"cu118 cu117 cu116 cu115 cu114 cu113 cu112 cu111", [2]string{"450.80.2", "452.39"}},
		{"cu110", [2]string{"450.36.6", "451.22"}},
		{"cu102", [2]string{"440.33", "441.22"}},
		{"cu101", [2]string{"418.39", "418.96"}},
		{"cu100", [2]string{"410.48", "411.31"}},
		{"cu92", [2]string{"396.26", "398.26"}},
		{"cu91", [2]string{"390.46", "391.29"}},
		{"cu90", [2]string{"384.81", "385.54"}},
		{"cu80", [2]string{"375.26", "376.51"}},
	} {
		if least, err := pep440.Parse(row.least[column]); err == nil && driver.Compare(least) >= 0 {
			out = append(out, strings.Fields(row.backends)...)
		}
	}
	return out
}

// rocmBackends are the versions of ROCm whose builds of PyTorch are compiled for
// an architecture.
func rocmBackends(architecture string) []string {
	var out []string
	for _, row := range [...][2]string{
		{"rocm7.2", "gfx900 gfx906 gfx908 gfx90a gfx942 gfx950 gfx1030 gfx1100 gfx1101 gfx1102 gfx1150 gfx1151 gfx1200 gfx1201"},
		{"rocm7.1 rocm7.0", "gfx900 gfx906 gfx908 gfx90a gfx942 gfx950 gfx1030 gfx1100 gfx1101 gfx1102 gfx1200 gfx1201"},
		{"rocm6.4 rocm6.3 rocm6.2.4", "gfx900 gfx906 gfx908 gfx90a gfx942 gfx1030 gfx1100 gfx1101 gfx1102 gfx1200 gfx1201"},
		{"rocm6.2", "gfx900 gfx906 gfx908 gfx90a gfx942 gfx1030 gfx1100"},
		{"rocm6.1", "gfx900 gfx906 gfx908 gfx90a gfx942 gfx1030 gfx1100 gfx1101"},
		{"rocm6.0", "gfx900 gfx906 gfx908 gfx90a gfx942 gfx1030 gfx1100"},
	} {
		if slices.Contains(strings.Fields(row[1]), architecture) {
			out = append(out, strings.Fields(row[0])...)
		}
	}
	return out
}

// DetectCard asks the machine for its graphics card: the files of NVIDIA's
// driver below root ("/" but in tests), nvidia-smi, rocm_agent_enumerator, of
// which the architectures known are taken, and the PCI bus. What cannot be read
// is taken for absent.
//
// Programs are run by run, which returns the lines that one prints, or none if
// there is no such program.
func DetectCard(root string, architectures []string, run func(name string, args ...string) []string) Card {
	if v, ok := driverFile(root); ok {
		return Card{Driver: v}
	}
	if lines := run("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"); len(lines) > 0 {
		if v, err := pep440.Parse(lines[0]); err == nil {
			return Card{Driver: v}
		}
	}
	lines := run("rocm_agent_enumerator")
	for _, a := range architectures { // the oldest first, which all can serve
		if slices.Contains(lines, a) {
			return Card{AMD: a}
		}
	}
	return Card{Intel: hasIntelDisplay(filepath.Join(root, "sys/bus/pci/devices"))}
}

// driverFile reads the version of NVIDIA's driver from what its module shows.
func driverFile(root string) (pep440.Version, bool) {
	if text, err := os.ReadFile(filepath.Join(root, "sys/module/nvidia/version")); err == nil {
		if v, err := pep440.Parse(strings.TrimSpace(string(text))); err == nil {
			return v, true
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "proc/driver/nvidia/version"))
	if err != nil {
		return pep440.Version{}, false
	}
	// The version stands between two double blanks of the first line.
	parts := strings.Split(string(text), "  ")
	if len(parts) < 2 {
		return pep440.Version{}, false
	}
	v, err := pep440.Parse(strings.TrimSpace(parts[1]))
	return v, err == nil
}

// hasIntelDisplay looks for a display controller (class 03) of Intel (8086).
func hasIntelDisplay(devices string) bool {
	entries, err := os.ReadDir(devices)
	if err != nil {
		return false
	}
	number := func(file string) uint64 {
		text, _ := os.ReadFile(file)
		n, _ := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"), 16, 32)
		return n
	}
	for _, e := range entries {
		dir := filepath.Join(devices, e.Name())
		if number(filepath.Join(dir, "class"))>>16 == 0x03 && number(filepath.Join(dir, "vendor")) == 0x8086 {
			return true
		}
	}
	return false
}
