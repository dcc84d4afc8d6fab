package bench

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/bench/report"
)

// A whole run against a server, and the report that it leaves.
func TestHTTP(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "report.json")
	code, out, err := call(t, "http", "-t1", "-c10", "-d", "300ms", "-R100", "-L", "--max-lateness", "1h", "--report", file, s.URL)
	for _, want := range []string{"30 due, 30 sent, 30 answered, 0 failed", "open: constant arrivals, HTTP/1.1", "200: 30", "Total count = 30]"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if code != 0 {
		t.Errorf("it ended with %d: %s", code, err)
	}
	var r report.Report
	text, problem := os.ReadFile(file)
	if problem == nil {
		problem = json.Unmarshal(text, &r)
	}
	if problem != nil || r.Kind != "http" || len(r.Subjects) != 1 || r.Subjects[0].Metric("latency").Summary.N != 30 {
		t.Errorf("the report: %v\n%s", problem, text)
	}
	code, out, _ = call(t, "http", "-d", "100ms", "-R100", "-c10", "--max-lateness", "1h", s.URL+"/busy")
	if code != 1 || !strings.Contains(out, "10 status") || !strings.Contains(out, "503: 10") {
		t.Errorf("of errors: %d\n%s", code, out)
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	args := []string{"-c", "10", "--from", "50", "--to", "100", "--step", "100ms", "--max-latency", "1m", "--max-lateness", "1h", "--max-failures", "0", s.URL}
	if code, out, err := call(t, "capacity", append(args, "--expect-status", "404")...); code != 0 || !strings.Contains(out, "Capacity: at least 100/s") {
		t.Errorf("%d\n%s%s", code, out, err)
	}
	args[3] = "1"
	if code, out, err := call(t, "capacity", args...); code != 1 || !strings.Contains(out, "none of the rates was borne") {
		t.Errorf("of errors alone: %d\n%s%s", code, out, err)
	}
}
