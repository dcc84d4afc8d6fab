package command

import (
	"bytes"
	"testing"
)

// What is read is written again, and read as the same.
func FuzzReadHyperfine(f *testing.F) {
	f.Add([]byte(`{"results": [{"command": "x", "mean": 1, "stddev": null, "median": 1, "times": [1, 2], "exit_codes": [0, null], "parameters": {"a": "b"}}]}`))
	f.Add([]byte(`{"results": [`))
	f.Fuzz(func(t *testing.T, text []byte) {
		subjects, err := ReadHyperfine(text)
		if err != nil {
			return
		}
		var one, other bytes.Buffer
		if err := WriteJSON(&one, subjects); err != nil {
			t.Skip("sums beyond all numbers") // which no clock has measured
		}
		again, err := ReadHyperfine(one.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", one.Bytes(), err)
		}
		if err := WriteJSON(&other, again); err != nil || !bytes.Equal(one.Bytes(), other.Bytes()) {
			t.Errorf("%s\nbecomes %s (%v)", one.Bytes(), other.Bytes(), err)
		}
	})
}
