package cli

import (
	"strconv"
	"strings"

	"github.com/tame-py/tame/internal/audit"
	"github.com/tame-py/tame/internal/ui"
	"github.com/tame-py/tame/packaging/simple"
)

// showAudit prints what was found, in the format that was asked for. It fails if
// there are vulnerabilities; what indexes say of projects is only told.
func (a *app) showAudit(format string, r *audit.Report, artifact string) error {
	var text []byte
	var err error
	switch format {
	case "json":
		text, err = r.JSON()
	case "sarif":
		text, err = audit.SARIF(a.sarifTool(), audit.SARIFRun{Report: r, Artifact: artifact})
	default:
		a.showFindings(r)
	}
	if err != nil {
		return err
	}
	a.print.DataBytes(text)
	return auditStatus(r)
}

// auditStatus is the exit code of an audit.
func auditStatus(r *audit.Report) error {
	if len(r.Vulnerabilities) > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

func (a *app) sarifTool() audit.SARIFTool {
	return audit.SARIFTool{Name: a.name, Version: Version, Home: "https://github.com/tame-py/tame"}
}

// showFindings prints a report for people: how many there are on standard error,
// what they are on standard output.
func (a *app) showFindings(r *audit.Report) {
	c := a.print.Color
	found := c.Bold("no known vulnerabilities")
	if n := len(r.Vulnerabilities); n > 0 {
		found = c.Yellow(strings.Replace(ui.Count(n, "vulnerability"), " ", " known ", 1))
	}
	adverse := c.Bold("no adverse project statuses")
	if n := len(r.Statuses); n > 0 {
		adverse = c.Yellow(strconv.Itoa(n)) + " adverse project status"
		if n > 1 {
			adverse += "es"
		}
	}
	a.print.Line("Found %s and %s in %s", found, adverse, c.Bold(ui.Count(r.Packages, "package")))
	if len(r.Vulnerabilities) > 0 {
		a.print.Data("\nVulnerabilities:\n\n")
	}
	for rest := r.Vulnerabilities; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Dependency.Compare(rest[0].Dependency) == 0 {
			n++
		}
		a.showVulnerabilities(rest[:n])
		rest = rest[n:]
	}
	if len(r.Statuses) > 0 {
		a.print.Data("\nAdverse statuses:\n\n")
	}
	for _, s := range r.Statuses {
		a.print.Data("- %s\n", a.statusText(s))
	}
}

// showVulnerabilities prints those of one package.
func (a *app) showVulnerabilities(all []audit.Vulnerability) {
	c, of := a.print.OutColor, all[0].Dependency
	a.print.Data("%s has %s:\n\n", c.Bold(string(of.Name)+" "+of.Version.String()), strings.Replace(ui.Count(len(all), "vulnerability"), " ", " known ", 1))
	for i := range all {
		v := &all[i]
		summary := v.Summary
		if summary == "" {
			summary = "No summary provided"
		}
		fixed := "No fix versions available"
		if len(v.Fixed) > 0 {
			versions := make([]string, len(v.Fixed))
			for i := range v.Fixed {
				versions[i] = v.Fixed[i].String()
			}
			fixed = "Fixed in: " + c.Blue(strings.Join(versions, ", "))
		}
		a.print.Data("- %s: %s\n\n  %s\n\n  Advisory information: %s\n\n", c.Bold(v.DisplayID()), summary, fixed, c.Blue(v.Link))
	}
}

func (a *app) statusText(s audit.ProjectStatus) string {
	c := a.print.OutColor
	paint := c.Yellow
	if s.Status == simple.Quarantined {
		paint = c.Red
	}
	text := c.Bold(string(s.Name)) + " is " + paint(string(s.Status))
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}
