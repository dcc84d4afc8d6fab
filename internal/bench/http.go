package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/ui"
)

// target are the flags that say what is sent, and over what.
type target struct {
	threads, connections            int
	timeout, warmup, wait, interval string
	maxLateness, seed               string
	method, body, bodyFile, data    string
	headers                         []string
	template, http1, http2          bool
	noKeepAlive, insecure           bool
	allowRemote, poisson            bool
	ca, expectBody, expectStatus    string
	reports                         []string
	script                          string
}

func (o *target) register(f *cmdline.Flags) {
	f.Under("Requests")
	f.Text(&o.method, "method,X", "METHOD", "Send this method instead of GET; POST where there is a body")
	f.List(&o.headers, "header,H", "NAME: VALUE", "Send this header")
	f.Text(&o.body, "body", "TEXT", "Send this body")
	f.Text(&o.bodyFile, "body-file", "FILE", "Send the body in this file")
	f.Bool(&o.template, "template", "Replace {{n}}, {{uuid}} and {{random A B}} in the URL, in headers and in the body")
	f.Text(&o.data, "data", "FILE", "Replace {{COLUMN}} by values of this CSV file, a row for each request; implies `--template`")
	f.Text(&o.expectStatus, "expect-status", "STATUS", "Count answers with another status as failures: one or more, separated by commas [default: 200 to 399]")
	f.Text(&o.expectBody, "expect-body", "REGEX", "Count answers whose body does not match as failures")
	f.Exclusive("body", "body-file")
	f.Under("Connections")
	f.Number(&o.connections, "connections,c", "N", "Open at most this many connections [default: 1000; 10 in the closed model]", 1)
	f.Number(&o.threads, "threads,t", "N", "Send from this many threads [default: what the rate needs]", 1)
	f.Bool(&o.noKeepAlive, "no-keepalive", "Open a connection for each request")
	f.Bool(&o.http1, "http1.1", "Speak HTTP/1.1, the default")
	f.Bool(&o.http2, "http2", "Speak HTTP/2, without TLS by prior knowledge")
	f.Exclusive("http1.1", "http2")
	f.Bool(&o.insecure, "insecure,k", "Do not verify the server's certificate")
	f.Text(&o.ca, "cacert", "FILE", "Trust the certificates in this file (PEM)")
	f.Text(&o.timeout, "timeout", "DURATION", "Give a request up this long after it was due [default: 10s]")
	f.Text(&o.wait, "wait", "DURATION", "Wait this long for a server that is still starting")
	f.Bool(&o.allowRemote, "allow-remote", "Drive a server on another machine")
	f.Under("Measuring")
	f.Text(&o.warmup, "warmup", "DURATION", "Leave out the requests of this time at the beginning")
	f.Text(&o.interval, "interval", "DURATION", "Resolution of the time series [default: 1s]")
	f.Text(&o.maxLateness, "max-lateness", "DURATION", "Mark the result invalid if the generator itself is later than this at the 99th percentile [default: 1ms]")
	f.Bool(&o.poisson, "poisson", "Let requests arrive independently of each other, as users do, instead of evenly spaced")
	f.Text(&o.seed, "seed", "N", "Seed of what is random")
	f.List(&o.reports, "report", "FILE", "Write the report to this file: .json, .html or .md; `-` is standard output")
	f.Text(&o.script, "script,s", "FILE", "").Hide() // of wrk2
}

// plan is the load without its course over time.
func (o *target) plan(args []string) (*load.Plan, error) {
	if len(args) != 1 {
		return nil, cmdline.UsageError("one URL is expected")
	}
	if o.script != "" {
		return nil, ui.WithHint(cmdline.UsageError("scripts in Lua are not run"), "`--method`, `--header`, `--body`, `--data` and `--template` say what is sent, `--expect-status` and `--expect-body` what must come")
	}
	target := args[0]
	if !strings.Contains(target, "://") {
		target = "http://" + target
	}
	u, err := url.Parse(target)
	if err != nil {
		return nil, cmdline.UsageError(err.Error())
	}
	p := &load.Plan{
		URL: u, Method: o.method, Template: o.template || o.data != "", Poisson: o.poisson, Connections: o.connections, Threads: o.threads,
		NoKeepAlive: o.noKeepAlive, HTTP2: o.http2, AllowRemote: o.allowRemote,
	}
	return p, errors.Join(o.times(p), o.content(p), o.expectations(p), o.trust(p))
}

func (o *target) times(p *load.Plan) error {
	for _, t := range []struct {
		text, flag string
		to         *time.Duration
	}{
		{o.timeout, "timeout", &p.Timeout},
		{o.warmup, "warmup", &p.Warmup},
		{o.wait, "wait", &p.Wait},
		{o.interval, "interval", &p.Interval},
		{o.maxLateness, "max-lateness", &p.MaxLateness},
	} {
		if t.text == "" {
			continue
		}
		d, err := load.ParseTime(t.text)
		if err != nil {
			return cmdline.UsageError(fmt.Sprintf("invalid value for `--%s`: %v", t.flag, err))
		}
		*t.to = d
	}
	if o.seed == "" {
		p.Seed = 1
		return nil
	}
	seed, err := strconv.ParseUint(o.seed, 10, 64)
	p.Seed = seed
	if err != nil {
		return cmdline.UsageError(fmt.Sprintf("invalid value for `--seed`: %q is no whole number", o.seed))
	}
	return nil
}

// content reads what is sent.
func (o *target) content(p *load.Plan) error {
	for _, h := range o.headers {
		name, value, found := strings.Cut(h, ":")
		if !found {
			return cmdline.UsageError(fmt.Sprintf("invalid value for `--header`: %q has no colon", h))
		}
		p.Headers = append(p.Headers, load.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	p.Body = []byte(o.body)
	if o.bodyFile != "" {
		text, err := os.ReadFile(o.bodyFile)
		if err != nil {
			return fmt.Errorf("reading the body: %w", err)
		}
		p.Body = text
	}
	if len(p.Body) > 0 && p.Method == "" {
		p.Method = "POST"
	}
	if o.data == "" {
		return nil
	}
	text, err := os.ReadFile(o.data)
	if err == nil {
		p.Data, err = load.ReadTable(bytes.NewReader(text))
	}
	if err != nil {
		return fmt.Errorf("reading the data %s: %w", o.data, err)
	}
	return nil
}

func (o *target) expectations(p *load.Plan) error {
	if o.expectStatus != "" {
		for text := range strings.SplitSeq(o.expectStatus, ",") {
			status, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil || status < 100 || status > 999 {
				return cmdline.UsageError(fmt.Sprintf("invalid value for `--expect-status`: %q is no status", text))
			}
			p.Expect.Statuses = append(p.Expect.Statuses, status)
		}
	}
	if o.expectBody != "" {
		pattern, err := regexp.Compile(o.expectBody)
		if err != nil {
			return cmdline.UsageError(fmt.Sprintf("invalid value for `--expect-body`: %v", err))
		}
		p.Expect.Body = pattern
	}
	return nil
}

func (o *target) trust(p *load.Plan) error {
	p.TLS = &tls.Config{InsecureSkipVerify: o.insecure}
	if o.ca == "" {
		return nil
	}
	text, err := os.ReadFile(o.ca)
	if err != nil {
		return fmt.Errorf("reading the certificates: %w", err)
	}
	p.TLS.RootCAs = x509.NewCertPool()
	if !p.TLS.RootCAs.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s has no certificates", o.ca)
	}
	return nil
}

// httpFlags are those of `bench http`.
type httpFlags struct {
	target
	duration, rate, trace, traceSpeed string
	stages                            []string
	closed, spectrum, service, batch  bool
}

func httpCommand() Command {
	return Command{
		Path: "bench http", Args: "URL", Short: "Put a constant load on an HTTP server and measure how long its users wait",
		Long: "Requests are sent when they are due, whether or not earlier ones were answered, and latency is counted from then: what a user waits, also behind a server that stands still. " +
			"Service time, from when a request was sent, and the lateness of the generator itself stand beside it. The options of wrk2 are understood. " +
			"Ctrl-C ends the run with a report of what was measured. The exit code is 1 if the result is invalid, or if no request got a good answer.",
		Prepare: func(f *cmdline.Flags) Work {
			var o httpFlags
			f.Under("Load")
			f.Text(&o.rate, "rate,R", "RATE", "Send this many requests a second: 100, 2.5, 10k")
			f.Text(&o.duration, "duration,d", "DURATION", "Send for this long [default: 10s]")
			f.List(&o.stages, "stage", "RATE:DURATION", "Send in steps, 100:30s, and ramps, 100..500:1m, one after the other")
			f.Text(&o.trace, "trace", "FILE", "Send the requests of a recorded trace at their times: CSV with `at` and `target`, or an access log")
			f.Text(&o.traceSpeed, "trace-speed", "FACTOR", "Replay the trace faster or slower")
			f.Bool(&o.closed, "closed", "Use the closed model: each connection sends again when it was answered, as wrk and hey do")
			f.Exclusive("rate", "stage", "trace", "closed")
			f.Exclusive("duration", "stage", "trace")
			o.register(f)
			f.Under("Report")
			f.Bool(&o.spectrum, "latency,L", "Print the whole distribution of latencies")
			f.Bool(&o.service, "u_latency,U", "Print the whole distribution of service times")
			f.Bool(&o.batch, "batch_latency,B", "").Hide() // of wrk2: how it measures within a batch
			return func(ctx context.Context, h *Host, args []string) error { return o.run(ctx, h, args) }
		},
	}
}

func (o *httpFlags) run(ctx context.Context, h *Host, args []string) error {
	p, err := o.plan(args)
	if err == nil {
		err = o.course(p)
	}
	if err != nil {
		return err
	}
	h.Print.Line("Running %s @ %s", p.Duration(), p.URL.Redacted())
	begun := time.Now()
	end := h.timer("sending", p.Duration())
	r, err := load.Run(ctx, *p)
	end()
	if err != nil {
		return err
	}
	return o.report(h, r, time.Since(begun))
}

// course is when the requests are sent.
func (o *httpFlags) course(p *load.Plan) error {
	p.Closed = o.closed
	if o.trace != "" {
		return o.replay(p)
	}
	for _, text := range o.stages {
		stage, err := load.ParseStage(text)
		if err != nil {
			return cmdline.UsageError(err.Error())
		}
		p.Stages = append(p.Stages, stage)
	}
	if len(o.stages) > 0 {
		return nil
	}
	if o.rate == "" && !o.closed {
		return ui.WithHint(cmdline.UsageError("how much to send is not said"), "`--rate 100` sends 100 requests a second; `--closed` as many as a fixed number of connections can")
	}
	var rate float64
	var err error
	length := 10 * time.Second
	if o.duration != "" {
		length, err = load.ParseTime(o.duration)
	}
	if err == nil && o.rate != "" {
		rate, err = load.ParseRate(o.rate)
	}
	if err != nil {
		return cmdline.UsageError(err.Error())
	}
	p.Stages = []load.Stage{{From: rate, To: rate, For: length}}
	return nil
}

// replay reads the trace.
func (o *httpFlags) replay(p *load.Plan) error {
	speed := 1.0
	var err error
	if o.traceSpeed != "" {
		if speed, err = strconv.ParseFloat(o.traceSpeed, 64); err != nil {
			return cmdline.UsageError(fmt.Sprintf("invalid value for `--trace-speed`: %q is no number", o.traceSpeed))
		}
	}
	file, err := os.Open(filepath.FromSlash(o.trace))
	if err != nil {
		return fmt.Errorf("reading the trace: %w", err)
	}
	defer file.Close()
	if p.Trace, err = load.ReadTrace(io.Reader(file), speed); err != nil {
		return fmt.Errorf("reading the trace %s: %w", o.trace, err)
	}
	return nil
}
