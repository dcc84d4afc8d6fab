package load

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"100": 100, "2.5": 2.5, "10k": 1e4, "1M": 1e6, "0": 0, "-1": -1, "x": -1, "NaN": -1, "1e9": -1, "": -1} {
		if got, err := ParseRate(text); got != max(0, want) || (err != nil) != (want < 0) {
			t.Errorf("rate %q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]time.Duration{"30": 30 * time.Second, "0.5": time.Second / 2, "2m": 2 * time.Minute, "200ms": time.Second / 5, "-1s": -1, "s": -1, "": -1} {
		if got, err := ParseTime(text); got != max(0, want) || (err != nil) != (want < 0) {
			t.Errorf("time %q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]Stage{
		"100:30s": {100, 100, 30 * time.Second}, "1k..5k:1m": {1000, 5000, time.Minute},
		"100": {}, "1..:2s": {}, ":2s": {}, "1..2..3:4s": {},
	} {
		if got, err := ParseStage(text); got != want || (err != nil) != (want == Stage{}) {
			t.Errorf("stage %q: %v, %v", text, got, err)
		}
	}
}

func TestReadTrace(t *testing.T) {
	t.Parallel()
	const table = "at,method,path,body\n1700000001.5,,/b,\n1700000000.5,POST,/a,\"{\"\"x\"\": 1}\"\n"
	got, err := ReadTrace(strings.NewReader(table), 2)
	if want := `[{0s POST /a [123 34 120 34 58 32 49 125]} {500ms  /b []}]`; fmt.Sprint(got) != want || err != nil {
		t.Errorf("%v, %v\nwant %s", got, err, want)
	}
	const log = `127.0.0.1 - - [10/Oct/2024:13:55:36 +0200] "GET /a?b=c HTTP/1.1" 200 23
::1 - bob [10/Oct/2024:13:55:36 +0200] "POST /d HTTP/1.1" 201 - "-" "curl"
::1 - - [10/Oct/2024:13:55:37 +0200] "\x16\x03\x01" 400 0
127.0.0.1 - - [10/Oct/2024:13:55:38 +0200] "GET /e HTTP/2.0" 200 23
`
	got, err = ReadTrace(strings.NewReader(log), 1)
	if want := `[{0s GET /a?b=c []} {500ms POST /d []} {2s GET /e []}]`; fmt.Sprint(got) != want || err != nil {
		t.Errorf("%v, %v\nwant %s", got, err, want)
	}
	for _, text := range []string{"", "at,path\n", "a,b\n1,2\n", "at,path\nx,/\n", "at,path\n1,/a b\n", "at,method,path\n1,G T,/\n", "x [y\n"} {
		if got, err := ReadTrace(strings.NewReader(text), 1); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// moments are all times of a plan.
func moments(p *Plan) (out []time.Duration) {
	for s := newSchedule(p); ; {
		_, at, ok := s.next()
		if !ok {
			return out
		}
		out = append(out, at)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	steps := Plan{Stages: []Stage{{2, 2, time.Second}, {0, 0, time.Second}, {4, 4, 500 * time.Millisecond}}}
	if got, want := fmt.Sprint(moments(&steps)), "[0s 500ms 2s 2.25s]"; got != want {
		t.Errorf("steps: %v, want %v", got, want)
	}
	// Of a ramp from 0 to 8 in 2 s the integral is 2 t²: the nth is due at √(n/2).
	ramp := moments(&Plan{Stages: []Stage{{0, 8, 2 * time.Second}}})
	for n, at := range ramp {
		if want := math.Sqrt(float64(n) / 2); math.Abs(at.Seconds()-want) > 1e-6 {
			t.Errorf("ramp: %d is due at %v, want %v", n, at, want)
		}
	}
	if len(ramp) != 8 {
		t.Errorf("a ramp has %d requests, want 8", len(ramp))
	}
	for _, rate := range []float64{1, 33.3, 1000, 50000} {
		got := moments(&Plan{Stages: at(rate, 10*time.Second)})
		if want := int(math.Ceil(rate*10 - 1e-9)); len(got) != want || got[len(got)-1] >= 10*time.Second {
			t.Errorf("%v a second: %d requests, want %d; the last at %v", rate, len(got), want, got[len(got)-1])
		}
	}
}

// The arrivals of a Poisson process are as many as they should be, and as far
// apart: the mean of their distances equals its deviation.
func TestPoisson(t *testing.T) {
	t.Parallel()
	got := moments(&Plan{Stages: at(10000, 10*time.Second), Poisson: true, Seed: 1})
	if n := float64(len(got)); math.Abs(n-1e5) > 5*math.Sqrt(1e5) {
		t.Errorf("%v arrivals, want about 100000", n)
	}
	var sum, squares float64
	for i := 1; i < len(got); i++ {
		d := (got[i] - got[i-1]).Seconds()
		sum, squares = sum+d, squares+d*d
	}
	mean := sum / float64(len(got)-1)
	deviation := math.Sqrt(squares/float64(len(got)-1) - mean*mean)
	if math.Abs(deviation/mean-1) > 0.02 {
		t.Errorf("the distances have the mean %v and the deviation %v", mean, deviation)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	table, err := ReadTable(strings.NewReader("id,name\n7,a b\n8,\"x\r\nEvil: y\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{
		URL: parse(t, "http://h/{{id}}?n={{name}}&i={{n}}"), Method: "POST", Template: true, Data: table, Seed: 3,
		Headers: []Header{{"X-Name", "<{{name}}>"}, {"Host", "other"}}, Body: []byte(`{"id": {{id}}, "r": {{ random 5 5 }}}`),
	}
	m, err := newMaker(&p)
	if err != nil {
		t.Fatal(err)
	}
	want := "POST /8?n=x%0AEvil%3A%20y&i=3 HTTP/1.1\r\nHost: other\r\nX-Name: <x Evil: y>\r\nContent-Length: 17\r\n\r\n" + `{"id": 8, "r": 5}`
	if got := string(m.append(nil, 3)); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := string(m.append(nil, 3)); got != want {
		t.Errorf("the second time: %q", got)
	}
	for _, wrong := range []string{"{{id", "{{nothing}}", "{{random 2 1}}", "{{}}"} {
		if _, err := parsePattern(wrong, table); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Method + " " + r.URL.String() }))
	defer s.Close()
	trace := []Arrival{{Target: "/a"}, {At: 10 * time.Millisecond, Method: "HEAD", Target: "/b?c"}, {At: 20 * time.Millisecond, Method: "POST", Target: "/d", Body: []byte("x")}}
	r := mustRun(t, Plan{URL: parse(t, s.URL), Trace: trace})
	if r.Answered != 3 || r.Failed != 0 || r.Arrival != "trace" {
		t.Errorf("%+v", r)
	}
	all := []string{<-got, <-got, <-got} // on a busy machine they overtake each other
	if slices.Sort(all); strings.Join(all, ", ") != "GET /a, HEAD /b?c, POST /d" {
		t.Errorf("%q", all)
	}
}
