package pypitest

import _ "embed" // for the build backends

// treeBackend is the build backend of source trees.
//
//go:embed backend_tree.py
var treeBackend string

// scenarioBackend is the one of the shared conformance scenarios, whose
// hashes depend on it.
//
//go:embed backend_scenario.py
var scenarioBackend string
