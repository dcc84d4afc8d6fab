// Package build is a front end of the build backends of Python projects: PEP
// 517, its editable form PEP 660, the [build-system] table of PEP 518 and
// config settings.
//
// [Open] takes a source tree and starts a [Session]: it reads which backend the
// tree has, asks a [Provisioner] for an environment with what that requires, and
// starts one Python process, in which all hooks of the build run; a [Pool] lets
// builds share the import of their backend. The session then asks the backend for
// metadata ([Session.Metadata]) and has it build ([Session.Build]). The
// requirements that a hook adds are seen to on the way; only if the environment at
// hand does not have them, the process is started anew in another one.
//
// # What a backend may do
//
// A backend is a stranger's program. It gets no terminal and nothing to read;
// whatever it and its children write is captured, apart from its answers, which
// go through a pipe of their own that no child inherits. It runs in a process
// group that ends with the session. What it says that it made is looked at: a
// wheel that is not there, or elsewhere, or is no wheel, is an [Error], which
// carries the output and tells the likely cause.
package build
