package dist

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RecordEntry is one line of a RECORD file (PEP 376, 627).
type RecordEntry struct {
	// Path is relative to the directory that .dist-info lies in, with slashes.
	Path string
	// Hash is such as sha256=ZGlnZXN0, the digest in URL-safe base64 without
	// padding; it is empty where none is recorded, as for RECORD itself.
	Hash string
	// Size is in bytes, or negative where none is recorded.
	Size int64
}

// HashSHA256 returns a digest in the form of a RECORD file.
func HashSHA256(digest [32]byte) string {
	return "sha256=" + base64.RawURLEncoding.EncodeToString(digest[:])
}

// HashesSHA256 returns n digests in the form of a RECORD file, with two
// allocations for all of them.
func HashesSHA256(n int, digest func(i int) [32]byte) []string {
	const prefix, size = "sha256=", 7 + 43
	buf := make([]byte, 0, n*size)
	for i := range n {
		d := digest(i)
		buf = base64.RawURLEncoding.AppendEncode(append(buf, prefix...), d[:])
	}
	text := string(buf)
	out := make([]string, n)
	for i := range out {
		out[i] = text[i*size : (i+1)*size]
	}
	return out
}

// ParseRecord reads a RECORD file: CSV lines of path, hash and size, of which
// the last two may be empty. Leading slashes of paths are dropped, since some
// wheels record absolute ones. Empty lines are skipped.
//
// A line with another number of fields is an error, as is a size that is no
// number: a file that was cut off must not pass for one that lists less. The
// rows before the line are returned with the error.
func ParseRecord(data []byte) ([]RecordEntry, error) { return ParseRecordText(string(data)) }

// ParseRecordText is [ParseRecord] of a text, of which the entries have parts.
func ParseRecordText(text string) ([]RecordEntry, error) {
	out := make([]RecordEntry, 0, strings.Count(text, "\n")+1)
	r := csvReader{text: text}
	for number := 1; r.text != ""; number++ {
		line, count := r.plainLine()
		if count == 0 {
			line, count = r.line()
		}
		e := RecordEntry{Path: strings.TrimLeft(line[0], "/"), Hash: line[1], Size: -1}
		if e.Path == "" && count <= len(line) {
			continue
		}
		if count != len(line) {
			return out, fmt.Errorf("line %d of RECORD has not 3 fields but %d", number, count)
		}
		if line[2] != "" {
			size, err := strconv.ParseInt(line[2], 10, 64)
			if err != nil || size < 0 {
				return out, fmt.Errorf("line %d of RECORD has an invalid size %q", number, line[2])
			}
			e.Size = size
		}
		out = append(out, e)
	}
	return out, nil
}

// A csvReader takes lines off the front of a CSV text (RFC 4180, with any line
// ends). encoding/csv would do, at several times the cost; RECORD files are
// read by the thousand lines in every install.
type csvReader struct{ text string }

// plainLine is line for the common form: three fields without quotes or lone
// carriage returns. In any other case it takes nothing and the count is 0.
func (r *csvReader) plainLine() (fields [3]string, count int) {
	line, rest, _ := strings.Cut(r.text, "\n")
	line = strings.TrimSuffix(line, "\r")
	first := strings.IndexByte(line, ',')
	last := strings.LastIndexByte(line, ',')
	if first == last || strings.IndexByte(line[first+1:last], ',') >= 0 ||
		strings.IndexByte(line, '"') >= 0 || strings.IndexByte(line, '\r') >= 0 {
		return fields, 0
	}
	r.text = rest
	return [3]string{line[:first], line[first+1 : last], line[last+1:]}, 3
}

// line returns the first fields of the next line and how many it had. Empty
// fields at the end do not count beyond the third.
func (r *csvReader) line() (fields [3]string, count int) {
	for i := 0; ; i++ {
		field, last := r.field()
		if i < len(fields) {
			fields[i] = field
		}
		if field != "" || i < len(fields) {
			count = i + 1
		}
		if last {
			return fields, count
		}
	}
}

// field returns the next field and whether it ends the line.
func (r *csvReader) field() (field string, last bool) {
	if strings.HasPrefix(r.text, `"`) {
		field = r.quoted()
	}
	end := strings.IndexAny(r.text, ",\r\n")
	if end < 0 {
		end = len(r.text)
	}
	// What follows a closing quote still belongs to the field.
	field += r.text[:end]
	r.text = r.text[end:]
	if strings.HasPrefix(r.text, ",") {
		r.text = r.text[1:]
		return field, false
	}
	r.text = strings.TrimPrefix(r.text, "\r")
	r.text = strings.TrimPrefix(r.text, "\n")
	return field, true
}

// quoted reads a quoted field, in which a quote is written twice. A missing
// closing quote ends at the end of the text.
func (r *csvReader) quoted() string {
	rest := r.text[1:]
	var b strings.Builder
	for {
		i := strings.IndexByte(rest, '"')
		if i < 0 {
			r.text = ""
			return b.String() + rest
		}
		b.WriteString(rest[:i])
		rest = rest[i+1:]
		if !strings.HasPrefix(rest, `"`) {
			r.text = rest
			return b.String()
		}
		b.WriteByte('"')
		rest = rest[1:]
	}
}

// mustQuote is strings.ContainsAny without its preparation: fields are short
// and many.
func mustQuote(field string) bool {
	for i := range len(field) {
		switch field[i] {
		case ',', '"', '\r', '\n':
			return true
		}
	}
	return false
}

// SortRecord puts entries in the order in which uv writes them: by path in byte
// order, then hash, then size.
func SortRecord(entries []RecordEntry) {
	compare := func(a, b RecordEntry) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Size, b.Size))
	}
	if !slices.IsSortedFunc(entries, compare) {
		slices.SortFunc(entries, compare)
	}
}

// FormatRecord writes entries as a RECORD file in the given order: fields are
// quoted only if they must be, lines end in a line feed.
func FormatRecord(entries []RecordEntry) []byte { return AppendRecord(nil, entries) }

// AppendRecord appends what [FormatRecord] returns.
func AppendRecord(out []byte, entries []RecordEntry) []byte {
	size := 0
	for _, e := range entries {
		size += len(e.Path) + len(e.Hash) + 12
	}
	out = slices.Grow(out, size)
	for _, e := range entries {
		out = appendCSV(out, e.Path)
		out = append(out, ',')
		out = appendCSV(out, e.Hash)
		out = append(out, ',')
		if e.Size >= 0 {
			out = strconv.AppendInt(out, e.Size, 10)
		}
		out = append(out, '\n')
	}
	return out
}

func appendCSV(out []byte, field string) []byte {
	if !mustQuote(field) {
		return append(out, field...)
	}
	out = append(out, '"')
	out = append(out, strings.ReplaceAll(field, `"`, `""`)...)
	return append(out, '"')
}
