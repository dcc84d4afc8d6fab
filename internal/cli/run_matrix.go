package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tame-py/tame/internal/python"
	"github.com/tame-py/tame/internal/ui"
)

// matrixFlags are those of `run --matrix`, which uv does not have.
type matrixFlags struct {
	on          bool
	versions    []string
	jobs        int
	skipMissing bool
	format      string
}

// cellVariable tells a run that it is one cell of a matrix, and of which Python.
// What it runs does not see it.
const cellVariable = "TAME_MATRIX_CELL"

func (m *matrixFlags) register(f *flags) {
	f.Under("Matrix options")
	f.Add(&matrixValue{m}, "matrix", "VERSIONS", "Run on each of these Pythons, each in an environment of its own: `3.11,3.12`; without a value on those of `matrix` in `[tool.tame]`")
	f.Alone(settingsMatrix)
	f.Number(&m.jobs, "jobs", "N", "Run on so many Pythons of the matrix at once, one by default", 1)
	f.Bool(&m.skipMissing, "skip-missing", "Pass over Pythons of the matrix that are not there")
	f.Choice(&m.format, "output-format", "FORMAT", "How to sum the matrix up; with json the output of the command goes to standard error", "text", "json")
}

// settingsMatrix stands for a --matrix without a value.
const settingsMatrix = "*"

type matrixValue struct{ m *matrixFlags }

func (v *matrixValue) String() string { return "" }
func (v *matrixValue) Type() string   { return "list" }

func (v *matrixValue) Set(s string) error {
	v.m.on = true
	if s == settingsMatrix {
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if !isPythonVersion(part) {
			return fmt.Errorf("versions of Python are expected, such as `3.11,3.12`, not %q", part)
		}
		if !slices.Contains(v.m.versions, part) {
			v.m.versions = append(v.m.versions, part)
		}
	}
	return nil
}

// isPythonVersion reports whether a text asks for a Python by its version, and
// perhaps implementation: not by a path or the name of a program.
func isPythonVersion(text string) bool {
	switch r := python.ParseRequest(text, "/"); r.Kind {
	case python.KindVersion, python.KindImplementation, python.KindImplementationVersion, python.KindKey:
		return true
	}
	return false
}

// isVersionList tells versions behind `--matrix` from a command.
func isVersionList(text string) bool {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); !strings.ContainsAny(part, "0123456789") || !isPythonVersion(part) {
			return false
		}
	}
	return true
}

// joinMatrix puts the versions behind `--matrix` into one argument with it, if
// that is what stands there: the value may be left out. Arguments of the command
// to run stay what they are.
func (o *runFlags) joinMatrix(args []string) []string {
	for i := 0; i < len(args) && o.set != nil; i++ {
		arg := args[i]
		if arg == "--" || arg == "-" || !strings.HasPrefix(arg, "-") {
			break
		}
		if arg == "--matrix" && i+1 < len(args) && isVersionList(args[i+1]) {
			return slices.Concat(args[:i], []string{arg + "=" + args[i+1]}, args[i+2:])
		}
		if !strings.Contains(arg, "=") && takesNext(o.set, arg) {
			i++
		}
	}
	return args
}

// check refuses flags that make no sense with a matrix, or without one.
func (m *matrixFlags) check(o *runFlags) error {
	if !m.on {
		for _, name := range []string{"jobs", "skip-missing", "output-format"} {
			if o.set.Changed(name) {
				return usageError(fmt.Sprintf("`--%s` needs `--matrix`", name))
			}
		}
		return nil
	}
	for _, name := range []string{"python", "active", "isolated", "no-sync", "list", "gui-script"} {
		if o.set.Changed(name) {
			return usageError(fmt.Sprintf("`--matrix` cannot be used together with `--%s`", name))
		}
	}
	return nil
}

// takeCell is the Python that this run is for as a cell of a matrix, "" if it is
// none.
func (a *app) takeCell() string {
	cell := a.env[cellVariable]
	delete(a.env, cellVariable)
	return cell
}

// asCell makes a run that of one Python of a matrix.
func (o *runFlags) asCell(a *app, version string) {
	a.cell, o.python = version, &version
	o.matrix.on = false
	if o.project.exact == nil {
		exact := true // the environment holds what is locked, and nothing of earlier runs
		o.project.exact = &exact
	}
}

// The ways a cell may end.
const (
	cellPassed  = "passed"
	cellFailed  = "failed"
	cellMissing = "missing" // there is no such Python
	cellSkipped = "skipped" // nor need there be
	cellNotRun  = "not run" // because of an interruption
)

// A cell is the run on one Python, and its form in JSON.
type cell struct {
	Python      string  `json:"python"` // as asked for
	Version     string  `json:"version,omitempty"`
	Interpreter string  `json:"interpreter,omitempty"`
	Status      string  `json:"status"`
	ExitCode    int     `json:"exit_code"`
	Seconds     float64 `json:"seconds"`
	Reason      string  `json:"reason,omitempty"`
}

// A matrix is a command that is run on several Pythons. Each run is a process of
// this program, which prepares its environment and gives way to the command.
type matrix struct {
	*matrixFlags
	app   *app
	cells []cell

	mu          sync.Mutex
	running     map[*os.Process]*int // to the number of interrupts that it knows of
	interrupted os.Signal
}

// runMatrix runs the command on each Python, and sums up.
func (a *app) runMatrix(ctx context.Context, o *runFlags, args []string) error {
	m := &matrix{matrixFlags: &o.matrix, app: a, running: map[*os.Process]*int{}}
	if len(args) == 0 {
		return usageError("`--matrix` needs a command to run")
	}
	if args[0] == "-" {
		return usageError("`--matrix` cannot run a program from standard input, which can be read once only")
	}
	if err := m.settle(o); err != nil {
		return err
	}
	a.notePrepared() // each cell prepares itself
	signals := catchSignals()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case s := <-signals:
				m.forward(s)
			case <-done:
				return
			}
		}
	}()
	if err := m.runAll(ctx); err != nil {
		return err
	}
	return m.sumUp()
}

// settle decides on which Pythons to run.
func (m *matrix) settle(o *runFlags) error {
	if len(m.versions) == 0 {
		s, err := m.app.taskSettings(o, "")
		if err != nil {
			return err
		}
		if s != nil {
			for _, v := range s.Matrix {
				if err := (&matrixValue{m.matrixFlags}).Set(v); err != nil {
					return fmt.Errorf("invalid value of `matrix` in `[tool.tame]`: %w", err)
				}
			}
		}
	}
	if len(m.versions) == 0 {
		return withHint(usageError("`--matrix` needs versions of Python, such as `--matrix 3.11,3.12`"), "`matrix = [\"3.11\", \"3.12\"]` in `[tool.tame]` of pyproject.toml is what is meant without them")
	}
	for _, v := range m.versions {
		m.cells = append(m.cells, cell{Python: v, Status: cellNotRun})
	}
	return nil
}

// runAll finds one Python after the other, and runs as many at once as is wanted.
func (m *matrix) runAll(ctx context.Context) error {
	finder, err := m.app.finder()
	if err != nil {
		return err
	}
	m.app.print.StopProgress()
	limit := make(chan struct{}, max(m.jobs, 1))
	var group sync.WaitGroup
	defer group.Wait()
	for i := range m.cells {
		limit <- struct{}{}
		if m.isInterrupted() {
			break
		}
		c := &m.cells[i]
		found, err := finder.FindOrDownload(ctx, python.ParseRequest(c.Python, m.app.dir), python.OnlyOutside)
		if err != nil {
			m.miss(c, err)
			<-limit
			continue
		}
		c.Version, c.Interpreter = found.Version.String(), found.Executable
		group.Go(func() {
			m.run(c)
			<-limit
		})
	}
	return nil
}

// miss notes that there is no such Python.
func (m *matrix) miss(c *cell, err error) {
	c.Status, c.ExitCode, c.Reason = cellMissing, exitError, err.Error()
	if m.skipMissing {
		c.Status, c.ExitCode = cellSkipped, 0
		return
	}
	m.app.print.Error(err)
}

// run runs one cell and waits for it.
func (m *matrix) run(c *cell) {
	a := m.app
	self, err := os.Executable()
	if err != nil {
		c.Status, c.ExitCode, c.Reason = cellFailed, exitError, err.Error()
		return
	}
	cmd := &exec.Cmd{Path: self, Args: append([]string{a.name}, a.args...), Env: append(a.environ(), cellVariable+"="+c.Python)}
	var output bytes.Buffer
	switch {
	case m.jobs > 1:
		cmd.Stdout, cmd.Stderr = &output, &output
	case m.format == "json":
		cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdio.In, a.stdio.Err, a.stdio.Err
	default:
		cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdio.In, a.stdio.Out, a.stdio.Err
	}
	if m.jobs <= 1 {
		a.print.Line("%s", a.print.Color.Bold("Python "+c.Python+" ("+c.Version+")"))
	}
	begun := time.Now()
	if err = m.start(cmd); err == nil {
		err = cmd.Wait()
		m.ended(cmd)
	}
	c.Seconds = time.Since(begun).Seconds()
	var exit *exec.ExitError
	switch {
	case err == nil:
		c.Status = cellPassed
	case errors.As(err, &exit):
		c.Status, c.ExitCode = cellFailed, statusOf(exit.ProcessState)
	default:
		c.Status, c.ExitCode, c.Reason = cellFailed, exitError, err.Error()
	}
	if m.jobs > 1 {
		m.show(c, output.Bytes())
	}
}

// start starts a cell, whose process then gets the signals. After an interruption
// none is started.
func (m *matrix) start(cmd *exec.Cmd) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.interrupted != nil {
		return errors.New("interrupted")
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	m.running[cmd.Process] = new(int)
	return nil
}

func (m *matrix) ended(cmd *exec.Cmd) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.running, cmd.Process)
}

// forward hands a signal on to all cells. One that asks to end ends the matrix.
func (m *matrix) forward(s os.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if endsRun(s) {
		m.interrupted = s
	}
	if m.app.watched && endsRun(s) {
		return // they have got it
	}
	for p, interrupts := range m.running {
		forwardSignal(p, s, interrupts)
	}
}

func (m *matrix) isInterrupted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.interrupted != nil
}

// show prints what a cell has said, each line with its Python.
func (m *matrix) show(c *cell, output []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for line := range bytes.Lines(output) {
		fmt.Fprintf(&b, "%s | %s\n", c.Python, bytes.TrimRight(line, "\r\n"))
	}
	out := m.app.stdio.Out
	if m.format == "json" {
		out = m.app.stdio.Err
	}
	_, _ = io.WriteString(out, b.String())
}

// sumUp shows how all cells ended. The exit code is the first that is not zero.
func (m *matrix) sumUp() error {
	code := 0
	for i := range m.cells {
		if c := &m.cells[i]; code == 0 {
			code = c.ExitCode
		}
	}
	if m.interrupted != nil && code == 0 {
		code = signalCode(m.interrupted)
	}
	if m.format == "json" {
		if err := m.app.printJSON(struct {
			Matrix []cell `json:"matrix"`
			Code   int    `json:"exit_code"`
		}{m.cells, code}); err != nil {
			return err
		}
	} else {
		m.app.print.Line("\n%s", strings.TrimSuffix(m.table(), "\n"))
	}
	if code != 0 {
		return exitStatus(code)
	}
	return nil
}

// table is the summary for people.
func (m *matrix) table() string {
	rows := make([][]string, len(m.cells))
	for i, c := range m.cells {
		result, code, took := c.Status, "", ""
		switch c.Status {
		case cellPassed, cellFailed:
			code, took = strconv.Itoa(c.ExitCode), fmt.Sprintf("%.2fs", c.Seconds)
		case cellMissing:
			code = strconv.Itoa(c.ExitCode)
		}
		rows[i] = []string{c.Python, c.Version, result, code, took}
	}
	return ui.Columns([]string{"Python", "Version", "Result", "Exit code", "Time"}, rows)
}
