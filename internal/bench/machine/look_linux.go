package machine

import (
	"os"
	"strconv"
	"strings"
)

// look reads what Linux tells in /proc and /sys.
func (e *Environment) look() {
	e.Kernel = line("/proc/sys/kernel/osrelease")
	e.Governor = line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	switch line("/sys/devices/system/cpu/intel_pstate/no_turbo") {
	case "0":
		e.Turbo = "on"
	case "1":
		e.Turbo = "off"
	}
	for word := range strings.FieldsSeq(line("/proc/loadavg")) {
		if load, err := strconv.ParseFloat(word, 64); err == nil && len(e.Load) < 3 {
			e.Load = append(e.Load, load)
		}
	}
	info := read("/proc/cpuinfo")
	e.CPU = field(info, "model name")
	e.Virtual = strings.Contains(" "+field(info, "flags")+" ", " hypervisor ")
	if words := strings.Fields(field(read("/proc/meminfo"), "MemTotal")); len(words) > 0 {
		if kib, err := strconv.ParseUint(words[0], 10, 64); err == nil {
			e.Memory = kib << 10
		}
	}
}

func read(path string) string {
	text, _ := os.ReadFile(path) // what is not there is not told
	return string(text)
}

func line(path string) string { return strings.TrimSpace(read(path)) }

// field is the value of the first `name : value` line.
func field(text, name string) string {
	for l := range strings.Lines(text) {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
