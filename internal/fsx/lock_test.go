package fsx_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tame-py/tame/internal/fsx"
)

// holdEnv makes a test process hold the lock it names until it is killed.
const holdEnv = "FSX_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		lock, err := fsx.TryAcquire(path, fsx.Exclusive)
		if err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("held\n")
		time.Sleep(time.Hour) // with nothing to wait for, the runtime would end the process
		_ = lock.Release()
	}
	os.Exit(m.Run())
}

func TestLockModes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".lock")
	one, err := fsx.TryAcquire(path, fsx.Shared)
	if err != nil {
		t.Fatal(err)
	}
	two, err := fsx.TryAcquire(path, fsx.Shared)
	if err != nil {
		t.Fatalf("a second sharer: %v", err)
	}
	if _, err := fsx.TryAcquire(path, fsx.Exclusive); !errors.Is(err, fsx.ErrLocked) {
		t.Errorf("an owner beside sharers gave %v, want ErrLocked", err)
	}
	if err := errors.Join(one.Release(), two.Release()); err != nil {
		t.Fatal(err)
	}
	owner, err := fsx.TryAcquire(path, fsx.Exclusive)
	if err != nil {
		t.Fatal(err)
	}
	if owner.Mode() != fsx.Exclusive || owner.Path() != path {
		t.Errorf("held %v at %s", owner.Mode(), owner.Path())
	}
	if _, err := fsx.TryAcquire(path, fsx.Shared); !errors.Is(err, fsx.ErrLocked) {
		t.Errorf("a sharer beside an owner gave %v, want ErrLocked", err)
	}
	if err := owner.Release(); err != nil {
		t.Fatal(err)
	}
	var none *fsx.Lock
	if err := none.Release(); err != nil {
		t.Errorf("releasing nil: %v", err)
	}
}

func TestAcquireTimesOutAndSaysSo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".lock")
	held, err := fsx.TryAcquire(path, fsx.Exclusive)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	var waits int
	opts := fsx.LockOptions{Timeout: 5 * time.Millisecond, Waiting: func() { waits++ }}
	_, err = fsx.Acquire(t.Context(), path, fsx.Shared, opts)
	if timeout := new(fsx.LockTimeoutError); !errors.As(err, &timeout) || !errors.Is(err, fsx.ErrLocked) || len(timeout.Hints()) == 0 {
		t.Errorf("got %v, want a LockTimeoutError with a hint", err)
	}
	if waits != 1 {
		t.Errorf("Waiting was called %d times, want 1", waits)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fsx.Acquire(ctx, path, fsx.Shared, fsx.LockOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("under a done context got %v", err)
	}
}

// Only one goroutine at a time may be inside, and nobody is forgotten.
func TestAcquireExcludes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".lock")
	var inside, done atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			lock, err := fsx.Acquire(t.Context(), path, fsx.Exclusive, fsx.LockOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			if inside.Add(1) != 1 {
				t.Error("two owners at once")
			}
			inside.Add(-1)
			done.Add(1)
			if err := lock.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done.Load() != 8 {
		t.Errorf("%d of 8 had the lock", done.Load())
	}
}

// A clean removes the lock file while others wait for it: they must not end
// up with a lock on a file that nobody else can find.
func TestAcquireOfRemovedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".lock")
	first, err := fsx.TryAcquire(path, fsx.Exclusive)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Skip("an open file cannot be removed here:", err)
	}
	second, err := fsx.TryAcquire(path, fsx.Exclusive)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()
	first.Release()
	if _, err := fsx.TryAcquire(path, fsx.Exclusive); !errors.Is(err, fsx.ErrLocked) {
		t.Errorf("got %v, want ErrLocked: the second lock is on the file that has the name", err)
	}
}

func TestKilledOwnerGivesLockBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".lock")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), holdEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if _, err := fsx.TryAcquire(path, fsx.Exclusive); !errors.Is(err, fsx.ErrLocked) {
		t.Errorf("while the child lives: %v, want ErrLocked", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	lock, err := fsx.Acquire(t.Context(), path, fsx.Exclusive, fsx.LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lock.Release()
}
