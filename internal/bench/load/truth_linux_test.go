package load

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The truth about the generator is found out on a quiet machine:
//
//	go test ./internal/bench/load -run TestTruth -v -args -truth
//
// The server is a process of its own, so that the processor time is the
// generator's alone.
var (
	truth      = flag.Bool("truth", false, "measure how true the load generator is")
	truthTime  = flag.Duration("truth-time", 10*time.Second, "how long each of its runs takes")
	truthServe = flag.String("truth-serve", "", "be the server, with these delays")
	truthApart = flag.Bool("truth-apart", false, "the generator keeps to the first processor, its server to the last one")
	truthRates = flag.String("truth-rates", "1,10,100,1000,5000,10000,20000,50000", "rates to try")
	truthWrk2  = flag.String("truth-wrk2", "", "this wrk2 is measured, too")
	truthHey   = flag.String("truth-hey", "", "this hey is measured, too")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *truthServe != "" {
		serveScript(strings.TrimPrefix(*truthServe, "none"))
		return
	}
	os.Exit(m.Run())
}

// A record is what a scripted server did.
type record struct {
	first, last time.Duration
	took        []float64 // seconds from the arrival of a request to its answer, ascending
}

// rate is the one at which requests arrived.
func (r *record) rate() float64 {
	return float64(len(r.took)-1) / (r.last - r.first).Seconds()
}

// quantile is the time that a share q of the answers took at most.
func (r *record) quantile(q float64) float64 {
	return r.took[max(0, int(math.Ceil(q*float64(len(r.took))))-1)]
}

// startTruth starts the server, and returns how to get its record.
func startTruth(t *testing.T, script string) (*url.URL, func() *record) {
	t.Helper()
	c := exec.Command(os.Args[0], "-truth-serve", script)
	c.Env = os.Environ()
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err1 != nil || err2 != nil || c.Start() != nil {
		t.Fatal(err1, err2)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	if *truthApart {
		keepTo(t, c.Process.Pid, runtime.NumCPU()-1)
		keepTo(t, os.Getpid(), 0)
	}
	u := parse(t, strings.TrimSpace(line))
	return u, func() *record {
		answer, err := http.Get(u.String() + "record")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return parseRecord(t, strings.Fields(string(text)))
	}
}

// keepTo keeps the threads of a process, and those that they will start, to one
// processor.
func keepTo(t *testing.T, pid, processor int) {
	t.Helper()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	var set unix.CPUSet
	set.Set(processor)
	for _, e := range threads {
		thread, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.SchedSetaffinity(thread, &set); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
	}
}

func parseRecord(t *testing.T, words []string) *record {
	t.Helper()
	var ns []int64
	for _, w := range words {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ns = append(ns, n)
	}
	r := &record{first: time.Duration(ns[0]), last: time.Duration(ns[1])}
	for _, n := range ns[2:] {
		r.took = append(r.took, float64(n)/1e9)
	}
	slices.Sort(r.took)
	return r
}

// As many requests reach the server as were asked for, and not late.
func TestTruthRate(t *testing.T) {
	if !*truth {
		t.Skip("-args -truth measures it")
	}
	u, told := startTruth(t, "none")
	told()
	t.Logf("%8s %10s %12s %8s %10s %10s %10s %10s %10s %10s %s", "rate", "at server", "rate there", "error", "late p50", "late p90", "late p99", "late max", "CPU/req", "of it spun", "")
	for word := range strings.SplitSeq(*truthRates, ",") {
		rate, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatal(err)
		}
		r := mustRun(t, Plan{URL: u, Stages: at(rate, *truthTime), Threads: 1})
		got := told()
		late := func(q float64) time.Duration {
			return time.Duration(r.Lateness.histogram.ValueAtPercentile(q)).Round(100 * time.Nanosecond)
		}
		t.Logf("%8v %10d %12.2f %7.3f%% %10v %10v %10v %10v %10v %10v %s", rate, len(got.took), got.rate(), 100*math.Abs(got.rate()/rate-1),
			late(50), late(90), late(99), late(100), r.PerRequest.Round(10*time.Nanosecond), (r.Spun / time.Duration(max(1, r.Sent))).Round(10*time.Nanosecond), failureText(r)+r.Invalid)
	}
}

// truthScripts are the delays of the scripted servers: exponential ones, and such
// with pauses of 200 ms in each second.
var truthScripts = []string{"20ms", "5ms 1s 200ms"}

var truthQuantiles = []float64{0.5, 0.75, 0.9, 0.95, 0.99, 0.999}

// scriptedQuantile is what a share q of users wait at most who arrive by
// themselves, if the server does just what its script says.
func scriptedQuantile(t *testing.T, script string) func(q float64) float64 {
	t.Helper()
	const users = 1 << 20
	times := make([]float64, users)
	random := rand.New(rand.NewPCG(1, 1))
	s := scripted{script: parseScript(script)}
	for i := range times {
		times[i] = float64(s.delay(random.Int64N(int64(time.Hour)), random)) / 1e9
	}
	slices.Sort(times)
	return func(q float64) float64 { return times[int(q*users)] }
}

// What the generator reports is what the server did, within the intervals.
func TestTruthQuantiles(t *testing.T) {
	if !*truth {
		t.Skip("-args -truth measures it")
	}
	for _, script := range truthScripts {
		u, told := startTruth(t, script)
		told()
		r := mustRun(t, Plan{URL: u, Stages: at(1000, *truthTime), Poisson: true, Seed: 1})
		did := told()
		users := scriptedQuantile(t, script)
		t.Logf("delays %q: %d answers; late p99 %v %s", script, r.Answered, time.Duration(r.Lateness.histogram.ValueAtPercentile(99)), r.Invalid)
		for _, p := range truthQuantiles {
			q, s, want := r.Latency.Quantile(p), r.Service.Quantile(p), did.quantile(p)
			if q.Needs > 0 {
				t.Logf("%6v  users wait %9.3f ms  server took %9.3f  withheld: it takes %d requests", p, users(p)*1e3, want*1e3, q.Needs)
				continue
			}
			within := "OUTSIDE"
			if q.Interval.Low <= want && want <= q.Interval.High {
				within = "within"
			}
			// The way through both processes comes on top of the server's delay.
			t.Logf("%6v  users wait %9.3f ms  server took %9.3f  reported %9.3f  interval %9.3f to %9.3f  %-8s %+.3f (service %+.3f)", p, users(p)*1e3, want*1e3, q.Value*1e3, q.Interval.Low*1e3, q.Interval.High*1e3, within, (q.Value-want)*1e3, (s.Value-want)*1e3)
		}
	}
}

func failureText(r *Result) string {
	if r.Failed == 0 {
		return ""
	}
	return fmt.Sprintf("%d failed: %v; ", r.Failed, r.Samples)
}
