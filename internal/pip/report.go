package pip

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/tame-py/tame/internal/engine"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/marker"
	"github.com/tame-py/tame/packaging/metadata"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Report is pip's installation report, version 1 of the format
// (https://pip.pypa.io/en/stable/reference/installation-report/).
type Report struct {
	Version string `json:"version"`
	// PipVersion is a version that no pip has, with the name of this program in
	// its local part: the report is not pip's.
	PipVersion string         `json:"pip_version"`
	Install    []ReportedDist `json:"install"`
	// Environment is what markers were decided by, also where that is not the
	// interpreter's own.
	Environment *marker.Env `json:"environment"`
}

// A ReportedDist is a distribution that was or would be installed.
type ReportedDist struct {
	DownloadInfo    json.RawMessage  `json:"download_info"` // PEP 610
	IsDirect        bool             `json:"is_direct"`
	IsYanked        bool             `json:"is_yanked"`
	Requested       bool             `json:"requested"` // not only by another one
	Metadata        metadata.Headers `json:"metadata"`
	RequestedExtras []pyname.Extra   `json:"requested_extras,omitempty"`
}

// Report describes what an installation has installed or, in a dry run, would
// install: nothing that was there already. What a dry run would build is built, as
// its metadata is not known else.
func (req *InstallRequest) Report(ctx context.Context, program string, r *InstallResult) (*Report, error) {
	out := &Report{Version: "1", PipVersion: "0+" + program, Install: []ReportedDist{}, Environment: req.Target.Env}
	added := map[pyname.Package]bool{}
	for _, c := range r.Changes.Changes {
		added[c.Name] = added[c.Name] || c.Added
	}
	var dists []*source.Dist
	for _, w := range r.wanted {
		if added[w.Name] {
			dists = append(dists, w.Dist)
		}
	}
	slices.SortFunc(dists, func(a, b *source.Dist) int { return cmp.Compare(a.Name, b.Name) })
	work := engine.InstallRequest{Hashes: req.Policy.Hashes, Rebuild: req.rebuilds}
	described, err := req.Engine.Describe(ctx, &work, dists)
	if err != nil {
		return nil, err
	}
	for i, d := range dists {
		one := ReportedDist{
			DownloadInfo: described[i].Origin.Marshal(), Metadata: described[i].Headers,
			IsDirect: d.Source.IsDirect(), IsYanked: d.File.Yanked,
		}
		one.RequestedExtras, one.Requested = req.Inputs.asksFor(d.Name)
		out.Install = append(out.Install, one)
	}
	return out, nil
}

// asksFor reports whether a project was named by the user, and with which extras.
func (in *Inputs) asksFor(name pyname.Package) (extras []pyname.Extra, named bool) {
	for i := range in.Requirements {
		if r := &in.Requirements[i]; r.Name == name {
			named = true
			extras = append(extras, r.Extras...)
		}
	}
	slices.Sort(extras)
	return slices.Compact(extras), named
}
