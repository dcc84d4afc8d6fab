package pep440

import "strings"

// ParseSpecifiersLenient is ParseSpecifiers for what index pages and metadata
// of old packages say: it forgives the slips that Repair knows. The error is
// that of the text as it stands.
func ParseSpecifiersLenient(text string) (Specifiers, error) {
	s, err := ParseSpecifiers(text)
	if err == nil {
		return s, nil
	}
	var repaired Specifiers
	if _, ok := Repair(text, func(t string) bool {
		var err error
		repaired, err = ParseSpecifiers(t)
		return err == nil
	}); ok {
		return repaired, nil
	}
	return nil, err
}

// A Fix is what Repair did to a text.
type Fix struct {
	Text string   // what it became
	Done []string // the repairs, such as "inserting missing comma"
}

// Repair corrects slips that are common in requirements and version
// specifiers of published packages. It applies the repairs one after another
// and returns when valid accepts the result:
//
//	>=7.2.0<8.0.0   inserting missing comma
//	!=~5.0          replacing invalid tilde with wildcard
//	>=1.9.*         removing star after comparison operator other than equal and not equal
//	!=3.0*          inserting missing dot
//	>=3.6,          removing trailing comma
//	>dev            assuming 0.0.0dev
//	>=9.0.0a1.0     removing trailing zero
//	'>=2.7'         removing stray quotes
//
// The text may be a whole requirement; its marker keeps its quotes.
func Repair(text string, valid func(string) bool) (fix Fix, ok bool) {
	repairs := [...]struct {
		apply func(string) string
		name  string
	}{
		{insertComma, "inserting missing comma"},
		{tildeToStar, "replacing invalid tilde with wildcard"},
		{removeStar, "removing star after comparison operator other than equal and not equal"},
		{insertDot, "inserting missing dot"},
		{removeTrailingComma, "removing trailing comma"},
		{assumeDev, "assuming 0.0.0dev"},
		{removeTrailingZero, "removing trailing zero"},
		{removeQuotes, "removing stray quotes"},
	}
	fix.Text = text
	for _, r := range repairs {
		repaired := r.apply(fix.Text)
		if repaired == fix.Text {
			continue
		}
		fix.Text = repaired
		fix.Done = append(fix.Done, r.name)
		if valid(repaired) {
			return fix, true
		}
	}
	return Fix{Text: text}, false
}

// insertComma separates a digit from an operator that follows it.
func insertComma(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && isDigit(s[i-1]) && (isOperatorByte(s[i]) || s[i] == '^') {
			b.WriteByte(',')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// tildeToStar turns !=~5.0 into !=5.0.*.
func tildeToStar(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "!=~")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := scanRelease(rest)
		if end == 0 {
			b.WriteString("!=~")
		} else {
			b.WriteString("!=" + rest[:end] + ".*")
		}
		s = rest[end:]
	}
}

// removeStar turns >= 1.9.* into >=1.9.
func removeStar(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '<' && s[i] != '>' {
			b.WriteByte(s[i])
			i++
			continue
		}
		j := i + 1
		if j < len(s) && s[j] == '=' {
			j++
		}
		start := skipSpace(s, j)
		end := start + scanRelease(s[start:])
		if end > start && strings.HasPrefix(s[end:], ".*") {
			b.WriteString(s[i:j] + s[start:end])
			i = end + 2
			continue
		}
		b.WriteString(s[i:j])
		i = j
	}
	return b.String()
}

// scanRelease returns the length of the release segments at the start of s.
func scanRelease(s string) int {
	end := 0
	for i := 0; i < len(s) && isDigit(s[i]); i++ {
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		end = i
		if i == len(s) || s[i] != '.' {
			break
		}
	}
	return end
}

// insertDot turns 3.0* into 3.0.*.
func insertDot(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '*' && i > 2 && isDigit(s[i-1]) {
			start := i
			for start > 0 && isDigit(s[start-1]) {
				start--
			}
			if start > 1 && s[start-1] == '.' && isDigit(s[start-2]) {
				b.WriteByte('.')
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func removeTrailingComma(s string) string {
	trimmed := strings.TrimRight(s, " \t\n\v\f\r")
	if cut, found := strings.CutSuffix(trimmed, ","); found {
		return cut
	}
	return s
}

func assumeDev(s string) string { return strings.ReplaceAll(s, ">dev", ">0.0.0dev") }

// removeTrailingZero turns 9.0.0a1.0 into 9.0.0a1.
func removeTrailingZero(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		end := i + scanRelease(s[i:])
		if end == i {
			b.WriteByte(s[i])
			i++
			continue
		}
		if word := scanWord(s, end, "a", "b", "rc", "post", "dev"); word > 0 {
			digits := word
			for digits < len(s) && isDigit(s[digits]) {
				digits++
			}
			if digits > word && strings.HasPrefix(s[digits:], ".0") {
				b.WriteString(s[i:digits])
				i = digits + 2
				continue
			}
		}
		b.WriteString(s[i:end])
		i = end
	}
	return b.String()
}

// removeQuotes drops quotes before the marker.
func removeQuotes(s string) string {
	specifier, marker, found := strings.Cut(s, ";")
	specifier = strings.NewReplacer(`"`, "", `'`, "").Replace(specifier)
	if !found {
		return specifier
	}
	return specifier + ";" + marker
}
