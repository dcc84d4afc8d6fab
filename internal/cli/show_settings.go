package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cmdline"
	"github.com/tame-py/tame/internal/config"
	"github.com/tame-py/tame/internal/toml"
)

// A shownSetting is a setting in force, or one of several values that are joined,
// and where it is from.
type shownSetting struct {
	Key    string        `json:"key"`
	Value  string        `json:"value"` // as in uv.toml, without secrets
	Source settingSource `json:"source"`
}

type settingSource struct {
	Kind string `json:"kind"` // flag, variable, file, default
	Name string `json:"name,omitempty"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

func (s settingSource) String() string {
	switch s.Kind {
	case "file":
		return s.File + ":" + strconv.Itoa(s.Line)
	case "default":
		return "default"
	}
	return s.Name
}

// showSettings prints the settings that a command would have, for --show-settings,
// and ends: whoever asks does not expect anything to be done.
func (a *app) showSettings(node *cobra.Command) error {
	list := a.shownSettings(node)
	if format := node.Flags().Lookup("output-format"); a.global.showSettings == "json" || format != nil && cmdline.ValueText(format) == "json" {
		out, err := json.MarshalIndent(list, "", "  ")
		if err != nil {
			return err
		}
		a.print.Data("%s\n", out)
		return exitStatus(exitDone)
	}
	width := 0
	for _, s := range list {
		width = max(width, min(len(s.Key+s.Value), 60))
	}
	for _, s := range list {
		pad := strings.Repeat(" ", max(0, width-len(s.Key+s.Value)))
		a.print.Data("%s = %s%s  # %s\n", s.Key, s.Value, pad, s.Source)
	}
	return exitStatus(exitDone)
}

// shownSettings are the settings by their keys: of a single one the first that
// counts, of a list all that are joined.
func (a *app) shownSettings(node *cobra.Command) (out []shownSetting) {
	byKey := map[string][]config.Given{}
	for _, g := range config.Explain(a.settingsFiles) {
		byKey[g.Key] = append(byKey[g.Key], g)
	}
	pip := strings.HasPrefix(a.nodes[node].path, "pip ")
	seen := map[string]bool{}
	for _, key := range config.Keys() {
		name, ofPip := strings.CutPrefix(key, "pip.")
		if ofPip && !pip || seen[name] {
			continue
		}
		seen[name] = true
		rows := a.givenOutside(node, name)
		files := byKey[name]
		if pip { // its table comes first
			files = append(append([]config.Given{}, byKey["pip."+name]...), files...)
		}
		for _, g := range files {
			rows = append(rows, shownSetting{name, masked(g.Value), settingSource{Kind: "file", File: a.shown(g.File), Line: g.Line}})
		}
		switch {
		case len(rows) == 0:
			rows = append(rows, shownSetting{name, a.defaultOf(name), settingSource{Kind: "default"}})
		case !config.IsList(name):
			rows = rows[:1]
		}
		out = append(out, rows...)
	}
	return out
}

// givenOutside is what the command line says of a setting, or else a variable.
func (a *app) givenOutside(node *cobra.Command, key string) []shownSetting {
	set := node.Flags()
	opposite, isNegation := strings.CutPrefix(key, "no-")
	if !isNegation {
		opposite = "no-" + key
	}
	if slices.Contains(config.Keys(), opposite) { // `no-index` is not the negation of `index`
		opposite = key
	}
	variable := variableOf(key)
	for _, name := range []string{key, opposite} {
		f := set.Lookup(name)
		if f == nil {
			continue
		}
		if f.Changed {
			value := cmdline.ValueText(f)
			if cmdline.IsSwitch(f) {
				value = strconv.FormatBool(name == key)
			} else {
				value = string(toml.LitString(masked(value)))
			}
			return []shownSetting{{key, value, settingSource{Kind: "flag", Name: "--" + name}}}
		}
		if name == key {
			variable = first(cmdline.Note(f, cmdline.NoteEnv), variable)
		}
	}
	if value, ok := a.getenv(variable); ok && value != "" {
		return []shownSetting{{key, string(toml.LitString(masked(value))), settingSource{Kind: "variable", Name: variable}}}
	}
	return nil
}

// variableOf is the variable behind a setting that is no flag.
func variableOf(key string) string {
	switch key {
	case "concurrent-downloads", "concurrent-builds", "concurrent-installs", "python-downloads", "python-preference", "python-install-mirror",
		"pypy-install-mirror", "python-downloads-json-url", "native-tls":
		return "UV_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
	case "audit.malware-check", "audit.malware-check-url":
		return "UV_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(key, "audit."), "-", "_"))
	case "publish-url", "check-url":
		return "UV_PUBLISH_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(key, "publish-"), "-", "_"))
	case "http-proxy", "https-proxy", "no-proxy":
		return strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
	case "allow-insecure-host":
		return "UV_INSECURE_HOST"
	}
	return ""
}

// masked leaves out the secrets in the URLs of a text.
func masked(text string) string {
	urls := regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"',]+`)
	return urls.ReplaceAllStringFunc(text, auth.Redact)
}

// defaultOf is what a setting is if nothing says otherwise; "unset" if that is
// decided where it is used.
func (a *app) defaultOf(key string) string {
	switch key {
	case "resolution":
		return `"highest"`
	case "prerelease":
		return `"if-necessary-or-explicit"`
	case "fork-strategy":
		return `"requires-python"`
	case "index-strategy":
		return `"first-index"`
	case "keyring-provider":
		return `"disabled"`
	case "python-preference":
		return `"managed"`
	case "python-downloads":
		return `"automatic"`
	case "add-bounds":
		return `"lower"`
	case "trusted-publishing":
		return `"automatic"`
	case "annotation-style":
		return `"split"`
	case "concurrent-downloads":
		return "50"
	case "concurrent-builds", "concurrent-installs":
		return fmt.Sprint(runtime.NumCPU())
	case "cache-dir":
		return string(toml.LitString(a.cacheDir()))
	case "verify-hashes":
		return "true"
	}
	if config.IsList(key) {
		return "[]"
	}
	return "unset"
}
