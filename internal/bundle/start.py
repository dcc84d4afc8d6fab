

def fail(reason):
    sys.exit(NAME + ": " + reason)


def check():
    have = sys.version_info[:2]
    if have < PYTHON or EXACT and have != PYTHON:
        wanted = "%d.%d" % PYTHON + ("" if EXACT else " or later")
        fail("needs Python %s, but %s is Python %d.%d" % ((wanted, sys.executable or "this") + have))
    machine = os.uname()[4] if MACHINE and hasattr(os, "uname") else MACHINE
    if SYSTEM and (sys.platform, machine) != (SYSTEM, MACHINE):
        fail("is made for %s, not for %s" % ((SYSTEM + " " + MACHINE).rstrip(), (sys.platform + " " + machine).rstrip()))


def only(site_packages):
    """Lets imports come from a directory and the standard library alone."""
    library = os.path.dirname(os.__file__)
    roots = tuple(os.path.join(p, "") for p in (sys.base_prefix, sys.base_exec_prefix, library))
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)

    def belongs(path):
        parts = path.replace("\\", "/").split("/")
        return (path == library or path.startswith(roots)) and path not in given and not {"site-packages", "dist-packages"}.intersection(parts)

    kept = [path for path in sys.path if belongs(path)]
    sys.path[:] = kept
    if os.path.isdir(site_packages):
        import site

        site.addsitedir(site_packages)  # files .pth count, too
    else:
        sys.path.insert(0, site_packages)
    sys.path[:] = [path for path in sys.path if path not in kept] + kept


def run(home):
    if APP:
        sys.path.insert(0, os.path.join(home, APP))
    if SCRIPT:
        import runpy

        runpy.run_path(os.path.join(home, APP, SCRIPT), run_name="__main__")
    elif ATTRIBUTE:
        import importlib

        found = importlib.import_module(MODULE)
        for name in ATTRIBUTE.split("."):
            found = getattr(found, name)
        sys.exit(found())
    else:
        import runpy

        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
