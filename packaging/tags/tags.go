// Package tags holds the compatibility tags of wheels: which files fit which
// interpreter on which platform, and how well.
//
// A wheel's file name ends in three dash-separated fields, each of which may
// list alternatives separated by dots (PEP 425). [Compressed] is that text as
// it stands in the name; [Tag] is one of the triples it stands for. A
// [Platform] yields its platform tags, most specific first (PEP 600 for glibc,
// PEP 656 for musl, PEP 730 for iOS, PEP 738 for Android, PEP 783 for
// Emscripten), and [For] combines them with an [Interpreter] to an ordered
// [Set], which tells how well a wheel matches or why it does not. [ParseTarget]
// knows the names by which a platform other than the running one is asked for.
//
// The order of a [Set] is that of uv. The functions [CPythonTags],
// [GenericTags], [CompatibleTags], [MacPlatforms], [IOSPlatforms],
// [AndroidPlatforms], [ManylinuxPlatforms] and [MusllinuxPlatforms] are the
// building blocks in the order of pypa/packaging; the two differ in the name of
// one rarely seen macOS format and in how far glibc versions are followed down.
package tags

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
)

// Tag is one compatibility tag: interpreter, ABI and platform. The zero value
// is no tag.
type Tag struct {
	Python   string // such as py3, cp312, pp310
	ABI      string // such as none, abi3, cp312, cp313t
	Platform string // such as any, manylinux_2_28_x86_64, win_amd64
}

// String returns the tag in the form of PEP 425: python-abi-platform.
func (t Tag) String() string { return t.Python + "-" + t.ABI + "-" + t.Platform }

// Compressed is the tag part of a wheel's file name, possibly a compressed tag
// set such as py2.py3-none-any (PEP 425). Its methods accept any text and
// allocate nothing; [ParseCompressed] checks.
type Compressed string

// ParseCompressed checks that s has three fields without empty alternatives.
func ParseCompressed(s string) (Compressed, error) {
	if strings.Count(s, "-") != 2 {
		return "", fmt.Errorf("tag %q does not have exactly three components", s)
	}
	for field := range strings.SplitSeq(s, "-") {
		for part := range strings.SplitSeq(field, ".") {
			if part == "" {
				return "", fmt.Errorf("tag %q has an empty component", s)
			}
		}
	}
	return Compressed(s), nil
}

// fields splits the text into its three components; what is missing is empty.
func (c Compressed) fields() (python, abi, platform string) {
	python, rest, _ := strings.Cut(string(c), "-")
	abi, platform, _ = strings.Cut(rest, "-")
	return python, abi, platform
}

// Pythons yields the alternatives of the first field.
func (c Compressed) Pythons() iter.Seq[string] {
	python, _, _ := c.fields()
	return strings.SplitSeq(python, ".")
}

// ABIs yields the alternatives of the second field.
func (c Compressed) ABIs() iter.Seq[string] {
	_, abi, _ := c.fields()
	return strings.SplitSeq(abi, ".")
}

// Platforms yields the alternatives of the third field.
func (c Compressed) Platforms() iter.Seq[string] {
	_, _, platform := c.fields()
	return strings.SplitSeq(platform, ".")
}

// Expand lists every tag that c stands for, platforms varying fastest.
func (c Compressed) Expand() []Tag {
	python, abi, platform := c.fields()
	out := make([]Tag, 0, (1+strings.Count(python, "."))*(1+strings.Count(abi, "."))*(1+strings.Count(platform, ".")))
	for p := range strings.SplitSeq(python, ".") {
		for a := range strings.SplitSeq(abi, ".") {
			for m := range strings.SplitSeq(platform, ".") {
				out = append(out, Tag{p, a, m})
			}
		}
	}
	return out
}

// Compress is the reverse of [Compressed.Expand] for sets that are a product
// of their parts, which those of wheels are; the parts keep first-seen order.
func Compress(tags []Tag) Compressed {
	var python, abi, platform []string
	add := func(list []string, s string) []string {
		for _, have := range list {
			if have == s {
				return list
			}
		}
		return append(list, s)
	}
	for _, t := range tags {
		python, abi, platform = add(python, t.Python), add(abi, t.ABI), add(platform, t.Platform)
	}
	return Compressed(strings.Join(python, ".") + "-" + strings.Join(abi, ".") + "-" + strings.Join(platform, "."))
}

// ParseOptions limit what [ParseTags] accepts. The zero value accepts all that
// PEP 425 does.
type ParseOptions struct {
	// Sorted demands that alternatives stand in byte order, as PEP 425 has it.
	Sorted bool
	// Limit is the greatest number of tags that the text may stand for; 0 is no
	// limit.
	Limit int
}

// ParseTags parses a tag, expanding a compressed tag set. The text is lowered;
// repeated tags are dropped. An interpreter must be an identifier.
func ParseTags(s string, opts ParseOptions) ([]Tag, error) {
	if opts.Limit < 0 {
		return nil, fmt.Errorf("limit of tags %d is negative", opts.Limit)
	}
	c, err := ParseCompressed(s)
	if err != nil {
		return nil, err
	}
	python, abi, platform := c.fields()
	count := 1
	for _, field := range []string{python, abi, platform} {
		if opts.Sorted && !sorted(field) {
			return nil, fmt.Errorf("tag component %q is not in sorted order", field)
		}
		count *= 1 + strings.Count(field, ".")
		if opts.Limit > 0 && count > opts.Limit {
			return nil, fmt.Errorf("tag %q stands for %d tags, more than the limit of %d", s, count, opts.Limit)
		}
	}
	for part := range strings.SplitSeq(python, ".") {
		if !identifier(part) {
			return nil, fmt.Errorf("tag %q has an invalid interpreter %q", s, part)
		}
	}
	return unique(Compressed(strings.ToLower(s)).Expand()), nil
}

func unique(tags []Tag) []Tag {
	seen := make(map[Tag]bool, len(tags))
	out := tags[:0]
	for _, t := range tags {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

func sorted(field string) bool {
	last := ""
	for part := range strings.SplitSeq(field, ".") {
		if part < last {
			return false
		}
		last = part
	}
	return true
}

func identifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}
