package resolve

import (
	"strings"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// subject is some versions of a package as the subject of a sentence.
type subject struct {
	text   string
	plural bool
}

func (s subject) verb(one, many string) string {
	if s.plural {
		return many
	}
	return one
}

// subject names the versions of a package that exist in a set.
func (x *explainer) subject(pkg pubgrub.Package, set pep440.Set) subject {
	if pkg == rootPackage {
		return subject{text: x.yourRequirements(), plural: true}
	}
	title := x.title(pkg)
	if x.isProject(pkg) {
		return subject{text: "your project"}
	}
	known := x.known[x.nodes[pkg].name]
	var inside []pep440.Version
	for _, v := range known {
		if set.Contains(v) {
			inside = append(inside, v)
		}
	}
	switch {
	case len(inside) == 1:
		return subject{text: title + "==" + inside[0].String()}
	case len(inside) == 0 && set.IsFull():
		return subject{text: title}
	case len(inside) == 0:
		return subject{text: setText(title, set)}
	case len(inside) == len(known):
		return subject{text: "all versions of " + title, plural: true}
	}
	return subject{text: setText(title, narrowed(known, set))}
}

// isProject tells whether a package is the only project of the workspace.
func (x *explainer) isProject(pkg pubgrub.Package) bool {
	n := &x.nodes[pkg]
	return len(x.Manifest.Members) == 1 && n.isBase() && x.Manifest.Members[x.names[n.name]]
}

// narrowed returns a set without what it says about versions that do not exist:
// bounds become those of the versions inside, but an end that is open stays open.
func narrowed(known []pep440.Version, set pep440.Set) pep440.Set {
	out := pep440.None()
	for i := 0; i < len(known); i++ {
		if !set.Contains(known[i]) {
			continue
		}
		first := i
		for i+1 < len(known) && set.Contains(known[i+1]) {
			i++
		}
		run := pep440.Interval{Lo: pep440.AtLeast(known[first]), Hi: pep440.AtLeast(known[i])}
		if span := set.Span(); first == 0 && span.Lo.Kind == pep440.Unbounded {
			run.Lo = pep440.Bound{}
		} else if i == len(known)-1 && span.Hi.Kind == pep440.Unbounded {
			run.Hi = pep440.Bound{}
		}
		if first == i {
			out = out.Union(pep440.Exactly(known[i]))
			continue
		}
		out = out.Union(run.Set())
	}
	return out
}

// wanted is a requirement on a package.
func (x *explainer) wanted(pkg pubgrub.Package, set pep440.Set) string {
	switch {
	case set.IsFull():
		return x.title(pkg)
	case set.IsEmpty():
		return x.title(pkg) + " in no version at all"
	}
	return setText(x.title(pkg), set)
}

// setText is the versions of a project in a set: "a==1", "a>=1,<2 or a>=3".
func setText(title string, set pep440.Set) string {
	return title + strings.ReplaceAll(set.String(), " | ", " or "+title)
}

// title is the name of a package, with its extra or group, and the marker under
// which it is required.
func (x *explainer) title(pkg pubgrub.Package) string {
	n := &x.nodes[pkg]
	out := string(x.names[n.name])
	switch {
	case n.extra != "":
		out += "[" + string(n.extra) + "]"
	case n.group != "":
		out += ":" + string(n.group)
	}
	if m := x.fork.python.Target.Simplify(n.marker).String(); m != "" && x.fork.scope.env == nil {
		out += "{" + m + "}"
	}
	return out
}

func (m missing) text() string {
	switch {
	case m.unusable.Reason != Usable:
		return m.unusable.text(subject{})
	case m.absence == NotFound:
		return "was not found in the package registry"
	case m.absence == OfflineGap:
		return "was not found in the cache"
	}
	return "was not found in the provided package locations"
}

// unusable says why versions cannot be used, with an example of what would fit.
func (x *explainer) unusable(u Unusable, who subject) string {
	text := u.text(who)
	if u.Reason != Refused || x.Options.Tags == nil {
		return text
	}
	best := x.Options.Tags.Best()
	switch u.Refusal {
	case index.WrongPython:
		return text + " (such as `" + best.Python + "`)"
	case index.WrongABI:
		return text + " (such as `" + best.ABI + "`)"
	case index.WrongPlatform:
		return text + " (such as `" + best.Platform + "`)"
	}
	return text
}

// text says why versions cannot be used.
func (u Unusable) text(who subject) string {
	has := who.verb("has ", "have ")
	switch u.Reason {
	case Refused:
		return u.refusalText(who)
	case OtherPython:
		return who.verb("requires", "require") + " Python " + u.Python.String()
	case OtherPlatform:
		return has + "no " + platformText(u.Environment) + "-compatible wheels"
	case Unsatisfiable:
		return who.verb("depends on ", "depend on ") + u.unsatisfiable()
	case InvalidMetadata:
		return has + "invalid metadata"
	case InconsistentMetadata:
		return has + "inconsistent metadata"
	case InvalidStructure:
		return has + "an invalid package format"
	case NotCached:
		return who.verb("needs", "need") + " to be downloaded from a registry"
	case BuildNeedsPython:
		return who.verb("requires", "require") + " Python " + u.Python.String() + " to be built"
	case Unreachable:
		return "could not be fetched (`" + u.Text + "`)"
	}
	return "cannot be used"
}

func (u Unusable) refusalText(who subject) string {
	has := who.verb("has ", "have ")
	switch u.Refusal {
	case index.NewerThanLimit:
		return who.verb("was", "were") + " published after the exclude newer time"
	case index.UnknownUploadTime:
		return has + "no publish time"
	case index.Withdrawn:
		text := who.verb("was", "were") + " yanked"
		if reason := strings.TrimRight(strings.TrimSpace(u.Text), "."); reason != "" {
			text += " (reason: " + reason + ")"
		}
		return text
	case index.BinariesRefused:
		return has + "no source distribution"
	case index.BuildsRefused:
		return has + "no usable wheels"
	case index.WrongPython:
		return has + "no wheels with a matching Python version tag"
	case index.WrongABI:
		return has + "no wheels with a matching Python ABI tag"
	case index.WrongPlatform:
		return has + "no wheels with a matching platform tag"
	case index.UnsupportedArchive:
		return has + "a source distribution in an unsupported format"
	}
	return has + "no available distributions"
}

// platformText names an environment: by its system if that is all it asks for.
func platformText(m marker.Tree) string {
	for _, system := range [...]struct{ value, name string }{{"linux", "Linux"}, {"darwin", "macOS"}, {"win32", "Windows"}} {
		if m == marker.Equal(marker.SysPlatform, system.value) {
			return system.name
		}
	}
	return "`" + m.String() + "`"
}

// unsatisfiable writes out a requirement that no version fulfils.
func (u Unusable) unsatisfiable() string {
	r := u.Requirement
	title := string(r.Name)
	if len(r.Extras) > 0 {
		title += extrasText(r.Extras)
	}
	var list []string
	for _, s := range r.Source.Specifiers {
		list = append(list, title+s.String())
	}
	if len(list) == 1 {
		return list[0] + ", which does not allow any versions"
	}
	return enumerate(list, "and") + ", which are incompatible"
}

func extrasText(extras []pyname.Extra) string {
	var list []string
	for _, e := range extras {
		list = append(list, string(e))
	}
	return "[" + strings.Join(list, ",") + "]"
}
