# Tells about the interpreter that runs it: one JSON object after a marker, on
# standard output. It runs isolated (-I -B), on Python 3 of any version and
# implementation, and says so itself where it cannot go on.
#
# Importing costs most of its time. json and platform, which import re and a dozen
# further modules, are left out where what is asked for can be had without them.
import os
import sys

MARKER = "\x1etame-probe\x1e"


def answer(**facts):
    # A start-up hook of the interpreter may have printed something already:
    # the marker separates it. os._exit would lose what is buffered.
    sys.stdout.write(MARKER + encoded(facts) + "\n")
    sys.stdout.flush()
    sys.exit(0)


def encoded(value):
    """JSON of plain values."""
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(encoded(key) + ":" + encoded(value[key]) for key in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encoded(item) for item in value) + "]"
    if isinstance(value, str) and all(" " <= c <= "~" and c not in '"\\' for c in value):
        return '"' + value + '"'
    import json

    return json.dumps(value)


def release(info):
    text = "{}.{}.{}".format(info[0], info[1], info[2])
    if info[3] != "final":
        text += info[3][0] + str(info[4])
    return text


if sys.version_info < (3, 6):
    answer(error="unsupported_version", detail=release(sys.version_info))

import sysconfig

PYTHON_XY = "python{}.{}".format(*sys.version_info[:2])
IN_VENV = sys.prefix != sys.base_prefix or hasattr(sys, "real_prefix")
# pip's rule (pypa/pip issue 10647); distributors may set the switch.
USE_SYSCONFIG = bool(getattr(sysconfig, "_PIP_USE_SYSCONFIG", sys.version_info >= (3, 10)))


def platform_markers():
    """What package platform says, by its own rules where they are simple."""
    if sys.platform != "linux" or sys.implementation.name != "cpython" or sys.version[:2] != "3.":
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
    known = [value if value != "unknown" else "" for value in os.uname()]
    version = sys.version.split()[0]
    return {
        "platform_machine": known[4],
        "platform_python_implementation": "CPython",
        "platform_release": known[2],
        "platform_system": known[0],
        "platform_version": known[3],
        "python_full_version": version.rstrip("+"),
        "python_version": ".".join(version.split(".")[:2]),
    }


def implementation_version():
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


def scheme_name():
    """The scheme of an installation into the prefix, as pip infers it."""
    if hasattr(sysconfig, "get_preferred_scheme"):
        return sysconfig.get_preferred_scheme("prefix")
    names = sysconfig.get_scheme_names()
    if "osx_framework_library" in names and not IN_VENV and sysconfig.get_config_var("PYTHONFRAMEWORK"):
        return "osx_framework_library"
    implementation = sys.implementation.name
    for name in (implementation + "_" + os.name, implementation, os.name + "_prefix", os.name):
        if name in names:
            return name
    return "posix_prefix"


def scheme():
    """Where packages of this interpreter go: absolute paths."""
    keys = ("purelib", "platlib", "scripts", "data", "include")
    if USE_SYSCONFIG:
        paths = sysconfig.get_paths(scheme=scheme_name())
        paths = {key: paths[key] for key in keys}
        if IN_VENV:
            paths["include"] = os.path.join(sys.prefix, "include", "site", PYTHON_XY)
        return paths
    dist, command = distutils_install()
    paths = {key: getattr(command, "install_" + key) for key in keys[:4]}
    headers = command.install_headers
    if "install_lib" in dist.get_option_dict("install"):
        paths["purelib"] = paths["platlib"] = command.install_lib
    if IN_VENV:
        headers = os.path.join(command.prefix, "include", "site", PYTHON_XY, "UNKNOWN")
    paths["include"] = os.path.dirname(headers)
    return paths


def virtualenv_scheme():
    """The same for a virtual environment made of it: paths below its root."""
    names = sysconfig.get_scheme_names()
    include = os.path.join("include", "site", PYTHON_XY)
    if "venv" in names:
        name = "venv"
    elif sys.version_info[:2] == (3, 10) and "deb_system" in names:
        name = "posix_prefix"  # Debian's default puts "local" into the paths
    else:
        _, command = distutils_install(os.sep)
        paths = {
            key: getattr(command, "install_" + key)[1:].lstrip(os.sep)
            for key in ("purelib", "platlib", "scripts", "data")
        }
        paths["include"] = include
        return paths
    empty = {os.path.abspath(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    variables = {}
    for key, value in sysconfig.get_config_vars().items():
        variables[key] = "" if value in empty else value
    paths = {}
    for key in ("purelib", "platlib", "scripts", "data"):
        path = sysconfig.get_path(key, scheme=name, expand=False).format(**variables)
        paths[key] = path.replace("/", os.sep).lstrip(os.sep)
    paths["include"] = include
    return paths


def glibc_version():
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
        if text.startswith("glibc "):
            return text[len("glibc "):]
    except (AttributeError, OSError, ValueError):
        pass
    try:
        import ctypes

        function = ctypes.CDLL(None).gnu_get_libc_version
        function.restype = ctypes.c_char_p
        return function().decode("ascii")
    except Exception:
        return ""


def manylinux_refused(version):
    """PEP 600: a _manylinux module of the distribution may refuse."""
    try:
        import _manylinux
    except ImportError:
        return False
    if not hasattr(_manylinux, "manylinux_compatible"):
        return False
    try:
        parts = version.split(".")
        compatible = _manylinux.manylinux_compatible(int(parts[0]), int(parts[1]), MARKERS["platform_machine"])
    except Exception:
        return False
    return compatible is not None and not compatible


def system():
    """The operating system and architecture that the interpreter is built for."""
    name, _, rest = sysconfig.get_platform().partition("-")
    version, _, machine = rest.rpartition("-")
    facts = {"name": name, "machine": machine, "version": version}
    if name == "linux":
        # On Android before 3.13 this is the name as well; see the caller.
        facts["glibc"] = glibc_version()
        facts["no_manylinux"] = manylinux_refused(facts["glibc"])
    elif name == "win32":
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
    if hasattr(sys, "getandroidapilevel"):
        facts["android_api"] = sys.getandroidapilevel()
    return facts


def site_packages():
    import site

    try:
        return site.getsitepackages()
    except AttributeError:  # an old virtualenv's site module
        return []


MARKERS = platform_markers()
answer(
    markers=dict(
        MARKERS,
        implementation_name=sys.implementation.name,
        implementation_version=implementation_version(),
        os_name=os.name,
        sys_platform=sys.platform,
    ),
    executable=sys.executable,
    base_executable=getattr(sys, "_base_executable", None) or "",
    prefix=sys.prefix,
    base_prefix=sys.base_prefix,
    stdlib=sysconfig.get_path("stdlib"),
    site_packages=site_packages(),
    scheme=scheme(),
    virtualenv=virtualenv_scheme(),
    system=system(),
    is_64bit=sys.maxsize > 2**32,
    free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    debug=bool(sysconfig.get_config_var("Py_DEBUG")),
    standalone=sysconfig.get_config_var("prefix") == "/install"
    or bool(sysconfig.get_config_var("PYTHON_BUILD_STANDALONE")),
    wheel_pkg_dir=sysconfig.get_config_var("WHEEL_PKG_DIR") or "",
)
