package cache

import "strings"

// A Bucket is a directory in the cache for one kind of thing. The number in
// its name is the version of its format: whoever changes the format raises
// it, and [Cache.Prune] removes the buckets of versions that are gone.
type Bucket string

// The buckets. Where a path holds a package, cleaning the cache of that
// package finds it by its name ([Segment]): as the first part of the path, or
// for Pages as the second, in both cases with or without an extension.
const (
	// Archives holds unpacked wheels: <id>/{manifest,tree}. See [Archive].
	Archives Bucket = "tame-archives-v0"
	// Wheels holds what leads to them: <package>/<key>. See [Wheel].
	Wheels Bucket = "tame-wheels-v0"
	// Pages holds the pages of indexes: <key of index>/<package>.
	Pages Bucket = "tame-pages-v0"
	// Metadata holds core metadata of distributions: <package>/<key>.
	Metadata Bucket = "tame-metadata-v0"
	// Sources holds source distributions and what was built from them:
	// <package>/<key>/….
	Sources Bucket = "tame-sources-v0"
	// Responses holds other answers to HTTP requests: <key of URL>.
	Responses Bucket = "tame-responses-v0"
	// Git holds repositories and check-outs.
	Git Bucket = "tame-git-v0"
	// Interpreters holds what interpreters said of themselves.
	Interpreters Bucket = "tame-interpreters-v0"
	// Sites holds what the distributions of environments said of themselves:
	// <key of directory>; pruning removes all of them.
	Sites Bucket = "tame-sites-v0"
	// Locks holds what was found to agree with lock files: <key of directory>;
	// pruning removes all of them.
	Locks Bucket = "tame-locks-v0"
	// Sizes holds what [Size] found in directories whose files never change.
	Sizes Bucket = "tame-sizes-v0"
	// Environments holds environments of tools and scripts; pruning removes
	// all of them.
	Environments Bucket = "tame-environments-v0"
	// Builds holds environments and trees of builds under way.
	Builds Bucket = "tame-builds-v0"
	// Pythons holds downloads of managed Pythons.
	Pythons Bucket = "tame-pythons-v0"
	// Partials holds the beginnings of interrupted downloads: <key of URL>.
	Partials Bucket = "tame-partials-v0"
	// Tasks holds what tasks of projects have made of what: <key of task>; pruning
	// removes all of them.
	Tasks Bucket = "tame-tasks-v0"
	// Temporaries holds what is being written. See [Cache.TempDir].
	Temporaries Bucket = "tame-temporaries-v0"
)

const ours = "tame-"

// Buckets returns all buckets of this version.
func Buckets() []Bucket {
	return []Bucket{
		Archives, Wheels, Pages, Metadata, Sources, Responses, Git, Interpreters,
		Sites, Locks, Sizes, Environments, Builds, Pythons, Partials, Tasks, Temporaries,
	}
}

// isOurs says whether a name at the root of the cache is that of a bucket of
// tame, of any version.
func isOurs(name string) bool { return strings.HasPrefix(name, ours) }
