package bench

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/server"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// abLoad is what servers are driven with: the flags of `bench http` by their
// names, the path instead of the URL, and how long a window is.
type abLoad struct {
	Path         string            `toml:"path"`
	Window       string            `toml:"window"`
	Warmup       string            `toml:"warmup"`
	MaxFailures  string            `toml:"max-failures"`
	Rate         any               `toml:"rate"`
	Stages       []string          `toml:"stages"`
	Closed       bool              `toml:"closed"`
	Trace        string            `toml:"trace"`
	TraceSpeed   string            `toml:"trace-speed"`
	Poisson      bool              `toml:"poisson"`
	Connections  int               `toml:"connections"`
	Threads      int               `toml:"threads"`
	Method       string            `toml:"method"`
	Headers      map[string]string `toml:"headers"`
	Body         string            `toml:"body"`
	BodyFile     string            `toml:"body-file"`
	Template     bool              `toml:"template"`
	Data         string            `toml:"data"`
	Timeout      string            `toml:"timeout"`
	MaxLateness  string            `toml:"max-lateness"`
	ExpectStatus any               `toml:"expect-status"`
	ExpectBody   string            `toml:"expect-body"`
	NoKeepAlive  bool              `toml:"no-keepalive"`
	HTTP2        bool              `toml:"http2"`
	Insecure     bool              `toml:"insecure"`
	CACert       string            `toml:"cacert"`
	Seed         *uint64           `toml:"seed"`
}

// flags are the same as `bench http` takes them.
func (l *abLoad) flags(p *abPlan) httpFlags {
	o := httpFlags{
		rate: plainText(l.Rate), duration: l.Window, stages: l.Stages, closed: l.Closed, trace: p.under(l.Trace), traceSpeed: l.TraceSpeed,
		target: target{
			threads: l.Threads, connections: l.Connections, timeout: l.Timeout, maxLateness: l.MaxLateness, method: l.Method,
			body: l.Body, bodyFile: p.under(l.BodyFile), data: p.under(l.Data), template: l.Template, http2: l.HTTP2, noKeepAlive: l.NoKeepAlive,
			insecure: l.Insecure, poisson: l.Poisson, ca: p.under(l.CACert), expectStatus: plainText(l.ExpectStatus), expectBody: l.ExpectBody,
		},
	}
	for _, pair := range pairs(l.Headers) {
		name, value, _ := strings.Cut(pair, "=")
		o.headers = append(o.headers, name+": "+value)
	}
	if l.Seed != nil {
		o.seed = strconv.FormatUint(*l.Seed, 10)
	}
	if o.duration == "" && len(o.stages) == 0 && o.trace == "" {
		o.duration = "2s"
	}
	return o
}

// plainText is a number, a text or a list of them as one text.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, plainText(one))
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprint(v)
}

// drive is how servers are measured.
func (p *abPlan) drive(c *abComparison, allowRemote bool) (*ab.Drive, error) {
	if c.Load == nil {
		return nil, ui.WithHint(cmdline.UsageError("the servers are not driven: there is no `[load]`"), "`[load]` with `rate = 100` sends 100 requests a second to `path`")
	}
	l := c.Load
	o := l.flags(p)
	if o.rate != "" && (o.closed || len(o.stages) > 0 || o.trace != "") || o.closed && (len(o.stages) > 0 || o.trace != "") {
		return nil, cmdline.UsageError("only one of `rate`, `stages`, `trace` and `closed` can be the load")
	}
	o.allowRemote = allowRemote
	path := "/" + strings.TrimPrefix(l.Path, "/")
	plan, err := o.plan([]string{"http://127.0.0.1" + path})
	if err == nil {
		err = o.course(plan)
	}
	if err != nil {
		return nil, err
	}
	d := &ab.Drive{Plan: *plan, Path: path, Keep: c.Servers == "keep"}
	if c.Servers != "" && c.Servers != "keep" && c.Servers != "restart" {
		return nil, cmdline.UsageError(fmt.Sprintf("invalid value for `servers`: %q is neither `restart` nor `keep`", c.Servers))
	}
	if d.MaxFailures, err = percentage("max-failures", cmp.Or(l.MaxFailures, "0.1%")); err != nil {
		return nil, err
	}
	if d.Warmup, err = duration("warmup", l.Warmup, time.Second); err != nil {
		return nil, err
	}
	d.Aspects, err = c.aspects(d)
	return d, err
}

// aspects are what servers are compared by.
func (c *abComparison) aspects(d *ab.Drive) ([]ab.Aspect, error) {
	if c.Compare == nil {
		out := []ab.Aspect{ab.P50, ab.P99}
		if d.Plan.Closed {
			out = append([]ab.Aspect{ab.Throughput}, out...)
		}
		if server.Accounts {
			out = append(out, ab.CPU, ab.Memory)
		}
		return out, nil
	}
	var out []ab.Aspect
	for _, name := range c.Compare {
		aspect, ok := ab.ParseAspect(name)
		switch {
		case !ok:
			return nil, cmdline.UsageError(fmt.Sprintf("invalid value for `compare`: %q is none of %s", name, strings.Join(ab.Aspects(), ", ")))
		case slices.Contains(out, aspect):
			return nil, cmdline.UsageError(fmt.Sprintf("`compare` names %q twice", name))
		case aspect == ab.Throughput && !d.Plan.Closed:
			return nil, ui.WithHint(cmdline.UsageError("in the open model all servers get the same requests, so that their throughput is none of theirs"), "`closed = true` in `[load]` sends as much as they answer")
		case aspect == ab.Startup && d.Keep:
			return nil, cmdline.UsageError("with `servers = \"keep\"` each starts once, so that start-up times cannot be compared")
		case (aspect == ab.CPU || aspect == ab.Memory) && !server.Accounts:
			return nil, cmdline.UsageError(fmt.Sprintf("what servers use of %q is not known on %s", name, runtime.GOOS))
		}
		out = append(out, aspect)
	}
	if len(out) == 0 {
		return nil, cmdline.UsageError("`compare` is empty")
	}
	return out, nil
}

// onlyLocal is what may be driven.
func onlyLocal(allowRemote bool) func(context.Context, string) error {
	if allowRemote {
		return nil
	}
	return load.CheckLocal
}

func duration(name, text string, preset time.Duration) (time.Duration, error) {
	if text == "" {
		return preset, nil
	}
	d, err := load.ParseTime(text)
	if err != nil {
		return 0, cmdline.UsageError(fmt.Sprintf("invalid value for `%s`: %v", name, err))
	}
	return d, nil
}

func percentage(name, text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(percent >= 0 && percent <= 100) {
		return 0, cmdline.UsageError(fmt.Sprintf("invalid value for `%s`: `%s` is no percentage from 0 to 100", name, text))
	}
	return percent / 100, nil
}
