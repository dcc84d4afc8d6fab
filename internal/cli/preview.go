package cli

import (
	"slices"
	"strings"
)

// previewFeatures are those of the flag, or else of the variable.
func (a *app) previewFeatures() []string {
	return a.listOrEnv(a.global.previewFeatures, "UV_PREVIEW_FEATURES")
}

// fullPreviewName is the name of a feature for one that may be a shorter one.
func fullPreviewName(name string) string {
	switch name = strings.TrimSpace(name); name {
	case "audit", "check", "format":
		return name + "-command"
	}
	return name
}

// isPreviewName reports whether uv has, or had, a feature of that name.
func isPreviewName(name string) bool {
	switch fullPreviewName(name) {
	case "add-bounds", "artifact-hash-filtering", "audit-command", "auth-helper", "azure-endpoint", "cache-physical-space",
		"cache-size", "centralized-project-envs", "check-command", "detect-module-conflicts", "direct-publish",
		"extra-build-dependencies", "format-command", "gcs-endpoint", "index-by-name", "index-exclude-newer",
		"index-hash-algorithm", "json-output", "lock-without-metadata", "lockfile-format-check", "malware-check",
		"metadata-json", "native-auth", "no-distutils-patch", "package-conflicts", "pylock", "python-install-default",
		"relocatable-envs-default", "s3-endpoint", "sbom-export", "tar-codec", "tool-install-locks", "workspace-dir",
		"workspace-list", "workspace-list-scripts", "workspace-metadata":
		return true
	// What is no longer being tried out is always on.
	case "adjust-ulimit", "init-project-flag", "packaged-init", "project-directory-must-exist",
		"publish-require-normalized", "special-conda-env-names", "target-workspace-discovery",
		"toml-backwards-compatibility", "venv-safe-clear":
		return true
	}
	return false
}

// warnUnknownPreviews names the features that there are none of.
func (a *app) warnUnknownPreviews() {
	for _, name := range a.previewFeatures() {
		if name != "" && !isPreviewName(name) {
			a.warnOnce("Unknown preview feature: `" + name + "`")
		}
	}
	if p := a.config.Preview; p != nil {
		for _, name := range p.Features {
			if !isPreviewName(name) {
				a.warnOnce("Unknown preview feature: `" + name + "`")
			}
		}
	}
}

// previews reports whether a feature that is still being tried out is on:
// flags go before variables, and those before settings.
func (a *app) previews(feature string) bool {
	named := func(features []string) bool {
		return slices.ContainsFunc(features, func(name string) bool { return fullPreviewName(name) == feature })
	}
	switch {
	case a.global.preview != nil:
		return *a.global.preview
	case named(a.previewFeatures()):
		return true
	case a.vars.Preview != nil:
		return *a.vars.Preview
	case a.config.Preview != nil:
		return a.config.Preview.All || named(a.config.Preview.Features)
	}
	return false
}

// warnPreview says that a command may change, unless its feature was turned on.
func (a *app) warnPreview(command, feature string) {
	if !a.previews(feature) {
		a.print.Warn("`%s %s` is experimental and may change without warning. Pass `--preview-features %s` to disable this warning.", a.name, command, feature)
	}
}
