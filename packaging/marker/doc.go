// Package marker holds environment markers: the conditions after the semicolon
// of a dependency specifier, such as
//
//	python_version < '3.11' and sys_platform == 'win32'
//
// (PEP 508 and the "Dependency specifiers" page of the packaging
// specifications; PEP 685 for extras, PEP 751 for the lists `extras` and
// `dependency_groups`).
//
// A marker is a [Tree]: a reduced, ordered decision diagram whose nodes are
// shared by the whole process. Versions and strings are decided by one node
// with an edge for each interval of values, everything else by a yes-or-no
// node. Because the diagrams are canonical, two markers that mean the same are
// the same Tree and may be compared with ==; [Tree.Not] costs nothing, and
// [Tree.And], [Tree.Or] and [Tree.Disjoint] are polynomial and remember their
// answers.
//
// [Parse] reads text, [Tree.String] writes the simplified disjunctive form that
// lock files hold, [Tree.Evaluate] asks whether a marker holds in an [Env].
// [Tree.SimplifyPython], [Tree.Restrict] and their like rewrite a marker under
// something known to be true.
//
// A few pairs of conditions are taken to exclude each other although the
// grammar does not say so, such as os_name == 'nt' and sys_platform == 'linux'.
// Conjunctions of them are false.
//
// All functions may be called from many goroutines at once. Nodes are never
// freed: the table grows with the number of different conditions a process
// meets, and [Parse] refuses text whose diagram explodes. The tables of
// remembered answers have a fixed size.
package marker
