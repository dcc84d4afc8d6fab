module github.com/tame-py/tame

go 1.26.0

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0 // latencies: histograms that bound the relative error, and their format
	github.com/bmatcuk/doublestar/v4 v4.10.4 // glob patterns with **, for cache keys and workspace members
	github.com/fsnotify/fsnotify v1.10.1 // word from Linux and Windows that files changed, for run --watch
	github.com/google/go-cmp v0.7.0 // readable differences in tests
	github.com/klauspost/compress v1.20.3 // deflate for what is built; zstd for the tests of ours
	github.com/pelletier/go-toml/v2 v2.4.3 // TOML decoding, and the syntax walk below the format-keeping editor
	github.com/rogpeppe/go-internal v1.16.0 // testscript: commands are tested as scripts
	github.com/spf13/cobra v1.10.2 // commands, help and completion
	github.com/spf13/pflag v1.0.10 // GNU-style flags, registered only for the chosen command
	github.com/ulikunitz/xz v0.5.17 // for the tests of our reader of .xz
	github.com/zalando/go-keyring v0.2.8 // the secret stores of the operating systems
	golang.org/x/net v0.62.0 // the HTML tokenizer that ours is held against in a fuzz target
	golang.org/x/sync v0.24.0 // errgroup and semaphore
	golang.org/x/sys v0.49.0 // flock, FICLONE, linkat and what else os lacks
	golang.org/x/term v0.47.0 // is this a terminal, and how wide
	golang.org/x/text v0.43.0 // decoding requirements files that are not UTF-8
	pgregory.net/rapid v1.3.0 // laws of the algebras, checked on generated values
)

require (
	github.com/danieljoos/wincred v1.2.3 // indirect
	github.com/godbus/dbus/v5 v5.2.2 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)
