// Package task knows the tasks of a project: the table [tool.tame.tasks] of its
// pyproject.toml, which task needs which, and when one need not run again.
//
// It runs nothing and touches no file: commands are run by its callers.
package task
