package build

import (
	"encoding/json"
	"maps"
	"slices"
)

// Settings are what a build backend is told (PEP 517, config_settings).
type Settings map[string]Setting

// A Setting is one value, or several: backends are told a string or a list.
type Setting struct {
	Values []string
	List   bool // a list, even of one
}

// MarshalJSON implements json.Marshaler.
func (s Setting) MarshalJSON() ([]byte, error) {
	if !s.List && len(s.Values) == 1 {
		return json.Marshal(s.Values[0])
	}
	return json.Marshal(s.Values)
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Setting) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		s.List = true
		return json.Unmarshal(data, &s.Values)
	}
	s.Values = make([]string, 1)
	return json.Unmarshal(data, &s.Values[0])
}

// Merge joins settings. What both have becomes a list, the receiver's values
// first.
func (s Settings) Merge(low Settings) Settings {
	if len(s) == 0 {
		return low
	}
	out := maps.Clone(s)
	for key, l := range low {
		if h, ok := out[key]; ok {
			l = Setting{Values: slices.Concat(h.Values, l.Values), List: true}
		}
		out[key] = l
	}
	return out
}
