package managed

// A Variant is a build flavour of Python: with or without the global
// interpreter lock, optimised or for debugging.
type Variant uint8

// The variants, in the order in which they are preferred.
const (
	Default           Variant = iota // the ordinary build
	Debug                            // built with Py_DEBUG
	Freethreaded                     // built without the lock (PEP 703)
	FreethreadedDebug                // both of the above
	Gil                              // ordinary, asked for explicitly
	GilDebug                         // debug, with the lock asked for explicitly
)

// ParseVariant reads the short (t, d, td) or long (freethreaded, debug,
// freethreaded+debug, gil, gil+debug) name of a variant. The empty text is
// [Default].
func ParseVariant(s string) (Variant, bool) {
	switch s {
	case "":
		return Default, true
	case "t", "freethreaded":
		return Freethreaded, true
	case "d", "debug":
		return Debug, true
	case "td", "freethreaded+debug":
		return FreethreadedDebug, true
	case "gil":
		return Gil, true
	case "gil+debug":
		return GilDebug, true
	}
	return Default, false
}

// String returns the long name; [Default] is "default".
func (v Variant) String() string {
	switch v {
	case Debug:
		return "debug"
	case Freethreaded:
		return "freethreaded"
	case FreethreadedDebug:
		return "freethreaded+debug"
	case Gil:
		return "gil"
	case GilDebug:
		return "gil+debug"
	default:
		return "default"
	}
}

// Suffix is what follows the version in a key or a request: "+debug" and so
// on, nothing for [Default].
func (v Variant) Suffix() string {
	if v == Default {
		return ""
	}
	return "+" + v.String()
}

// ExecutableSuffix is what follows the version in the name of an executable:
// the t of python3.13t.
func (v Variant) ExecutableSuffix() string {
	switch v {
	case Debug, GilDebug:
		return "d"
	case Freethreaded:
		return "t"
	case FreethreadedDebug:
		return "td"
	default:
		return ""
	}
}

// LibSuffix is what follows the version in the name of the standard library's
// directory: lib/python3.13t. A debug build has none.
func (v Variant) LibSuffix() string {
	if v.IsFreethreaded() {
		return "t"
	}
	return ""
}

// IsFreethreaded reports whether the variant runs without the lock.
func (v Variant) IsFreethreaded() bool { return v == Freethreaded || v == FreethreadedDebug }

// IsDebug reports whether the variant is a debug build.
func (v Variant) IsDebug() bool { return v == Debug || v == FreethreadedDebug || v == GilDebug }
