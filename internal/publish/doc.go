// Package publish uploads source distributions and wheels to a package index:
// by the upload protocol that all indexes have taken over from the first one,
// multipart forms with the metadata of a file beside it.
//
// [Collect] finds the files, [Read] makes the form of one, and a [Publisher]
// uploads it. [Token] obtains a short-lived token where a continuous integration
// service vouches for the project (trusted publishing).
//
// # Not twice
//
// An upload that breaks off may have been received. Before it is repeated, and
// before a refusal is reported, the index is asked whether it has the file with
// the same hash, if [Options].CheckURL says where. A file of that name with
// another hash is an error: it is never replaced.
package publish
