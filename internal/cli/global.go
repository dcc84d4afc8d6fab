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
	f.Under("Cache options")
	f.Pair(&g.noCache, "no-cache,n", "", "Work without the cache, in a temporary directory").FromEnv("UV_NO_CACHE").Alias("no-cache-dir")
	f.Text(&g.cacheDir, "cache-dir", "DIR", "Keep the cache in this directory").FromEnv("UV_CACHE_DIR")

	f.Under("Python options")
	f.Pair(&g.managedPython, "managed-python", "no-managed-python", "Use only Pythons that are managed by this tool").FromEnv("UV_MANAGED_PYTHON").
		Negated("Use no Pythons that are managed by this tool").FromEnv("UV_NO_MANAGED_PYTHON")
	f.Choice(&g.pythonPreference, "python-preference", "PREFERENCE", "Which Pythons to prefer",
		"only-managed", "managed", "system", "only-system").Hide().FromEnv("UV_PYTHON_PREFERENCE")
	f.Pair(&g.pythonDownloads, "allow-python-downloads", "no-python-downloads", "Download a Python where none is found").Hide().
		Negated("Download no Python").FromEnv("UV_PYTHON_DOWNLOADS")
	f.Choice(&g.pythonFetch, "python-fetch", "WHEN", "When to download a Python", "automatic", "manual", "never").Hide().Alias("python-downloads")

	f.Under("Global options")
	f.Count(&g.quiet, "quiet,q", "Print less; twice: print nothing")
	f.Count(&g.verbose, "verbose,v", "Print what is decided and why; twice: every step")
	f.Choice(&g.color, "color", "WHEN", "When to use colour", "auto", "always", "never")
	f.Bool(&g.noColor, "no-color", "Never use colour").Hide()
	f.Pair(&g.systemCerts, "system-certs", "no-system-certs", "Trust the certificates of the operating system").FromEnv("UV_SYSTEM_CERTS").Alias("native-tls").
		Negated("").Alias("no-native-tls")
	f.Pair(&g.offline, "offline", "no-offline", "Use no network").FromEnv("UV_OFFLINE")
	f.List(&g.insecureHosts, "allow-insecure-host", "HOST", "Do not verify the certificate of this host").FromEnv("UV_INSECURE_HOST").Alias("trusted-host")
	f.Pair(&g.noProgress, "no-progress", "", "Show no progress").FromEnv("UV_NO_PROGRESS")
	f.Text(&g.directory, "directory", "DIR", "Change to this directory first").FromEnv("UV_WORKING_DIR")
	f.Text(&g.project, "project", "DIR", "Look for the project in this directory").FromEnv("UV_PROJECT")
	f.Text(&g.configFile, "config-file", "FILE", "Read settings from this uv.toml, and from nowhere else").FromEnv("UV_CONFIG_FILE")
	f.Pair(&g.noConfig, "no-config", "", "Read no settings files").FromEnv("UV_NO_CONFIG")
	f.Bool(&g.isolated, "isolated", "Deprecated: see the `--isolated` of `run`").Hide()
	f.Choice(&g.showSettings, "show-settings", "FORMAT", "Show the settings in force, each with where it is from, and stop", "text", "json").Hide().Alone("text")
	f.Bool(&g.noInstallerMeta, "no-installer-metadata", "Write no INSTALLER, REQUESTED and direct_url.json").Hide().FromEnv("UV_NO_INSTALLER_METADATA")
	f.Pair(&g.preview, "preview", "no-preview", "Use what is still being tried out").Hide().FromEnv("UV_PREVIEW")
	f.Commas(&g.previewFeatures, "preview-features", "NAMES", "Use these features that are still being tried out").Hide().FromEnv("UV_PREVIEW_FEATURES").Alias("preview-feature")
}
