package settings

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyname"
)

// Layers are what lies below the flags of a command line, with what reading flags
// has to know of the world.
type Layers struct {
	Env   config.Env      // the variables
	Files *config.Options // the settings of files
	Dir   string          // the working directory, which relative paths of flags start from

	Preview func(feature string) bool // whether a feature that is being tried out is on
	Exists  func(path string) bool    // whether there is a file or directory
	Warn    func(text string)         // tells of something odd; the same text may come again
}

// Switch is a switch that a flag sets, or else a variable; nil if neither does.
func (l *Layers) Switch(flag *bool, variable string) (*bool, error) {
	if flag != nil || l.Env.Get(variable) == "" {
		return flag, nil
	}
	return l.Env.Bool(variable)
}

// List is a list of flags, or else of a variable.
func (l *Layers) List(flags []string, variable string) []string {
	if len(flags) > 0 {
		return flags
	}
	return l.Env.List(variable)
}

// Text is the text of a flag, or else of a variable; nil is neither. An empty text
// of a flag unsets what files say.
func (l *Layers) Text(flag *string, variable string) *string {
	if flag != nil {
		return flag
	}
	if v := l.Env.Get(variable); v != "" {
		return &v
	}
	return nil
}

// Path is a path of the command line, absolute.
func (l *Layers) Path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(l.Dir, name)
}

// LocationURL is a URL or path as a URL.
func (l *Layers) LocationURL(text string) (string, error) {
	if scheme, _, ok := pep508.SplitScheme(text); ok && len(scheme) > 1 {
		return auth.WithoutDots(text), nil
	}
	if text == "" {
		return "", cmdline.UsageError("it is empty")
	}
	return source.Source{Kind: source.Directory, Location: l.Path(text)}.FileURL(), nil
}

// Seconds is a time limit that a variable gives as a number of seconds of at least
// least, or else a file; 0 is that neither does.
func (l *Layers) Seconds(variable string, file *time.Duration, least time.Duration) (time.Duration, error) {
	text := l.Env.Get(variable)
	switch {
	case text == "" && file != nil:
		return *file, nil
	case text == "":
		return 0, nil
	}
	d, err := time.ParseDuration(text + "s")
	if err != nil || d < least {
		return 0, fmt.Errorf("invalid value `%s` for `%s`: a number of seconds is expected", text, variable)
	}
	return d, nil
}

// Override sets a field to what a flag or variable says, if anything.
func Override[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

// Choose is [Override] for the first of some texts that is not empty: those say
// nothing.
func Choose(field **string, texts ...string) {
	if t := First(texts...); t != "" {
		*field = &t
	}
}

// First is the first text that is not empty.
func First(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// SetText sets a field of a type that reads itself from text.
func SetText[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](field **T, text string) error {
	v := new(T)
	if err := P(v).UnmarshalText([]byte(text)); err != nil {
		return err
	}
	*field = v
	return nil
}

// Set reads a value from a text that may be missing.
func Set[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](to *T, text *string) error {
	if text == nil {
		return nil
	}
	return P(to).UnmarshalText([]byte(*text))
}

// Packages reads the names that a flag lists.
func Packages(flag string, names []string) ([]pyname.Package, error) {
	var out []pyname.Package
	for _, text := range names {
		name, err := pyname.ParsePackage(text)
		if err != nil {
			return nil, fmt.Errorf("invalid value for `--%s`: %w", flag, err)
		}
		out = append(out, name)
	}
	return out, nil
}

// packageValue reads `NAME=VALUE`.
func packageValue(entry string) (pyname.Package, string, error) {
	text, value, ok := strings.Cut(entry, "=")
	if !ok {
		return "", "", fmt.Errorf("%q has not the form NAME=VALUE", entry)
	}
	name, err := pyname.ParsePackage(text)
	return name, value, err
}

func isTrue(p *bool) bool { return p != nil && *p }

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
