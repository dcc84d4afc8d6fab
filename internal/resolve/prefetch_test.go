package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/source"
)

// asked is a Provider that notes what it is asked for.
type asked struct {
	*universe
	metadata []string
}

func (a *asked) Metadata(d *source.Dist) *par.Future[*Metadata] {
	if name := d.String(); !slices.Contains(a.metadata, name) {
		a.metadata = append(a.metadata, name)
	}
	return a.universe.Metadata(d)
}

// After many versions were tried in vain the next ones are asked for at once.
func TestBatchPrefetch(t *testing.T) {
	t.Parallel()
	u := newUniverse()
	u.projects["a"] = map[string]*release{}
	for v := range 60 {
		u.projects["a"][fmt.Sprintf("%d.0", v)] = &release{RequiresPython: new(string), Requires: []string{fmt.Sprintf("b==%d.0", v)}}
	}
	u.projects["b"] = map[string]*release{"39.0": {RequiresPython: new(string)}}
	tried := func(cheap bool) []string {
		r, err := u.resolver(ask{requires: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		a := &asked{universe: u}
		r.Provider = a
		r.Options.CheapMetadata = func(*source.Dist) bool { return cheap }
		g, err := r.Resolve(context.Background())
		if err != nil || strings.Join(pins(g), " ") != "a==39.0 b==39.0" {
			t.Fatal(g, err)
		}
		return a.metadata
	}
	// 59 down to 39, and b.
	if got := tried(false); len(got) != 22 {
		t.Errorf("asked for %d: %q", len(got), got)
	}
	// At the last batch, after 20 tries, the 20 that follow the one at hand.
	got := tried(true)
	if at := slices.Index(got, "a==20.0"); at < 0 || at > slices.Index(got, "b==39.0") {
		t.Errorf("a==20.0 was not asked for in advance: %q", got)
	}
}

// What a later fork will need is asked for as far as the root allows it.
func TestPrefetchAhead(t *testing.T) {
	t.Parallel()
	u := newUniverse()
	plain := func(requires ...string) *release { return &release{RequiresPython: new(string), Requires: requires} }
	u.projects["a"] = map[string]*release{"1.0": plain(
		"b>=1; sys_platform == 'linux'", "c>=2; sys_platform == 'linux'", "c>=1,<2; sys_platform != 'linux'",
		"b>=2; sys_platform != 'linux'")}
	for _, name := range []string{"b", "c"} {
		u.projects[name] = map[string]*release{"1.0": plain(), "2.0": plain(), "3.0": plain()}
	}
	r, err := u.resolver(ask{requires: []string{"a", "b==2.0"}, change: func(r *Resolver, _ *index.Policy) {
		r.Options.Universal, r.Options.Env, r.Options.Tags = true, nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	a := &asked{universe: u}
	r.Provider = a
	r.Options.CheapMetadata = func(*source.Dist) bool { return true }
	if _, err := r.Resolve(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(a.metadata)
	if got := strings.Join(a.metadata, " "); got != "a==1.0 b==2.0 c==1.0 c==3.0" {
		t.Errorf("asked for %s", got)
	}
}
