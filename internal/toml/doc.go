// Package toml reads and edits TOML 1.0 documents without disturbing what it
// was not asked to change.
//
// [Parse] checks a text and keeps it as written. From the [Document] a caller
// can read a tree of [Value]s that know their place ([Document.Root]), decode
// into Go structs ([Document.Decode]), or edit: each edit is a splice of the
// text ([Document.Set], [Document.Delete], [Document.InsertElem] and others),
// so comments, blank lines, indentation, quoting and line endings elsewhere
// stay byte for byte. After an edit the text is parsed again; an edit that
// would break the document is undone and reported.
//
// New text is given as a [Literal], made by [LitString], [LitArray],
// [LitTable] and so on, with the quoting that uv uses.
//
// Syntax and decoding are github.com/pelletier/go-toml/v2. As that library
// and uv do, it also takes the relaxed inline tables of TOML 1.1.
package toml
