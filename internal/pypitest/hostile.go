package pypitest

import (
	"bytes"
	"io/fs"
	"slices"
)

// Hostile lists the kinds of hostile wheel that a release can ask for. Each
// is valid but for one thing:
//
//	absolute        a member with an absolute path
//	bad-crc         a member whose checksum is wrong
//	bad-record      RECORD has a wrong hash for a member
//	bomb            a member of 64 MiB of zeros, compressed a thousand times
//	case-clash      two members that differ only in case
//	duplicate       two members with the same name
//	lying-size      a member longer than its header says
//	local-name      a local header that names another path than the directory
//	missing-record  no RECORD
//	not-a-zip       no zip at all
//	symlink         a member that is a symbolic link out of the tree
//	traversal       a member whose path leaves the tree
//	truncated       the last third of the file is missing
//	windows-path    a member with backslashes and a drive
//	wrong-name      METADATA and the folder name another project
//	wrong-version   METADATA and the folder name another version
func Hostile() []string {
	return []string{
		"absolute", "bad-crc", "bad-record", "bomb", "case-clash", "duplicate", "local-name", "lying-size", "missing-record",
		"not-a-zip", "symlink", "traversal", "truncated", "windows-path", "wrong-name", "wrong-version",
	}
}

// bombSize is how large the member of a bomb becomes.
const bombSize = 64 << 20

// hostile returns a wheel of the given kind, made from the valid file f.
func hostile(kind string, r *Release, f File, entries []Entry) File {
	entries = slices.Clone(entries)
	first, last := &entries[0], len(entries)-1
	module := r.base() + "/"
	switch kind {
	case "absolute":
		entries = withMember(r, entries, Entry{Name: "/tmp/pypitest-absolute.py", Data: []byte("x = 1\n")})
	case "bad-crc":
		wrong := uint32(0xDEADBEEF)
		first.CRC = &wrong
	case "bad-record":
		first.Data = append(slices.Clone(first.Data), "# not in RECORD\n"...)
	case "bomb":
		entries = withMember(r, entries, Entry{Name: module + "zeros.bin", Data: make([]byte, bombSize), Deflate: true})
	case "case-clash":
		entries = withMember(r, entries, Entry{Name: module + "Data.txt", Data: []byte("A\n")}, Entry{Name: module + "data.txt", Data: []byte("a\n")})
	case "duplicate":
		entries = withMember(r, entries, Entry{Name: first.Name, Data: []byte("x = 1\n")})
	case "local-name":
		first.LocalName = "../" + first.Name
	case "lying-size":
		short := uint32(1)
		first.Size = &short
	case "missing-record":
		entries = entries[:last]
	case "not-a-zip":
		f.Data = []byte("<html>please log in</html>\n")
		return f
	case "symlink":
		entries = withMember(r, entries, Entry{Name: module + "link", Data: []byte("/etc"), Mode: fs.ModeSymlink | 0o777}, Entry{Name: module + "link/pypitest.txt", Data: []byte("x\n")})
	case "traversal":
		entries = withMember(r, entries, Entry{Name: "../../pypitest-traversal.py", Data: []byte("x = 1\n")})
	case "truncated":
		f.Data = f.Data[:len(f.Data)*2/3]
		return f
	case "windows-path":
		entries = withMember(r, entries, Entry{Name: `C:\..\pypitest.py`, Data: []byte("x = 1\n")})
	case "wrong-name", "wrong-version":
		other := *r
		other.Hostile = nil
		if kind == "wrong-name" {
			other.Name += "-other"
		} else {
			other.Version += ".1"
		}
		tag := bytes.TrimSuffix([]byte(f.Name[len(r.base()+"-"+r.Version+"-"):]), []byte(".whl"))
		impostor := other.Wheel(string(tag))
		impostor.Name = f.Name
		return impostor
	default:
		panic("internal error: no such hostile wheel: " + kind)
	}
	f.Data = Zip(entries)
	return f
}

// withMember adds members before RECORD and writes that anew.
func withMember(r *Release, entries []Entry, more ...Entry) []Entry {
	out := append(slices.Clone(entries[:len(entries)-1]), more...)
	record := r.distInfo() + "/RECORD"
	return append(out, Entry{Name: record, Data: Record(out, record)})
}
