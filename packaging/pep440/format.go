package pep440

import "strconv"

// String returns the normal form of the version (PEP 440, normalization):
// release segments as many as written, "a", "b", "rc" for pre-releases,
// ".post1", ".dev1", "+local.1". The zero Version prints as "".
func (v Version) String() string {
	if v.IsZero() {
		return ""
	}
	var buffer [32]byte
	return string(v.AppendTo(buffer[:0]))
}

// AppendTo appends what String returns.
func (v Version) AppendTo(b []byte) []byte {
	if v.IsZero() {
		return b
	}
	if e := v.epoch(); e != 0 {
		b = append(strconv.AppendUint(b, e, 10), '!')
	}
	for i := range v.Len() {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, v.Segment(i), 10)
	}
	if v.full == nil && v.kind() == kindFinal {
		return b
	}
	return v.suffix().appendTo(b)
}

func (x suffix) appendTo(b []byte) []byte {
	if x.pre != 0 {
		b = strconv.AppendUint(append(b, preName(x.pre)...), x.preN, 10)
	}
	if x.hasPost {
		b = strconv.AppendUint(append(b, ".post"...), x.post, 10)
	}
	if x.hasDev {
		b = strconv.AppendUint(append(b, ".dev"...), x.dev, 10)
	}
	if x.local != "" {
		b = append(append(b, '+'), x.local...)
	}
	return b
}

// MarshalText returns the normal form of the version.
func (v Version) MarshalText() ([]byte, error) { return v.AppendTo(nil), nil }

// UnmarshalText reads a version; see Parse.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = Parse(string(text))
	return err
}
