package cli

import (
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/advise"
	"github.com/tame-py/tame/internal/ui"
)

// adviceText is the advice for people: a table, then what is behind its rows.
func (a *app) adviceText(d *advise.Advice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Python %s at hand, wheels for %s; requires-python is %s\n\n", d.Python, strings.Join(d.Platforms, " and "), d.RequiresPython)
	rows := make([][]string, len(d.Versions))
	for i := range d.Versions {
		v := &d.Versions[i]
		rows[i] = []string{v.Version, first(v.EndOfLife, "?"), verdictWords(v), libraryCount(d, v.Minor)}
	}
	b.WriteString(ui.Columns([]string{"Python", "Maintained until", "Packages", "Standard library"}, rows))
	for i := range d.Versions {
		a.versionText(&b, &d.Versions[i], d)
	}
	a.libraryText(&b, "Standard library", d.Library)
	a.libraryText(&b, "Standard library, as used by dependencies", d.Dependencies)
	return b.String()
}

// verdictWords is the verdict in a few words.
func verdictWords(v *advise.OnVersion) string {
	switch v.Status {
	case advise.Works:
		return "work as locked"
	case advise.Upgrade:
		return "upgrade " + ui.Count(len(v.Changes), "package")
	case advise.Build:
		return "build " + ui.Count(len(v.Build), "package") + " from source"
	case advise.Unsupported:
		return "not supported by " + ui.Count(declining(v), "package")
	case advise.Blocked:
		return "blocked"
	}
	return "not known"
}

// declining counts the packages that say that they are not for the version.
func declining(v *advise.OnVersion) int {
	n := 0
	for i := range v.Blockers {
		if v.Blockers[i].Problem == advise.Declines {
			n++
		}
	}
	return n
}

// libraryCount tells how much of what the project uses is gone in a version, or
// deprecated.
func libraryCount(d *advise.Advice, minor int) string {
	gone, deprecated := 0, 0
	for i := range d.Library {
		switch f := &d.Library[i]; {
		case f.Provided || !f.Finding.Open():
		case f.Finding.Gone(minor):
			gone++
		case f.Finding.DeprecatedIn(minor):
			deprecated++
		}
	}
	var parts []string
	if gone > 0 {
		parts = append(parts, fmt.Sprintf("%d removed", gone))
	}
	if deprecated > 0 {
		parts = append(parts, fmt.Sprintf("%d deprecated", deprecated))
	}
	return strings.Join(parts, ", ")
}

// versionText is what is behind the row of a version; nothing if all is well.
func (a *app) versionText(b *strings.Builder, v *advise.OnVersion, d *advise.Advice) {
	c := a.print.OutColor
	var lines []string
	if !v.Admitted {
		lines = append(lines, fmt.Sprintf("requires-python (%s) excludes it", d.RequiresPython))
	}
	changed := map[string]bool{}
	for i := range v.Blockers {
		bl := &v.Blockers[i]
		changed[string(bl.Name)] = true
		lines = append(lines, c.Bold(string(bl.Name))+" "+bl.Locked+" "+problem(bl)+"; "+unblocking(bl))
	}
	var with, also []string
	for _, ch := range v.Changes {
		text := fmt.Sprintf("%s %s -> %s", ch.Name, ch.From, ch.To)
		if ch.From == "" {
			text = fmt.Sprintf("%s %s (new)", ch.Name, ch.To)
		}
		if changed[string(ch.Name)] {
			with = append(with, text)
		} else {
			also = append(also, text)
		}
	}
	if len(with) > 0 {
		lines = append(lines, c.Green("resolves with")+" "+strings.Join(with, ", "))
	}
	if len(also) > 0 {
		lines = append(lines, "other changes: "+strings.Join(also, ", "))
	}
	if len(v.Build) > 0 {
		names := make([]string, len(v.Build))
		for i, name := range v.Build {
			names[i] = string(name)
		}
		lines = append(lines, "to be built from source: "+strings.Join(names, ", "))
	}
	if len(v.Unknown) > 0 {
		lines = append(lines, fmt.Sprintf("of %s the index is not known", ui.Count(len(v.Unknown), "package")))
	}
	if v.Reason != "" {
		why := "no solution: "
		switch v.Status {
		case advise.Build, advise.Unsupported:
			why = "no solution with wheels for it: "
		case advise.Unknown:
			why = ""
		}
		lines = append(lines, why+shortReason(v.Reason))
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "\n%s\n  %s\n", c.Bold("Python "+v.Version), strings.Join(lines, "\n  "))
	}
}

// shortReason is the story of a resolver or, of a long one, what it comes to.
func shortReason(text string) string {
	const most = 500
	if end := strings.LastIndexByte(text, '\n'); len(text) > most && end >= 0 {
		return "… " + text[end+1:]
	}
	return strings.ReplaceAll(text, "\n", "\n    ")
}

// problem says why a locked release does not do.
func problem(b *advise.Blocker) string {
	switch b.Problem {
	case advise.Declines:
		return "requires Python " + b.RequiresPython
	case advise.SourceOnly:
		return "has no wheel for it, only a source distribution"
	}
	return "has no file for it"
}

// unblocking says which releases would do.
func unblocking(b *advise.Blocker) string {
	switch {
	case b.First == nil:
		return "no later release does yet"
	case b.First.Version == b.Newest.Version:
		return b.First.Version + dated(b.First) + " does"
	}
	return b.First.Version + dated(b.First) + " is the first that does, " + b.Newest.Version + dated(b.Newest) + " the newest"
}

func dated(u *advise.Unblocking) string {
	if u.Date == "" {
		return ""
	}
	return " (" + u.Date + ")"
}

// libraryText lists what is removed or deprecated, with the places that use it.
func (a *app) libraryText(b *strings.Builder, title string, list []advise.OnLibrary) {
	if len(list) == 0 {
		return
	}
	const most = 10 // places of one name
	c := a.print.OutColor
	fmt.Fprintf(b, "\n%s\n", c.Bold(title))
	for i := range list {
		f := &list[i]
		text := c.Cyan(f.Name) + ": "
		switch {
		case f.Removed == "":
			text += "deprecated since " + f.Deprecated
		case f.Deprecated == "":
			text += "removed in " + f.Removed
		default:
			text += "removed in " + f.Removed + ", deprecated since " + f.Deprecated
		}
		if f.Instead != "" {
			text += "; instead: " + f.Instead
		}
		switch {
		case f.Provided:
			text += "; the locked package " + f.Package + " has it"
		case f.Package != "" && !strings.Contains(f.Instead, f.Package):
			text += "; the package " + f.Package + " has it"
		}
		fmt.Fprintf(b, "  %s\n", text)
		for n, p := range f.Places {
			if n == most {
				fmt.Fprintf(b, "    and %s more\n", ui.Count(len(f.Places)-most, "place"))
				break
			}
			mark := ""
			if p.Guarded {
				mark = " (guarded)"
			}
			fmt.Fprintf(b, "    %s:%d%s\n", p.Path, p.Line, mark)
		}
	}
}
