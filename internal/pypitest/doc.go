// Package pypitest is a package index for tests: it makes small, valid and
// reproducible wheels and source distributions in memory and serves them on
// loopback.
//
// What is on the index is said by sources: [Text] in a compact format for
// test scripts, [Releases] as Go values, [Path] for a folder or file in any
// of the formats, [Scenario] for a resolver scenario as JSON. Options change
// how the [Server] answers, a [Rule] makes it fail.
//
//	s := pypitest.New(t, pypitest.Text(`
//	flask 1.0 2.0
//	    requires werkzeug>=0.15 ; python_version >= '3.8'
//	    extra async: asgiref>=3
//	werkzeug 0.16
//	    script werkzeug = werkzeug:main
//	`))
//	s.Fail(pypitest.Rule{Path: "*.whl", Status: 503, Times: 1})
//	run("install", "--index-url", s.URL(), "flask")
//	s.Count("flask/") // requests for the page of flask
//
// The paths are
//
//	/simple/             all projects
//	/simple/NAME/        one project: JSON (PEP 691) when Accept asks for it, else HTML (PEP 503)
//	/files/NAME          wheels and sdists, with single byte ranges
//	/files/NAME.metadata the metadata of a wheel (PEP 658)
//	/links/              one HTML page with all files, for --find-links
//	/upload/             takes forms with new files, see [Upload]
//	/v1/                 a database of vulnerabilities as OSV has it, see [Vulnerability]
//	/_/oidc/             trusted publishing, see [MintedToken]
//
// # Compact format
//
// An unindented line begins releases: a name and one or more versions. Indented
// lines below say what is special about them, as far as needed:
//
//	requires REQUIREMENT         a dependency
//	extra NAME: REQUIREMENT      a dependency of an extra
//	python SPECIFIERS            Requires-Python
//	wheel TAG...                 wheels with these tags instead of py3-none-any
//	no-wheel, no-sdist           leave that kind of file out
//	yanked [REASON]              PEP 592
//	uploaded TIME                RFC 3339
//	summary TEXT                 core metadata
//	field NAME: VALUE            any other field of it
//	script NAME = MODULE:FUNC    console script; gui likewise
//	entry GROUP NAME = VALUE     any other entry point
//	file PATH [= LINE]           a file of the wheel; NAME-VERSION.data/... works
//	sdist-file PATH [= LINE]     a file of the sdist
//	build-requires REQUIREMENT   needed to build the sdist
//	build-fails [MESSAGE]        building the sdist fails
//	dynamic                      the sdist's metadata must be built to be known
//	hostile KIND                 see Hostile
//
// The text of a file is one line after "=", or the lines below that are
// indented deeper. Lines that begin with '#' are comments. Lines that begin
// with '@' are settings of the server, one of
//
//	@html, @json                 answer in one format only
//	@metadata off, @ranges off, @sizes off, @hashes off, @upload-times off
//	@auth USER PASSWORD          basic authentication is needed
//	@cache-control VALUE         of the project pages
//	@status PROJECT STATUS [REASON]
//	@vulnerability ID PACKAGE [WORD...]  see ParseVulnerability
//
// A file _index/NAME-VERSION.txtar describes one release: the comment of the
// archive holds lines as above, unindented, and its files are files of the
// wheel.
package pypitest
