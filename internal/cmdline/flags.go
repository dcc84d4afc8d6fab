// Package cmdline is the grammar of the command line, which everything that has
// commands shares: the flags that a command registers ([Flags]), the mistake of
// calling it wrongly ([UsageError]) and the codes by which it ends
// ([ExitStatus]). It knows none of the commands.
package cmdline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Annotations of a flag, which the help text reads; see [Note].
const (
	NoteHeading = "heading" // the group of options it stands in
	NoteEnv     = "env"     // the variable that sets it too
	NoteValue   = "value"   // the name of its value
	NoteChoices = "choices" // its possible values, space-separated
	NoteNeeded  = "needed"  // its variable must not be empty, which is a list elsewhere
)

// Note is an annotation of a flag, empty if it has none of that key.
func Note(f *pflag.Flag, key string) string {
	if v := f.Annotations[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Flags registers the flags of one command. Values that may be given once
// only are refused the second time, as a mistake that is better told than
// guessed at; of a flag and its negation the last one given wins.
//
// Each method that adds a flag takes its names, the long one and, behind a
// comma, the short one ("python,p"), the name of its value where it has one,
// and what it is for.
type Flags struct {
	Set *pflag.FlagSet

	heading   string
	conflicts [][]string
	aliases   map[string][]string
	last      *pflag.Flag
	negation  *pflag.Flag // of the pair added last
}

// New registers flags with a set, in whose order the help lists them.
func New(set *pflag.FlagSet) Flags {
	set.SortFlags = false
	return Flags{Set: set}
}

// Under sets the heading below which the following flags are listed.
func (f *Flags) Under(heading string) { f.heading = heading }

// Note annotates the flag added last.
func (f *Flags) Note(key, value string) {
	if value != "" {
		_ = f.Set.SetAnnotation(f.last.Name, key, []string{value}) // it is there
	}
}

// Add registers a value of any kind.
func (f *Flags) Add(v pflag.Value, names, value, usage string) *Flags {
	long, short, _ := strings.Cut(names, ",")
	f.last = f.Set.VarPF(v, long, short, usage)
	f.Note(NoteHeading, f.heading)
	f.Note(NoteValue, value)
	return f
}

// Alone lets the flag added last be given without a value, which then is this
// one.
func (f *Flags) Alone(value string) *Flags {
	f.last.NoOptDefVal = value
	return f
}

// Hide leaves the flag added last out of the help.
func (f *Flags) Hide() *Flags {
	f.last.Hidden = true
	return f
}

// FromEnv says which variable sets the flag added last, where it is not given.
func (f *Flags) FromEnv(variable string) *Flags {
	f.Note(NoteEnv, variable)
	return f
}

// Alias adds hidden names for the flag added last.
func (f *Flags) Alias(names ...string) *Flags {
	for _, name := range names {
		alias := *f.last
		alias.Name, alias.Shorthand, alias.Hidden = name, "", true
		f.Set.AddFlag(&alias)
		if f.aliases == nil {
			f.aliases = map[string][]string{}
		}
		f.aliases[f.last.Name] = append(f.aliases[f.last.Name], name)
	}
	return f
}

// Func is a switch that calls a function each time it is given.
func (f *Flags) Func(do func(), names, usage string) *Flags {
	return f.Add(&switchValue{do}, names, "", usage).Alone("true")
}

// Bool is a switch.
func (f *Flags) Bool(p *bool, names, usage string) *Flags {
	return f.Func(func() { *p = true }, names, usage)
}

// Count is a switch that counts how often it is given.
func (f *Flags) Count(p *int, names, usage string) *Flags {
	return f.Func(func() { *p++ }, names, usage)
}

// Pair is a switch with its negation, which is hidden; nil means that neither
// was given.
func (f *Flags) Pair(p **bool, names, negation, usage string) *Flags {
	if negation != "" {
		f.Func(func() { *p = new(bool) }, negation, "").Hide()
		f.negation = f.last
	}
	return f.Func(func() { on := true; *p = &on }, names, usage)
}

// Negated turns to the negation of the pair added last. With a usage the help
// lists it, too.
func (f *Flags) Negated(usage string) *Flags {
	f.last = f.negation
	if usage != "" {
		f.last.Hidden, f.last.Usage = false, usage
	}
	return f
}

// Text is a value given at most once.
func (f *Flags) Text(p *string, names, value, usage string) *Flags {
	return f.Add(&textValue{p: p}, names, value, usage)
}

// Optional is a value given at most once; nil means that it was not given.
func (f *Flags) Optional(p **string, names, value, usage string) *Flags {
	return f.Add(&optionalValue{p: p}, names, value, usage)
}

// Choice is a value out of a few, given at most once.
func (f *Flags) Choice(p *string, names, value, usage string, choices ...string) *Flags {
	f.Add(&textValue{p: p, choices: choices}, names, value, usage)
	f.Note(NoteChoices, strings.Join(choices, " "))
	return f
}

// Also adds values to the choice added last that the help does not list.
func (f *Flags) Also(choices ...string) *Flags {
	v := f.last.Value.(*textValue)
	v.hidden = append(v.hidden, choices...)
	return f
}

// List is a value that may be given several times.
func (f *Flags) List(p *[]string, names, value, usage string) *Flags {
	return f.Add(&listValue{p: p}, names, value, usage)
}

// Commas is a list whose values may also stand in one argument, separated by
// commas.
func (f *Flags) Commas(p *[]string, names, value, usage string) *Flags {
	return f.Add(&listValue{p: p, split: ","}, names, value, usage)
}

// Number is a count of something that is at least least.
func (f *Flags) Number(p *int, names, value, usage string, least int) *Flags {
	return f.Add(&numberValue{p: p, least: least}, names, value, usage)
}

// Exclusive refuses two of the named flags together.
func (f *Flags) Exclusive(names ...string) { f.conflicts = append(f.conflicts, names) }

// Check holds the flags given against the rules of [Flags.Exclusive]. Of a flag
// that the command line does not give, elsewhere says whether something else
// does, such as a variable.
func (f *Flags) Check(elsewhere func(*pflag.Flag) bool) error {
	for _, names := range f.conflicts {
		given := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
			flag := f.Set.Lookup(name)
			return !f.Given(name) && (flag == nil || !elsewhere(flag))
		})
		if len(given) > 1 {
			return UsageError(fmt.Sprintf("`--%s` cannot be used together with `--%s`", given[0], given[1]))
		}
	}
	return nil
}

// Given reports whether a flag was given, by whichever of its names.
func (f *Flags) Given(name string) bool {
	return f.Set.Changed(name) || slices.ContainsFunc(f.aliases[name], f.Set.Changed)
}
