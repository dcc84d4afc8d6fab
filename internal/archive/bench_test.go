package archive_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tame-py/tame/internal/archive"
)

// benchmarkWheels returns the wheels in the folder that TAME_WHEELS names, or
// some that look like Python packages.
func benchmarkWheels(b *testing.B) (wheels [][]byte) {
	b.Helper()
	names, _ := filepath.Glob(filepath.Join(os.Getenv("TAME_WHEELS"), "*.whl"))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		wheels = append(wheels, data)
	}
	for i := range 4 {
		if len(names) > 0 {
			break
		}
		var files []rawFile
		for j := range 200 {
			var text strings.Builder
			for k := range 200 {
				fmt.Fprintf(&text, "    def method_%d(self, argument_%d=%d):\n        return self.value_%d + %d\n", k*j, k, i, k*7919%(j+2), k*j)
			}
			files = append(files, rawFile{name: fmt.Sprintf("pkg%d/sub%d/module%d.py", i, j/20, j), data: text.String(), method: 8})
		}
		wheels = append(wheels, rawZip{files: files}.bytes(b))
	}
	return wheels
}

// BenchmarkUnpackZip unpacks all wheels, with their hash: of MB unpacked per
// second, one after the other by one processor, and all at once by all.
func BenchmarkUnpackZip(b *testing.B) {
	wheels := benchmarkWheels(b)
	for _, way := range []string{"stream", "stream-parallel", "random-parallel"} {
		b.Run(way, func(b *testing.B) {
			var bytesOut int64
			var mu sync.Mutex
			opts := archive.Options{}
			limit := 1
			if way != "stream" {
				opts.Pool, limit = archive.NewPool(0), 8
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				root := filepath.Join(b.TempDir(), fmt.Sprint(n))
				slots := make(chan struct{}, limit)
				var wg sync.WaitGroup
				for i, data := range wheels {
					slots <- struct{}{}
					wg.Go(func() {
						defer func() { <-slots }()
						dst := filepath.Join(root, fmt.Sprint(i))
						if err := os.MkdirAll(dst, 0o777); err != nil {
							b.Error(err)
							return
						}
						opts := opts
						opts.Tee = sha256.New()
						var m *archive.Manifest
						var err error
						if way == "random-parallel" {
							m, err = archive.UnpackZip(b.Context(), bytes.NewReader(data), int64(len(data)), dst, opts)
						} else {
							m, err = archive.Unpack(b.Context(), bytes.NewReader(data), archive.Zip, dst, opts)
						}
						if err != nil {
							b.Error(err)
							return
						}
						mu.Lock()
						defer mu.Unlock()
						for _, f := range m.Files {
							bytesOut += f.Size
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				os.RemoveAll(root)
				b.StartTimer()
			}
			b.ReportMetric(float64(bytesOut)/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}
