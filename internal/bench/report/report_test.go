package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/bench/stats"
)

func example() *Report {
	r := rand.New(rand.NewPCG(1, 2))
	out := &Report{Schema: Schema, Kind: "ab", Notes: []string{"a <note>"}, Noise: &stats.Noise{Blocks: 400, Floor: 0.01, Detectable: 0.002, P: 0.4}}
	for _, name := range []string{"one & <b>", "two | 2"} {
		samples := make([]float64, 400)
		for i := range samples {
			samples[i] = 0.01 + 0.001*r.ExpFloat64()
		}
		out.Subjects = append(out.Subjects, Subject{Name: name, Metrics: []Metric{Sampled("wall", Seconds, samples)}})
	}
	out.Subjects = append(out.Subjects, Subject{Name: "counted", Metrics: []Metric{Counted("latency", Seconds, []Bin{{0.01, 500}, {0.02, 5000}, {0.5, 1}})}})
	out.Comparisons = []Comparison{{Subject: "two | 2", Reference: "one & <b>", Metric: "wall", Comparison: stats.Compare([]float64{0.1, 0.2, 0.1, 0.2, 0.15, 0.1, 0.13}, 0.05, 0.02)}}
	return out
}

func TestJSONIsReadBack(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := example()
	if err := want.Write(&b, "x.json"); err != nil {
		t.Fatal(err)
	}
	got, err := Read(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// Every picture is well-formed, and no name becomes markup.
func TestHTML(t *testing.T) {
	t.Parallel()
	page := example().HTML()
	pictures := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	if len(pictures) != 4 {
		t.Errorf("%d pictures, want 4", len(pictures))
	}
	for _, p := range pictures {
		d := xml.NewDecoder(strings.NewReader(p))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, p)
			}
		}
	}
	for _, no := range []string{"<b>", "NaN", "Inf", "%!", "<script", "http://", "https://"} {
		if strings.Contains(page, no) {
			t.Errorf("the page contains %s", no)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	r := example()
	if got, want := r.Comparisons[0].Words(), "`two | 2` is slower than `one & <b>`: it takes "; !strings.HasPrefix(got, want) {
		t.Errorf("%s", got)
	}
	text := r.Text(Style{})
	for _, want := range []string{"p99 ", "p99.9 takes 3688", "▁", "█", "A/A: in one block equals differ by 1.00%"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

// There are never more ticks than fit, and they are round.
func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		low, high float64
		want      []float64
	}{
		{0, 68, []float64{0, 10, 20, 30, 40, 50, 60}},
		{0.9, 1.1, []float64{0.9, 0.95, 1, 1.05, 1.1}},
		{-0.001, 70, []float64{0, 10, 20, 30, 40, 50, 60, 70}},
		{1, 25, []float64{5, 10, 15, 20, 25}},
	} {
		got := scale{low: c.low, high: c.high}.ticks(8)
		same := len(got) == len(c.want)
		for i := range got {
			same = same && math.Abs(got[i]-c.want[i]) < 1e-9 && !math.Signbit(got[i])
		}
		if !same {
			t.Errorf("from %v to %v: %v, want %v", c.low, c.high, got, c.want)
		}
	}
	for _, high := range []float64{30, 1e3, 1e6, 1e9} {
		if got := (scale{low: 1, high: high, log: true}).ticks(8); len(got) < 3 || len(got) > 12 {
			t.Errorf("from 1 to %v: %v", high, got)
		}
	}
}
