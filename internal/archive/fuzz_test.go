package archive_test

import (
	"archive/tar"
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tame-py/tame/internal/archive"
)

// Whatever the bytes: nothing outside the target, no panic, and what both
// ways accept they unpack alike.
func FuzzUnpackZip(f *testing.F) {
	f.Add(rawZip{files: []rawFile{{name: "a/", mode: 0o40755}, {name: "a/b", data: "x", mode: 0o100755}, {name: "c", data: "cc", method: 8, descriptor: 16}}, zip64: true}.bytes(f))
	f.Add(rawZip{files: []rawFile{{name: "z", data: "zzzzzzzz", method: 93}}, comment: "c"}.bytes(f))
	for _, c := range hostileZips(f) {
		if data := c.zip.bytes(f); len(data) < 4096 {
			f.Add(data)
		}
	}
	opts := archive.Options{Limits: archive.Limits{Bytes: 1 << 20, Files: 100}}
	f.Fuzz(func(t *testing.T, data []byte) {
		streamed, check := box(t)
		m, err := archive.Unpack(t.Context(), bytes.NewReader(data), archive.Zip, streamed, opts)
		check()
		random, check := box(t)
		n, randomErr := archive.UnpackZip(t.Context(), bytes.NewReader(data), int64(len(data)), random, opts)
		check()
		if err == nil && randomErr != nil {
			t.Errorf("unpacked as a stream, but: %v", randomErr)
		}
		if err == nil && randomErr == nil {
			checkManifest(t, m, streamed)
			if diff := cmp.Diff(m, n); diff != "" {
				t.Errorf("unpacked differently (-stream +random):\n%s", diff)
			}
		}
	})
}

func FuzzUnpackTar(f *testing.F) {
	f.Add(makeTar(f, tar.Header{Name: "a/b", Uname: "x"}, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "a/b"}, tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "a/b"}))
	f.Add(makeTar(f, tar.Header{Name: "../a", Uname: "x"}))
	f.Add(compress(f, archive.TarGzip, makeTar(f, tar.Header{Name: "a", Uname: "x"})))
	f.Add(compress(f, archive.TarZstd, makeTar(f, tar.Header{Name: "a", Uname: "x"})))
	opts := archive.Options{Links: true, Limits: archive.Limits{Bytes: 1 << 20, Files: 100}}
	f.Fuzz(func(t *testing.T, data []byte) {
		format := archive.Sniff(data)
		if format == 0 || format == archive.Zip || format == archive.TarXz {
			format = archive.Tar
		}
		dst, check := box(t)
		m, err := archive.Unpack(t.Context(), bytes.NewReader(data), format, dst, opts)
		check()
		if err == nil {
			checkManifest(t, m, dst)
		}
	})
}
