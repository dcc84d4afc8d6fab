package load

import (
	"math"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A tool is another generator, driven at 1,000 requests a second.
type tool struct {
	name, path string
	settles    time.Duration // what it leaves out at its beginning
	arguments  func(d time.Duration, u *url.URL) []string
}

func truthTools() []tool {
	return []tool{
		{"wrk2", *truthWrk2, 10 * time.Second, func(d time.Duration, u *url.URL) []string {
			return []string{"-t1", "-c100", "-R1000", "-d" + strconv.Itoa(int(math.Ceil(d.Seconds()))) + "s", "--latency", u.String()}
		}},
		{"hey", *truthHey, 0, func(d time.Duration, u *url.URL) []string {
			return []string{"-c", "100", "-q", "10", "-z", d.String(), u.String()}
		}},
	}
}

// Other tools against the same servers, each beside what the server did
// meanwhile.
func TestTruthTools(t *testing.T) {
	if !*truth {
		t.Skip("-args -truth measures it")
	}
	for _, x := range truthTools() {
		for _, script := range truthScripts {
			if x.path == "" {
				t.Logf("-truth-%s tells where %s is", x.name, x.name)
				continue
			}
			u, told := startTruth(t, script)
			told()
			reset := time.AfterFunc(x.settles, func() { told() })
			if x.settles == 0 {
				reset.Stop()
			}
			out, err := exec.Command(x.path, x.arguments(x.settles+*truthTime, u)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", x.name, err, out)
			}
			did, reported := told(), reportedQuantiles(string(out))
			users := scriptedQuantile(t, script)
			t.Logf("%s, delays %q: %d answers", x.name, script, len(did.took))
			for _, p := range truthQuantiles {
				if value, found := reported[p]; found {
					want := did.quantile(p)
					t.Logf("%6v  users wait %9.3f ms  server took %9.3f  reported %9.3f  %+.3f", p, users(p)*1e3, want*1e3, value*1e3, (value-users(p))*1e3)
				}
			}
		}
	}
}

// reportedQuantiles finds lines such as "99.000%  2.38ms" and "99% in 0.0024 secs".
func reportedQuantiles(text string) map[float64]float64 {
	out := map[float64]float64{}
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.TrimSuffix(strings.Replace(strings.TrimSpace(line), " in ", " ", 1), " secs"))
		if len(words) != 2 || !strings.HasSuffix(words[0], "%") {
			continue
		}
		p, err := strconv.ParseFloat(strings.TrimSuffix(words[0], "%"), 64)
		if err != nil {
			continue
		}
		value := words[1]
		if last := value[len(value)-1]; '0' <= last && last <= '9' {
			value += "s"
		}
		if d, err := time.ParseDuration(value); err == nil {
			out[math.Round(p*1000)/1e5] = d.Seconds()
		}
	}
	return out
}

func TestReportedQuantiles(t *testing.T) {
	t.Parallel()
	got := reportedQuantiles(" 50.000%    1.05ms\n 99.900%  214.00us\n  Latency Distribution\n  99% in 0.0024 secs\n")
	if len(got) != 3 || got[0.5] != 0.00105 || got[0.999] != 0.000214 || got[0.99] != 0.0024 {
		t.Error(got)
	}
}
