package resolve

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/pubgrub"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// hints collects what could be done about a failure, each piece of advice once
// for a project: what applies to one of its versions mostly applies to all.
func (x *explainer) hints(p *proof) []string {
	var out []string
	given := map[givenHint]bool{}
	add := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	x.elsewhereHint(add)
	requested := map[name][]pep440.Set{}
	refused := map[refusal]pep440.Set{}
	facts(p, func(p *proof) {
		if p.kind == pubgrub.Depends {
			n := x.nodes[p.on].name
			requested[n] = append(requested[n], p.needs)
		}
		if why, ok := p.why.(Unusable); ok && why.Reason == Refused {
			key := refusal{x.nodes[p.pkg].name, why.Refusal}
			refused[key] = refused[key].Union(p.set)
		}
	})
	facts(p, func(p *proof) {
		n := x.nodes[p.pkg].name
		switch p.kind {
		case pubgrub.Depends:
			x.dependsHints(p, add)
		case pubgrub.Custom, pubgrub.NoVersions:
			if n == noName || x.unsatisfiable(p) {
				return
			}
			once := func(kind string, hint func(add addHint)) {
				hint(func(format string, args ...any) {
					if !given[givenHint{kind, n}] {
						given[givenHint{kind, n}] = true
						add(format, args...)
					}
				})
			}
			once("prerelease", func(add addHint) { x.prereleaseHint(p, requested[n], add) })
			x.absenceHints(p, add)
			once("index", func(add addHint) { x.nextIndexHint(p, add) })
			if p.kind == pubgrub.NoVersions {
				once("newer", func(add addHint) { x.excludeNewerHint(p, add) })
			}
			if why, ok := p.why.(Unusable); ok && why.Reason == Refused {
				x.refusalHint(refusal{n, why.Refusal}, refused[refusal{n, why.Refusal}], add)
			}
		}
	})
	if x.Options.Advice.Refused == nil {
		return out
	}
	for _, refused := range x.Options.Advice.Refused() {
		switch {
		case refused.Credentials != "":
			add("an index URL (%s) returned a %d error: it does not accept the credentials: %s", refused.URL, refused.Status, refused.Credentials)
		case refused.Status == 401:
			add("an index URL (%s) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)", refused.URL)
		default:
			add("an index URL (%s) returned a %d error: check that it is correct and that its credentials are valid", refused.URL, refused.Status)
		}
	}
	return out
}

// elsewhereHint tells that it is other environments than the one at hand for
// which there is no solution.
func (x *explainer) elsewhereHint(add addHint) {
	here := x.Options.Advice.Current
	if here == nil || x.fork.scope.env != nil {
		return
	}
	split := x.fork.scope.marker
	version := here.Python().OnlyRelease().Truncate(2)
	minor := marker.Python(pep440.ReleaseSetOf(pep440.Specifier{Op: pep440.EqualStar, Version: version}))
	switch {
	case split.Disjoint(minor):
		add("while the active Python version is %s, the resolution failed for other Python versions supported by your project: consider limiting them with `requires-python`", version)
	case !split.Evaluate(here, nil):
		add("the resolution failed for an environment that is not the current one: consider limiting the environments with `tool.uv.environments`")
	}
}

// givenHint is a kind of advice that was given about a project.
type givenHint struct {
	kind string
	name name
}

// refusal is what stands in the way of a project.
type refusal struct {
	name    name
	refusal index.Refusal
}

type addHint func(format string, args ...any)

func (x *explainer) unsatisfiable(p *proof) bool {
	why, ok := p.why.(Unusable)
	return ok && why.Reason == Unsatisfiable
}

// dependsHints are about Pythons that a dependency does not support, and about
// names that a workspace takes.
func (x *explainer) dependsHints(p *proof, add addHint) {
	from, on := &x.nodes[p.pkg], &x.nodes[p.on]
	if on.kind == targetPython && from.isProject() {
		who := x.subject(p.pkg, p.set)
		example := fmt.Sprintf("%s only %s %s", who.text, who.verb("supports", "support"), p.needs)
		switch python := x.fork.python; {
		case python.Declared:
			add("the `requires-python` value (%s) includes Python versions that are not supported by your dependencies (e.g., %s): consider a more restrictive value (like %s)", python.Target, example, p.needs)
		case python.Requested:
			add("the `--python-version` value (%s) includes Python versions that are not supported by your dependencies (e.g., %s): consider a higher `--python-version`", python.Target, example)
		default:
			add("the Python interpreter is of a version that is not supported by your dependencies (e.g., %s): consider passing a `--python-version`", example)
		}
		return
	}
	if from.name == noName || on.name == noName {
		return
	}
	fromName, onName := x.names[from.name], x.names[on.name]
	switch {
	case !x.Manifest.Members[onName]:
	case !x.Manifest.Members[fromName]:
		add("the package `%s` depends on the package `%s`, but that name is taken by your project: consider changing the name of the project", fromName, onName)
	case fromName == onName && on.extra == from.extra && on.group == from.group && !x.allows(p):
		add("the project `%s` depends on itself at another version: if another package named `%s` is meant, consider renaming the project", fromName, fromName)
	}
}

// allows tells whether what a package needs of itself can be: a version of it
// meets it. So does an extra of a project, which needs its project as it is.
func (x *explainer) allows(p *proof) bool {
	return p.set.SubsetOf(p.needs) || slices.ContainsFunc(x.known[x.nodes[p.pkg].name], func(v pep440.Version) bool {
		return p.set.Contains(v) && p.needs.Contains(v)
	})
}

// prereleaseHint tells of pre-releases that were not considered.
func (x *explainer) prereleaseHint(p *proof, requested []pep440.Set, add addHint) {
	n := x.nodes[p.pkg].name
	name := x.names[n]
	if x.fork.urls[n] != nil || x.selector.prereleasePolicy(name, &x.fork.scope) != Disallow {
		return
	}
	flag := "--prerelease=allow"
	if _, ok := x.Options.PrereleasePackage[name]; ok {
		flag = fmt.Sprintf("--prerelease-package %s=allow", name)
	}
	if i := slices.IndexFunc(requested, asksForPrerelease); i >= 0 {
		want := setText(string(name), requested[i])
		if x.Options.Fixed {
			add("`%s` was requested with a pre-release marker (%s), but build environments can't opt into pre-releases: add `%s` to `build-system.requires`", name, want, want)
			return
		}
		add("`%s` was requested with a pre-release marker (e.g., %s), but pre-releases weren't enabled (try: `%s`)", name, want, flag)
		return
	}
	project := x.projects[projectKey{n, x.fork.indexes[n]}]
	if project == nil || project.answer == nil {
		return
	}
	for _, v := range slices.Backward(x.resolution.known(project, n)) {
		if !v.IsPrerelease() || !p.set.Contains(v) {
			continue
		}
		if x.Options.Fixed {
			add("only pre-releases of `%s` (e.g., %s) match these build requirements: add `%s>=%s` to `build-system.requires`", name, v, name, v)
		} else {
			add("pre-releases are available for `%s` in the requested range (e.g., %s), but pre-releases weren't enabled (try: `%s`)", name, v, flag)
		}
		return
	}
}

// asksForPrerelease tells whether a bound of a set is a pre-release that was
// asked for; the bounds of "==2.4.*" and "<4" are development releases too.
func asksForPrerelease(set pep440.Set) bool {
	if _, excluding := set.Complement().Singleton(); excluding {
		return false
	}
	for i := range set.All() {
		if strings.HasSuffix(i.String(), ".*") {
			continue
		}
		lo, hi := i.Lo.Version, i.Hi.Version
		if i.Lo.Kind != pep440.Unbounded && lo.IsPrerelease() {
			return true
		}
		if n, dev := hi.Dev(); i.Hi.Kind != pep440.Unbounded && hi.IsPrerelease() &&
			(i.Hi.Kind != pep440.Excluded || !dev || n != 0 || hi.Base().Compare(hi) == 0) {
			return true
		}
	}
	return false
}

// absenceHints tell of projects and metadata that could not be had.
func (x *explainer) absenceHints(p *proof, add addHint) {
	n := x.nodes[p.pkg].name
	name := x.names[n]
	if why, ok := p.why.(missing); ok {
		switch {
		case why.absence == NoIndex && !x.Options.Advice.FindLinks:
			add("packages were unavailable because index lookups were disabled and no additional package locations were provided (try: `--find-links <uri>`)")
		case why.absence == OfflineGap:
			add("packages were unavailable because the network was disabled: then they may only be read from the cache")
		case why.unusable.Reason != Usable:
			x.metadataHint(string(name), why.unusable, why.err, add)
		}
	}
	var worst *Metadata
	for key, m := range x.broken {
		if key.name == n && p.set.Contains(m.Version) && (worst == nil || worst.Version.Less(m.Version)) {
			worst = m
		}
	}
	if worst != nil {
		x.metadataHint(fmt.Sprintf("%s` (v%s", name, worst.Version), worst.Unusable, worst.Err, add)
	}
}

// metadataHint says what is wrong with the metadata of something.
func (x *explainer) metadataHint(what string, u Unusable, err error, add addHint) {
	what = "`" + what + "`"
	if strings.Contains(what, "` (v") {
		what = strings.TrimSuffix(what, "`") + ")"
	}
	detail := ""
	if err != nil {
		detail = ": " + err.Error()
	}
	switch u.Reason {
	case NotCached:
		add("packages were unavailable because the network was disabled: then they may only be read from the cache")
	case InvalidMetadata:
		add("metadata for %s could not be parsed%s", what, detail)
	case InconsistentMetadata:
		if inner := errors.Unwrap(err); inner != nil {
			detail = ": " + inner.Error() // the outer one says that it is inconsistent
		}
		add("metadata for %s was inconsistent%s", what, detail)
	case InvalidStructure:
		add("the structure of %s was invalid%s", what, detail)
	case BuildNeedsPython:
		add("the source distribution for %s does not include static metadata, and generating it requires Python %s, but Python %s is installed", what, u.Python, x.fork.python.Exact)
	case Unreachable:
		add("metadata for %s could not be fetched; the server returned: `%s`", what, u.Text)
	}
}

// nextIndexHint tells of indexes that were not asked because an earlier one has
// the project.
func (x *explainer) nextIndexHint(p *proof, add addHint) {
	n := x.nodes[p.pkg].name
	project := x.projects[projectKey{n, x.fork.indexes[n]}]
	if x.Options.Merge != FirstMatch || project == nil || project.answer == nil || len(x.resolution.known(project, n)) == 0 {
		return
	}
	for _, list := range project.answer.Lists {
		at := slices.Index(x.Options.Advice.Indexes, list.Source.Index)
		if at < 0 || at+1 >= len(x.Options.Advice.Indexes) {
			continue
		}
		add("`%s` was found on %s, but not at the requested version (%s): a compatible version may be available on a later index (e.g., %s). By default only the first index that has a package is considered, to avoid dependency confusion attacks. If all indexes are equally trusted, use `--index-strategy unsafe-best-match`",
			x.names[n], list.Source.Index, x.wanted(p.pkg, p.set), x.Options.Advice.Indexes[at+1])
		return
	}
}

// excludeNewerHint tells of versions that are too new.
func (x *explainer) excludeNewerHint(p *proof, add addHint) {
	n := x.nodes[p.pkg].name
	project := x.projects[projectKey{n, x.fork.indexes[n]}]
	if x.Options.Advice.ExcludeNewer == nil || project == nil || project.answer == nil {
		return
	}
	limit := x.Options.Advice.ExcludeNewer(x.names[n])
	if limit == "" || x.has(p.pkg, p.set) {
		return
	}
	for _, list := range project.answer.Lists {
		for i := list.Len() - 1; i >= 0; i-- {
			if v := list.Version(i); p.set.Contains(v) && list.Hidden(i) {
				add("`%s` was filtered by `exclude-newer` to only include packages uploaded before %s: a later version (%s) would match", x.names[n], limit, v)
				return
			}
		}
	}
}

// refusalHint tells what files there are for the version that comes first of
// those that have none that fits.
func (x *explainer) refusalHint(r refusal, set pep440.Set, add addHint) {
	name := x.names[r.name]
	advice := &x.Options.Advice
	switch r.refusal {
	case index.BuildsRefused:
		add("wheels are required for `%s` because building from source is disabled %s", name, option(advice.NoBuildAll, "--no-build", name))
		return
	case index.BinariesRefused:
		add("a source distribution is required for `%s` because using pre-built wheels is disabled %s", name, option(advice.NoBinaryAll, "--no-binary", name))
		return
	case index.WrongPython, index.WrongABI, index.WrongPlatform:
	default:
		return
	}
	project := x.projects[projectKey{r.name, x.fork.indexes[r.name]}]
	if project == nil || project.answer == nil {
		return
	}
	c, ok := x.selector.pickListed(query{name: name, allowed: set, lists: project.answer.Lists, scope: &x.fork.scope})
	if !ok {
		return
	}
	list := x.tagsOf(c.candidate, r.refusal)
	if len(list) == 0 {
		return
	}
	what := map[index.Refusal]string{
		index.WrongPython: "with the following Python tags", index.WrongABI: "with the following ABI tags",
		index.WrongPlatform: "on the following platforms",
	}[r.refusal]
	add("wheels are available for `%s` (v%s) %s: %s", name, c.version, what, "`"+strings.Join(list, "`, `")+"`")
}

func option(all bool, flag string, name pyname.Package) string {
	if all {
		return "for all packages (`" + flag + "`)"
	}
	return fmt.Sprintf("for `%s` (`%s-package %s`)", name, flag, name)
}

// tagsOf lists the part of the tags of a version's wheels in which they do not
// fit. Platforms are those of wheels that fit otherwise.
func (x *explainer) tagsOf(c *index.Candidate, refusal index.Refusal) []string {
	var out []string
	for _, file := range c.Files() {
		if !file.IsWheel() {
			continue
		}
		for _, tag := range file.Wheel.Tags.Expand() {
			part := tag.Platform
			switch refusal {
			case index.WrongPython:
				part = tag.Python
			case index.WrongABI:
				part = tag.ABI
			default:
				if set := x.Options.Tags; set == nil || !set.AcceptsABI(tag.Python, tag.ABI) {
					continue
				}
			}
			if part != "any" && part != "none" && !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	slices.Sort(out)
	return out
}
