// Package dist knows the files in which Python projects are distributed:
// wheels and source distributions, their names, and what lies in a wheel's
// .dist-info directory.
//
// [ParseWheel] and [ParseSdist] read file names as uv does; their Strict
// siblings hold to the specification. [ParseWheelInfo], [ParseRecord] and
// [ParseEntryPoints] read the files WHEEL, RECORD and entry_points.txt, and
// [OpenZip] finds files in a wheel through its central directory alone, so that
// the metadata of a remote wheel can be had for a few kilobytes.
//
// Sources: the binary distribution format (PEP 427, 491), the source
// distribution format (PEP 625, 643), recording installed projects (PEP 376,
// 627), the entry points specification.
package dist
