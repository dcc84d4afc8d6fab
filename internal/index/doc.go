// Package index asks package indexes which files a project has, which of them
// may be used, and what metadata they have.
//
// A [Client] knows the [Locations] where projects are looked for: indexes that
// speak the simple repository API (PEP 503, 691), folders laid out like one, and
// flat lists of files (--find-links). [Client.Versions] finds the pages of a
// project, by the rules of a [Strategy], and returns a [VersionMap] for each
// index that has it. [Client.Metadata] reads the core metadata of a wheel by the
// shortest way there is: the file that the index offers beside it (PEP 658),
// parts of the wheel, or the whole.
//
// A version map is a [Page] of files by version, seen under a [Policy] (tags,
// Python, exclude-newer, yanked files, hashes, binaries or builds refused). It
// answers, for each version looked at, with a [Candidate]: the file to install,
// or why there is none. Which version to take is not decided here.
//
// What an index has not, or does not give, is a value: [Absence], [Problem],
// [Unavailable]. An error is what ends the work, such as a network that fails.
//
// No index is built in: with empty locations nothing is found.
package index
