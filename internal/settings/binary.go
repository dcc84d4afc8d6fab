package settings

import (
	"fmt"
	"slices"

	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/packaging/pyname"
)

// Binary are the flags that choose between wheels and source distributions as pip's
// do: by lists of names, `:all:` and `:none:`.
type Binary struct {
	NoBuild              *bool
	NoBinary, OnlyBinary []string
}

// apply adds what the table pip of the settings says, and the top level behind that:
// unlike other settings they are joined. A flag overrides `no-build` of the table pip,
// but that of the top level counts always; where nothing is built, the packages named
// beside it have no meaning.
func (b *Binary) apply(l *Layers, s *Settings) error {
	noBuild := b.NoBuild
	if noBuild == nil {
		noBuild = s.Pip.NoBuild
	}
	onlyBinary := slices.Concat(b.OnlyBinary, s.Pip.OnlyBinary)
	if isTrue(noBuild) {
		onlyBinary = nil
	}
	if isTrue(l.Files.NoBuild) {
		noBuild = l.Files.NoBuild
	}
	noBinary := slices.Concat(b.NoBinary, s.Pip.NoBinary)
	if isTrue(l.Files.NoBinary) {
		noBinary = append(noBinary, ":all:")
	}
	return s.chooseFiles(noBuild, withNames(noBinary, l.Files.NoBinaryPackage), withNames(onlyBinary, l.Files.NoBuildPackage))
}

// PackageBinary are the flags that choose between wheels and source distributions in
// the commands about projects: one list of packages, and a switch for all.
type PackageBinary struct {
	NoBuild, NoBinary               *bool
	NoBuildPackage, NoBinaryPackage []string
}

func (b *PackageBinary) apply(l *Layers, s *Settings) error {
	noBuild, err := l.Switch(b.NoBuild, "UV_NO_BUILD")
	if err != nil {
		return err
	}
	all, err := l.Switch(b.NoBinary, "UV_NO_BINARY")
	if err != nil {
		return err
	}
	if all == nil {
		all = l.Files.NoBinary
	}
	var noBinary []string
	if isTrue(all) {
		noBinary = []string{":all:"}
	}
	noBinary = append(noBinary, l.List(b.NoBinaryPackage, "UV_NO_BINARY_PACKAGE")...)
	onlyBinary := slices.Clip(l.List(b.NoBuildPackage, "UV_NO_BUILD_PACKAGE"))
	return s.chooseFiles(noBuild, withNames(noBinary, l.Files.NoBinaryPackage), withNames(onlyBinary, l.Files.NoBuildPackage))
}

func withNames(list []string, names []pyname.Package) []string {
	for _, name := range names {
		list = append(list, string(name))
	}
	return list
}

// chooseFiles settles what may be built and what must be.
func (s *Settings) chooseFiles(noBuild *bool, noBinary, onlyBinary []string) error {
	Override(&s.Pip.NoBuild, noBuild)
	var err error
	s.Pip.NoBinary, s.Pip.OnlyBinary = noBinary, onlyBinary
	if s.NoBinary, err = selection("no-binary", noBinary); err != nil {
		return err
	}
	if s.NoBuild, err = selection("only-binary", onlyBinary); err != nil {
		return err
	}
	if s.NoBuild.All = s.NoBuild.All || isTrue(s.Pip.NoBuild); s.NoBuild.All {
		s.NoBuild.Packages = nil
	}
	if s.NoBinary.All {
		s.NoBinary.Packages = nil
	}
	// Naming a package counts more than `:all:` on the other side.
	if s.NoBinary.All {
		s.NoBinary.Except = s.NoBuild.Packages
	}
	if s.NoBuild.All {
		s.NoBuild.Except = s.NoBinary.Packages
	}
	return nil
}

// selection reads names, `:all:` and `:none:` as pip does: the last `:all:` or
// `:none:` takes back what stands before it.
func selection(flag string, names []string) (index.Selection, error) {
	var s index.Selection
	for _, text := range names {
		switch text {
		case ":all:":
			s = index.Selection{All: true}
		case ":none:":
			s = index.Selection{}
		default:
			name, err := pyname.ParsePackage(text)
			if err != nil {
				return s, fmt.Errorf("invalid value for `--%s`: %w", flag, err)
			}
			if s.Packages == nil {
				s.Packages = map[pyname.Package]bool{}
			}
			s.Packages[name] = true
		}
	}
	return s, nil
}
