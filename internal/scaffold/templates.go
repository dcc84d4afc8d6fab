package scaffold

// The texts of files, with {name} for the project's name and {module} for that
// of its module.
const (
	mainFile = `def main():
    print("Hello from {name}!")


if __name__ == "__main__":
    main()
`
	commandFile = `def main() -> None:
    print("Hello from {name}!")
`
	libraryFile = `def hello() -> str:
    return "Hello from {name}!"
`
	nativeCommandFile = `from {module}._core import hello_from_bin


def main() -> None:
    print(hello_from_bin())
`
	nativeLibraryFile = `from {module}._core import hello_from_bin


def hello() -> str:
    return hello_from_bin()
`
	stubFile = `def hello_from_bin() -> str: ...
`
)

// What maturin builds from.
const (
	maturinTables = `[tool.maturin]
module-name = "{module}._core"
python-packages = ["{module}"]
python-source = "src"

[tool.uv]
cache-keys = [{ file = "pyproject.toml" }, { file = "src/**/*.rs" }, { file = "Cargo.toml" }, { file = "Cargo.lock" }]

`
	cargoFile = `[package]
name = "{module}"
version = "0.1.0"
edition = "2024"

[lib]
name = "_core"
# "cdylib" is necessary to produce a shared library for Python to import from.
crate-type = ["cdylib"]

[dependencies]
# "extension-module" tells pyo3 we want to build an extension module (skips linking against libpython.so)
# "abi3-py39" tells pyo3 (and maturin) to build using the stable ABI with minimum Python version 3.9
pyo3 = { version = "0.28.2", features = ["extension-module", "abi3-py39"] }
`
	rustFile = `use pyo3::prelude::*;

/// A Python module implemented in Rust. The name of this module must match
/// the ` + "`lib.name` setting in the `Cargo.toml`" + `, else Python will not be able to
/// import the module.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pyfunction]
    fn hello_from_bin() -> String {
        "Hello from {name}!".to_string()
    }
}
`
)

// What scikit-build-core builds from.
const (
	scikitTables = `[tool.scikit-build]
minimum-version = "build-system.requires"
build-dir = "build/{wheel_tag}"

[tool.uv]
cache-keys = [{ file = "pyproject.toml" }, { file = "src/**/*.{h,c,hpp,cpp}" }, { file = "CMakeLists.txt" }]

`
	cmakeFile = `cmake_minimum_required(VERSION 3.15...4.0)
project(${SKBUILD_PROJECT_NAME} LANGUAGES CXX)

find_package(pybind11 CONFIG REQUIRED)

pybind11_add_module(_core MODULE src/main.cpp)
install(TARGETS _core DESTINATION ${SKBUILD_PROJECT_NAME})
`
	cppFile = `#include <pybind11/pybind11.h>

std::string hello_from_bin() { return "Hello from {name}!"; }

namespace py = pybind11;

PYBIND11_MODULE(_core, m) {
  m.doc() = "pybind11 hello module";

  m.def("hello_from_bin", &hello_from_bin, R"pbdoc(
      A function that returns a Hello string.
  )pbdoc");
}
`
)

// Ignore is the .gitignore of a new repository.
func Ignore() File { return File{".gitignore", ignoreFile} }

const ignoreFile = `# Python-generated files
__pycache__/
*.py[oc]
build/
dist/
wheels/
*.egg-info

# Virtual environments
.venv
`
