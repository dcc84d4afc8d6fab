package load

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel's stamp of an answer is of when it came, not of when it was read.
func TestStamps(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	stamp(fd)
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: l.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	r := receiver{}
	r.init()
	base := time.Now()
	// The kernel begins to stamp a moment after the first socket has asked for it.
	for deadline := base.Add(30 * time.Second); time.Now().Before(deadline); {
		before := int64(time.Since(base))
		_, _ = io.WriteString(peer, "hello")
		for n := 0; n == 0 && err == nil; { // a busy kernel delivers later
			n, err = unix.IoctlGetInt(fd, unix.TIOCINQ)
		}
		come := int64(time.Since(base))
		time.Sleep(20 * time.Millisecond)
		r.adjust(base)
		n, at, e := r.receive(fd)
		if err != nil || e != 0 || string(r.buffer[:n]) != "hello" {
			t.Fatalf("%q, %v, %v", r.buffer[:n], e, err)
		}
		if at == 0 {
			continue
		}
		// The two clocks are read one after the other: a few microseconds may be between.
		if slack := int64(time.Millisecond); at < before-slack || at > come+slack {
			t.Errorf("written after %d and there before %d ns, stamped %d", before, come, at)
		}
		return
	}
	t.Skip("this kernel stamps nothing")
}

// Large answers are read as they come, and are whole.
func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 1<<20)
	u := serve(t, say("HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"+body, false))
	r := mustRun(t, Plan{URL: u, Stages: at(500, 100*time.Millisecond), Timeout: time.Minute})
	if r.Answered != 50 || r.Failed != 0 || r.BytesIn < 50<<20 || r.Engine != engineLoop {
		t.Errorf("%+v %v", r, r.Samples)
	}
}

// A request costs no memory.
func TestNoAllocation(t *testing.T) {
	u, _ := startTruth(t, "none")
	mallocs := func(rate float64) int64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mustRun(t, Plan{URL: u, Stages: at(rate, 300*time.Millisecond), Connections: 4, Timeout: time.Minute})
		runtime.ReadMemStats(&after)
		return int64(after.Mallocs - before.Mallocs)
	}
	mallocs(100)
	few, many := mallocs(100), mallocs(10000)
	if each := float64(many-few) / 2970; each > 0.5 {
		t.Errorf("%.1f allocations for each request", each)
	}
}
