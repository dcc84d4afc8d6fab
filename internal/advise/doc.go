// Package advise finds out what stands between a project and a newer Python.
//
// A Goal is a minor version of Python on some platforms. Its Needed are the packages
// of a lock that it installs, its Fit tells whether the files of a release are for
// it, and Blocked names the packages of which the locked release is not, with the
// releases that are. Conclude makes a Verdict of that and of what a resolver found.
//
// Scan reads the Python files of a project, and Findings tells which of what they use
// leaves the standard library, or is deprecated (package stdlib).
//
// A Request does all of that for a project, with an index to ask for releases and a
// resolver that it is handed.
package advise
