package cli

import "slices"

// previews reports whether a feature that is still being tried out is on:
// flags go before variables, and those before settings.
func (a *app) previews(feature string) bool {
	features := a.listOrEnv(a.global.previewFeatures, "UV_PREVIEW_FEATURES")
	switch {
	case a.global.preview != nil:
		return *a.global.preview
	case slices.Contains(features, feature):
		return true
	case a.vars.Preview != nil:
		return *a.vars.Preview
	case a.config.Preview != nil:
		return a.config.Preview.All || slices.Contains(a.config.Preview.Features, feature)
	}
	return false
}

// warnPreview says that a command may change, unless its feature was turned on.
func (a *app) warnPreview(command, feature string) {
	if !a.previews(feature) {
		a.print.Warn("`%s %s` is experimental and may change without warning. Pass `--preview-features %s` to disable this warning.", a.name, command, feature)
	}
}
