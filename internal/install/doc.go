// Package install knows what is installed in an environment and changes it.
//
// [Open] makes the [Site] of an environment: one directory scan that reads
// names alone; everything else about an [Installed] distribution is read when
// asked for. [Checker] tells whether an installed distribution still answers
// what is wanted, and [NewPlan] compares a whole resolution with a site. [Apply]
// carries out changes: [Uninstall] removes distributions and [Install] places
// unpacked wheels, both many at once. [Compile] makes bytecode, unless the
// cache has it already ([Kept]).
//
// # What a killed process leaves
//
// A distribution is visible through its .dist-info directory alone. Installing
// builds that directory under a hidden name, beginning with the final RECORD,
// then places all other files, and renames it last. Uninstalling renames it to a
// hidden name first. So at any moment each distribution is either there or not,
// and a hidden directory with a RECORD tells what a killed process left behind:
// [Site.Repair], which every change begins with, removes it.
//
// The environment's lock ([Lock]) is held during all changes.
package install
