// Package settings turns what a command line says into what the packages below
// obey: flags over variables over files give the [Settings] of one command.
//
// A group of flags that several commands share is a struct, such as [Indexes] or
// [Resolver], whose zero value says that none was given; a command line fills it,
// and knows how the flags are spelled. [Layers] are what lies below the flags:
// variables, and the settings of files. [Combine] lays the groups that a command has
// over them. The result speaks the terms of packages resolve, index and engine by
// its methods, such as [Settings.ResolveOptions].
//
// Nothing here reads a file or asks a network: what has to be known of the world is
// asked of functions in [Layers].
package settings
