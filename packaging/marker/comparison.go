package marker

import (
	"strings"
	"unicode"

	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// comparison reads "value operator value".
func (p *parser) comparison() (r ref, present bool, err error) {
	start := p.at
	left, err := p.value()
	if err != nil {
		return no, false, err
	}
	p.blanks()
	o, err := p.operator()
	if err != nil {
		return no, false, err
	}
	p.blanks()
	right, err := p.value()
	if err != nil {
		return no, false, err
	}
	switch {
	case left.kind == setName:
		p.warn(SetComparison, "%s must be on the right hand side of `in` or `not in`, will be ignored", left.text)
		return no, false, nil
	case right.kind == setName && left.kind == constant && !o.member:
		return no, false, p.fail(start, p.at-start,
			"the operator "+o.text+" is not supported with the marker "+right.text+", only the `in` and `not in` operators are supported")
	case left.kind == constant && right.kind == constant:
		p.warn(TwoStrings, "comparing two quoted strings with each other doesn't make sense: '%s' %s '%s', will be ignored",
			left.text, o.text, right.text)
		return no, false, nil
	case left.kind != constant && right.kind != constant:
		p.warn(twoNames(left), "comparing %s with %s doesn't make sense, will be ignored", left.text, right.text)
		return no, false, nil
	case right.kind == constant:
		r, present = p.compare(left, o, right.text, false)
	default:
		r, present = p.compare(right, o.mirrored(), left.text, true)
	}
	return r, present, nil
}

// twoNames returns the kind of warning for a name compared with a name.
func twoNames(left value) WarningKind {
	switch left.kind {
	case versionName:
		return InvalidVersion
	case extraName:
		return InvalidExtra
	}
	return TwoNames
}

// compare returns the diagram of "name operator 'constant'", or of the
// comparison in the other direction, of which the operator is mirrored.
func (p *parser) compare(name value, o operator, constant string, swapped bool) (r ref, present bool) {
	switch name.kind {
	case stringName:
		return p.compareString(name, o, constant, swapped)
	case versionName:
		return p.compareVersion(name, o, constant, swapped)
	case extraName:
		return p.compareExtra(o, constant)
	}
	return p.compareSet(name, o, constant), true
}

func (p *parser) compareString(name value, o operator, constant string, swapped bool) (r ref, present bool) {
	switch {
	case o.member && swapped:
		return boolean(words.variable(rankContains+name.key, constant), !o.negated), true
	case o.member:
		return boolean(words.variable(rankIn+name.key, constant), !o.negated), true
	case o.ordered == pep440.Tilde || o.ordered == pep440.ExactEqual:
		p.warn(StringOperator, "can't compare strings with `%s`, will be ignored", o.text)
		return no, false
	}
	return compareString(name.key, o.ordered, constant), true
}

// A versionKey is a version key as it was written.
type versionKey struct {
	rank   rank
	python bool // python_version
}

func (p *parser) compareVersion(name value, o operator, constant string, swapped bool) (r ref, present bool) {
	key := versionKey{name.key, name.text == "python_version"}
	switch {
	case o.member && swapped:
		p.warn(InvalidVersion, "expected PEP 440 version operator to compare %s with '%s', found `%s`, will be ignored",
			name.text, constant, o.text)
		return no, false
	case o.member:
		return p.compareVersions(key, name.text, o, constant)
	}
	text, star := strings.CutSuffix(strings.TrimSpace(constant), ".*")
	v, err := pep440.Parse(text)
	operator := o.ordered
	switch {
	case err != nil:
	case star && swapped:
		_, err = pep440.Parse(constant)
	case star && operator == pep440.NotEqual:
		operator = pep440.NotEqualStar
	case star && (operator == pep440.Equal || operator == pep440.ExactEqual):
		operator = pep440.EqualStar
	case star:
		p.warn(InvalidVersion, "operator `%s` cannot be used with a version that ends in `.*`, will be ignored", o.text)
		return no, false
	}
	if err != nil {
		p.warn(InvalidVersion, "expected PEP 440 version to compare with %s, found '%s', will be ignored: %v", name.text, constant, err)
		return no, false
	}
	s, err := pep440.NewSpecifier(operator, v)
	if err != nil {
		p.warn(InvalidVersion, "invalid comparison of %s, will be ignored: %v", name.text, err)
		return no, false
	}
	if key.python {
		return comparePython(s), true
	}
	return compareVersion(key.rank, s), true
}

// compareVersions is compareVersion for a list of versions.
func (p *parser) compareVersions(key versionKey, name string, o operator, list string) (r ref, present bool) {
	var versions []pep440.Version
	for text := range strings.FieldsFuncSeq(list, unicode.IsSpace) {
		v, err := pep440.Parse(text)
		if err != nil {
			p.warn(InvalidVersion, "expected PEP 440 versions to compare with %s, found '%s', will be ignored: %v", name, list, err)
			return no, false
		}
		versions = append(versions, v)
	}
	return oneOf(&p.op, key, versions, o.negated), true
}

func (p *parser) compareExtra(o operator, constant string) (r ref, present bool) {
	name, err := pyname.ParseExtra(constant)
	if err != nil {
		p.warn(InvalidExtra, "expected extra name, found '%s': %v", constant, err)
	}
	switch {
	case o.member || o.ordered != pep440.Equal && o.ordered != pep440.NotEqual:
		p.warn(InvalidExtra, "comparing extra with any operator other than `==` or `!=` is wrong and will be ignored")
		return no, false
	case err != nil:
		return no, true
	}
	return boolean(words.variable(rankExtra, string(name)), o.ordered == pep440.Equal), true
}

func (p *parser) compareSet(name value, o operator, constant string) ref {
	v := rankExtras
	var text string
	var err error
	if name.key == rankExtras {
		var extra pyname.Extra
		extra, err = pyname.ParseExtra(constant)
		text = string(extra)
	} else {
		v = rankGroups
		var group pyname.Group
		group, err = pyname.ParseGroup(constant)
		text = string(group)
	}
	if err != nil {
		kind := InvalidExtra
		if v == rankGroups {
			kind = InvalidGroup
		}
		p.warn(kind, "expected a name in %s, found '%s': %v", name.text, constant, err)
		v += rankInvalidExtras - rankExtras
		text = constant
	}
	return boolean(words.variable(v, text), !o.negated)
}
