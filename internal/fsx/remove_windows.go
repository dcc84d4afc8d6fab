package fsx

import (
	"os"
	"time"
)

// removePatience bounds how long a removal tries while another program holds
// the file open.
const removePatience = 2 * time.Second

func removeName(path string) error {
	return retry(removePatience, func() error { return os.Remove(path) })
}

func (r *remover) empty(path string) error { return r.emptyByPath(path) }
