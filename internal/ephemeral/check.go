package ephemeral

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tame-py/tame/internal/install"
	"github.com/tame-py/tame/internal/python"
)

// check looks whether the files of an environment are there with their sizes,
// as far as somebody has written them down. What a crash of the machine loses
// is the content of files, which are then empty or short.
func check(env *python.Environment) error {
	if c, err := env.Config(); err != nil || !c.UV {
		return errors.Join(errors.New("pyvenv.cfg is not whole"), err)
	}
	if _, err := os.Stat(env.Interpreter.Executable); err != nil {
		return err
	}
	site, err := install.Open(env.Interpreter.InstalledIn()...)
	if err != nil {
		return err
	}
	for _, i := range site.All() {
		if err := checkRecord(i); err != nil {
			return fmt.Errorf("%s: %w", i.Name, err)
		}
	}
	return nil
}

func checkRecord(i *install.Installed) error {
	entries, err := i.Record()
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return errors.New("RECORD is empty")
	}
	dir := i.Location()
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(e.Path)))
		if err != nil {
			return err
		}
		if e.Size >= 0 && info.Size() != e.Size {
			return fmt.Errorf("%s has %d bytes, not %d", e.Path, info.Size(), e.Size)
		}
	}
	return nil
}
