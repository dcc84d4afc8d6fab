// Package backend is a build backend (PEP 517, PEP 660) for pure Python
// projects whose artifacts equal those of uv_build: the same members in the same
// order with the same bytes and permissions, from the same settings in
// [tool.uv.build-backend].
//
// [Sdist], [Wheel] and [Editable] build; [Metadata] tells what a wheel would say
// of itself; [ListSdist] and [ListWheel] tell what artifacts would hold. [Check] says whether a project asks for this backend. No Python
// and no environment is needed for any of it.
//
// Builds are reproducible: members are sorted, permissions fixed, and time
// stamps are one constant or that of SOURCE_DATE_EPOCH.
//
// One thing goes beyond uv_build: a version may come from the version control
// system, see [VersionSource].
package backend
