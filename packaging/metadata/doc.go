// Package metadata reads what distributions say about themselves: the core
// metadata of METADATA and PKG-INFO files in every version from 1.0 on, SPDX
// license expressions, and the file direct_url.json.
//
// There are two ways to read metadata. [Parse] takes only what a resolver
// needs, fast, and forgives the slips that uv forgives, because most of them
// were published long ago and will not be repaired. [ParseRaw] takes every
// field as text, and [Raw.Validate] judges them as pypa/packaging does;
// [ParseStrict] is both together.
//
// Sources: the core metadata specification (PEP 241, 314, 345, 566, 643, 685,
// 639, 794), the direct URL data structure (PEP 610), the SPDX license list.
package metadata
