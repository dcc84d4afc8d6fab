// Package pep508 reads and writes dependency specifiers, one at a time:
//
//	requests[security,socks] >= 2.8.1, == 2.8.* ; python_version < "3.11"
//	pip @ https://example.com/pip-1.3.1.zip ; os_name == "nt"
//
// (PEP 508 and its living form, "Dependency specifiers"). A [Requirement] has
// the name, the extras, either version specifiers or a URL, and a marker.
//
// [Parse] accepts what the specification does and what uv accepts beyond it;
// [ParseStrict] accepts nothing beyond it; [ParseLenient] repairs slips of
// published metadata. Requirements files, and only they, may leave out the name
// before a URL or path: that is an [Unnamed], which [ParseUnnamed] reads.
//
// URLs are kept as they were written. Reading them, expanding variables in
// them ([ExpandVars]) and resolving relative ones is left to the caller.
package pep508
