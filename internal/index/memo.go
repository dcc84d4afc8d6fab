package index

import (
	"strings"
	"sync"

	"github.com/tame-py/tame/packaging/marker"
)

// A memo remembers markers by their text. Dependencies repeat the same few:
// thousands of them come with a few dozen markers.
type memo struct {
	mu    sync.RWMutex
	trees map[string]marker.Tree
}

// maxMarkers bounds a memo; what comes later is parsed each time.
const maxMarkers = 1 << 14

// parse reads a marker.
func (m *memo) parse(text string) (marker.Tree, error) {
	m.mu.RLock()
	tree, ok := m.trees[text]
	m.mu.RUnlock()
	if ok {
		return tree, nil
	}
	tree, _, err := marker.Parse(text)
	if err != nil {
		return tree, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trees == nil {
		m.trees = map[string]marker.Tree{}
	}
	if len(m.trees) < maxMarkers {
		m.trees[strings.Clone(text)] = tree // not a part of a file
	}
	return tree, nil
}
