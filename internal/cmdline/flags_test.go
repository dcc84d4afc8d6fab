package cmdline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// values are what the flags of the test set.
type values struct {
	On, Called  bool
	Pair        *bool
	Count       int
	Text        string
	Optional    *string
	Choice      string
	List, Comma []string
	Number      int
}

func (v *values) register(f *Flags) {
	f.Under("Options")
	f.Bool(&v.On, "on,o", "Turn it on")
	f.Func(func() { v.Called = true }, "call", "Call it")
	f.Pair(&v.Pair, "pair", "no-pair", "Make a pair").Alias("couple").FromEnv("PAIR")
	f.Count(&v.Count, "count,c", "Count")
	f.Text(&v.Text, "text,t", "TEXT", "Say it").Alone("nothing")
	f.Optional(&v.Optional, "optional", "TEXT", "Say it or not")
	f.Choice(&v.Choice, "choice", "KIND", "Choose", "this", "that").Also("hidden")
	f.List(&v.List, "list,l", "TEXT", "Say several")
	f.Commas(&v.Comma, "commas", "TEXT", "Say several")
	f.Number(&v.Number, "number,n", "N", "Say how often", 2)
	f.Exclusive("on", "pair", "call")
}

func yes() *bool { on := true; return &on }

func TestFlags(t *testing.T) {
	t.Parallel()
	word := "a"
	for _, test := range []struct {
		args string
		want values
		err  string
	}{
		{args: "-o -cc --list a -l b --commas c,d, --commas e", want: values{On: true, Count: 2, List: []string{"a", "b"}, Comma: []string{"c", "d", "e"}}},
		{args: "--pair --no-pair", want: values{Pair: new(bool)}},
		{args: "--no-pair --couple", want: values{Pair: yes()}},
		{args: "--text --optional a --choice hidden -n 2", want: values{Text: "nothing", Optional: &word, Choice: "hidden", Number: 2}},
		{args: "--text=a --text=b", err: "only once"},
		{args: "--optional=a --optional=b", err: "only once"},
		{args: "--choice=other", err: "possible values are this, that"},
		{args: "--on=false", err: "takes no value"},
		{args: "-n 1", err: "at least 2"},
		{args: "--on --call", err: "`--on` cannot be used together with `--call`"},
		{args: "--on --couple", err: "`--on` cannot be used together with `--pair`"},
		{args: "--call", want: values{Called: true}},
	} {
		var got values
		f := New(pflag.NewFlagSet("", pflag.ContinueOnError))
		got.register(&f)
		err := f.Set.Parse(strings.Fields(test.args))
		if err == nil {
			err = f.Check(func(*pflag.Flag) bool { return false })
		}
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: %v, not %q", test.args, err, test.err)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", test.args, err, diff)
		}
	}
}

// A variable conflicts with flags as the flag does that it stands for.
func TestCheckElsewhere(t *testing.T) {
	t.Parallel()
	var v values
	f := New(pflag.NewFlagSet("", pflag.ContinueOnError))
	v.register(&f)
	if err := f.Set.Parse([]string{"--on"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(func(f *pflag.Flag) bool { return Note(f, NoteEnv) == "PAIR" }); err == nil {
		t.Error("the variable and the flag were taken together")
	}
}

// What is shown of settings in force.
func TestValueText(t *testing.T) {
	t.Parallel()
	var v values
	f := New(pflag.NewFlagSet("", pflag.ContinueOnError))
	v.register(&f)
	if err := f.Set.Parse(strings.Fields("--text=a --optional=b -l c -l d -n 3 -o")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"text": "a", "optional": "b", "list": "c d", "number": "3", "on": ""} {
		if got := ValueText(f.Set.Lookup(name)); got != want {
			t.Errorf("--%s: %q, want %q", name, got, want)
		}
	}
	if !IsSwitch(f.Set.Lookup("on")) || IsSwitch(f.Set.Lookup("text")) {
		t.Error("switches are not told from values")
	}
}
