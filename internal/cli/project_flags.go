package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/project"
	"github.com/tame-py/tame/packaging/pyname"
)

// lockStateFlags say what may become of the lock.
type lockStateFlags struct{ locked, frozen *bool }

func (l *lockStateFlags) register(f *flags) {
	f.Pair(&l.locked, "locked", "no-locked", "Fail if `uv.lock` would have to change").FromEnv("UV_LOCKED")
	f.Pair(&l.frozen, "frozen", "no-frozen", "Use `uv.lock` without looking whether it is right").FromEnv("UV_FROZEN")
	f.Exclusive("locked", "frozen")
}

// selectionFlags choose what of a project is installed.
type selectionFlags struct {
	extras, noExtras             []string
	allExtras                    *bool
	dev                          *bool
	onlyDev                      bool
	groups, noGroups, onlyGroups []string
	noDefaultGroups, allGroups   *bool
	noDefaultExtras              bool
	noEditable                   *bool
	noEditablePackages           []string
}

func (p *selectionFlags) register(f *flags) {
	p.registerExtras(f)
	p.registerGroups(f)
	p.registerEditable(f)
}

func (p *selectionFlags) registerExtras(f *flags) {
	f.Commas(&p.extras, "extra", "EXTRA", "Include this extra of the project")
	f.Pair(&p.allExtras, "all-extras", "no-all-extras", "Include all extras")
	f.List(&p.noExtras, "no-extra", "EXTRA", "Leave out this extra, with `--all-extras`")
	if f.own {
		f.Bool(&p.noDefaultExtras, "no-default-extras", "Leave out the extras that are included by default: `default-extras` of `[tool.tame]`")
	}
	f.Exclusive("all-extras", "extra")
}

func (p *selectionFlags) registerGroups(f *flags) {
	f.Pair(&p.dev, "dev", "", "Include the development dependencies").Hide()
	f.Func(func() { p.dev = new(bool) }, "no-dev", "Leave out the development dependencies").FromEnv("UV_NO_DEV")
	f.Bool(&p.onlyDev, "only-dev", "Include nothing but the development dependencies")
	f.List(&p.groups, "group", "GROUP", "Include this dependency group")
	f.List(&p.noGroups, "no-group", "GROUP", "Leave out this dependency group").FromEnv("UV_NO_GROUP")
	f.Pair(&p.noDefaultGroups, "no-default-groups", "", "Leave out the groups that are included by default").FromEnv("UV_NO_DEFAULT_GROUPS")
	f.List(&p.onlyGroups, "only-group", "GROUP", "Include nothing but this dependency group")
	f.Pair(&p.allGroups, "all-groups", "", "Include all dependency groups")
	for _, name := range []string{"group", "all-groups"} {
		f.Exclusive("only-group", name)
		f.Exclusive("only-dev", name)
	}
	f.Exclusive("only-group", "dev")
	f.Exclusive("only-dev", "no-dev")
	for _, name := range []string{"extra", "all-extras"} {
		f.Exclusive("only-group", name)
	}
}

func (p *selectionFlags) registerEditable(f *flags) {
	f.Pair(&p.noEditable, "no-editable", "editable", "Install projects as if they were not editable").FromEnv("UV_NO_EDITABLE")
	f.List(&p.noEditablePackages, "no-editable-package", "NAME", "The same for one package")
}

// chosenExtras are the extras that the flags name.
func (p *selectionFlags) chosenExtras() (project.Extras, error) {
	out := project.Extras{All: isTrue(p.allExtras), NoDefault: p.noDefaultExtras, Include: map[pyname.Extra]bool{}, Exclude: map[pyname.Extra]bool{}}
	read := func(flag string, names []string, to map[pyname.Extra]bool) error {
		for _, text := range names {
			name, err := pyname.ParseExtra(text)
			if err != nil {
				return fmt.Errorf("invalid value for `--%s`: %w", flag, err)
			}
			to[name] = true
			out.Named = append(out.Named, name)
		}
		return nil
	}
	if err := read("extra", p.extras, out.Include); err != nil {
		return out, err
	}
	return out, read("no-extra", p.noExtras, out.Exclude)
}

// chosenGroups are the groups that flags and variables name, without those that
// a project includes by default.
func (p *selectionFlags) chosenGroups(a *app) (project.Groups, error) {
	out := project.Groups{
		All: isTrue(p.allGroups), Only: p.onlyDev || len(p.onlyGroups) > 0,
		Include: map[pyname.Group]bool{}, Exclude: map[pyname.Group]bool{},
	}
	read := func(flag string, names []string, to map[pyname.Group]bool) error {
		for _, text := range names {
			name, err := pyname.ParseGroup(text)
			if err != nil {
				return fmt.Errorf("invalid value for `--%s`: %w", flag, err)
			}
			to[name] = true
			out.Named = append(out.Named, name)
		}
		return nil
	}
	if err := read("group", p.groups, out.Include); err != nil {
		return out, err
	}
	if err := read("only-group", p.onlyGroups, out.Include); err != nil {
		return out, err
	}
	if err := read("no-group", p.noGroups, out.Exclude); err != nil {
		return out, err
	}
	if len(p.noGroups) == 0 {
		for _, name := range a.vars.NoGroup {
			out.Exclude[name] = true
		}
	}
	const dev = pyname.Group("dev")
	switch {
	case p.onlyDev, isTrue(p.dev), p.dev == nil && isTrue(a.vars.Dev):
		out.Include[dev] = true
	case p.dev != nil, isTrue(a.vars.NoDev):
		out.Exclude[dev] = true
	}
	none, err := a.flagOrEnv(p.noDefaultGroups, "UV_NO_DEFAULT_GROUPS")
	out.NoDefault = isTrue(none)
	return out, err
}

// selection is what the flags choose of a target.
func (p *projectWork) selection(f *selectionFlags) (project.Groups, project.Extras, error) {
	groups, err := f.chosenGroups(p.app)
	if err != nil {
		return groups, project.Extras{}, err
	}
	if groups, err = p.withDefaultGroups(groups); err != nil {
		return groups, project.Extras{}, err
	}
	extras, err := f.chosenExtras()
	if err != nil {
		return groups, extras, err
	}
	extras.NoDefault = extras.NoDefault || groups.Only
	if extras, err = p.withDefaultExtras(extras); err != nil || len(extras.Default) == 0 && !extras.DefaultAll {
		return groups, extras, err
	}
	conflicts, err := p.target.Workspace.Conflicts()
	return groups, extras.GiveWay(conflicts, &groups), err
}

// withDefaultGroups adds the groups that are included without being asked: those of
// a variable that uv does not have, else those of the project.
func (p *projectWork) withDefaultGroups(g project.Groups) (project.Groups, error) {
	f := p.projectFile()
	g, err := g.WithDefaults(f)
	if err != nil || f == nil || g.Only || g.NoDefault {
		return g, err
	}
	const variable = "TAME_DEFAULT_GROUPS"
	names, all, given, err := namesOr(p.app, variable, pyname.ParseGroup)
	if err != nil || !given {
		return g, err
	}
	g.DefaultAll, g.Default, g.Variable = all, names, variable
	g.Named = append(g.Named, slices.Sorted(maps.Keys(names))...)
	return g, nil
}

// withDefaultExtras does the same for extras, which uv has no defaults of.
func (p *projectWork) withDefaultExtras(e project.Extras) (project.Extras, error) {
	f := p.projectFile()
	if p.app.name != "tame" || f == nil || e.NoDefault {
		return e, nil
	}
	const variable = "TAME_DEFAULT_EXTRAS"
	names, all, given, err := namesOr(p.app, variable, pyname.ParseExtra)
	if err != nil {
		return e, err
	}
	if !given {
		return e.WithDefaults(f)
	}
	e.DefaultAll, e.Default, e.Variable = all, names, variable
	e.Named = append(e.Named, slices.Sorted(maps.Keys(names))...)
	return e, nil
}

// namesOr are the names that a variable lists, separated by commas or blanks, or
// that it says `all`. Called as uv, the program does not look at it.
func namesOr[T ~string](a *app, variable string, parse func(string) (T, error)) (names map[T]bool, all, given bool, err error) {
	text := a.env[variable]
	if text == "" || a.name != "tame" {
		return nil, false, false, nil
	}
	if text == "all" {
		return nil, true, true, nil
	}
	names = map[T]bool{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		name, err := parse(word)
		if err != nil {
			return nil, false, true, fmt.Errorf("invalid value for `%s`: %w", variable, err)
		}
		names[name] = true
	}
	return names, false, true, nil
}
