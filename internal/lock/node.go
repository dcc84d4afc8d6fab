package lock

import (
	"strconv"

	"github.com/tame-py/tame/internal/toml"
)

// A node is a value of a TOML document: what both readers make, and the decoder
// takes.
type node struct {
	key  string // in the table it belongs to
	kind nodeKind
	text string // of a string; the digits of a number
	kids []node
	// files take the place of kids for lists of wheels, which are most of a lock,
	// where the quick reader has read them.
	files *[]File
	from  *toml.Value // nil if the quick reader made it
}

type nodeKind uint8

const (
	stringNode nodeKind = iota
	intNode
	boolNode
	arrayNode
	tableNode
	otherNode
)

// get is the value of a key of a table, or nil.
func (n *node) get(key string) *node {
	for i := range n.kids {
		if n.kids[i].key == key {
			return &n.kids[i]
		}
	}
	return nil
}

// nodeOf converts what the full reader made.
func nodeOf(key string, v *toml.Value) node {
	n := node{key: key, from: v}
	switch v.Kind() {
	case toml.String:
		n.text, _ = v.Text()
	case toml.Integer:
		i, _ := v.Int()
		n.kind, n.text = intNode, strconv.FormatInt(i, 10)
	case toml.Bool:
		b, _ := v.Bool()
		n.kind, n.text = boolNode, strconv.FormatBool(b)
	case toml.Array:
		n.kind, n.kids = arrayNode, make([]node, 0, v.Len())
		for _, e := range v.Elems() {
			n.kids = append(n.kids, nodeOf("", e))
		}
	case toml.Table:
		n.kind, n.kids = tableNode, make([]node, 0, v.Len())
		for e := range v.Entries() {
			n.kids = append(n.kids, nodeOf(e.Key, e.Value))
		}
	default:
		n.kind = otherNode
	}
	return n
}
