package audit

// Licensed is a package with its licence.
type Licensed struct {
	Dependency
	License
	// Denied says why the policy does not allow it; empty if it does.
	Denied string
}

// A LicenseReport is what licences some packages have, and what a policy says.
type LicenseReport struct {
	Packages []Licensed
	Denied   int
	Policy   bool // there is one
}

// NewLicenseReport judges licences by a policy.
func NewLicenseReport(all []Licensed, p *Policy) *LicenseReport {
	r := &LicenseReport{Packages: all, Policy: !p.IsEmpty()}
	for i := range all {
		l := &all[i]
		if l.Denied = p.Judge(l.Name, l.License); l.Denied != "" {
			r.Denied++
		}
	}
	return r
}

// JSON is the report as a document.
func (r *LicenseReport) JSON() ([]byte, error) {
	type entry struct {
		Name       string  `json:"name"`
		Version    string  `json:"version"`
		Expression *string `json:"license_expression"`
		Text       *string `json:"license"`
		From       *string `json:"source"`
		Allowed    bool    `json:"allowed"`
		Reason     *string `json:"reason"`
	}
	out := struct {
		Schema  jsonSchema `json:"schema"`
		Summary struct {
			Packages int `json:"packages"`
			Denied   int `json:"denied"`
		} `json:"summary"`
		Packages []entry `json:"packages"`
	}{Schema: jsonSchema{"preview"}, Packages: []entry{}}
	out.Summary.Packages, out.Summary.Denied = len(r.Packages), r.Denied
	for _, p := range r.Packages {
		out.Packages = append(out.Packages, entry{
			string(p.Name), p.Version.String(), optional(p.Expression), optional(p.Text), optional(p.From), p.Denied == "", optional(p.Denied),
		})
	}
	return encode(out)
}
