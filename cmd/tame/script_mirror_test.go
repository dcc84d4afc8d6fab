package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tame-py/tame/internal/managed"
)

// A portablePython is an archive as portable builds of CPython are, made of the
// main interpreter: its executable and a part of its standard library.
type portablePython struct {
	version string // 3.12.4
	data    []byte
	err     error
}

var portable sync.Map // path of an interpreter -> func() portablePython

// portableOf makes the archive once for all scripts.
func portableOf(python string) portablePython {
	f, _ := portable.LoadOrStore(python, sync.OnceValue(func() portablePython { return makePortable(python) }))
	return f.(func() portablePython)()
}

// stdlibParts are the directories of the standard library that the program's
// questions to an interpreter need.
var stdlibParts = []string{"encodings", "collections", "importlib", "json", "re", "ctypes", "email", "logging", "sysconfig", "urllib", "distutils"}

func makePortable(python string) (p portablePython) {
	const ask = `import sys, sysconfig, os, platform; print(platform.python_version(), os.path.realpath(sys.executable), sysconfig.get_path("stdlib"), sysconfig._get_sysconfigdata_name() + ".py", sep="\n")`
	out, err := exec.Command(python, "-I", "-c", ask).Output()
	answer := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(answer) != 4 {
		p.err = fmt.Errorf("%s does not tell about itself: %s, %w", python, out, err)
		return p
	}
	p.version = answer[0]
	minor := p.version[:strings.LastIndexByte(p.version, '.')]
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w := tar.NewWriter(z)
	if p.err = pack(w, "python/bin/python"+minor, answer[1]); p.err != nil {
		return p
	}
	lib, err := filepath.Abs(answer[2])
	if err != nil {
		p.err = err
		return p
	}
	p.err = filepath.WalkDir(lib, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == lib {
			return err
		}
		rel, _ := filepath.Rel(lib, path)
		top, _, nested := strings.Cut(filepath.ToSlash(rel), "/")
		switch {
		case d.IsDir() && d.Name() != "__pycache__" && (nested || top == "lib-dynload" || slices.Contains(stdlibParts, top)):
			return nil
		case d.IsDir():
			return filepath.SkipDir
		case strings.HasPrefix(top, "_sysconfigdata_") && top != answer[3]: // of another platform, which distributors add
			return nil
		case top == "sitecustomize.py":
			return nil
		case top == "lib-dynload" && !neededModule.MatchString(d.Name()), !strings.HasSuffix(path, ".py") && !strings.HasSuffix(path, ".so"):
			return nil
		}
		return pack(w, "python/lib/python"+minor+"/"+filepath.ToSlash(rel), path)
	})
	if p.err == nil {
		p.err = packData(w, "python/lib/python"+minor+"/sitecustomize.py", []byte(findsPackages))
	}
	if p.err == nil {
		p.err = w.Close()
	}
	if p.err == nil {
		p.err = z.Close()
	}
	p.data = b.Bytes()
	return p
}

var neededModule = regexp.MustCompile(`^(_struct|math|zlib|_json|_posixsubprocess|select|fcntl|_opcode|binascii|_ctypes|_bisect|_random|_datetime|_heapq)\b`)

// findsPackages makes a Python look for packages where portable ones do: those of
// some distributors look in directories of another name, outside of environments.
const findsPackages = `import os, site, sys
packages = os.path.join(sys.prefix, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
if sys.prefix == sys.base_prefix and packages not in sys.path:
    site.addsitedir(packages)
`

func pack(w *tar.Writer, name, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return packData(w, name, data)
}

func packData(w *tar.Writer, name string, data []byte) error {
	mode := int64(0o644)
	if strings.Contains(name, "/bin/") {
		mode = 0o755
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// catalogOf is a list of downloads that has one archive as several patch
// releases of its version, and as a pre-release of the next; base stands before
// the names of the files.
func catalogOf(p portablePython, base string) ([]byte, error) {
	host, err := managed.Host(func(string) string { return "" })
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(p.data)
	parts := strings.Split(p.version, ".")
	minor, err := strconv.Atoi(parts[1])
	if err != nil {
		return nil, err
	}
	catalog := map[string]any{}
	for n := range 3 {
		catalog[strconv.Itoa(n)] = map[string]any{
			"name": "cpython", "arch": map[string]any{"family": host.Arch, "variant": nil}, "os": host.OS, "libc": host.Libc,
			"major": 3, "minor": minor, "patch": 90 + n, "prerelease": "", "variant": nil, "build": "20250101",
			"url": base + "/python-" + strconv.Itoa(n) + "%2B1.tar.gz", "sha256": hex.EncodeToString(digest[:]),
		}
	}
	return json.Marshal(catalog)
}

// scriptMirror makes a folder with archives of the main interpreter, as patch
// releases 90, 91 and 92 of its version, and a list of them: mirror DIR LIST.
// $MINOR is the version, $KEY what stands behind the patch release in keys.
func scriptMirror(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mirror DIRECTORY LIST")
	}
	p := portableOf(ts.Getenv("PYTHON"))
	ts.Check(p.err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Join(dir, "1"), 0o777))
	for n := range 3 {
		ts.Check(os.WriteFile(filepath.Join(dir, "1", "python-"+strconv.Itoa(n)+"+1.tar.gz"), p.data, 0o666))
	}
	text, err := catalogOf(p, "https://github.com/astral-sh/python-build-standalone/releases/download/1")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o666))
	host, err := managed.Host(func(string) string { return "" })
	ts.Check(err)
	ts.Setenv("MINOR", p.version[:strings.LastIndexByte(p.version, '.')])
	ts.Setenv("KEY", host.String())
}
