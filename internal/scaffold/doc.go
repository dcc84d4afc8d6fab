// Package scaffold knows the files that a new project or script begins with:
// pyproject.toml for each kind of project and build backend, and the source
// files that go with it. The texts are those of uv 0.12.5, byte for byte.
package scaffold
