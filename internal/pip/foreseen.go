package pip

import (
	"github.com/tame-py/tame/internal/resolve"
	"github.com/tame-py/tame/packaging/pyname"
)

// Foreseen returns the projects that resolving the inputs will ask an index for, as
// far as that can be told without an interpreter (see [resolve.Foreseen]).
func (in *Inputs) Foreseen() []pyname.Package {
	m := in.manifest()
	if in.addScoped(&m) != nil || in.Lock != "" || in.hasTrees() {
		return nil
	}
	return resolve.Foreseen(&m)
}
