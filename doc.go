// Package tame is the root of the module: it holds no code, only the tests
// that keep the house in order (see floors_test.go). The program is in
// cmd/tame, its parts are in internal, and the Python packaging standards
// that others may import are in packaging.
package tame
