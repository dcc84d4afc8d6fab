// Package pyproject reads and edits pyproject.toml and the metadata blocks of
// scripts.
//
// A [File] is such a document, kept as it is written. [File.Project] reads the
// [project] table (PEP 621, PEP 639), [File.BuildSystem] the [build-system]
// table (PEP 517, PEP 518), [File.Groups] the [dependency-groups] table (PEP
// 735), [File.Tool] gives tools their own table. Reading takes what a tool
// needs and lets pass what it does not; [File.Validate] holds a document
// against all rules of the standards.
//
// The edits ([File.AddDependency], [File.RemoveDependency], [File.SetVersion],
// [File.SetSource] and others) change only what they are about: comments,
// layout and line ends elsewhere stay byte for byte. Lists of dependencies that
// are sorted stay sorted. The rules are those of uv.
//
// A [Script] is a Python file with a `# /// script` block (PEP 723); its block
// is a File whose dependencies are at the root instead of in [project].
package pyproject
