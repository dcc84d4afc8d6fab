// Package bundle turns an application with all that it needs into something that
// is copied to another machine and run there: a folder, a zip archive that
// Python runs (PEP 441), or one file that unpacks itself and brings its Python
// along.
//
// Whoever bundles fills a directory, the root of the bundle, by installing: into
// [Spec.Site] below it. [CopyPython] puts a Python there first, if it is to
// come along. Then [Spec.Finish] adds the launchers, which makes the root a
// bundle in the form of a folder, and [Spec.Zipapp] or [Spec.Executable] write
// that as one file.
//
// Nothing in a bundle tells of the machine that made it, and the same content
// gives the same bytes: members are sorted, permissions are 644 or 755, owners
// are left out, and there is one time for all.
//
// # What runs on the other machine
//
// Launchers need a POSIX shell and, in the file that unpacks itself, tail, gzip,
// tar and mktemp. What is unpacked goes into a folder of the user's cache that
// is named by the content: made aside, renamed into place, so that it is whole
// or not there, however many processes begin at once and whenever one is killed.
package bundle
