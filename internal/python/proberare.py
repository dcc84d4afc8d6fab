# The rare parts of probe.py: what is not a CPython since 3.10 on Linux needs some
# of them. They are executed there when they are needed.


def told_markers():
    """What package platform says."""
    import platform

    version = platform.python_version()
    return {
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        # A local build ends in "+", which is no version.
        "python_full_version": version.rstrip("+"),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
    }


def told_implementation_version():
    # GraalPy and Pyston give the language's version; their own is in the tag
    # of their bytecode files: graalpy241-311, pyston-23.
    name, tag = sys.implementation.name, sys.implementation.cache_tag or ""
    digits = ""
    if name == "graalpy" and tag.startswith("graalpy"):
        for c in tag[len("graalpy"):]:
            if not c.isdigit():
                break
            digits += c
    elif name == "pyston" and tag.startswith("pyston-"):
        digits = tag[len("pyston-"):]
    if len(digits) > 1:
        return digits[0] + "." + digits[1:]
    return release(sys.implementation.version)


def distutils_install(prefix=None):
    """distutils' idea of an installation, which pip follows before 3.10."""
    import warnings

    try:
        # setuptools may have put its own distutils in the way.
        __import__("_distutils_hack").remove_shim()
    except (ImportError, AttributeError):
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from distutils.dist import Distribution
        except ImportError:
            answer(error="missing_distutils", detail="{}.{}".format(*sys.version_info[:2]))
        dist = Distribution({"script_args": ["--no-user-cfg"]} if prefix else {})
        if prefix is None:
            try:
                dist.parse_config_files()
            except UnicodeDecodeError:
                pass
        elif hasattr(sys, "_framework"):
            sys._framework = None
        command = dist.get_command_obj("install", create=True)
        if prefix is not None:
            command.prefix = prefix
        command.finalize_options()
    return dist, command


def distutils_scheme():
    """Where packages of an interpreter before 3.10 go."""
    keys = ("purelib", "platlib", "scripts", "data")
    dist, command = distutils_install()
    paths = {key: getattr(command, "install_" + key) for key in keys}
    headers = command.install_headers
    if "install_lib" in dist.get_option_dict("install"):
        paths["purelib"] = paths["platlib"] = command.install_lib
    if IN_VENV:
        headers = os.path.join(command.prefix, "include", "site", PYTHON_XY, "UNKNOWN")
    paths["include"] = os.path.dirname(headers)
    return paths


def distutils_virtualenv_scheme(include):
    """The same for a virtual environment made of it."""
    _, command = distutils_install(os.sep)
    paths = {
        key: getattr(command, "install_" + key)[1:].lstrip(os.sep)
        for key in ("purelib", "platlib", "scripts", "data")
    }
    paths["include"] = include
    return paths


def inferred_scheme_name():
    """What sysconfig.get_preferred_scheme answers since 3.10."""
    names = sysconfig.get_scheme_names()
    if "osx_framework_library" in names and not IN_VENV and sysconfig.get_config_var("PYTHONFRAMEWORK"):
        return "osx_framework_library"
    implementation = sys.implementation.name
    for name in (implementation + "_" + os.name, implementation, os.name + "_prefix", os.name):
        if name in names:
            return name
    return "posix_prefix"


def glibc_of_library():
    """What the library itself says."""
    try:
        import ctypes

        function = ctypes.CDLL(None).gnu_get_libc_version
        function.restype = ctypes.c_char_p
        return function().decode("ascii")
    except Exception:
        return ""


def asked_manylinux(_manylinux, version):
    """What the module of a distribution says."""
    if not hasattr(_manylinux, "manylinux_compatible"):
        return False
    try:
        parts = version.split(".")
        compatible = _manylinux.manylinux_compatible(int(parts[0]), int(parts[1]), MARKERS["platform_machine"])
    except Exception:
        return False
    return compatible is not None and not compatible


def other_system(name, version, facts):
    """What else is to be known of systems other than Linux."""
    if name == "win32":
        facts.update(name="win", machine="i386")
    elif name == "macosx":
        import platform

        facts["version"], _, facts["machine"] = platform.mac_ver()
    elif name == "ios":
        import platform

        found = platform.ios_ver()
        facts.update(version=found.release, simulator=found.is_simulator, machine=version.rpartition("-")[2])
    elif name == "emscripten":
        facts["pyemscripten"] = sysconfig.get_config_var("PYEMSCRIPTEN_PLATFORM_VERSION") or ""
        facts["version"] = facts["pyemscripten"] or sysconfig.get_config_var("PYODIDE_ABI_VERSION") or ""
