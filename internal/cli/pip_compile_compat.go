package cli

import "fmt"

// compileCompat are flags of pip-compile. Those that ask for what happens in
// any case are accepted with a warning, the others refused.
type compileCompat struct {
	allowUnsafe, noAllowUnsafe             bool
	reuseHashes, noReuseHashes             bool
	emitTrustedHost, noEmitTrustedHost     bool
	emitOptions, noEmitOptions             bool
	resolver                               string
	maxRounds, clientCert, config, pipArgs *string
}

func (c *compileCompat) register(f *flags) {
	f.Bool(&c.allowUnsafe, "allow-unsafe", "").Hide()
	f.Bool(&c.noAllowUnsafe, "no-allow-unsafe", "").Hide()
	f.Bool(&c.reuseHashes, "reuse-hashes", "").Hide()
	f.Bool(&c.noReuseHashes, "no-reuse-hashes", "").Hide()
	f.Bool(&c.emitTrustedHost, "emit-trusted-host", "").Hide()
	f.Bool(&c.noEmitTrustedHost, "no-emit-trusted-host", "").Hide()
	f.Bool(&c.emitOptions, "emit-options", "").Hide()
	f.Bool(&c.noEmitOptions, "no-emit-options", "").Hide()
	f.Choice(&c.resolver, "resolver", "RESOLVER", "", "backtracking", "legacy").Hide()
	f.Optional(&c.maxRounds, "max-rounds", "N", "").Hide()
	f.Optional(&c.clientCert, "client-cert", "FILE", "").Hide()
	f.Optional(&c.config, "config", "FILE", "").Hide()
	f.Optional(&c.pipArgs, "pip-args", "ARGS", "").Hide()
}

// check warns of the flags that have no effect, and refuses those whose effect
// is not to be had.
func (c *compileCompat) check(a *app) error {
	for _, flag := range []struct {
		given bool
		name  string
		why   string
	}{
		{c.allowUnsafe, "--allow-unsafe", a.name + " can safely pin `pip` and other packages"},
		{c.noAllowUnsafe, "--no-allow-unsafe", a.name + " can safely pin `pip` and other packages"},
		{c.noReuseHashes, "--no-reuse-hashes", a.name + " doesn't reuse hashes"},
		{c.resolver == "backtracking", "--resolver=backtracking", a.name + " always backtracks"},
		{c.noEmitTrustedHost, "--no-emit-trusted-host", a.name + " never emits trusted hosts"},
		{c.noEmitOptions, "--no-emit-options", a.name + " never emits options"},
	} {
		if flag.given {
			a.print.Warn("pip-compile's `%s` has no effect (%s)", flag.name, flag.why)
		}
	}
	for _, flag := range []struct {
		given bool
		name  string
		why   string
	}{
		{c.reuseHashes, "--reuse-hashes", a.name + " doesn't reuse hashes"},
		{c.resolver == "legacy", "--resolver=legacy", a.name + " always backtracks"},
		{c.maxRounds != nil, "--max-rounds", a.name + " always resolves until convergence"},
		{c.clientCert != nil, "--client-cert", a.name + " doesn't support dedicated client certificates"},
		{c.emitTrustedHost, "--emit-trusted-host", ""},
		{c.config != nil, "--config", a.name + " does not use a configuration file of pip-compile"},
		{c.emitOptions, "--emit-options", "try `--emit-build-options` instead"},
		{c.pipArgs != nil, "--pip-args", "try passing arguments to " + a.name + " directly"},
	} {
		switch {
		case flag.given && flag.why == "":
			return fmt.Errorf("pip-compile's `%s` is unsupported", flag.name)
		case flag.given:
			return fmt.Errorf("pip-compile's `%s` is unsupported (%s)", flag.name, flag.why)
		}
	}
	return nil
}

// syncCompat are flags of pip-sync, none of which has an equivalent.
type syncCompat struct {
	ask, user                            bool
	executable, cert, config, pipOptions *string
}

func (c *syncCompat) register(f *flags) {
	f.Bool(&c.ask, "ask", "").Hide()
	f.Optional(&c.executable, "python-executable", "FILE", "").Hide()
	f.Bool(&c.user, "user", "").Hide()
	f.Optional(&c.cert, "client-cert", "FILE", "").Hide()
	f.Optional(&c.config, "config", "FILE", "").Hide()
	f.Optional(&c.pipOptions, "pip-args", "ARGS", "").Hide()
}

// check refuses each of them and says what to do instead.
func (c *syncCompat) check(a *app) error {
	for _, flag := range []struct {
		given     bool
		name, why string
	}{
		{c.ask, "--ask", a.name + " never asks before it changes something; `--dry-run` says what would change"},
		{c.executable != nil, "--python-executable", "`--python` names the Python whose environment to change"},
		{c.user, "--user", "a virtual environment takes its place"},
		{c.cert != nil, "--client-cert", "`SSL_CLIENT_CERT` names a client's certificate"},
		{c.config != nil, "--config", a.name + " does not use a configuration file of pip-sync"},
		{c.pipOptions != nil, "--pip-args", "pass the arguments to " + a.name + " directly"},
	} {
		if flag.given {
			return fmt.Errorf("pip-sync's `%s` is unsupported (%s)", flag.name, flag.why)
		}
	}
	return nil
}
