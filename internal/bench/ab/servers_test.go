package ab_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/bench/ab"
	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/report"
	"github.com/tame-py/tame/internal/bench/server"
	"github.com/tame-py/tame/internal/bench/stats"
)

// TestMain lets the test's own program be the server: PROGRAM serve MODE PORT.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		_ = http.ListenAndServe("127.0.0.1:"+os.Args[3], answers(os.Args[2])) // it is killed
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func answers(mode string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch mode {
		case "slow": // by more than a busy machine keeps the other one waiting
			time.Sleep(250 * time.Millisecond)
		case "failing":
			w.WriteHeader(http.StatusInternalServerError)
		case "mortal":
			os.Stdout.WriteString("I have had enough\n")
			os.Exit(9)
		case "resetting":
			panic(http.ErrAbortHandler)
		}
	})
}

func servers(modes ...string) []server.Spec {
	var out []server.Spec
	for _, mode := range modes {
		out = append(out, server.Spec{Name: mode, Words: []string{os.Args[0], "serve", mode, "{port}"}, URL: "http://127.0.0.1:{port}"})
	}
	return out
}

func drive() ab.Drive {
	return ab.Drive{
		Plan: load.Plan{Stages: []load.Stage{{From: 60, To: 60, For: 100 * time.Millisecond}}, MaxLateness: time.Hour, Timeout: time.Minute},
		Path: "/", Aspects: []ab.Aspect{ab.P50},
	}
}

// A server that sleeps is found slower, in both ways to measure.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		d := drive()
		d.Keep, d.Warmup = keep, 10*time.Millisecond
		found, err := ab.RunServers(t.Context(), servers("quick", "slow"), d, ab.Options{Margin: 0.02, Budget: time.Hour, Blocks: 8})
		if err != nil {
			t.Fatal(err)
		}
		r := report.Report{Schema: report.Schema, Subjects: found.Subjects, Comparisons: found.Comparisons, Sections: []report.Section{*found.Noise}}
		text := r.Text(report.Style{})
		// On a busy machine a verdict may need more than eight blocks.
		if len(found.Comparisons) != 1 || found.Comparisons[0].Verdict == stats.Faster || found.Comparisons[0].Ratio < 1 || found.Comparisons[0].Metric != report.P50 {
			t.Errorf("keep = %v:\n%s", keep, text)
		}
		for _, want := range []string{"slower at p50 than `quick`: ", "A/A: what equals differ by"} {
			if !strings.Contains(text, want) {
				t.Errorf("keep = %v: no %q in\n%s", keep, want, text)
			}
		}
		if got := found.Subjects[1].Metric("latency").Summary.N; got%6 != 0 || got < 6 {
			t.Errorf("%d requests", got)
		}
	}
}

// In the closed model the one that answers more is the faster one.
func TestThroughput(t *testing.T) {
	t.Parallel()
	d := drive()
	d.Plan.Closed, d.Plan.Connections, d.Aspects, d.Keep = true, 2, []ab.Aspect{ab.Throughput}, true
	found, err := ab.RunServers(t.Context(), servers("slow", "quick"), d, ab.Options{Budget: time.Hour, Blocks: 8})
	if err != nil {
		t.Fatal(err)
	}
	c := found.Comparisons[0]
	if c.Verdict == stats.Slower || c.Ratio < 1 || !strings.Contains(c.Words(), "`quick` serves more ") {
		t.Errorf("%s (%+v)", c.Words(), c.Interval)
	}
}

// What a server does wrong is told with its own words, and ends it all.
func TestServersThatFail(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"failing":   "the server `failing` failed 6 of 6 requests for /: answers with the status 500 (6 times)",
		"mortal":    "the server `mortal` ended with exit code 9 while it was measured; the last that it said:\n    I have had enough",
		"resetting": "the server `resetting` failed 6 of 6 requests for /: connections broken off",
	} {
		found, err := ab.RunServers(t.Context(), servers("quick", mode), drive(), ab.Options{Budget: time.Hour, Blocks: 2, NoTwin: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", mode, err)
		}
		if len(found.Subjects) > 0 {
			t.Errorf("%s: it was measured: %+v", mode, found.Subjects)
		}
	}
}

// freePort is a port that no system hands out to whoever asks for any: nobody else
// gets it before the server listens, nor when it has ended. It is asked for, not
// listened at: a child that another test starts would have a copy of the listener
// until it runs its own program.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10000 + rand.IntN(22000))
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return port
		}
		_ = c.Close()
	}
	t.Fatal("no port is free")
	return ""
}

// What was measured before an interruption is reported, and no server stays.
func TestServersInterrupted(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := "127.0.0.1:" + port
	specs := servers("quick", "slow")
	specs[0].URL = "http://" + address
	specs[0].Words[3] = port
	d := drive()
	d.Keep = true
	ctx, cancel := context.WithCancel(t.Context())
	blocks := 0
	o := ab.Options{Budget: time.Hour, Progress: func(ab.Progress) {
		if blocks++; blocks == 4 {
			cancel()
		}
	}}
	found, err := ab.RunServers(ctx, specs, d, o)
	if !errors.Is(err, context.Canceled) || len(found.Subjects) != 2 || found.Comparisons[0].Blocks != 3 {
		t.Errorf("%v, %+v", err, found.Comparisons)
	}
	if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		_ = c.Close()
		t.Errorf("something still listens at %s", address)
	}
}

// One that dies of the first of several requests that were sent at once is told to
// have ended, although it refuses no connection.
func TestServerDiesOfManyRequests(t *testing.T) {
	t.Parallel()
	d := drive()
	d.Plan.Stages = []load.Stage{{From: 8000, To: 8000, For: time.Millisecond}}
	for range 5 {
		_, err := ab.RunServers(t.Context(), servers("mortal", "quick"), d, ab.Options{Budget: time.Hour, Blocks: 1, NoTwin: true})
		if err == nil || !strings.Contains(err.Error(), "the server `mortal` ended with exit code 9 while it was measured") {
			t.Errorf("%v", err)
		}
	}
}
