package marker

// lookUp returns what a name stands for.
func lookUp(name string) (v value, deprecated, ok bool) {
	v.text = name
	v.kind = stringName
	switch name {
	case "os_name":
		v.key = rankOSName
	case "sys_platform":
		v.key = rankSysPlatform
	case "platform_system":
		v.key = rankPlatformSystem
	case "platform_machine":
		v.key = rankPlatformMachine
	case "platform_python_implementation":
		v.key = rankPlatformPythonImplementation
	case "platform_release":
		v.key = rankPlatformRelease
	case "platform_version":
		v.key = rankPlatformVersion
	case "implementation_name":
		v.key = rankImplementationName
	case "implementation_version":
		v.kind, v.key = versionName, rankImplementationVersion
	case "python_full_version", "python_version":
		v.kind, v.key = versionName, rankPythonFullVersion
	case "extra":
		v.kind = extraName
	case "extras":
		v.kind, v.key = setName, rankExtras
	case "dependency_groups":
		v.kind, v.key = setName, rankGroups
	default:
		v.key, deprecated = lookUpDeprecated(name)
		return v, deprecated, deprecated
	}
	return v, false, true
}

// lookUpDeprecated returns what the names of PEP 345, and the one of
// setuptools, stand for.
func lookUpDeprecated(name string) (rank, bool) {
	switch name {
	case "os.name":
		return rankOSName, true
	case "sys.platform":
		return rankSysPlatform, true
	case "platform.machine":
		return rankPlatformMachine, true
	case "platform.version":
		return rankPlatformVersion, true
	case "platform.python_implementation", "python_implementation":
		return rankPlatformPythonImplementation, true
	}
	return 0, false
}

// String returns the name of a key with string or version values.
func (r rank) String() string {
	switch r {
	case rankOSName:
		return "os_name"
	case rankSysPlatform:
		return "sys_platform"
	case rankPlatformSystem:
		return "platform_system"
	case rankPlatformMachine:
		return "platform_machine"
	case rankPlatformPythonImplementation:
		return "platform_python_implementation"
	case rankPlatformRelease:
		return "platform_release"
	case rankPlatformVersion:
		return "platform_version"
	case rankImplementationName:
		return "implementation_name"
	case rankImplementationVersion:
		return "implementation_version"
	case rankPythonFullVersion:
		return "python_full_version"
	case rankExtras, rankInvalidExtras:
		return "extras"
	case rankGroups, rankInvalidGroups:
		return "dependency_groups"
	}
	return "extra"
}
