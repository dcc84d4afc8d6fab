package cli

import (
	"time"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/pep440"
)

// showStage prints the status line of a stage that is over.
func (a *app) showStage(e engine.Event) {
	what := ui.Count(e.Count, "package")
	switch e.Stage {
	case engine.Resolved:
		a.status("Resolved", countPackages(e.Count), e.Took)
	case engine.Prepared:
		if e.Shared {
			what += " without build isolation"
		}
		a.status("Prepared", what, e.Took)
	case engine.Uninstalled:
		a.status("Uninstalled", what, e.Took)
	case engine.Installed:
		a.status("Installed", what, e.Took)
	case engine.Compiled:
		a.status("Bytecode compiled", ui.Count(e.Count, "file"), e.Took)
	}
}

// status is a line such as `Resolved 3 packages in 12ms`.
func (a *app) status(verb, what string, took time.Duration) {
	c := a.print.Color
	line := c.Dim(verb+" ") + c.Bold(what) + c.Dim(" in "+ui.Duration(took))
	if what == "" {
		line = c.Dim(verb + " in " + ui.Duration(took))
	}
	a.print.Line("%s", line)
}

// showChanges lists what came and went: ` + name==1.0`, ` - name==0.9`, and
// ` ~ name==1.0` for what was installed again.
func (a *app) showChanges(c *engine.Changes) {
	p := a.print.Color
	for i := 0; i < len(c.Changes); i++ {
		change := c.Changes[i]
		mark := p.Red("-")
		switch {
		case i+1 < len(c.Changes) && sameDist(change, c.Changes[i+1]):
			mark = p.Yellow("~")
			i++
			change = c.Changes[i]
		case change.Added:
			mark = p.Green("+")
		}
		from := ""
		switch {
		case change.URL != "" && change.Version.IsZero(): // nobody has looked yet
			from = p.Dim(" @ " + change.URL)
		case change.URL != "":
			from = p.Dim(" (from " + change.URL + ")")
		}
		a.print.Line(" %s %s%s%s", mark, p.Bold(string(change.Name)), p.Dim(pinned(change.Version)), from)
	}
}

// sameDist reports whether a distribution goes and the same one comes.
func sameDist(gone, come engine.Change) bool {
	return !gone.Added && come.Added && gone.Name == come.Name && gone.Version.Equal(come.Version) && gone.URL == come.URL
}

// showBuild says that something is built: then its code is run here.
func (a *app) showBuild(d *source.Dist, done bool) {
	if a.hidesProgress() {
		return
	}
	p := a.print.Color
	verb := p.Cyan(p.Bold("   Building"))
	if done {
		verb = p.Green(p.Bold("      Built"))
	}
	a.print.Line("%s %s", verb, d)
}

// showDryRun prints what would be done.
func (a *app) showDryRun(c *engine.Changes) {
	if c.IsEmpty() {
		a.print.Line("Would make no changes")
		return
	}
	for _, part := range []struct {
		verb  string
		count int
	}{{"download", c.Download}, {"uninstall", c.Removed}, {"install", c.Added}} {
		if part.count > 0 {
			a.print.Line("Would %s %s", part.verb, ui.Count(part.count, "package"))
		}
	}
	a.showChanges(c)
}

// pinned is a version as status lines have it. That of a project that a dry
// run would have to build is not known.
func pinned(v pep440.Version) string {
	if v.IsZero() {
		return ""
	}
	return "==" + v.String()
}
