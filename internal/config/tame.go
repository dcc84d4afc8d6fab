package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/toml"
)

// Tame are the settings that uv does not have: the table [tool.tame] of the
// project's pyproject.toml, and behind it tame/tame.toml in the folder of the
// user's settings. A variable comes before its key. The tables audit, licenses,
// version, tasks, env, matrix and default-extras are read by the packages that are about them.
type Tame struct {
	BuildTimeout    *time.Duration // build-timeout, TAME_BUILD_TIMEOUT: of each hook of a build
	KeyringTimeout  *time.Duration // keyring-timeout, TAME_KEYRING_TIMEOUT
	GitCredentials  *bool          // git-credentials, TAME_GIT_CREDENTIALS
	PipConfig       *bool          // pip-config, TAME_PIP_CONFIG: pip's own settings count, behind all others
	ExpandVariables *bool          // expand-variables, TAME_EXPAND_VARIABLES: ${NAME} in the user and password of an index

	Vendor *string // vendor: a folder with files that are not downloaded, absolute

	Mirrors []Mirror // TAME_MIRRORS, mirror: of the user alone, see tameTable

	Pip PipConfig // what pip's settings say beyond Options, if they count
}

// A Mirror names places that are asked in the stead of what is below a URL.
type Mirror struct {
	Of   string
	URLs []string
}

// asMirror reads `{ of = "https://…", urls = ["https://…"] }`.
func asMirror(v *toml.Value) (m Mirror, err error) {
	if v.Kind() != toml.Table {
		return m, wrongType(v, "a table with `of` and `urls`")
	}
	if err := known(v, "of", "urls"); err != nil {
		return m, err
	}
	of, err := required(v, "of")
	if err != nil {
		return m, err
	}
	urls, err := required(v, "urls")
	if err != nil {
		return m, err
	}
	if m.Of, err = asWebURL(of); err != nil {
		return m, err
	}
	m.URLs, err = listOf(urls, asWebURL)
	return m, err
}

func asWebURL(v *toml.Value) (string, error) {
	text, err := asText(v)
	if err == nil && !isWebURL(text) {
		err = v.Errorf("a URL of http or https is expected")
	}
	return text, err
}

func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// parseMirrors reads `OF=URL OF=URL …`. Several of one URL are asked in their order.
func parseMirrors(text string) ([]Mirror, error) {
	var out []Mirror
	for entry := range strings.FieldsSeq(text) {
		of, mirror, ok := strings.Cut(entry, "=")
		if !ok || !isWebURL(of) || !isWebURL(mirror) {
			return nil, errors.New("invalid value for `TAME_MIRRORS`: `URL=MIRROR` is expected, several of them separated by blanks")
		}
		i := slices.IndexFunc(out, func(m Mirror) bool { return m.Of == of })
		if i < 0 {
			i, out = len(out), append(out, Mirror{Of: of})
		}
		out[i].URLs = append(out[i].URLs, mirror)
	}
	return out, nil
}

func tameFields() []field[Tame] {
	type T = Tame
	fields := []field[T]{
		one("build-timeout", func(t *T) **time.Duration { return &t.BuildTimeout }, asSeconds),
		one("keyring-timeout", func(t *T) **time.Duration { return &t.KeyringTimeout }, asSeconds),
		one("git-credentials", func(t *T) **bool { return &t.GitCredentials }, asBool),
		one("pip-config", func(t *T) **bool { return &t.PipConfig }, asBool),
		one("expand-variables", func(t *T) **bool { return &t.ExpandVariables }, asBool),
		one("vendor", func(t *T) **string { return &t.Vendor }, asFolder),
		many("mirror", func(t *T) *[]Mirror { return &t.Mirrors }, asMirror),
	}
	for _, name := range []string{"audit", "licenses", "version", "tasks", "env", "env-file", "matrix", "default-extras"} {
		fields = append(fields, elsewhere[T](name))
	}
	return fields
}

func asSeconds(v *toml.Value) (time.Duration, error) {
	n, ok := v.Int()
	if !ok || n < 0 || n > 1<<31 {
		return 0, wrongType(v, "a number of seconds")
	}
	return time.Duration(n) * time.Second, nil
}

// tameTable reads the keys of tame and puts them behind those that were read
// before. Unknown keys are warned of: a later version may have them. Mirrors count
// only if the user names them: what comes from a mirror is kept in the cache as what
// it stands for, for all projects, so that one project must not choose it.
func (l *loader) tameTable(name, dir string, table *toml.Value, users bool) error {
	if table.Kind() != toml.Table {
		return nil
	}
	var t Tame
	fields := tameFields()
	names := fieldNames(fields)
	for e := range table.Entries() {
		if near := Nearest(e.Key, names); near != e.Key {
			l.warn("Unknown key of tame in `%s`:\n%s", name, indent(unknownField(e, names).Error()))
		}
	}
	if err := readTable(&t, table, fields, false); err != nil {
		return parseError(name, err)
	}
	if t.Vendor != nil && !filepath.IsAbs(*t.Vendor) {
		*t.Vendor = filepath.Join(dir, filepath.FromSlash(*t.Vendor))
	}
	if t.Mirrors != nil && !users {
		l.warn("The key `mirror` of tame in `%s` does not count: mirrors are for all projects, and are named in the user's tame.toml or by TAME_MIRRORS", name)
		t.Mirrors = nil
	}
	mergeFields(&l.Options.Tame, &t, fields)
	return nil
}

// tame reads the user's tame.toml, applies the variables and does what they ask for.
func (l *loader) tame() error {
	if dir := UserDir(l.Getenv); dir != "" && !l.NoConfig && l.ConfigFile == "" {
		path := filepath.Join(filepath.Dir(dir), "tame", "tame.toml")
		if text, err := l.ReadFile(path); err == nil {
			doc, err := toml.Parse(path, text)
			if err != nil {
				return parseError(path, err)
			}
			if err := l.tameTable(path, filepath.Dir(path), doc.Root(), true); err != nil {
				return err
			}
		}
	}
	t := &l.Options.Tame
	mirrors, err := parseMirrors(l.Getenv("TAME_MIRRORS"))
	if err != nil {
		return err
	}
	t.Mirrors = append(mirrors, t.Mirrors...)
	for name, at := range map[string]**bool{"TAME_PIP_CONFIG": &t.PipConfig, "TAME_EXPAND_VARIABLES": &t.ExpandVariables, "TAME_GIT_CREDENTIALS": &t.GitCredentials} {
		text := l.Getenv(name)
		if text == "" {
			continue
		}
		on, err := ParseBool(name, text)
		if err != nil {
			return err
		}
		*at = &on
	}
	if t.ExpandVariables != nil && *t.ExpandVariables {
		if err := l.expand(); err != nil {
			return err
		}
	}
	if t.PipConfig != nil && *t.PipConfig {
		return l.pipConfig()
	}
	return nil
}

// reference is a variable in the user or password of a URL, as asIndexURL keeps it
// in a URL that is one.
const referencePattern = `\$\{([A-Za-z_][A-Za-z0-9_]*)\}`

// escapeReferences makes a text with ${NAME} in its user or password a valid URL.
func escapeReferences(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	authority, path, hasPath := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if !ok || at < 0 || !strings.Contains(authority[:at], "${") {
		return text
	}
	user := regexp.MustCompile(referencePattern).ReplaceAllString(authority[:at], "%24%7B$1%7D")
	if hasPath {
		path = "/" + path
	}
	return scheme + "://" + user + authority[at:] + path
}

// expand puts the values of variables into the users and passwords of indexes.
// They get nowhere else: what is shown and locked has no passwords.
func (l *loader) expand() error {
	o := &l.Options
	for _, list := range [][]Index{o.Index, o.ExtraIndexURL, o.FindLinks, o.Pip.ExtraIndexURL, o.Pip.FindLinks} {
		for i := range list {
			if err := l.expandIndex(&list[i]); err != nil {
				return err
			}
		}
	}
	for _, x := range []*Index{o.IndexURL, o.Pip.IndexURL} {
		if x != nil {
			if err := l.expandIndex(x); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) expandIndex(x *Index) error {
	if !strings.Contains(x.URL, "%24%7B") {
		return nil
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.User == nil {
		return nil
	}
	var missing string
	value := func(text string) string {
		return regexp.MustCompile(referencePattern).ReplaceAllStringFunc(text, func(ref string) string {
			name := ref[2 : len(ref)-1]
			v := l.Getenv(name)
			if v == "" {
				missing = name
			}
			return v
		})
	}
	password, has := u.User.Password()
	if has {
		u.User = url.UserPassword(value(u.User.Username()), value(password))
	} else {
		u.User = url.User(value(u.User.Username()))
	}
	if missing != "" {
		return fmt.Errorf("the variable `%s`, which the URL of an index names, is not set (%s)", missing, strings.SplitN(x.Given, "@", 2)[1])
	}
	x.URL = u.String()
	return nil
}

// pipFiles are the files of pip's settings, those that count least first.
func (l *loader) pipFiles() []string {
	if file := l.Getenv("PIP_CONFIG_FILE"); file == "/dev/null" || strings.EqualFold(file, "nul") {
		return nil
	}
	var out []string
	home := l.Getenv("HOME")
	if runtime.GOOS == "windows" {
		home = l.Getenv("USERPROFILE")
		out = append(out, filepath.Join(l.Getenv("ProgramData"), "pip", "pip.ini"), filepath.Join(home, "pip", "pip.ini"), filepath.Join(l.Getenv("APPDATA"), "pip", "pip.ini"))
	} else {
		dirs := l.Getenv("XDG_CONFIG_DIRS")
		if dirs == "" {
			dirs = "/etc/xdg"
		}
		for dir := range strings.SplitSeq(dirs, ":") {
			out = append(out, filepath.Join(dir, "pip", "pip.conf"))
		}
		out = append(out, "/etc/pip.conf")
		if home != "" {
			out = append(out, filepath.Join(home, ".pip", "pip.conf"))
		}
		if user := UserDir(l.Getenv); user != "" {
			out = append(out, filepath.Join(filepath.Dir(user), "pip", "pip.conf"))
		}
	}
	if env := l.Getenv("VIRTUAL_ENV"); env != "" {
		name := "pip.conf"
		if runtime.GOOS == "windows" {
			name = "pip.ini"
		}
		out = append(out, filepath.Join(env, name))
	}
	if file := l.Getenv("PIP_CONFIG_FILE"); file != "" {
		out = append(out, file)
	}
	return out
}
