package install

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/tame-py/tame/internal/fsx"
	"github.com/tame-py/tame/internal/toml"
)

// CacheInfo is the state of a local project or archive, by which it can be told
// whether what was built of it is still right. It is recorded in the file
// uv_cache.json, in the form that uv gives it.
type CacheInfo struct {
	// Timestamp is the latest change of any file that counts.
	Timestamp *Timestamp
	// Commit is the commit that is checked out, if that counts.
	Commit *string
	// Tags are the repository's tags with their commits, if those count.
	Tags map[string]string
	// Env are values of environment variables that count; nil is unset.
	Env map[string]*string
	// Directories are those that count by their creation; nil is absent.
	Directories map[string]*DirectoryStamp
}

// Timestamp is a time since the Unix epoch. A file's is that of its last change
// of state, where the system has it: it can't be set back.
type Timestamp struct {
	Secs  int64 `json:"secs_since_epoch"`
	Nanos int64 `json:"nanos_since_epoch"`
}

func (t Timestamp) before(u Timestamp) bool {
	return t.Secs < u.Secs || t.Secs == u.Secs && t.Nanos < u.Nanos
}

func newTimestamp(nanos int64) Timestamp {
	const second = 1_000_000_000
	return Timestamp{Secs: nanos / second, Nanos: nanos % second}
}

// DirectoryStamp tells a directory from a later one of the same name: by the
// time of its creation, or where that is unknown by its number.
type DirectoryStamp struct {
	Created *Timestamp
	Inode   uint64
}

// MarshalJSON implements json.Marshaler: either a time or a number.
func (d DirectoryStamp) MarshalJSON() ([]byte, error) {
	if d.Created != nil {
		return json.Marshal(d.Created)
	}
	return json.Marshal(d.Inode)
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *DirectoryStamp) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		d.Created = new(Timestamp)
		return json.Unmarshal(data, d.Created)
	}
	return json.Unmarshal(data, &d.Inode)
}

type cacheInfoJSON struct {
	Timestamp   *Timestamp                 `json:"timestamp"`
	Commit      *string                    `json:"commit"`
	Tags        map[string]string          `json:"tags"`
	Env         map[string]*string         `json:"env"`
	Directories map[string]*DirectoryStamp `json:"directories"`
}

// ParseCacheInfo reads a uv_cache.json.
func ParseCacheInfo(data []byte) (*CacheInfo, error) {
	var j cacheInfoJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("parsing uv_cache.json: %w", err)
	}
	return (*CacheInfo)(&j), nil
}

// Marshal writes the file as uv does.
func (c *CacheInfo) Marshal() []byte {
	j := cacheInfoJSON(*c)
	if j.Env == nil {
		j.Env = map[string]*string{}
	}
	if j.Directories == nil {
		j.Directories = map[string]*DirectoryStamp{}
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// Nothing in it can fail to be encoded.
	_ = e.Encode(j)
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// IsEmpty reports whether there is nothing to compare.
func (c *CacheInfo) IsEmpty() bool {
	return c == nil || c.Timestamp == nil && c.Commit == nil && c.Tags == nil && len(c.Env) == 0 && len(c.Directories) == 0
}

// Equal reports whether two states are the same.
func (c *CacheInfo) Equal(d *CacheInfo) bool {
	return same(c.Timestamp, d.Timestamp) && same(c.Commit, d.Commit) &&
		(c.Tags == nil) == (d.Tags == nil) && maps.Equal(c.Tags, d.Tags) &&
		maps.EqualFunc(c.Env, d.Env, same[string]) &&
		maps.EqualFunc(c.Directories, d.Directories, func(a, b *DirectoryStamp) bool {
			if a == nil || b == nil {
				return a == b
			}
			return a.Inode == b.Inode && same(a.Created, b.Created)
		})
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// CacheInfoOf reads the state of a local archive or project now. What counts
// in a project is told by tool.uv.cache-keys, and by default is pyproject.toml,
// setup.py, setup.cfg and the directory src. The environment is asked through
// getenv.
func CacheInfoOf(path string, getenv func(string) (string, bool)) (*CacheInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	c := &CacheInfo{}
	if !info.IsDir() {
		c.see(info)
		return c, nil
	}
	for _, k := range cacheKeys(path) {
		if err := c.take(path, k, getenv); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// see takes a file's time if it is the latest.
func (c *CacheInfo) see(info fs.FileInfo) {
	id := fsx.IdentityOf(info)
	at := id.Ctime
	if !hasChangeTime {
		at = id.Mtime
	}
	if t := newTimestamp(at); c.Timestamp == nil || c.Timestamp.before(t) {
		c.Timestamp = &t
	}
}

// A cacheKey is one entry of tool.uv.cache-keys: a file or a pattern of files,
// a directory, the git repository or a variable.
type cacheKey struct {
	file, dir, env string
	commit, tags   bool
}

func defaultKeys() []cacheKey {
	return []cacheKey{{file: "pyproject.toml"}, {file: "setup.py"}, {file: "setup.cfg"}, {dir: "src"}}
}

// cacheKeys reads a project's keys. A file that cannot be read, and a list with
// anything unknown in it, mean the default. A version that comes from git
// ([tool.tame.version]) changes with the repository.
func cacheKeys(project string) []cacheKey {
	path := filepath.Join(project, "pyproject.toml")
	data, err := os.ReadFile(path)
	text := string(data)
	if err != nil || !strings.Contains(text, "cache-keys") && !strings.Contains(text, "tame") {
		return defaultKeys()
	}
	doc, err := toml.Parse(path, data)
	if err != nil {
		return defaultKeys()
	}
	keys := declaredKeys(doc)
	if doc.Lookup("tool", "tame", "version", "from") != nil {
		keys = append(keys, cacheKey{commit: true, tags: true})
	}
	return keys
}

func declaredKeys(doc *toml.Document) []cacheKey {
	var file struct {
		Tool struct {
			UV struct {
				CacheKeys []any `toml:"cache-keys"`
			} `toml:"uv"`
		} `toml:"tool"`
	}
	if err := doc.Decode(&file); err != nil || file.Tool.UV.CacheKeys == nil {
		return defaultKeys()
	}
	keys := []cacheKey{}
	for _, value := range file.Tool.UV.CacheKeys {
		key, ok := parseCacheKey(value)
		if !ok {
			return defaultKeys()
		}
		keys = append(keys, key)
	}
	return keys
}

func parseCacheKey(value any) (cacheKey, bool) {
	if s, ok := value.(string); ok {
		return cacheKey{file: s}, true
	}
	table, ok := value.(map[string]any)
	if !ok || len(table) != 1 {
		return cacheKey{}, false
	}
	for name, v := range table {
		text, isText := v.(string)
		switch name {
		case "file":
			return cacheKey{file: text}, isText
		case "dir":
			return cacheKey{dir: text}, isText
		case "env":
			return cacheKey{env: text}, isText
		case "git":
			return parseGitKey(v)
		}
	}
	return cacheKey{}, false
}

func parseGitKey(v any) (key cacheKey, ok bool) {
	switch v := v.(type) {
	case bool:
		return cacheKey{commit: v}, true
	case map[string]any:
		for name, flag := range v {
			on, isBool := flag.(bool)
			switch {
			case !isBool:
				return key, false
			case name == "commit":
				key.commit = on
			case name == "tags":
				key.tags = on
			default:
				return key, false
			}
		}
		return key, true
	}
	return key, false
}

// take adds what a key names. What is not there, or is of another type than
// the key says, does not count.
func (c *CacheInfo) take(project string, k cacheKey, getenv func(string) (string, bool)) error {
	switch {
	case strings.ContainsAny(k.file, "*?[{"):
		return c.takeGlob(project, k.file)
	case k.file != "":
		if info, err := os.Stat(filepath.Join(project, k.file)); err == nil && info.Mode().IsRegular() {
			c.see(info)
		}
	case k.dir != "":
		c.takeDir(project, k.dir)
	case k.env != "":
		if c.Env == nil {
			c.Env = map[string]*string{}
		}
		c.Env[k.env] = nil
		if value, ok := getenv(k.env); ok {
			c.Env[k.env] = &value
		}
	}
	if k.commit {
		if commit, err := gitCommit(project); err == nil {
			c.Commit = &commit
		}
	}
	if k.tags {
		if list, err := gitTags(project); err == nil {
			c.Tags = list
		}
	}
	return nil
}

func (c *CacheInfo) takeDir(project, dir string) {
	if c.Directories == nil {
		c.Directories = map[string]*DirectoryStamp{}
	}
	path := filepath.Join(project, dir)
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		c.Directories[dir] = nil
	case err == nil && info.IsDir():
		stamp := &DirectoryStamp{}
		if created, ok := creationTime(path); ok {
			t := newTimestamp(created)
			stamp.Created = &t
		} else {
			stamp.Inode = fsx.IdentityOf(info).Ino
		}
		c.Directories[dir] = stamp
	}
}

// takeGlob adds the files that match a pattern. Symbolic links to files count
// by what they point to; those to directories are not followed.
func (c *CacheInfo) takeGlob(project, pattern string) error {
	base, rest := doublestar.SplitPattern(filepath.ToSlash(pattern))
	root := filepath.Join(project, filepath.FromSlash(base))
	if !doublestar.ValidatePattern(rest) {
		return fmt.Errorf("invalid pattern %q in cache-keys", pattern)
	}
	var names []string
	err := doublestar.GlobWalk(os.DirFS(root), rest, func(name string, _ fs.DirEntry) error {
		names = append(names, name)
		return nil
	}, doublestar.WithNoFollow())
	if err != nil {
		return fmt.Errorf("matching %q in cache-keys: %w", pattern, err)
	}
	slices.Sort(names)
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err == nil && info.Mode().IsRegular() {
			c.see(info)
		}
	}
	return nil
}
