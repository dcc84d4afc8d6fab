// Package managed knows the Pythons that uv (and so tame) installs and keeps:
// where they live, how their directories are named, which of them this
// machine can run, and what is inside one.
//
// A [Store] is the directory of installations; each [Installation] in it is a
// directory named by its [Key], such as cpython-3.12.3-linux-x86_64-gnu. A
// [Platform] is the last three parts of a key; [Host] is the platform of this
// machine. Beside the installations stand minor-version links
// (cpython-3.12-linux-x86_64-gnu), which environments point at so that a patch
// release reaches them; see [Installation.MinorLink].
//
// The layout is uv's, so both programs share one set of interpreters.
package managed
