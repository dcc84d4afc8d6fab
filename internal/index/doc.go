// Package index asks package indexes which files a project has and which of
// them may be used. A [Page] lists a project's files by version; a
// [VersionMap] is a page seen under a [Policy] (tags, Python, exclude-newer,
// yanked files, hashes, binaries or builds refused) and answers, for each
// version looked at, with a [Candidate]: the file to install, or why there is
// none. Which version to take is not decided here.
package index
