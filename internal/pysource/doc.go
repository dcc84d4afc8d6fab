// Package pysource reads Python source text as far as names go: which modules a
// file imports, and which of their attributes it uses.
//
// Tokens splits a text into tokens as the language reference does (chapter 2,
// "Lexical analysis"), with the expressions inside of f-strings (PEP 498, 701) and
// template strings (PEP 750). It knows no grammar, so it reads the source of every
// Python 3, and takes what is no Python as it comes. Uses finds the names in it.
// Nothing is executed, and no Python is needed.
package pysource
