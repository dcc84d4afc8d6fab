package cli

import (
	"context"
	"os/exec"
	"strings"

	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/python"
)

func (f *flags) torchBackend(p *string) {
	f.Choice(p, "torch-backend", "BACKEND", "Take PyTorch from its index for this backend; `auto` looks at the graphics card", config.TorchBackends()...).
		FromEnv("UV_TORCH_BACKEND")
}

// torchIndexes are where PyTorch is taken from, if a backend was chosen.
func (a *app) torchIndexes(ctx context.Context, s *workSettings, i *python.Interpreter) ([]index.Index, error) {
	backend := text(s.Pip.TorchBackend)
	if backend == "" || i == nil {
		return nil, nil
	}
	target, err := i.Target(first(s.platform.pythonVersion, text(s.Pip.PythonVersion)),
		first(s.platform.pythonPlatform, text(s.Pip.PythonPlatform)), a.environment.Get)
	if err != nil {
		return nil, err
	}
	var card index.Card
	switch {
	case backend != "auto":
	case a.vars.CUDADriver != nil:
		card.Driver = *a.vars.CUDADriver
	case a.vars.AMDArchitecture != "":
		card.AMD = a.vars.AMDArchitecture
	default:
		card = index.DetectCard("/", config.AMDArchitectures(), func(name string, args ...string) []string { return a.outputOf(ctx, name, args) })
	}
	return index.TorchIndexes(backend, target.Env.SysPlatform, card), nil
}

// outputOf returns the lines that a program prints; none if there is no such
// program.
func (a *app) outputOf(ctx context.Context, name string, args []string) []string {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = a.environ()
	out, err := c.Output()
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}
