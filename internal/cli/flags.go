package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Annotations of a flag that the help text reads.
const (
	noteHeading = "heading" // the group of options it stands in
	noteEnv     = "env"     // the variable that sets it too
	noteValue   = "value"   // the name of its value
	noteChoices = "choices" // its possible values, space-separated
	noteNeeded  = "needed"  // its variable must not be empty, which is a list elsewhere
)

// flags registers the flags of one command. Values that may be given once
// only are refused the second time, as a mistake that is better told than
// guessed at; of a flag and its negation the last one given wins.
type flags struct {
	set       *pflag.FlagSet
	heading   string
	env       func(string) (string, bool)
	conflicts [][]string
	aliases   map[string][]string
	last      *pflag.Flag
	negation  *pflag.Flag // of the pair added last
	own       bool        // the program is called by its own name, and so may have flags that uv does not have
}

// under sets the heading below which the following flags are listed.
func (f *flags) under(heading string) { f.heading = heading }

func (f *flags) note(key, value string) {
	if value != "" {
		_ = f.set.SetAnnotation(f.last.Name, key, []string{value})
	}
}

// add registers a value. The names are the long one and, behind a comma, the
// short one: "python,p".
func (f *flags) add(v pflag.Value, names, value, usage string) *flags {
	long, short, _ := strings.Cut(names, ",")
	f.last = f.set.VarPF(v, long, short, usage)
	f.note(noteHeading, f.heading)
	f.note(noteValue, value)
	return f
}

// hide leaves the flag added last out of the help.
func (f *flags) hide() *flags {
	f.last.Hidden = true
	return f
}

// fromEnv says which variable sets the flag added last, where it is not given.
func (f *flags) fromEnv(variable string) *flags {
	f.note(noteEnv, variable)
	return f
}

// alias adds hidden names for the flag added last.
func (f *flags) alias(names ...string) *flags {
	for _, name := range names {
		alias := *f.last
		alias.Name, alias.Shorthand, alias.Hidden = name, "", true
		f.set.AddFlag(&alias)
		if f.aliases == nil {
			f.aliases = map[string][]string{}
		}
		f.aliases[f.last.Name] = append(f.aliases[f.last.Name], name)
	}
	return f
}

// bool is a switch.
func (f *flags) bool(p *bool, names, usage string) *flags {
	f.add(&switchValue{set: func(on bool) { *p = on }}, names, "", usage)
	f.last.NoOptDefVal = "true"
	return f
}

// pair is a switch with its negation, which is hidden; nil means that neither
// was given.
func (f *flags) pair(p **bool, names, negation, usage string) *flags {
	if negation != "" {
		f.add(&switchValue{set: func(on bool) { v := !on; *p = &v }}, negation, "", "")
		f.last.NoOptDefVal = "true"
		f.last.Hidden = true
		f.negation = f.last
	}
	f.add(&switchValue{set: func(on bool) { *p = &on }}, names, "", usage)
	f.last.NoOptDefVal = "true"
	return f
}

// negated turns to the negation of the pair added last. With a usage the help
// lists it, too.
func (f *flags) negated(usage string) *flags {
	f.last = f.negation
	if usage != "" {
		f.last.Hidden, f.last.Usage = false, usage
	}
	return f
}

// count is a switch that counts how often it is given.
func (f *flags) count(p *int, names, usage string) *flags {
	f.add(&switchValue{set: func(bool) { *p++ }}, names, "", usage)
	f.last.NoOptDefVal = "true"
	return f
}

// text is a value given at most once.
func (f *flags) text(p *string, names, value, usage string) *flags {
	return f.add(&textValue{p: p}, names, value, usage)
}

// optional is a value given at most once; nil means that it was not given.
func (f *flags) optional(p **string, names, value, usage string) *flags {
	return f.add(&optionalValue{p: p}, names, value, usage)
}

// choice is a value out of a few, given at most once.
func (f *flags) choice(p *string, names, value, usage string, choices ...string) *flags {
	f.add(&textValue{p: p, choices: choices}, names, value, usage)
	f.note(noteChoices, strings.Join(choices, " "))
	return f
}

// also adds values to the choice added last that the help does not list.
func (f *flags) also(choices ...string) *flags {
	v := f.last.Value.(*textValue)
	v.hidden = append(v.hidden, choices...)
	return f
}

// list is a value that may be given several times.
func (f *flags) list(p *[]string, names, value, usage string) *flags {
	return f.add(&listValue{p: p}, names, value, usage)
}

// commas is a list whose values may also stand in one argument, separated by
// commas.
func (f *flags) commas(p *[]string, names, value, usage string) *flags {
	return f.add(&listValue{p: p, split: ","}, names, value, usage)
}

// number is a count of something, at least min.
func (f *flags) number(p *int, names, value, usage string, least int) *flags {
	return f.add(&numberValue{p: p, least: least}, names, value, usage)
}

// exclusive refuses two of the named flags together.
func (f *flags) exclusive(names ...string) { f.conflicts = append(f.conflicts, names) }

// check holds the flags given against the rules of exclusive.
func (f *flags) check() error {
	for _, names := range f.conflicts {
		given := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !f.given(n) && !f.givenByVariable(n) })
		if len(given) > 1 {
			return usageError(fmt.Sprintf("`--%s` cannot be used together with `--%s`", given[0], given[1]))
		}
	}
	return nil
}

// given reports whether a flag was given, by whichever of its names.
func (f *flags) given(name string) bool {
	return f.set.Changed(name) || slices.ContainsFunc(f.aliases[name], f.set.Changed)
}

// givenByVariable reports whether a variable stands for a flag. One that says no to
// a switch does, too, as in uv.
func (f *flags) givenByVariable(name string) bool {
	flag := f.set.Lookup(name)
	if flag == nil {
		return false
	}
	_, _, ok := f.variableOf(flag)
	return ok
}

type switchValue struct{ set func(bool) }

func (v *switchValue) String() string   { return "" }
func (v *switchValue) Type() string     { return "bool" }
func (v *switchValue) IsBoolFlag() bool { return true }

func (v *switchValue) Set(s string) error {
	if s != "true" {
		return fmt.Errorf("this flag takes no value, but %q was given", s)
	}
	v.set(true)
	return nil
}

type textValue struct {
	p       *string
	choices []string
	hidden  []string // further choices, which messages do not name
	given   bool
}

func (v *textValue) String() string { return "" }
func (v *textValue) Type() string   { return "text" }

func (v *textValue) Set(s string) error {
	if v.given {
		return errGivenTwice
	}
	if v.choices != nil && !slices.Contains(v.choices, s) && !slices.Contains(v.hidden, s) {
		return fmt.Errorf("possible values are %s", strings.Join(v.choices, ", "))
	}
	v.given = true
	*v.p = s
	return nil
}

var errGivenTwice = fmt.Errorf("it can be given only once")

type optionalValue struct {
	p     **string
	given bool
}

func (v *optionalValue) String() string { return "" }
func (v *optionalValue) Type() string   { return "text" }

func (v *optionalValue) Set(s string) error {
	if v.given {
		return errGivenTwice
	}
	v.given = true
	*v.p = &s
	return nil
}

type listValue struct {
	p     *[]string
	split string
}

func (v *listValue) String() string { return "" }
func (v *listValue) Type() string   { return "list" }

func (v *listValue) Set(s string) error {
	if v.split == "" {
		*v.p = append(*v.p, s)
		return nil
	}
	for part := range strings.SplitSeq(s, v.split) {
		if part = strings.TrimSpace(part); part != "" {
			*v.p = append(*v.p, part)
		}
	}
	return nil
}

type numberValue struct {
	p     *int
	least int
}

func (v *numberValue) String() string { return "" }
func (v *numberValue) Type() string   { return "number" }

func (v *numberValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < v.least {
		return fmt.Errorf("a whole number of at least %d is expected", v.least)
	}
	*v.p = n
	return nil
}
