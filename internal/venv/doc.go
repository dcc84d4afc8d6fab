// Package venv makes virtual environments (PEP 405) and knows how programs
// inside of them are started.
//
// [Create] writes the layout that uv writes: the interpreter's links,
// pyvenv.cfg, activation scripts for the usual shells, site-packages. It runs
// nothing: all it has to know is in the [python.Interpreter].
//
// [Shebang] and [Launcher] are the texts of the scripts that installing
// packages puts beside the interpreter.
package venv
