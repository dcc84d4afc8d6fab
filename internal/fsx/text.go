package fsx

import "unsafe"

// ReadText is [ReadFile] for a file that is worked on as a string: a large one is
// not copied for that. Errors are those of ReadFile.
func ReadText(path string) (string, error) {
	data, err := ReadFile(path)
	if err != nil {
		return "", err
	}
	return unsafe.String(unsafe.SliceData(data), len(data)), nil // nobody else has data
}
