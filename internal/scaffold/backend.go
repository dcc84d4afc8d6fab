package scaffold

// Backend is a build backend that new projects can have.
type Backend uint8

// The build backends.
const (
	UV Backend = iota
	Hatch
	Flit
	PDM
	Poetry
	Setuptools
	Maturin
	Scikit
)

// Backends are the names of all build backends, as [ParseBackend] reads them.
func Backends() []string {
	return []string{"uv", "hatch", "flit", "pdm", "poetry", "setuptools", "maturin", "scikit"}
}

// BackendAliases are further names that [ParseBackend] reads.
func BackendAliases() []string {
	return []string{"uv-build", "uv_build", "hatchling", "flit-core", "pdm-backend", "poetry-core", "poetry_core", "scikit-build-core"}
}

// ParseBackend reads the name of a build backend. It reports false for a name
// that it does not know.
func ParseBackend(name string) (Backend, bool) {
	switch name {
	case "uv", "uv-build", "uv_build":
		return UV, true
	case "hatch", "hatchling":
		return Hatch, true
	case "flit", "flit-core":
		return Flit, true
	case "pdm", "pdm-backend":
		return PDM, true
	case "poetry", "poetry-core", "poetry_core":
		return Poetry, true
	case "setuptools":
		return Setuptools, true
	case "maturin":
		return Maturin, true
	case "scikit", "scikit-build-core":
		return Scikit, true
	}
	return 0, false
}

// tables are the tables of pyproject.toml that belong to the backend.
func (b Backend) tables() string {
	switch b {
	case Hatch:
		return buildSystem(`"hatchling"`, "hatchling.build")
	case Flit:
		return buildSystem(`"flit_core>=3.2,<4"`, "flit_core.buildapi")
	case PDM:
		return buildSystem(`"pdm-backend"`, "pdm.backend")
	case Poetry:
		return buildSystem(`"poetry-core>=2,<3"`, "poetry.core.masonry.api")
	case Setuptools:
		return buildSystem(`"setuptools>=61"`, "setuptools.build_meta")
	case Maturin:
		return maturinTables + buildSystem(`"maturin>=1.0,<2.0"`, "maturin")
	case Scikit:
		return scikitTables + buildSystem(`"scikit-build-core>=0.12", "pybind11>=3"`, "scikit_build_core.build")
	}
	return buildSystem(`"uv_build>=0.12.5,<0.13.0"`, "uv_build")
}

func buildSystem(requires, backend string) string {
	return "[build-system]\nrequires = [" + requires + "]\nbuild-backend = \"" + backend + "\"\n"
}

// files are the source files of a package: its module, and what a backend
// for extension modules compiles.
func (b Backend) files(library bool) []File {
	var files []File
	native := true
	switch b {
	case Maturin:
		files = []File{{"Cargo.toml", cargoFile}, {"src/lib.rs", rustFile}, {"src/{module}/_core.pyi", stubFile}}
	case Scikit:
		files = []File{{"CMakeLists.txt", cmakeFile}, {"src/main.cpp", cppFile}, {"src/{module}/_core.pyi", stubFile}}
	default:
		native = false
	}
	files = append(files, File{"src/{module}/__init__.py", moduleFile(library, native)})
	if library {
		files = append(files, File{"src/{module}/py.typed", ""})
	}
	return files
}

func moduleFile(library, native bool) string {
	switch {
	case library && native:
		return nativeLibraryFile
	case library:
		return libraryFile
	case native:
		return nativeCommandFile
	}
	return commandFile
}
