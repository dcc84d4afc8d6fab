package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/index"
	"github.com/tame-py/tame/internal/publish"
	"github.com/tame-py/tame/internal/settings"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/internal/web"
)

// publishFlags are the flags of `publish`.
type publishFlags struct {
	index                        string
	username, password, token    *string
	trusted, keyring             string
	url, checkURL                *string
	dryRun, skipExisting, direct bool
	noAttestations               *bool
}

func publishCommand() command {
	return command{
		path: "publish", args: "[FILE]...", short: "Upload distributions to an index",
		long: "Uploads source distributions and wheels, by default those in `dist`. No index is built in: its upload URL is given with " +
			"`--publish-url`, in the settings, or as the `publish-url` of an index named with `--index`.",
		prepare: func(f *flags) work {
			var o publishFlags
			o.register(f)
			return func(ctx context.Context, a *app, args []string) error { return a.publish(ctx, &o, args) }
		},
	}
}

func (o *publishFlags) register(f *flags) {
	f.Text(&o.index, "index", "NAME", "Publish to this index of the settings").FromEnv("UV_PUBLISH_INDEX")
	f.Optional(&o.username, "username,u", "NAME", "The username for the upload").FromEnv("UV_PUBLISH_USERNAME")
	f.Optional(&o.password, "password,p", "PASSWORD", "The password for the upload").FromEnv("UV_PUBLISH_PASSWORD")
	f.Optional(&o.token, "token,t", "TOKEN", "The token for the upload").FromEnv("UV_PUBLISH_TOKEN")
	f.Choice(&o.trusted, "trusted-publishing", "WHEN", "Obtain a token from the index on continuous integration services", "automatic", "always", "never")
	f.keyring(&o.keyring)
	f.Optional(&o.url, "publish-url", "URL", "Where to upload to (not the index that packages are installed from)").FromEnv("UV_PUBLISH_URL")
	f.Optional(&o.checkURL, "check-url", "URL", "The index to ask for files that are there already, which are skipped").FromEnv("UV_PUBLISH_CHECK_URL")
	f.Bool(&o.dryRun, "dry-run", "Only check, upload nothing")
	f.Pair(&o.noAttestations, "no-attestations", "", "Upload no attestations").FromEnv("UV_PUBLISH_NO_ATTESTATIONS")
	f.Bool(&o.skipExisting, "skip-existing", "Not supported").Hide()
	f.Bool(&o.direct, "direct", "Upload to the storage of the index").Hide()
	f.Exclusive("index", "publish-url")
	f.Exclusive("index", "check-url")
	f.Exclusive("token", "username")
	f.Exclusive("token", "password")
}

// A publishJob is a run of `publish`.
type publishJob struct {
	app       *app
	flags     *publishFlags
	settings  *workSettings
	url       string // to upload to, without credentials
	checkURL  string
	publisher *publish.Publisher
	store     *auth.Store
	problems  int // of a dry run
}

func (a *app) publish(ctx context.Context, o *publishFlags, args []string) error {
	if o.skipExisting {
		return withHint(usageError("`--skip-existing` is not supported: there is no reliable way to tell why an upload was refused"),
			"use `--check-url` with the URL of the index: files that it has are skipped")
	}
	j := &publishJob{app: a, flags: o}
	if err := j.settle(); err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"dist/*"}
	}
	noAttestations, err := a.flagOrEnv(o.noAttestations, "UV_PUBLISH_NO_ATTESTATIONS")
	if err != nil {
		return err
	}
	found, err := publish.Collect(a.dir, args, !isTrue(noAttestations))
	if err != nil {
		return err
	}
	for _, path := range found.Doubtful {
		a.print.Warn("Skipping file that looks like a distribution, but is not a valid distribution filename: `%s`", a.shown(path))
	}
	if len(found.Files) == 0 {
		return withHint(errors.New("no files found to publish"), "`%s build` makes them", a.name)
	}
	doing := "Publishing %s to %s"
	if o.dryRun {
		doing = "Checking %s against %s"
	}
	a.print.Line(doing, ui.Count(len(found.Files), "file"), auth.Redact(j.url))
	if err := j.connect(ctx); err != nil {
		return err
	}
	for i := range found.Files {
		if err := j.publishFile(ctx, &found.Files[i]); err != nil {
			return err
		}
	}
	if j.problems > 0 {
		a.print.Line("Found issues with %s", ui.Count(j.problems, "file"))
		return exitStatus(exitFailed)
	}
	return nil
}

// settle finds where to publish to, in the flags, variables and settings.
func (j *publishJob) settle() error {
	a, o := j.app, j.flags
	if o.direct {
		a.warnPreview("publish --direct", "direct-publish")
	}
	base, err := settings.Combine(a.layers(), settings.ForProject(&a.config), &settings.Indexes{Keyring: o.keyring})
	if err != nil {
		return err
	}
	j.settings = &workSettings{Settings: *base, app: a}
	name := first(o.index, a.env["UV_PUBLISH_INDEX"])
	if name != "" && o.url == nil {
		return j.settleIndex(name)
	}
	given := a.textOrEnv(o.url, "UV_PUBLISH_URL")
	if given == nil || *given == "" {
		given = a.config.PublishURL
	}
	if given == nil || *given == "" {
		return withHint(usageError("it is not known where to publish to: there is no default index for uploads"),
			"give the upload URL with `--publish-url` or `UV_PUBLISH_URL`, set `publish-url` in the settings, or name an index that has a `publish-url` with `--index`")
	}
	j.url = *given
	if check := a.textOrEnv(o.checkURL, "UV_PUBLISH_CHECK_URL"); check != nil && *check != "" {
		j.checkURL, err = a.locationURL(*check)
		return err
	}
	if a.config.CheckURL != nil {
		j.checkURL = a.config.CheckURL.URL
	}
	return nil
}

// settleIndex takes both URLs from an index of the settings.
func (j *publishJob) settleIndex(name string) error {
	var names []string
	for _, x := range j.settings.Indexes {
		if x.Name == name {
			if x.PublishURL == "" {
				return withHint(fmt.Errorf("the index `%s` has no publish URL", name), "add `publish-url` to its entry in the settings")
			}
			j.url, j.checkURL = x.PublishURL, x.URL
			return nil
		}
		if x.Name != "" {
			names = append(names, x.Name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return fmt.Errorf("index not found: `%s`; no index of the settings has a name", name)
	}
	return fmt.Errorf("index not found: `%s`; there are: `%s`", name, strings.Join(names, "`, `"))
}

// connect makes the clients, and finds the credentials.
func (j *publishJob) connect(ctx context.Context) error {
	a := j.app
	var l index.Locations
	for _, x := range j.settings.Indexes {
		l.Indexes = append(l.Indexes, settings.IndexOf(x))
	}
	var err error
	if j.store, err = a.authStore(j.settings, l); err != nil {
		return err
	}
	j.settings.canonical = true
	client, err := a.webClient(j.settings, j.store)
	if err != nil {
		return err
	}
	if client.Offline() {
		return errors.New("nothing can be published in offline mode")
	}
	bare, err := a.webClient(j.settings, auth.NewStore(auth.Options{Getenv: func(string) string { return "" }}))
	if err != nil {
		return err
	}
	credentials, err := j.credentials(ctx, bare)
	if err != nil {
		return err
	}
	if credentials.Complete() {
		j.store.Add(j.url, credentials)
	}
	o := publish.Options{
		URL: j.url, Credentials: credentials, CheckURL: j.checkURL, Web: client, Storage: bare, Retries: web.DefaultRetries, Debug: a.print.Debug,
	}
	if n := a.vars.HTTPRetries; n != nil {
		o.Retries = *n
	}
	if t := a.vars.UploadTimeout; t != nil {
		o.Timeout = *t
	}
	if progress := a.print.StartProgress(a.hidesProgress()); progress != nil {
		o.Progress = progressOf(progress)
	}
	j.publisher = publish.New(o)
	return nil
}

// publishFile uploads one file, unless the index has it. Errors end a dry run
// only when all files were looked at.
func (j *publishJob) publishFile(ctx context.Context, f *publish.File) error {
	a := j.app
	if f.Name != f.Normalized {
		a.print.Warn("`%s` has a non-normalized filename (expected `%s`), skipping", f.Name, f.Normalized)
		return nil
	}
	there, err := j.publisher.Exists(ctx, f)
	if err != nil {
		return j.problem(err)
	}
	if there {
		a.print.Line("File %s already exists, skipping", f.Name)
		return nil
	}
	info, err := os.Stat(f.Path)
	if err != nil {
		return j.problem(err)
	}
	size := a.print.Color.Dim("(" + ui.Bytes(info.Size()) + ")")
	if j.flags.dryRun {
		a.print.Line("%s %s %s", a.print.Color.Bold(a.print.Color.Cyan("Checking")), f.Name, size)
	} else {
		a.print.Line("%s %s %s", a.print.Color.Bold(a.print.Color.Green("Hashing")), f.Name, size)
	}
	form, err := publish.Read(f)
	if err != nil || j.flags.dryRun {
		return j.problem(err)
	}
	a.print.Line("%s %s %s", a.print.Color.Bold(a.print.Color.Green("Uploading")), f.Name, size)
	upload := j.publisher.Upload
	if j.flags.direct {
		upload = j.publisher.UploadDirect
	}
	uploaded, err := upload(ctx, f, form)
	if err == nil && !uploaded {
		a.print.Line("%s", a.print.Color.Dim("File already exists, skipping"))
	}
	return err
}

func (j *publishJob) problem(err error) error {
	if err == nil || !j.flags.dryRun {
		return err
	}
	j.problems++
	j.app.print.Error(err)
	return nil
}
