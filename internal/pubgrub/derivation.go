package pubgrub

// NoSolution is the error of Propagate when nothing satisfies the root.
type NoSolution[S any] struct {
	Derivation *Derivation[S]
}

func (*NoSolution[S]) Error() string { return "no solution" }

// Derivation tells why an incompatibility holds. It is a graph without cycles
// whose leaves are facts: a node with several parents appears as one pointer.
type Derivation[S any] struct {
	Kind  Kind
	Terms []Term[S]

	// Depends: Dependent in the versions Range needs On in the versions Needs,
	// the zero value when nothing can satisfy it.
	// NoVersions, Custom: Dependent in the versions Range.
	Dependent Package
	Range     S
	On        Package
	Needs     S

	Reason any // Custom: what the caller gave

	Left, Right *Derivation[S] // Derived: the causes
	Shared      bool           // Derived: has several parents
}

// dependency returns the parts of an incompatibility of kind Depends. The set
// asked for has a term of its own only if it can be satisfied and the packages
// differ.
func (i *incompatibility[S]) dependency() (p Package, on Package, versions, set S) {
	versions = i.terms[0].Set
	if len(i.terms) == 2 {
		set = i.terms[1].Set
	} else if own, ok := i.reason.(S); ok {
		set = own
	}
	return Package(i.a), Package(i.b), versions, set
}

// derivation builds the graph below id. It does not recurse: long solutions
// have derivations thousands of nodes deep.
func (s *State[S, V]) derivation(id ID) *Derivation[S] {
	nodes := map[ID]*Derivation[S]{id: {}}
	work := []ID{id}
	visit := func(id ID) *Derivation[S] {
		d := nodes[id]
		if d == nil {
			d = &Derivation[S]{}
			nodes[id] = d
			work = append(work, id)
		} else {
			d.Shared = true
		}
		return d
	}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		i, d := s.store.at(id), nodes[id]
		d.Kind, d.Terms = i.kind, i.terms
		switch i.kind {
		case Derived:
			d.Left, d.Right = visit(ID(i.a)), visit(ID(i.b))
		case Depends:
			d.Dependent, d.On, d.Range, d.Needs = i.dependency()
		default:
			d.Dependent, d.Range, d.Reason = i.terms[0].Package, i.terms[0].Set, i.reason
		}
	}
	return nodes[id]
}
