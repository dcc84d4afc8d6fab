// Package pip does the work of the commands that look like pip's: [Read] turns
// what the command line names (packages, requirements files, pyproject.toml,
// scripts) into [Inputs]; [Compile], [Install], [Sync], [Uninstall], [Check]
// and [Tree] work on them with an engine and return values. Nothing here
// prints: what is worth a status line goes to the request's Report function.
package pip
