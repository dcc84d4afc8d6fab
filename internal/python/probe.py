# Tells about the interpreter that runs it: one JSON object after a marker, on
# standard output. It runs isolated (-I -B), on Python 3 of any version and
# implementation, and says so itself where it cannot go on.
#
# Importing costs most of its time, and compiling this text much of the rest. json
# and platform, which import re and a dozen further modules, are left out where
# what is asked for can be had without them; what only some interpreters need is in
# proberare.py, whose text is the argument.
import os
import sys

MARKER = "\x1etame-probe\x1e"


def answer(**facts):
    # A start-up hook of the interpreter may have printed something already:
    # the marker separates it. Taking the interpreter down bit by bit would
    # take longer than all that is asked here.
    sys.stdout.write(MARKER + encoded(facts) + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


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


def rare():
    """Defines the functions of proberare.py."""
    exec(sys.argv[1], globals())


def import_sysconfig():
    """Imports sysconfig, which since 3.12 wants a lock of threading, and with that
    a dozen modules more. It gets the lock alone."""
    stub = None
    if "threading" not in sys.modules:
        try:
            import _thread

            stub = type(sys)("threading")
            stub.RLock = _thread.RLock
            sys.modules["threading"] = stub
        except (ImportError, AttributeError):
            pass
    try:
        import sysconfig
    except Exception:
        sys.modules.pop("sysconfig", None)
        if stub is None:
            raise
        stub = sys.modules.pop("threading")
        import sysconfig
    if stub is not None and sys.modules.get("threading") is stub:
        del sys.modules["threading"]
    return sysconfig


sysconfig = import_sysconfig()

PYTHON_XY = "python{}.{}".format(*sys.version_info[:2])
IN_VENV = sys.prefix != sys.base_prefix or hasattr(sys, "real_prefix")
# pip's rule (pypa/pip issue 10647); distributors may set the switch.
USE_SYSCONFIG = bool(getattr(sysconfig, "_PIP_USE_SYSCONFIG", sys.version_info >= (3, 10)))


def platform_markers():
    """What package platform says, by its own rules where they are simple."""
    if sys.platform != "linux" or sys.implementation.name != "cpython" or sys.version[:2] != "3.":
        rare()
        return told_markers()
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
    if sys.implementation.name in ("graalpy", "pyston"):
        rare()
        return told_implementation_version()
    return release(sys.implementation.version)


def scheme_name():
    """The scheme of an installation into the prefix, as pip infers it."""
    if hasattr(sysconfig, "get_preferred_scheme"):
        return sysconfig.get_preferred_scheme("prefix")
    rare()
    return inferred_scheme_name()


def scheme():
    """Where packages of this interpreter go: absolute paths."""
    keys = ("purelib", "platlib", "scripts", "data", "include")
    if USE_SYSCONFIG:
        paths = sysconfig.get_paths(scheme=scheme_name())
        paths = {key: paths[key] for key in keys}
        if IN_VENV:
            paths["include"] = os.path.join(sys.prefix, "include", "site", PYTHON_XY)
        return paths
    rare()
    return distutils_scheme()


def virtualenv_scheme():
    """The same for a virtual environment made of it: paths below its root."""
    names = sysconfig.get_scheme_names()
    include = os.path.join("include", "site", PYTHON_XY)
    if "venv" in names:
        name = "venv"
    elif sys.version_info[:2] == (3, 10) and "deb_system" in names:
        name = "posix_prefix"  # Debian's default puts "local" into the paths
    else:
        rare()
        return distutils_virtualenv_scheme(include)
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
    rare()
    return glibc_of_library()


def manylinux_refused(version):
    """PEP 600: a _manylinux module of the distribution may refuse."""
    try:
        import _manylinux
    except ImportError:
        return False
    rare()
    return asked_manylinux(_manylinux, version)


def system():
    """The operating system and architecture that the interpreter is built for."""
    name, _, rest = sysconfig.get_platform().partition("-")
    version, _, machine = rest.rpartition("-")
    facts = {"name": name, "machine": machine, "version": version}
    if name == "linux":
        # On Android before 3.13 this is the name as well; see the caller.
        facts["glibc"] = glibc_version()
        facts["no_manylinux"] = manylinux_refused(facts["glibc"])
    else:
        rare()
        other_system(name, version, facts)
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
    bytecode_magic=getattr(sys.modules.get("_frozen_importlib_external"), "MAGIC_NUMBER", b"").hex(),
    is_64bit=sys.maxsize > 2**32,
    free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    debug=bool(sysconfig.get_config_var("Py_DEBUG")),
    standalone=sysconfig.get_config_var("prefix") == "/install"
    or bool(sysconfig.get_config_var("PYTHON_BUILD_STANDALONE")),
    wheel_pkg_dir=sysconfig.get_config_var("WHEEL_PKG_DIR") or "",
)
