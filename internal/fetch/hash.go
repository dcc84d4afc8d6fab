package fetch

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/tame-py/tame/internal/blake2b"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/source"
	"github.com/tame-py/tame/packaging/simple"
)

// strength orders hash algorithms: 0 is not supported, 1 is broken and only
// used where nothing better is given.
func strength(algorithm string) int {
	switch algorithm {
	case "md5":
		return 1
	case "sha224":
		return 2
	case "sha256":
		return 3
	case "sha384":
		return 4
	case "blake2b":
		return 5
	case "sha512":
		return 6
	}
	return 0
}

func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "md5":
		return md5.New()
	case "sha224":
		return sha256.New224()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	case "blake2b":
		return blake2b.New(blake2b.Size)
	}
	return sha256.New()
}

// A hasher computes several digests of what is written to it.
type hasher struct {
	algorithms []string // sorted, always with sha256
	hashes     []hash.Hash
	size       int64
}

func newHasher(algorithms []string) *hasher {
	h := &hasher{algorithms: algorithms}
	for _, a := range algorithms {
		h.hashes = append(h.hashes, newHash(a))
	}
	return h
}

// newHasher is for what is unpacked meanwhile.
func (f *Fetcher) newHasher(algorithms []string) *hasher {
	h := newHasher(algorithms)
	if f.opts.Pool != nil {
		h.hashes[slices.Index(algorithms, "sha256")] = f.opts.Pool.NewSHA256()
	}
	return h
}

func (h *hasher) Write(p []byte) (int, error) {
	h.size += int64(len(p))
	for _, one := range h.hashes {
		one.Write(p)
	}
	return len(p), nil
}

func (h *hasher) digests() []cache.Hash {
	out := make([]cache.Hash, len(h.hashes))
	for i, one := range h.hashes {
		out[i] = cache.Hash{Algorithm: h.algorithms[i], Digest: hex.EncodeToString(one.Sum(nil))}
	}
	return out
}

// digest returns the one by an algorithm that was computed.
func (h *hasher) digest(algorithm string) string {
	digest, _ := lookupDigest(h.digests(), algorithm)
	return digest
}

// state returns what restore needs to go on from here.
func (h *hasher) state() (map[string][]byte, error) {
	out := make(map[string][]byte, len(h.hashes))
	for i, one := range h.hashes {
		state, err := one.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return nil, err
		}
		out[h.algorithms[i]] = state
	}
	return out, nil
}

// restore goes back to a state, which must have all algorithms.
func (h *hasher) restore(state map[string][]byte, size int64) error {
	for i, one := range h.hashes {
		saved, ok := state[h.algorithms[i]]
		if !ok {
			return fmt.Errorf("no state of %s", h.algorithms[i])
		}
		if err := one.(encoding.BinaryUnmarshaler).UnmarshalBinary(saved); err != nil {
			return err
		}
	}
	h.size = size
	return nil
}

// wanted is which digests a wheel must have.
type wanted struct {
	dist    *source.Dist
	own     []simple.Hash // of this file: all must hold
	allowed []simple.Hash // of the project's files: one must hold
	size    int64         // in bytes, 0 if it does not matter
}

// anySize is the size of a file of which only digests are known.
const anySize = -1

// algorithms returns which digests to compute: SHA-256 and what is compared.
func (w *wanted) algorithms() []string {
	out := []string{"sha256"}
	for _, list := range [][]simple.Hash{w.own, w.allowed} {
		for _, h := range strong(list) {
			if !slices.Contains(out, h.Algorithm) {
				out = append(out, h.Algorithm)
			}
		}
	}
	slices.Sort(out)
	return out
}

// strong returns the digests that count: broken algorithms only where there
// is nothing else.
func strong(list []simple.Hash) []simple.Hash {
	best := 0
	for _, h := range list {
		best = max(best, strength(h.Algorithm))
	}
	var out []simple.Hash
	for _, h := range list {
		if s := strength(h.Algorithm); s > 1 || s == best && s > 0 {
			out = append(out, h)
		}
	}
	return out
}

// key returns the strongest digest that names this file by its content, for
// the cache; ok is false when there is none.
func (w *wanted) key() (key string, ok bool) {
	for _, algorithm := range [...]string{"sha256", "sha512", "blake2b", "sha384"} {
		for _, h := range w.own {
			if h.Algorithm == algorithm {
				return algorithm + ":" + strings.ToLower(h.Digest), true
			}
		}
	}
	return "", false
}

// check compares the size of a file and its computed digests with the wanted
// ones. known is false when one that decides was not computed.
func (w *wanted) check(computed []cache.Hash, size int64) (known bool, err error) {
	if w.size > 0 && size != w.size {
		if size == anySize {
			return false, nil
		}
		return true, &SizeError{Dist: w.dist.String(), Expected: w.size, Actual: size}
	}
	return w.checkDigests(computed)
}

func (w *wanted) checkDigests(computed []cache.Hash) (known bool, err error) {
	for _, h := range strong(w.own) {
		switch digest, ok := lookupDigest(computed, h.Algorithm); {
		case !ok:
			return false, nil
		case !strings.EqualFold(digest, h.Digest):
			return true, w.mismatch(w.own, computed)
		}
	}
	allowed := strong(w.allowed)
	if len(allowed) == 0 {
		if len(w.own) > 0 && len(strong(w.own)) == 0 || len(w.allowed) > 0 {
			return true, w.mismatch(append(slices.Clone(w.own), w.allowed...), computed)
		}
		return true, nil
	}
	known = true
	for _, h := range allowed {
		digest, ok := lookupDigest(computed, h.Algorithm)
		if ok && strings.EqualFold(digest, h.Digest) {
			return true, nil
		}
		known = known && ok
	}
	return known, w.mismatch(w.allowed, computed)
}

func lookupDigest(list []cache.Hash, algorithm string) (string, bool) {
	for _, h := range list {
		if h.Algorithm == algorithm {
			return h.Digest, true
		}
	}
	return "", false
}

func (w *wanted) mismatch(expected []simple.Hash, computed []cache.Hash) error {
	e := &HashError{Dist: w.dist.String()}
	for _, h := range expected {
		e.Expected = append(e.Expected, h.Algorithm+":"+h.Digest)
	}
	for _, h := range computed {
		if slices.ContainsFunc(expected, func(x simple.Hash) bool { return x.Algorithm == h.Algorithm }) || len(computed) == 1 {
			e.Computed = append(e.Computed, h.String())
		}
	}
	slices.Sort(e.Expected)
	return e
}

// A SizeError says that a distribution has not the size that a lock tells.
type SizeError struct {
	Dist             string
	Expected, Actual int64 // in bytes
}

// ExitCode is that of a failed check, as of [HashError].
func (*SizeError) ExitCode() int { return 1 }

func (e *SizeError) Error() string {
	return fmt.Sprintf("size mismatch for `%s`: expected %d bytes, but it has %d", e.Dist, e.Expected, e.Actual)
}

// A HashError says that a distribution is not the one that was asked for, or,
// without Expected, that none was told although hashes are required.
type HashError struct {
	Dist               string
	Expected, Computed []string // such as sha256:…
}

func isMismatch(err error) bool {
	var hash *HashError
	var size *SizeError
	return errors.As(err, &hash) || errors.As(err, &size)
}

// ExitCode is that of a failed check, whether the file came from an index or
// from the cache.
func (*HashError) ExitCode() int { return 1 }

func (e *HashError) Error() string {
	if len(e.Expected) == 0 {
		return fmt.Sprintf("hash-checking is enabled, but no hashes were provided or computed for: `%s`", e.Dist)
	}
	return fmt.Sprintf("hash mismatch for `%s`\n\nExpected:\n  %s\n\nComputed:\n  %s",
		e.Dist, strings.Join(e.Expected, "\n  "), strings.Join(e.Computed, "\n  "))
}
