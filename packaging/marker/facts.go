package marker

import "github.com/tame-py/tame/packaging/pep440"

// Facts returns what is known of env as far as any of the markers ask: the
// marker "a == 'x' and b == 'y' …" with each variable of the environment that
// one of them depends on. Extras are no part of an environment. Wherever the
// result holds, the markers evaluate as they do in env.
func Facts(env *Env, markers ...Tree) Tree {
	var asked [rangeKeys]bool
	for _, t := range markers {
		contains(t.r, func(v *variable) bool {
			if r, ok := v.asks(); ok {
				asked[r] = true
			}
			return false
		})
	}
	out := True()
	for r := range rank(rangeKeys) {
		if asked[r] {
			out = out.And(env.fact(r))
		}
	}
	return out
}

// asks returns the variable of the environment that v depends on.
func (v *variable) asks() (rank, bool) {
	switch {
	case v.ranged():
		return v.rank, true
	case v.rank < rankContains:
		return v.rank - rankIn, true
	case v.rank < rankExtra:
		return v.rank - rankContains, true
	}
	return 0, false
}

// fact is the marker "key == 'its value'".
func (e *Env) fact(key rank) Tree {
	if key < stringKeys {
		return Tree{compareString(key, pep440.Equal, e.text(key))}
	}
	s, err := pep440.NewSpecifier(pep440.Equal, e.version(key))
	if err != nil {
		return True() // the value is no version
	}
	return Tree{compareVersion(key, s)}
}
