package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Fill puts values in the places of their names in braces. Values are not
// looked at again.
func Fill(text string, parameters []Parameter) string {
	if len(parameters) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(parameters))
	for _, p := range parameters {
		pairs = append(pairs, "{"+p.Name+"}", p.Value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// A List is a parameter with the values it takes.
type List struct {
	Name   string
	Values []string
}

// ParseList reads values that commas part; a backslash takes a comma's meaning.
func ParseList(name, values string) List {
	l := List{Name: name}
	var value strings.Builder
	for i := 0; i < len(values); i++ {
		switch c := values[i]; {
		case c == '\\' && i+1 < len(values) && (values[i+1] == ',' || values[i+1] == '\\'):
			i++
			value.WriteByte(values[i])
		case c == ',':
			l.Values = append(l.Values, value.String())
			value.Reset()
		default:
			value.WriteByte(c)
		}
	}
	l.Values = append(l.Values, value.String())
	return l
}

// maxScan bounds how many values a scan may have.
const maxScan = 100_000

// Scan is the list of values from one number to another, both included. Without
// a step it is 1, for which both must be whole. Decimals stay exact.
func Scan(name, from, to, step string) (List, error) {
	l := List{Name: name}
	if step == "" {
		if strings.ContainsAny(from+to, ".eE") {
			return l, errors.New("a scan over decimal numbers takes `--parameter-step-size`")
		}
		step = "1"
	}
	digits := max(decimals(from), decimals(to), decimals(step))
	var numbers [3]int64
	for i, text := range []string{from, to, step} {
		n, err := scaled(text, digits)
		if err != nil {
			return l, err
		}
		numbers[i] = n
	}
	low, high, by := numbers[0], numbers[1], numbers[2]
	switch {
	case by == 0:
		return l, errors.New("the step of a parameter scan cannot be zero")
	case (high-low)/by < 0 || high < low && by > 0:
		return l, fmt.Errorf("the parameter `%s` has no values from %s to %s by %s", name, from, to, step)
	case (high-low)/by >= maxScan:
		return l, fmt.Errorf("the parameter `%s` has more than %d values", name, maxScan)
	}
	for n := low; by > 0 && n <= high || by < 0 && n >= high; n += by {
		l.Values = append(l.Values, unscaled(n, digits))
	}
	return l, nil
}

func decimals(text string) int {
	_, fraction, _ := strings.Cut(text, ".")
	return len(fraction)
}

// scaled is a decimal number as a whole number of units of its last digit.
func scaled(text string, digits int) (int64, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if digits > 15 {
		return 0, fmt.Errorf("`%s` has too many digits", text)
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil || whole == "" && fraction == "" {
		return 0, fmt.Errorf("`%s` is no number", text)
	}
	return n, nil
}

func unscaled(n int64, digits int) string {
	if digits == 0 {
		return strconv.FormatInt(n, 10)
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%0*d", digits+1, n)
	return sign + text[:len(text)-digits] + "." + text[len(text)-digits:]
}

// Combine makes a command of each template for each combination of values, the
// templates changing fastest and the last list slowest.
func Combine(templates []Command, lists []List) ([]Command, error) {
	combinations := [][]Parameter{nil}
	for i, l := range lists {
		if slices.ContainsFunc(lists[:i], func(o List) bool { return o.Name == l.Name }) {
			return nil, fmt.Errorf("the parameter `%s` is given twice", l.Name)
		}
		var longer [][]Parameter
		for _, value := range l.Values {
			for _, c := range combinations {
				longer = append(longer, append(slices.Clone(c), Parameter{l.Name, value}))
			}
		}
		combinations = longer
	}
	out := make([]Command, 0, len(templates)*len(combinations))
	for _, c := range combinations {
		for _, t := range templates {
			t.Parameters = c
			out = append(out, t)
		}
	}
	return out, nil
}

// Filled is the command with its values in place, and with a name.
func (c Command) Filled() Command {
	for _, text := range []*string{&c.Line, &c.Name, &c.Setup, &c.Prepare, &c.Conclude, &c.Cleanup} {
		*text = Fill(*text, c.Parameters)
	}
	if c.Name == "" {
		c.Name = c.Line
	}
	return c
}
