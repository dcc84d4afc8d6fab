// Package python finds Python interpreters and knows what they are.
//
// A [Request] is what a person asks for (3.12, pypy, >=3.10, a path, …). A
// [Finder] looks for it in the places that uv looks in, in uv's order: active
// and nearby virtual environments, managed installations, the search path, the
// Windows registry. What it finds is an [Installation]: an [Interpreter] and
// the [Source] that it came from. An Interpreter is a set of facts (version,
// markers, platform, install scheme), learnt by running it once and remembered
// in the cache until the executable changes.
//
// An [Environment] is an interpreter seen as a place to install into. A
// [VersionFile] is a .python-version file.
//
// The package does not read the process's environment or working directory:
// they are fields of the Finder.
package python
