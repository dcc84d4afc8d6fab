package cli

// globalFlags are those that every command takes.
type globalFlags struct {
	quiet, verbose   int
	color            string
	noColor          bool
	offline          *bool
	noProgress       *bool
	systemCerts      *bool
	nativeTLS        bool // systemCerts was given by its older name
	insecureHosts    []string
	directory        string
	project          string
	configFile       string
	noConfig         *bool
	noCache          *bool
	cacheDir         string
	managedPython    *bool
	pythonPreference string
	pythonDownloads  *bool
	pythonFetch      string
	preview          *bool
	previewFeatures  []string
	isolated         bool
	showSettings     string // "", text, json
	noInstallerMeta  bool
}

func (g *globalFlags) register(f *flags) {
	f.under("Cache options")
	f.pair(&g.noCache, "no-cache,n", "", "Work without the cache, in a temporary directory").fromEnv("UV_NO_CACHE").alias("no-cache-dir")
	f.text(&g.cacheDir, "cache-dir", "DIR", "Keep the cache in this directory").fromEnv("UV_CACHE_DIR")

	f.under("Python options")
	f.pair(&g.managedPython, "managed-python", "no-managed-python", "Use only Pythons that are managed by this tool").fromEnv("UV_MANAGED_PYTHON").
		negated("Use no Pythons that are managed by this tool").fromEnv("UV_NO_MANAGED_PYTHON")
	f.choice(&g.pythonPreference, "python-preference", "PREFERENCE", "Which Pythons to prefer",
		"only-managed", "managed", "system", "only-system").hide().fromEnv("UV_PYTHON_PREFERENCE")
	f.pair(&g.pythonDownloads, "allow-python-downloads", "no-python-downloads", "Download a Python where none is found").hide().
		negated("Download no Python").fromEnv("UV_PYTHON_DOWNLOADS")
	f.choice(&g.pythonFetch, "python-fetch", "WHEN", "When to download a Python", "automatic", "manual", "never").hide().alias("python-downloads")

	f.under("Global options")
	f.count(&g.quiet, "quiet,q", "Print less; twice: print nothing")
	f.count(&g.verbose, "verbose,v", "Print what is decided and why; twice: every step")
	f.choice(&g.color, "color", "WHEN", "When to use colour", "auto", "always", "never")
	f.bool(&g.noColor, "no-color", "Never use colour").hide()
	f.pair(&g.systemCerts, "system-certs", "no-system-certs", "Trust the certificates of the operating system").fromEnv("UV_SYSTEM_CERTS").alias("native-tls").
		negated("").alias("no-native-tls")
	f.pair(&g.offline, "offline", "no-offline", "Use no network").fromEnv("UV_OFFLINE")
	f.list(&g.insecureHosts, "allow-insecure-host", "HOST", "Do not verify the certificate of this host").fromEnv("UV_INSECURE_HOST").alias("trusted-host")
	f.pair(&g.noProgress, "no-progress", "", "Show no progress").fromEnv("UV_NO_PROGRESS")
	f.text(&g.directory, "directory", "DIR", "Change to this directory first").fromEnv("UV_WORKING_DIR")
	f.text(&g.project, "project", "DIR", "Look for the project in this directory").fromEnv("UV_PROJECT")
	f.text(&g.configFile, "config-file", "FILE", "Read settings from this uv.toml, and from nowhere else").fromEnv("UV_CONFIG_FILE")
	f.pair(&g.noConfig, "no-config", "", "Read no settings files").fromEnv("UV_NO_CONFIG")
	f.bool(&g.isolated, "isolated", "Deprecated: see the `--isolated` of `run`").hide()
	f.choice(&g.showSettings, "show-settings", "FORMAT", "Show the settings in force, each with where it is from, and stop", "text", "json").hide()
	f.last.NoOptDefVal = "text"
	f.bool(&g.noInstallerMeta, "no-installer-metadata", "Write no INSTALLER, REQUESTED and direct_url.json").hide().fromEnv("UV_NO_INSTALLER_METADATA")
	f.pair(&g.preview, "preview", "no-preview", "Use what is still being tried out").hide().fromEnv("UV_PREVIEW")
	f.commas(&g.previewFeatures, "preview-features", "NAMES", "Use these features that are still being tried out").hide().fromEnv("UV_PREVIEW_FEATURES").alias("preview-feature")
}
