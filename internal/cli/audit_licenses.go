package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/tame-py/tame/internal/audit"
	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/internal/par"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/metadata"
)

// licenses lists the licences of packages, and fails if the policy of the project
// does not allow one.
func (u *auditing) licenses(ctx context.Context) error {
	policy, err := audit.ParsePolicy(u.projectRoot())
	if err != nil {
		return fmt.Errorf("failed to parse: `%s`: %w", u.app.shown(u.projectRoot().Name()), err)
	}
	packages, err := u.auditable()
	if err != nil {
		return err
	}
	all, err := u.licensesOf(ctx, packages, policy)
	if err != nil {
		return err
	}
	report := audit.NewLicenseReport(all, policy)
	if u.flags.format == "json" {
		text, err := report.JSON()
		if err != nil {
			return err
		}
		u.app.print.DataBytes(text)
	} else {
		u.app.showLicenses(report)
	}
	if report.Denied > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

// licensesOf reads the licences of packages from their metadata, unless the policy
// says what they are.
func (r *lockReading) licensesOf(ctx context.Context, packages []lock.Auditable, policy *audit.Policy) ([]audit.Licensed, error) {
	e, err := r.connected(ctx, r.interpreter)
	if err != nil {
		return nil, err
	}
	out := make([]audit.Licensed, len(packages))
	err = par.ForEach(ctx, 50, len(packages), func(ctx context.Context, i int) error {
		p := packages[i]
		out[i].Dependency = audit.Dependency{Name: p.Name, Version: p.Version}
		if text, ok := policy.Packages[p.Name]; ok {
			out[i].License = audit.LicenseOf(metadata.ParseHeaders([]byte("License-Expression: "+text)), nil)
			return nil
		}
		d := p.Describing(r.target.Dir())
		if d == nil {
			return nil
		}
		h, file, err := e.Headers(ctx, d)
		if err != nil {
			return fmt.Errorf("reading the license of %s: %w", p.ID(), err)
		}
		out[i].License = audit.LicenseOf(h, file)
		return nil
	})
	return out, err
}

// showLicenses prints a list for people.
func (a *app) showLicenses(r *audit.LicenseReport) {
	rows := make([][]string, len(r.Packages))
	for i, p := range r.Packages {
		rows[i] = []string{string(p.Dependency.Name), p.Dependency.Version.String(), p.License.String()}
	}
	if len(rows) > 0 {
		a.print.Data("%s", ui.Columns([]string{"Package", "Version", "License"}, rows))
	}
	c := a.print.Color
	if r.Policy {
		found := c.Bold("no denied licenses")
		if r.Denied > 0 {
			found = c.Yellow(strings.Replace(ui.Count(r.Denied, "license"), " ", " denied ", 1))
		}
		a.print.Line("Found %s in %s", found, c.Bold(ui.Count(len(r.Packages), "package")))
	}
	if r.Denied == 0 {
		return
	}
	a.print.Data("\nDenied licenses:\n\n")
	for _, p := range r.Packages {
		if p.Denied != "" {
			a.print.Data("- %s %s: %s\n", a.print.OutColor.Bold(string(p.Dependency.Name)), p.Dependency.Version, p.Denied)
		}
	}
}
