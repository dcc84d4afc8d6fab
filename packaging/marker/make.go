package marker

import (
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// A Key is a variable of the environment with a string value.
type Key uint8

// The keys, by the names of PEP 508.
const (
	OSName                       = Key(rankOSName)
	SysPlatform                  = Key(rankSysPlatform)
	PlatformSystem               = Key(rankPlatformSystem)
	PlatformMachine              = Key(rankPlatformMachine)
	PlatformPythonImplementation = Key(rankPlatformPythonImplementation)
	PlatformRelease              = Key(rankPlatformRelease)
	PlatformVersion              = Key(rankPlatformVersion)
	ImplementationName           = Key(rankImplementationName)
)

// String returns the name of the key, such as "sys_platform".
func (k Key) String() string { return rank(k).String() }

// Equal returns the marker "key == 'value'".
func Equal(key Key, value string) Tree { return Tree{compareString(rank(key), pep440.Equal, value)} }

// Extra returns the marker "extra == 'name'".
func Extra(name pyname.Extra) Tree { return member(rankExtra, string(name)) }

// InExtras returns the marker "'name' in extras" of lock files (PEP 751).
func InExtras(name pyname.Extra) Tree { return member(rankExtras, string(name)) }

// InGroups returns the marker "'name' in dependency_groups" of lock files
// (PEP 751).
func InGroups(name pyname.Group) Tree { return member(rankGroups, string(name)) }

func member(r rank, name string) Tree { return Tree{boolean(words.variable(r, name), true)} }
