// Package requirements reads and writes requirements files, in pip's format as
// uv understands it:
//
//	-r base.txt
//	-c constraints.txt
//	--index-url https://example.com/simple
//	requests[socks] >= 2.8 ; python_version < "3.11"  # a comment
//	-e ./project[dev]
//	flask==3.0.0 \
//	    --hash=sha256:…
//
// [Parse] returns one [File], into which the files included by -r and -c are
// merged. They are named relative to the file that includes them, may be URLs,
// and come through a function of the caller, so that the package touches
// neither disk nor network. A file is read once as requirements and once as
// constraints, however often it is included.
//
// Paths of projects are relative to the directory the command runs in, not to
// the file, as in pip; paths of --find-links are relative to the file.
//
// "${NAME}" is replaced by a variable of the environment in URLs, paths and
// names of files. Text is UTF-8, UTF-16 or UTF-32 by its byte order mark, or
// what a "coding: name" comment in the first two lines says (PEP 263).
package requirements
