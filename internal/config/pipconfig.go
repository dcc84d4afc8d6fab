package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tame-py/tame/internal/auth"
)

// PipConfig is what pip's settings say that uv's have no keys for. An empty text,
// nil or nothing is not set.
type PipConfig struct {
	Cert, ClientCert string // files
	Timeout          *time.Duration
	Retries          *int
	Constraints      []string // files
}

// pipKeys are the options of pip that count, as in its files; in variables they are
// PIP_INDEX_URL and so on.
func pipKeys() []string {
	return []string{
		"index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert", "proxy", "timeout", "retries",
		"no-binary", "only-binary", "constraint",
	}
}

// pipConfig puts pip's settings behind all others: the section [global] of its
// files, [install] before that, and PIP_* before both.
func (l *loader) pipConfig() error {
	values := map[string]string{}
	for _, file := range l.pipFiles() {
		text, err := l.ReadFile(file)
		if err != nil {
			continue
		}
		sections := parseINI(string(text))
		for _, section := range []string{"global", "install"} {
			for key, value := range sections[section] {
				values[key] = value
			}
		}
		l.Files = append(l.Files, file)
	}
	for _, key := range pipKeys() {
		if value := l.Getenv("PIP_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))); value != "" {
			values[key] = value
		}
	}
	o, err := l.fromPip(values)
	if err != nil {
		return err
	}
	tame := l.Options.Tame
	tame.Pip = o.Tame.Pip
	l.Options = Combine(l.Options, o)
	l.Options.Tame = tame
	return nil
}

func (l *loader) fromPip(values map[string]string) (o Options, err error) {
	place := func(text string) Index {
		x := Index{Given: text, Origin: OriginUser}
		if hasScheme(text) {
			x.URL = text
		}
		x.relativeTo(l.Workdir)
		return x
	}
	if text := values["index-url"]; text != "" {
		x := place(text)
		o.IndexURL = &x
	}
	for text := range strings.FieldsSeq(values["extra-index-url"]) {
		o.ExtraIndexURL = append(o.ExtraIndexURL, place(text))
	}
	for text := range strings.FieldsSeq(values["find-links"]) {
		o.FindLinks = append(o.FindLinks, place(text))
	}
	if text := values["no-index"]; text != "" {
		on, err := ParseBool("no-index", text)
		if err != nil {
			return o, fmt.Errorf("pip's setting `no-index`: %w", err)
		}
		o.NoIndex = &on
	}
	for text := range strings.FieldsSeq(values["trusted-host"]) {
		host, err := ParseHost(text)
		if err != nil {
			return o, fmt.Errorf("pip's setting `trusted-host`: %w", err)
		}
		o.AllowInsecureHost = append(o.AllowInsecureHost, host)
	}
	if text := values["proxy"]; text != "" {
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		o.HTTPProxy, o.HTTPSProxy = &text, &text
	}
	split := func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\t' }
	o.Pip.NoBinary = strings.FieldsFunc(values["no-binary"], split)
	o.Pip.OnlyBinary = strings.FieldsFunc(values["only-binary"], split)
	return o, o.Tame.Pip.read(values)
}

func (p *PipConfig) read(values map[string]string) error {
	p.Cert, p.ClientCert = values["cert"], values["client-cert"]
	p.Constraints = strings.Fields(values["constraint"])
	if text := values["timeout"]; text != "" {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0 && n <= 1e6) {
			return fmt.Errorf("pip's setting `timeout` is %q, not a number", auth.Redact(text))
		}
		d := time.Duration(n * float64(time.Second))
		p.Timeout = &d
	}
	if text := values["retries"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 1e6 {
			return fmt.Errorf("pip's setting `retries` is %q, not a whole number", auth.Redact(text))
		}
		p.Retries = &n
	}
	return nil
}

// parseINI reads a file as Python's configparser does: sections, `key = value` or
// `key: value`, indented lines that go on with a value, comments. Keys are in
// lower case with hyphens.
func parseINI(text string) map[string]map[string]string {
	out := map[string]map[string]string{}
	section, key := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
			continue
		case line[0] == ' ' || line[0] == '\t':
			if key != "" {
				out[section][key] = strings.TrimSpace(out[section][key] + "\n" + trimmed)
			}
			continue
		case trimmed[0] == '[' && trimmed[len(trimmed)-1] == ']':
			section, key = strings.TrimSpace(trimmed[1:len(trimmed)-1]), ""
			if out[section] == nil {
				out[section] = map[string]string{}
			}
			continue
		}
		i := strings.IndexAny(trimmed, "=:")
		if i < 0 || section == "" {
			key = ""
			continue
		}
		key = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(trimmed[:i])), "_", "-")
		out[section][key] = strings.TrimSpace(trimmed[i+1:])
	}
	return out
}
