// Package lock holds uv.lock: the file that pins everything a project needs,
// for all its platforms and Pythons at once.
//
// A [Lock] is the content of the file. [Read] reads it and [Lock.Bytes] writes
// it, in the one layout that the format has: reading and writing what a tool
// wrote changes no byte. [FromGraph] makes a lock from a resolution,
// [Lock.Preferences] gives the resolver what to keep of an old one, and
// [Lock.Satisfies] tells whether an old one still answers what is asked, or in
// one sentence why not.
//
// Everything else reads a lock and needs no network: [Lock.Target] chooses what
// to install in an environment, [Lock.Tree] shows who needs what,
// [Lock.Requirements], [Lock.Pylock] and [Lock.CycloneDX] say the same in other
// formats, and [Compare] tells two locks apart.
//
// # Markers
//
// A lock is for the Pythons of its requires-python and, if the project limits
// them, for some environments. Markers in the file do not repeat that. In a Lock
// they are as in the file; [Lock.Whole] adds what they leave out. Where a project
// has extras or groups that conflict, markers of dependencies ask which of them
// are active, by the extras that [source.ConflictItem] encodes.
package lock
