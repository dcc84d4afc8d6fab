package python

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

func readSmall(path string) (string, bool) {
	text, err := os.ReadFile(path)
	return string(text), err == nil
}

// hostRelease is the version of Windows.
func hostRelease() string {
	v := windows.RtlGetVersion()
	return fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
}
