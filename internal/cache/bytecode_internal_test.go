package cache

import "testing"

func TestBytecodeRows(t *testing.T) {
	t.Parallel()
	if err := CheckRow[codeRow](); err != nil {
		t.Error(err)
	}
}
