// Package machine says what a measurement was made on: [Describe] gives the
// processor, the number of cores, the frequency governor, the kernel, the load
// and the memory. What a system does not tell stays empty.
package machine

import (
	"runtime"
	"time"
)

// An Environment describes a machine at one moment.
type Environment struct {
	OS       string    `json:"os"`
	Arch     string    `json:"arch"`
	Kernel   string    `json:"kernel,omitempty"`
	CPU      string    `json:"cpu,omitempty"` // the model's name
	Cores    int       `json:"cores"`         // logical ones that this process may use
	Governor string    `json:"governor,omitempty"`
	Turbo    string    `json:"turbo,omitempty"`  // "on" or "off"
	Memory   uint64    `json:"memory,omitempty"` // bytes
	Load     []float64 `json:"load,omitempty"`   // of 1, 5 and 15 minutes, at the start
	Virtual  bool      `json:"virtual,omitempty"`
	Time     time.Time `json:"time"`
	// Versions are those of what took part: "tame", a server, a Python.
	Versions []Version `json:"versions,omitempty"`
}

// A Version is that of one program.
type Version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Describe looks at the machine now.
func Describe(now time.Time) Environment {
	e := Environment{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Time: now}
	e.look()
	return e
}

// Warnings are what makes measurements on the machine less certain.
func (e *Environment) Warnings() []string {
	var out []string
	if len(e.Load) > 0 && e.Load[0] > float64(e.Cores)/2 {
		out = append(out, "the machine was busy when the measurement began: its load was more than half of its cores")
	}
	if e.Governor == "powersave" || e.Governor == "ondemand" || e.Governor == "conservative" {
		out = append(out, "the processor's frequency follows the load (governor "+e.Governor+"); `performance` keeps it")
	}
	return out
}
