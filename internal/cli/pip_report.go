package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/tame-py/tame/internal/pip"
)

// checkReport refuses a report that could not be written: nothing is to be installed
// without.
func (a *app) checkReport(o *installOptions) error {
	if o.report == nil || *o.report == "-" {
		return nil
	}
	return a.checkOutput("report", *o.report)
}

// writeReport obeys `pip install --report`.
func (a *app) writeReport(ctx context.Context, o *installOptions, req *pip.InstallRequest, r *pip.InstallResult) error {
	if o.report == nil {
		return nil
	}
	report, err := req.Report(ctx, "tame."+Version, r)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(report); err != nil {
		return err
	}
	if *o.report == "-" {
		a.print.Data("%s", text.Bytes())
		return nil
	}
	if err := a.writeOutput(*o.report, text.Bytes()); err != nil {
		return fmt.Errorf("failed to write the report: %w", err)
	}
	return nil
}
