// Package config gathers what users have set: in uv.toml files, in [tool.uv] of
// a pyproject.toml or of a script, and in variables of the environment.
//
// [Load] finds and reads the files and combines them: those of the project come
// before those of the user, and these before those of the system. The result
// is one [Options], every field of which may be unset. Flags of the command
// line and variables come before all of it, which is the business of the
// caller, with [Combine] for lists and maps. [Pip] is what counts for the
// pip-like commands only; [Options.ForPip] puts it over the rest.
//
// [Env] is a snapshot of the environment, and the only reader of it:
// other packages get values or a lookup function. [Env.Variables] checks all
// variables that are not also a flag at once, as uv does at its start.
//
// Messages name file, line and column. What uv takes for an error is one here,
// what it only warns of is a warning ([Result.Warnings]).
package config
