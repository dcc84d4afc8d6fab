// Package audit asks what is known against the packages of a lock: known
// vulnerabilities, malware, adverse states of projects (PEP 792), and licences
// that a policy does not allow.
//
// A [Service] asks a database that speaks the protocol of OSV (https://osv.dev)
// which of some packages have vulnerabilities. [Vulnerability] and
// [ProjectStatus] are findings; a [Report] puts them in order and is written as
// text by whoever shows it, as JSON by [Report.JSON] and as SARIF by [SARIF].
// [Ignores] leaves out what the user has looked at already, and [Fixes] says
// which versions would do away with the findings. [LicenseOf] reads the licence
// of a package from its metadata, which a [Policy] judges.
//
// Sources: the OSV schema 1.7 and API v1, PEP 792 (project status), PEP 639
// (licences in metadata), SARIF 2.1.0.
package audit
