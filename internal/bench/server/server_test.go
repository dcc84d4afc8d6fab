package server_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/bench/load"
	"github.com/tame-py/tame/internal/bench/server"
)

// TestMain lets the test's own program be the server: PROGRAM serve MODE PORT.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3])
	}
	os.Exit(m.Run())
}

func serve(mode, port string) {
	fmt.Println("mode", mode)
	switch mode {
	case "broken":
		fmt.Fprintln(os.Stderr, "no module named \x1b[31mapp")
		os.Exit(3)
	case "silent":
		time.Sleep(time.Minute)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	case "parent": // the child has the port, and outlives its parent
		child := exec.Command(os.Args[0], "serve", "stubborn", port)
		if err := child.Start(); err != nil {
			os.Exit(4)
		}
		time.Sleep(time.Minute)
	case "owner": // measures such a server, and is killed
		s, err := server.Start(context.Background(), spec("parent"))
		if err != nil {
			os.Exit(5)
		}
		fmt.Println(s.URL.Host)
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		time.Sleep(time.Minute)
	}
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if mode == "unwell" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/burn", func(http.ResponseWriter, *http.Request) {
		block := make([]byte, 1<<20)
		for range 200 { // some ticks of the kernel's accounts, however little of the processor it gets
			sha256.Sum256(block)
		}
	})
	http.HandleFunc("/die", func(http.ResponseWriter, *http.Request) {
		fmt.Println("asked to die")
		os.Exit(7)
	})
	fmt.Println(http.ListenAndServe("127.0.0.1:"+port, nil))
	os.Exit(1)
}

func spec(mode string) server.Spec {
	return server.Spec{
		Name: mode, Words: []string{os.Args[0], "serve", mode, "{port}"}, Env: []string{"PATH=/bin"}, URL: "http://127.0.0.1:{port}",
		Ready: "/health", ReadyWithin: 2 * time.Minute, StopWithin: 300 * time.Millisecond, Allowed: load.CheckLocal,
	}
}

// What is started is ended whole, and its port is free again.
func TestStartAndStop(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"well", "stubborn", "parent"} {
		if mode != "well" && runtime.GOOS == "windows" {
			continue // there are no signals, and no groups of processes
		}
		s, err := server.Start(t.Context(), spec(mode))
		if err != nil {
			t.Errorf("%s: %v", mode, err)
			continue
		}
		if s.Startup <= 0 {
			t.Errorf("%s: it took %v to start", mode, s.Startup)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if c, err := net.DialTimeout("tcp", s.URL.Host, time.Second); err == nil {
			_ = c.Close()
			t.Errorf("%s: something listens at %s after the stop", mode, s.URL.Host)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("%s: the second stop: %v", mode, err)
		}
	}
}

func TestThatDoNotComeUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mode, want string }{
		{"broken", "the server `broken` ended with exit code 3 before it was ready; the last that it said:\n    mode broken\n    no module named [31mapp"},
		{"silent", "the server `silent` was not ready within 200ms: "},
		{"unwell", "/health answered 503 Service Unavailable; the last that it said:\n    mode unwell"},
	} {
		one := spec(c.mode)
		if c.mode != "broken" {
			one.ReadyWithin = 200 * time.Millisecond
		}
		_, err := server.Start(t.Context(), one)
		// A machine that is too busy to start it in time says so in other words.
		if err == nil || !strings.Contains(err.Error(), c.want) && !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", c.mode, err)
		}
	}
	gone := spec("gone")
	gone.Words[0] = "/no/such/program"
	if _, err := server.Start(t.Context(), gone); err == nil || !strings.Contains(err.Error(), "cannot run `/no/such/program`") {
		t.Errorf("%v", err)
	}
	remote := spec("remote")
	remote.URL = "http://192.0.2.1:{port}"
	if _, err := server.Start(t.Context(), remote); !errors.As(err, new(*load.RemoteError)) {
		t.Errorf("%v", err)
	}
}

// Where the program that measures is killed, the server ends, and also what it has
// left behind that pays SIGTERM no heed.
func TestKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no groups of processes")
	}
	owner := exec.Command(os.Args[0], "serve", "owner", "0")
	out, _ := owner.Output() // it says where the server is, and is killed
	_, host, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if host == "" {
		t.Fatalf("no server was started: %s", out)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(until) {
			t.Fatal("the server is still there")
		}
	}
}

// An address that is taken is refused, instead of another server being measured.
func TestTakenAddress(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	one := spec("well")
	one.URL = "http://" + l.Addr().String()
	if _, err := server.Start(t.Context(), one); err == nil || !strings.Contains(err.Error(), "something answers at") {
		t.Errorf("%v", err)
	}
}

// One that dies is told with what it said, and a start that is given up leaves
// nothing behind.
func TestDiesAndGivenUp(t *testing.T) {
	t.Parallel()
	s, err := server.Start(t.Context(), spec("well"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check("at once"); err != nil {
		t.Error(err)
	}
	if r, err := http.Get(s.URL.String() + "/die"); err == nil {
		_ = r.Body.Close()
	}
	for begun := time.Now(); err == nil && time.Since(begun) < time.Minute; {
		err = s.Check("in the middle")
	}
	if err == nil || !strings.Contains(err.Error(), "ended with exit code 7 in the middle; the last that it said:\n    mode well\n    asked to die") {
		t.Errorf("%v", err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := server.Start(ctx, spec("silent")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("given up: %v", err)
	}
}

// What the server's child uses counts too.
func TestUsage(t *testing.T) {
	t.Parallel()
	if !server.Accounts {
		t.Skip("what servers use is not known here")
	}
	s, err := server.Start(t.Context(), spec("parent"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop() //nolint:errcheck // another test's concern
	s.ResetPeak()
	before, ok := s.Usage()
	if r, err := http.Get(s.URL.String() + "/burn"); err == nil {
		_ = r.Body.Close()
	}
	after, _ := s.Usage()
	if used := after.CPU - before.CPU; !ok || used <= 0 || used > 10*time.Second || after.Peak < 1<<20 {
		t.Errorf("%v of processor time, %d bytes, %v", used, after.Peak, ok)
	}
}
