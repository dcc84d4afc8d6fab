package python

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/tags"
)

// The cache keeps one small file for each interpreter: a checksum, what must
// hold for the facts to hold (a witness), then the facts, as a row of strings
// and numbers. Everything is read in place; docs/formats/cache.md describes it.
const factsMagic = "tame python facts 2\n"

// sumSize is how much of a SHA-256 stands in the file: it guards against
// accidents only.
const sumSize = 8

// encodeFacts makes the text of a file.
func encodeFacts(w witness, i *Interpreter) []byte {
	const head = len(factsMagic) + sumSize
	b := append(make([]byte, 0, 4096), factsMagic...)
	b = append(b, make([]byte, sumSize)...)
	b = i.appendFacts(w.append(b))
	sum := sha256.Sum256(b[head:])
	copy(b[len(factsMagic):], sum[:sumSize])
	return b
}

// openFacts checks the frame of a file and returns a reader of what is in it,
// which is bad if the file is cut off, damaged or of another version.
func openFacts(text string) reader {
	r := reader{rest: text}
	if !strings.HasPrefix(text, factsMagic) {
		r.bad = true
		return r
	}
	r.rest = text[len(factsMagic):]
	want := r.take(sumSize)
	sum := sha256.Sum256([]byte(r.rest))
	r.bad = r.bad || want != string(sum[:sumSize])
	return r
}

// A witness is what the facts depend on.
type witness struct {
	path, overrides string       // the file that was asked, and variables that redirect it
	host            string       // the system's release: two markers tell it
	executable      fsx.Identity // through all links
	loader          string       // the ELF loader, whose glibc decides over wheel tags
	loaderID        fsx.Identity
	config          string // the text of pyvenv.cfg; empty if there is none
}

func (w witness) append(b []byte) []byte {
	for _, s := range []string{w.path, w.overrides, w.host, w.loader, w.config} {
		b = appendString(b, s)
	}
	b, _ = w.executable.AppendBinary(b)
	b, _ = w.loaderID.AppendBinary(b)
	return b
}

func (r *reader) witness() (w witness) {
	for _, s := range []*string{&w.path, &w.overrides, &w.host, &w.loader, &w.config} {
		*s = r.string()
	}
	w.executable, w.loaderID = r.identity(), r.identity()
	return w
}

// texts are the string fields of an interpreter in the order of the file.
func (i *Interpreter) texts() []*string {
	e, s, v := &i.Env, &i.Scheme, &i.Virtual
	return []*string{
		&i.Path, &i.Executable, &i.BaseExecutable, &i.Prefix, &i.BasePrefix, &i.Stdlib,
		&s.Purelib, &s.Platlib, &s.Scripts, &s.Data, &s.Include,
		&v.Purelib, &v.Platlib, &v.Scripts, &v.Data, &v.Include,
		&e.OSName, &e.SysPlatform, &e.PlatformSystem, &e.PlatformMachine, &e.PlatformPythonImplementation,
		&e.PlatformRelease, &e.PlatformVersion, &e.ImplementationName, &e.ImplementationVersion,
		&e.PythonVersion, &e.PythonFullVersion,
		&i.Platform.Release, &i.Platform.Machine, &i.BytecodeMagic,
		&i.index.file, &i.index.url, &i.index.wheels,
	}
}

// flags are the boolean fields.
func (i *Interpreter) flags() []*bool {
	return []*bool{&i.Is64Bit, &i.FreeThreaded, &i.Debug, &i.Standalone, &i.NoManylinux, &i.Platform.Simulator}
}

// appendFacts encodes what a probe found out.
func (i *Interpreter) appendFacts(b []byte) []byte {
	for _, s := range i.texts() {
		b = appendString(b, *s)
	}
	b = binary.AppendUvarint(b, uint64(len(i.SitePackages)))
	for _, s := range i.SitePackages {
		b = appendString(b, s)
	}
	bits := uint64(0)
	for n, f := range i.flags() {
		if *f {
			bits |= 1 << n
		}
	}
	p := i.Platform
	for _, n := range []uint64{bits, uint64(p.OS), uint64(p.Arch), uint64(p.Libc), uint64(p.Major), uint64(p.Minor)} {
		b = binary.AppendUvarint(b, n)
	}
	b, _ = i.index.id.AppendBinary(b)
	return b
}

var errFacts = errors.New("malformed interpreter facts")

// interpreter decodes what appendFacts wrote. The rest of the file has to be
// used up: a file cut short is no answer.
func (r *reader) interpreter() (*Interpreter, error) {
	i := &Interpreter{}
	for _, s := range i.texts() {
		*s = r.string()
	}
	for n := r.number(); n > 0 && !r.bad; n-- {
		i.SitePackages = append(i.SitePackages, r.string())
	}
	bits := r.number()
	for n, f := range i.flags() {
		*f = bits&(1<<n) != 0
	}
	p := &i.Platform
	p.OS, p.Arch, p.Libc = tags.OS(r.number()), tags.Arch(r.number()), tags.Libc(r.number())
	p.Major, p.Minor = int(r.number()), int(r.number())
	i.index.id = r.identity()
	if r.bad || r.rest != "" {
		return nil, errFacts
	}
	return i, i.finish()
}

// finish derives what is not stored.
func (i *Interpreter) finish() (err error) {
	if i.Version, err = pep440.Parse(i.Env.PythonFullVersion); err != nil {
		return err
	}
	i.Env, err = marker.NewEnv(i.Env)
	i.tagsOnce = new(sync.Once)
	return err
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A reader takes values off the front of a file's text. After the first
// mistake it is bad and returns zeros.
type reader struct {
	rest string
	bad  bool
}

func (r *reader) take(n uint64) string {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) number() (n uint64) {
	for shift := uint(0); shift < 64; shift += 7 {
		c := r.take(1)
		if c == "" {
			return 0
		}
		n |= uint64(c[0]&0x7f) << shift
		if c[0] < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

func (r *reader) string() string { return r.take(r.number()) }

func (r *reader) identity() (id fsx.Identity) {
	if id.UnmarshalBinary([]byte(r.take(fsx.IdentitySize))) != nil {
		r.bad = true
	}
	return id
}
