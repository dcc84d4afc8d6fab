package bundle

import (
	_ "embed"
	"strconv"
)

//go:embed compile.py
var compilePython string

// CompileArgs are the arguments with which a Python of the bundle's version makes
// bytecode of what is in a root: the k-th of n processes that share the work.
// inZip puts it where it is found in a zip archive (see [RunsFromArchive]).
//
// The bytecode is taken without a look at the module that it was made of, and
// names it by its path in the bundle.
func (s *Spec) CompileArgs(root string, k, n int, inZip bool) []string {
	where := "cache"
	if inZip {
		where = "beside"
	}
	args := []string{"-I", "-S", "-c", compilePython, root, strconv.Itoa(k), strconv.Itoa(n), where}
	if s.Python.Executable != "" {
		args = append(args, pythonDir)
	} else {
		args = append(args, libDir)
	}
	return append(args, AppDir)
}

// RunsFromArchive reports whether Python can import all packages of a root from
// within a zip archive, so that [Spec.Zipapp] makes one that is not unpacked.
func RunsFromArchive(root string) (bool, error) {
	files, err := list(root)
	return err == nil && runsFromArchive(files), err
}
