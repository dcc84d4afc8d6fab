package lock_test

import (
	"slices"
	"testing"

	"github.com/tame-py/tame/internal/lock"
	"github.com/tame-py/tame/packaging/pyname"
)

const workspaceLock = `version = 1
revision = 3
requires-python = ">=3.11"

[manifest]
members = [
    "app",
    "core",
    "other",
]

[[package]]
name = "app"
version = "1"
source = { virtual = "app" }
dependencies = [
    { name = "core" },
    { name = "flask", extra = ["async"] },
]

[package.metadata]
requires-dist = [
    { name = "core", editable = "core" },
    { name = "flask", extras = ["async"] },
]

[[package]]
name = "asgiref"
version = "3.0"
source = { registry = "https://idx.example/simple" }
sdist = { url = "https://idx.example/asgiref-3.0.tar.gz", hash = "sha256:01" }

[[package]]
name = "core"
version = "1"
source = { editable = "core" }

[package.dev-dependencies]
dev = [
    { name = "pytest" },
]

[package.metadata]

[package.metadata.requires-dev]
dev = [{ name = "pytest" }]

[[package]]
name = "flask"
version = "3.0"
source = { registry = "https://idx.example/simple" }
sdist = { url = "https://idx.example/flask-3.0.tar.gz", hash = "sha256:02" }

[package.optional-dependencies]
async = [
    { name = "asgiref" },
]
dotenv = [
    { name = "asgiref" },
]

[[package]]
name = "other"
version = "1"
source = { virtual = "other" }
dependencies = [
    { name = "flask", extra = ["dotenv"] },
]

[package.metadata]
requires-dist = [{ name = "flask", extras = ["dotenv"] }]

[[package]]
name = "pytest"
version = "8.0"
source = { registry = "https://idx.example/simple" }
sdist = { url = "https://idx.example/pytest-8.0.tar.gz", hash = "sha256:03" }
`

// A part has what its projects need, as it was, and nothing else.
func TestPart(t *testing.T) {
	t.Parallel()
	l, err := lock.Read("uv.lock", []byte(workspaceLock))
	if err != nil {
		t.Fatal(err)
	}
	names := l.WithMembers("app")
	if !slices.Equal(names, []pyname.Package{"app", "core"}) {
		t.Fatalf("members are %v", names)
	}
	part := l.Part(false, names...)
	again, err := lock.Read("uv.lock", part.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, part.Bytes())
	}
	var kinds []string
	for _, c := range lock.Compare(l, again).Packages {
		kinds = append(kinds, string(c.Name)+" "+string(c.Kind))
	}
	if !slices.Equal(kinds, []string{"flask changed", "other removed"}) {
		t.Errorf("what changed is %v", kinds)
	}
	if string(l.Part(false, l.WithMembers("app", "core", "other")...).Bytes()) != workspaceLock {
		t.Error("all members are not the whole")
	}
}

// Reach follows the extras that are asked for, and the groups of the projects
// themselves alone.
func TestReach(t *testing.T) {
	t.Parallel()
	l, err := lock.Read("uv.lock", []byte(workspaceLock))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[pyname.Package][]string{
		"app": {"app", "asgiref", "core", "flask"}, "core": {"core", "pytest"}, "nosuch": nil, "flask": nil,
	} {
		var got []string
		for at, reached := range l.Reach(name) {
			if reached {
				got = append(got, string(l.Packages[at].Name))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Parts and merges of the locks that other tools wrote can be read, and say what
// they should.
func TestPartsAndMergesOfRecordedLocks(t *testing.T) {
	t.Parallel()
	for name, text := range recordedLocks(t) {
		l, err := lock.Read(name, []byte(text))
		if err != nil {
			continue
		}
		for _, member := range l.Members() {
			names := l.WithMembers(member)
			part := l.Part(false, names...)
			if _, err := lock.Read(name, part.Bytes()); err != nil {
				t.Errorf("%s: the part of %s cannot be read: %v", name, member, err)
			}
		}
		same := lock.Merge(&lock.Lock{}, l, l)
		again, err := lock.Read(name, same.Bytes())
		if err != nil {
			t.Errorf("%s: a merge cannot be read: %v", name, err)
			continue
		}
		for _, c := range lock.Compare(l, again).Packages {
			if c.Kind != lock.Changed {
				t.Errorf("%s: a merge with itself has %s %s", name, c.Name, c.Kind)
			}
		}
		if slices.Contains(l.Fresh(l), true) {
			t.Errorf("%s: it differs from itself", name)
		}
	}
}
