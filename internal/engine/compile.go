package engine

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/packaging/pyname"
)

// compile makes bytecode: of the wheels that were installed, or of everything
// in the environment.
func (e *Engine) compile(ctx context.Context, req *InstallRequest, wheels []install.Wheel) error {
	start := time.Now()
	files, err := e.sources(req, wheels)
	if err != nil {
		return err
	}
	timeout := time.Duration(0)
	if text, ok := e.Getenv("UV_COMPILE_BYTECODE_TIMEOUT"); ok && text != "" {
		if timeout, err = time.ParseDuration(text + "s"); err != nil {
			return fmt.Errorf("failed to parse environment variable `UV_COMPILE_BYTECODE_TIMEOUT` with invalid value `%s`: it should be a number of seconds", text)
		}
		if timeout == 0 {
			timeout = -1
		}
	}
	kept := install.KeepBytecode(e.Cache, req.Environment.Interpreter, e.Environ, wheels)
	defer kept.Close()
	n, err := install.Compile(ctx, files, install.CompileOptions{
		Python: req.Environment.Interpreter.Executable, Env: e.Environ, Workers: req.Workers, Timeout: timeout, Kept: kept,
	})
	if err != nil {
		return err
	}
	e.debug("Bytecode of %d files was in the cache, that of %d was compiled", kept.Restored(), n-kept.Restored())
	if err := kept.Store(ctx); err != nil {
		e.debug("The bytecode was not kept: %v", err)
	}
	e.report(Compiled, n, start)
	return nil
}

// sources are the Python files to compile.
func (e *Engine) sources(req *InstallRequest, wheels []install.Wheel) (iter.Seq2[string, error], error) {
	if req.CompileAll {
		dirs := req.Environment.Interpreter.InstalledIn()
		return func(yield func(string, error) bool) {
			for _, dir := range dirs {
				for file, err := range install.SourceFiles(dir) {
					if !yield(file, err) {
						return
					}
				}
			}
		}, nil
	}
	site, err := install.Open(req.Environment.Interpreter.InstalledIn()...)
	if err != nil {
		return nil, err
	}
	names := map[pyname.Package]bool{}
	for _, w := range wheels {
		names[w.Name] = true
	}
	return func(yield func(string, error) bool) {
		for _, i := range site.All() {
			if !names[i.Name] {
				continue
			}
			for file, err := range i.SourceFiles() {
				if !yield(file, err) {
					return
				}
			}
		}
	}, nil
}
