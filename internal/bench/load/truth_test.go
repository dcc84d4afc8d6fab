package load

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
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
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *truthServe != "" {
		serveTruth(*truthServe)
		return
	}
	os.Exit(m.Run())
}

// delays are scripted: "none", "exp MEAN" for exponentially distributed ones, or
// "pause EVERY FOR" for a server that stands still now and then. They run from
// the arrival of a request, each for itself, so that the distribution of the
// latencies is known.
func delayOf(script string) func(base time.Time) time.Duration {
	words := strings.Fields(script)
	times := make([]time.Duration, len(words))
	for i := range words {
		times[i], _ = time.ParseDuration(words[i])
	}
	switch words[0] {
	case "exp":
		return func(time.Time) time.Duration { return time.Duration(rand.ExpFloat64() * float64(times[1])) }
	case "pause":
		return func(base time.Time) time.Duration {
			return max(0, times[2]-time.Since(base)%times[1])
		}
	}
	return nil
}

// serveTruth answers until its standard input ends. /count tells how many
// requests there were.
func serveTruth(script string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + l.Addr().String() + "/")
	base := time.Now()
	delay := delayOf(script)
	var count atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answerTruth(c, &count, base, delay)
			}()
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func answerTruth(c net.Conn, count *atomic.Int64, base time.Time, delay func(time.Time) time.Duration) {
	r := bufio.NewReader(c)
	counting := false
	for {
		text, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		counting = counting || bytes.HasPrefix(text, []byte("GET /count"))
		if len(text) > 2 {
			continue
		}
		if counting {
			body := strconv.FormatInt(count.Load(), 10)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			return
		}
		count.Add(1)
		if delay != nil {
			time.Sleep(delay(base))
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"); err != nil {
			return
		}
	}
}

// startTruth starts the server, and returns how to count its requests.
func startTruth(t *testing.T, script string) (*url.URL, func() int64) {
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
	u := parse(t, strings.TrimSpace(line))
	return u, func() int64 {
		answer, err := http.Get(u.String() + "count")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// As many requests reach the server as were asked for, and not late.
func TestTruthRate(t *testing.T) {
	if !*truth {
		t.Skip("-args -truth measures it")
	}
	u, count := startTruth(t, "none")
	t.Logf("%8s %10s %10s %8s %12s %12s %14s %s", "rate", "at server", "elapsed", "error", "late p99", "late max", "CPU a request", "")
	for _, rate := range []float64{1, 10, 100, 1000, 5000, 10000, 20000, 50000} {
		before := count()
		r := mustRun(t, Plan{URL: u, Stages: at(rate, *truthTime), Threads: 1})
		n := count() - before
		// The rate is that of the arrivals: from the first to the last are n−1 of them.
		want := rate * truthTime.Seconds()
		t.Logf("%8v %10d %10v %7.3f%% %12v %12v %14v %s", rate, n, r.Elapsed.Round(time.Millisecond), 100*math.Abs(float64(n)-want)/want,
			time.Duration(r.Lateness.histogram.ValueAtPercentile(99)), r.Lateness.Max(), r.PerRequest, r.Invalid)
	}
}

// The quantiles of known distributions lie within their intervals.
func TestTruthQuantiles(t *testing.T) {
	if !*truth {
		t.Skip("-args -truth measures it")
	}
	const pause, every = 200 * time.Millisecond, time.Second
	for script, quantile := range map[string]func(p float64) float64{
		"exp 20ms": func(p float64) float64 { return -math.Log(1-p) * 0.020 },
		// A fifth of the arrivals wait for what is left of the pause.
		fmt.Sprintf("pause %v %v", every, pause): func(p float64) float64 { return max(0, p-0.8) / 0.2 * pause.Seconds() },
	} {
		u, _ := startTruth(t, script)
		r := mustRun(t, Plan{URL: u, Stages: at(1000, *truthTime), Poisson: true, Seed: 1})
		t.Logf("%s: %d answers; %s", script, r.Answered, r.Invalid)
		for _, p := range []float64{0.5, 0.75, 0.9, 0.95, 0.99, 0.999} {
			q, want := r.Latency.Quantile(p), quantile(p)
			// The way through both processes comes on top of the script's delay.
			t.Logf("%6v  true %9.3f ms  reported %9.3f ms  interval %9.3f to %9.3f  %+.3f ms", p, want*1e3, q.Value*1e3, q.Interval.Low*1e3, q.Interval.High*1e3, (q.Value-want)*1e3)
		}
	}
}
