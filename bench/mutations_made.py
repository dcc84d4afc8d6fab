"""The mutations that mutations.py makes: each is a function of the state of a tool."""

import functools
import os
import re
import shutil
import subprocess

BACKEND = """
[build-system]
requires = ["uv_build>=0.12,<0.13"]
build-backend = "uv_build"
"""


def library(name, dependencies="", version="1.0"):
    return '[project]\nname = "%s"\nversion = "%s"\nreadme = "README.md"\nrequires-python = ">=3.9"\ndependencies = [%s]\n%s' % (name, version, dependencies, BACKEND)


class Skip(Exception):
    """A mutation that does not apply to a state."""


@functools.cache
def minor(python):
    return subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


# Where tame is meant to answer otherwise: commands, mutations, and why; docs/differences.md says more.
ON_PURPOSE = [
    ("sync|run|pip", "dist info renamed|second dist info|direct url written|direct url broken", "what was added to a .dist-info is uninstalled, too"),
    ("sync|run", "pyvenv cfg removed", "an environment without pyvenv.cfg is refused"),
    ("sync|run|pip", "(copy|edit|m3|members/m3): (README|source) .*", "any file that changed has a project built anew"),
    ("sync|run|pip", "cached wheel without a file.*", "nothing is half installed from a damaged cache"),
    ("lock|sync|run|tree|export|pip", "(edit|copy|members/m3): name changed", "another name of a path dependency is told at once"),
    ("lock|sync|run|tree|export", "lock: source elsewhere", "a lock that names another project's directory is mended"),
    ("pip sync", "wrong type", "a broken pyproject.toml above a project that is installed already is not read"),
    ("lock --check", "UV_FROZEN=1", "lock --check checks"),
]
MUTATIONS = []
INSTALLED = ("project", "workspace")


def mutation(kinds, name=None):
    kinds = kinds.split()

    def add(f):
        MUTATIONS.append((name or f.__name__.replace("_", " "), kinds, f))
        return f
    return add


def edit(path, old, new, keep_time=False, count=1):
    """Replaces text in a file, written anew; keep_time leaves the time of modification, as some editors and git can."""
    if not path.exists():
        raise Skip("no " + path.name)
    was, text = path.stat(), path.read_bytes().decode()
    if old not in text:
        raise Skip("%s has no %r" % (path.name, old))
    path.write_bytes(text.replace(old, new, count).encode())
    if keep_time:
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


@mutation("project workspace script bare tool pythons environment")
def nothing(s):
    pass


# What is installed.

@mutation("project workspace")
def dist_info_removed(s):
    shutil.rmtree(s.info("alpha"))


@mutation("project workspace")
def version_in_METADATA_edited(s):
    edit(s.info("alpha") / "METADATA", "Version: 1.1", "Version: 1.0", keep_time=True)


@mutation("project workspace")
def dist_info_renamed(s):
    d = s.info("alpha")
    d.rename(d.with_name("alpha-1.0.dist-info"))


@mutation("project workspace")
def second_dist_info(s):
    d = s.info("alpha")
    shutil.copytree(d, d.with_name("alpha-1.0.dist-info"))


@mutation("project workspace")
def METADATA_removed(s):
    (s.info("alpha") / "METADATA").unlink()


@mutation("project workspace")
def METADATA_emptied(s):
    (s.info("alpha") / "METADATA").write_text("")


@mutation("project workspace")
def requirements_in_METADATA_edited(s):
    edit(s.info("alpha") / "METADATA", "Requires-Dist: beta>=1", "Requires-Dist: zeta>=1", keep_time=True)


@mutation("project workspace")
def WHEEL_removed(s):
    (s.info("alpha") / "WHEEL").unlink()


@mutation("project workspace")
def tags_in_WHEEL_edited(s):
    edit(s.info("alpha") / "WHEEL", "Tag: py3-none-any", "Tag: cp38-cp38-win32")


@mutation("project workspace")
def RECORD_emptied(s):
    (s.info("alpha") / "RECORD").write_text("")


@mutation("project workspace")
def RECORD_with_another_hash(s):
    edit(s.info("alpha") / "RECORD", "sha256=", "sha256=0")


@mutation("project workspace")
def INSTALLER_removed(s):
    (s.info("alpha") / "INSTALLER").unlink()


@mutation("project workspace")
def site_packages_removed(s):
    s.info("alpha")
    shutil.rmtree(s.site)


@mutation("project workspace")
def pth_of_editable_elsewhere(s):
    for f in s.site.glob("*.pth"):
        if f.name != "_virtualenv.pth":
            f.write_text("/nowhere\n")


@mutation("project workspace")
def RECORD_removed(s):
    (s.info("alpha") / "RECORD").unlink()


@mutation("project workspace")
def INSTALLER_edited(s):
    (s.info("alpha") / "INSTALLER").write_text("pip\n")


@mutation("project workspace")
def REQUESTED_written(s):
    (s.info("alpha") / "REQUESTED").write_text("")


@mutation("project workspace")
def module_removed(s):
    (s.site / "alpha/__init__.py").unlink()


@mutation("project workspace")
def package_removed_by_hand(s):
    s.info("alpha")
    shutil.rmtree(s.site / "alpha")


@mutation("project workspace")
def direct_url_written(s):
    (s.info("alpha") / "direct_url.json").write_text('{"url": "file:///nowhere/alpha", "dir_info": {}}')


@mutation("project workspace")
def direct_url_removed(s):
    (s.info("m0" if s.kind == "workspace" else "copy") / "direct_url.json").unlink()


@mutation("project workspace")
def direct_url_editable_changed(s):
    f = s.info("m0" if s.kind == "workspace" else "edit") / "direct_url.json"
    edit(f, '"editable":true', '"editable":false')


@mutation("project workspace")
def direct_url_elsewhere(s):
    f = s.info("m0" if s.kind == "workspace" else "copy") / "direct_url.json"
    edit(f, "/p/", "/q/", keep_time=True)


@mutation("project workspace")
def direct_url_broken(s):
    (s.info("m0" if s.kind == "workspace" else "copy") / "direct_url.json").write_text("{")


@mutation("project workspace")
def uv_cache_json_removed(s):
    (s.info("m0" if s.kind == "workspace" else "copy") / "uv_cache.json").unlink(missing_ok=True)


@mutation("project workspace")
def pth_of_editable_removed(s):
    for f in s.site.glob("*.pth"):
        if f.name != "_virtualenv.pth":
            f.unlink()


@mutation("project workspace")
def foreign_distribution(s):
    d = s.site / "zeta-1.0.dist-info"
    d.mkdir()
    (d / "METADATA").write_text("Metadata-Version: 2.1\nName: zeta\nVersion: 1.0\n")
    (d / "RECORD").write_text("zeta-1.0.dist-info/METADATA,,\nzeta-1.0.dist-info/RECORD,,\n")


@mutation("project workspace")
def foreign_egg_info(s):
    d = s.site / "zeta-1.0-py3.12.egg-info"
    d.mkdir(parents=True)
    (d / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: zeta\nVersion: 1.0\n")
    (d / "installed-files.txt").write_text("PKG-INFO\n")


@mutation("project workspace")
def foreign_in_old_directory(s):
    was = s.site.stat()
    foreign_distribution(s)
    os.utime(s.site, ns=(was.st_atime_ns, was.st_mtime_ns))


@mutation("project workspace")
def uninstalled_by_hand(s):
    for d in (s.info("beta"), s.site / "beta"):
        shutil.rmtree(d)


# The environment and the interpreter.

@mutation("project workspace environment pythons")
def environment_removed(s):
    shutil.rmtree(s.venv, ignore_errors=True)


@mutation("project workspace environment pythons")
def environment_is_a_file(s):
    shutil.rmtree(s.venv, ignore_errors=True)
    s.venv.write_text("x\n")


@mutation("project workspace environment pythons")
def environment_is_empty(s):
    shutil.rmtree(s.venv, ignore_errors=True)
    s.venv.mkdir()


@mutation("project workspace environment pythons")
def environment_is_something_else(s):
    shutil.rmtree(s.venv, ignore_errors=True)
    s.venv.mkdir()
    (s.venv / "mine.txt").write_text("x\n")


@mutation("project workspace environment pythons")
def environment_is_a_link(s):
    if s.venv.exists():
        s.venv.rename(s.root / "venv")
        s.venv.symlink_to(s.root / "venv")


@mutation("project workspace environment pythons")
def environment_of_other_python(s):
    shutil.rmtree(s.venv, ignore_errors=True)
    subprocess.run([s.opt.other, "-m", "venv", "--without-pip", str(s.venv)], check=True)


@mutation("project workspace environment pythons")
def environment_with_system_packages(s):
    edit(s.venv / "pyvenv.cfg", "include-system-site-packages = false", "include-system-site-packages = true")


@mutation("project workspace environment pythons")
def pyvenv_cfg_removed(s):
    (s.venv / "pyvenv.cfg").unlink(missing_ok=True)


@mutation("project workspace environment pythons")
def pyvenv_cfg_version_edited(s):
    f = s.venv / "pyvenv.cfg"
    if not f.exists():
        raise Skip("no environment")
    f.write_text(re.sub(r"(?m)^(version\w*) = .*", r"\1 = 3.8.1", f.read_text()))


@mutation("project workspace environment")
def pyvenv_cfg_home_edited(s):
    f = s.venv / "pyvenv.cfg"
    if not f.exists():
        raise Skip("no environment")
    f.write_text(re.sub(r"(?m)^home = .*", "home = /nowhere", f.read_text()))


@mutation("project workspace environment pythons")
def python_link_replaced(s):
    if not s.venv.exists():
        raise Skip("no environment")
    (s.venv / "bin/python").unlink()
    (s.venv / "bin/python").symlink_to(s.opt.other)


@mutation("project workspace environment pythons")
def python_link_leads_nowhere(s):
    if not s.venv.exists():
        raise Skip("no environment")
    (s.venv / "bin/python").unlink()
    (s.venv / "bin/python").symlink_to("/nowhere/python")


@mutation("project workspace environment pythons")
def python_link_is_a_script(s):
    if not s.venv.exists():
        raise Skip("no environment")
    f = s.venv / "bin/python"
    f.unlink()
    f.write_text('#!/bin/sh\nexit 3\n')
    f.chmod(0o755)


@mutation("project workspace bare tool script pythons")
def interpreter_removed_from_PATH(s):
    (s.bin / ("python" + minor(s.opt.python))).unlink()


@mutation("project workspace bare tool script pythons")
def other_interpreter_removed_from_PATH(s):
    (s.bin / ("python" + minor(s.opt.other))).unlink()


@mutation("project workspace bare tool script pythons")
def interpreter_of_PATH_is_another(s):
    s.add_python(s.opt.other, "python" + minor(s.opt.python))


@mutation("project workspace bare tool script pythons")
def interpreter_of_PATH_is_broken(s):
    f = s.bin / ("python" + minor(s.opt.python))
    f.unlink()
    f.write_text("#!/bin/sh\nexit 3\n")
    f.chmod(0o755)


@mutation("project workspace bare tool script pythons")
def interpreter_added_to_PATH(s):
    if s.opt.third:
        s.add_python(s.opt.third, "python3")
        s.add_python(s.opt.third)


@mutation("project workspace bare tool script pythons")
def no_request_and_interpreter_added(s):
    s.env.pop("UV_PYTHON", None)
    s.add_python(s.opt.other, "python")


@mutation("project workspace bare tool script pythons")
def python_version_file_other(s):
    s.env.pop("UV_PYTHON", None)
    s.write(".python-version", minor(s.opt.other) + "\n")


@mutation("project workspace bare tool script pythons")
def python_version_file_same(s):
    s.env.pop("UV_PYTHON", None)
    s.write(".python-version", minor(s.opt.python) + "\n")


@mutation("project workspace bare tool script pythons")
def python_version_file_nonsense(s):
    s.env.pop("UV_PYTHON", None)
    s.write(".python-version", "1.2.3.4.5/x\n")


@mutation("project workspace bare tool script pythons")
def python_versions_file(s):
    s.env.pop("UV_PYTHON", None)
    s.write(".python-versions", minor(s.opt.other) + "\n" + minor(s.opt.python) + "\n")


@mutation("project workspace bare tool script pythons")
def python_version_file_of_parent(s):
    s.env.pop("UV_PYTHON", None)
    (s.root / ".python-version").write_text(minor(s.opt.other) + "\n")


# pyproject.toml

def toml(name, old, new, kinds="project", keep_time=False, rel="pyproject.toml"):
    MUTATIONS.append((name, kinds.split(), lambda s: edit(s.dir / rel, old, new, keep_time)))


def setting(name, text, kinds="project workspace"):
    def add(s):
        f = s.dir / "pyproject.toml"
        body = f.read_text()
        head, _, rest = text.partition("\n")
        if head == "[tool.uv]":  # before the tables that belong to it
            at = body.index("\n[tool.uv")
            f.write_text(body[:at] + "\n" + text + "\n" + body[at:])
        else:
            f.write_text(body + "\n" + text + "\n")
    MUTATIONS.append(("setting: " + name, kinds.split(), add))


toml("dependency added", '"alpha>=1.0"', '"alpha>=1.0", "zeta"', "project workspace")
toml("dependency removed", '    "gamma[fancy]",\n', "")
toml("dependency changed", "alpha>=1.0", "alpha==1.0", "project workspace")
toml("dependency changed, same time", "alpha>=1.0", "alpha<=1.0", "project workspace", keep_time=True)
toml("dependency exchanged, same time", "gamma[fancy]", "zeta[aaaaa]", keep_time=True)
toml("dependency not to be had", "alpha>=1.0", "alpha>=9.0", "project workspace", keep_time=True)
toml("dependency with marker", '"alpha>=1.0"', '"alpha>=1.0 ; sys_platform == \'win32\'"', "project workspace")
toml("dependencies in other order", '    "alpha>=1.0",\n    "gamma[fancy]",\n', '    "gamma[fancy]",\n    "alpha>=1.0",\n')
toml("extra of dependency removed", "gamma[fancy]", "gamma")
toml("group changed", "epsilon<2.0", "epsilon<3.0", "project workspace", keep_time=True)
toml("group added", "[dependency-groups]\n", '[dependency-groups]\nci = ["zeta"]\n', "project workspace")
toml("group removed", '[dependency-groups]\ndev = ["epsilon<2.0"]\n', "", "project workspace")
toml("group includes itself", "[dependency-groups]\n", '[dependency-groups]\nci = [{include-group = "ci"}]\n', "project workspace")
toml("group includes another", '["epsilon<2.0"]', '["epsilon<2.0", {include-group = "ci"}]\nci = ["zeta"]', "project workspace")
toml("extra added", "more = ", 'most = ["zeta"]\nmore = ')
toml("extra renamed", "more = ", "most = ", keep_time=True)
toml("source to editable", '"copy" }', '"copy", editable = true }')
toml("source no longer editable", '"edit", editable = true }', '"edit" }')
toml("source removed", 'edit = { path = "edit", editable = true }\n', "")
toml("source leads nowhere", 'path = "edit"', 'path = "else"', keep_time=True)
toml("requires-python raised", ">=3.9", ">=3.10", "project workspace")
toml("requires-python excludes", 'requires-python = ">=3.9"', 'requires-python = "<3.10"', "project workspace", keep_time=True)
toml("requires-python removed", 'requires-python = ">=3.9"\n', "", "project workspace")
toml("version changed", 'version = "0.1.0"', 'version = "0.2.0"', "project workspace", keep_time=True)
toml("name changed", 'name = "app"', 'name = "apq"', "project workspace", keep_time=True)
toml("dynamic version", 'version = "0.1.0"', 'dynamic = ["version"]', "project workspace")
toml("comment added", "dependencies = [", "# A comment.\ndependencies = [", "project workspace")
toml("syntax error", "dependencies = [", "dependencies = [[", "project workspace")
toml("unknown key", "[project]\n", "[project]\nnonsense = 1\n", "project workspace")
toml("wrong type", 'name = "app"', "name = 1", "project workspace")
toml("empty dependency", '"alpha>=1.0"', '"alpha>=1.0", ""', "project workspace")
setting("constraint", '[tool.uv]\nconstraint-dependencies = ["alpha==1.0"]')
setting("override", '[tool.uv]\noverride-dependencies = ["beta==1.0"]')
setting("exclude-dependencies", '[tool.uv]\nexclude-dependencies = ["beta"]')
setting("environments", "[tool.uv]\nenvironments = [\"sys_platform == 'linux'\"]")
setting("required-environments", "[tool.uv]\nrequired-environments = [\"sys_platform == 'win32'\"]")
setting("default-groups", "[tool.uv]\ndefault-groups = []")
setting("default-groups unknown", '[tool.uv]\ndefault-groups = ["nonsense"]')
setting("conflicts", '[tool.uv]\nconflicts = [[{extra = "more"}, {group = "dev"}]]', "project")
setting("resolution", '[tool.uv]\nresolution = "lowest"')
setting("prerelease", '[tool.uv]\nprerelease = "allow"')
setting("exclude-newer", '[tool.uv]\nexclude-newer = "2001-01-01"')
setting("exclude-newer-package", '[tool.uv]\nexclude-newer-package = { alpha = "2001-01-01" }')
setting("fork-strategy", '[tool.uv]\nfork-strategy = "fewest"')
setting("index-strategy", '[tool.uv]\nindex-strategy = "unsafe-best-match"')
setting("no-binary-package", '[tool.uv]\nno-binary-package = ["alpha"]')
setting("no-build", "[tool.uv]\nno-build = true")
setting("no-index", "[tool.uv]\nno-index = true")
setting("link-mode", '[tool.uv]\nlink-mode = "copy"')
setting("compile-bytecode", "[tool.uv]\ncompile-bytecode = true")
setting("offline", "[tool.uv]\noffline = true")
setting("no-sources", "[tool.uv]\nno-sources = true")
setting("package", "[tool.uv]\npackage = true")
setting("managed", "[tool.uv]\nmanaged = false")
setting("required-version", '[tool.uv]\nrequired-version = "<0.1"')
setting("reinstall-package", '[tool.uv]\nreinstall-package = ["alpha"]')
setting("upgrade-package", '[tool.uv]\nupgrade-package = ["alpha"]')
setting("dependency-metadata", '[[tool.uv.dependency-metadata]]\nname = "alpha"\nversion = "1.1"\nrequires-dist = ["zeta"]')
setting("index explicit", '[[tool.uv.index]]\nname = "second"\nurl = "SECOND"\nexplicit = true')
setting("dependency-groups python", '[tool.uv.dependency-groups]\ndev = { requires-python = ">=3.12" }')
setting("cache-keys", '[tool.uv]\ncache-keys = [{file = "show.py"}]')
setting("wrong type", "[tool.uv]\nresolution = 3")
setting("unknown key", "[tool.uv]\nnonsense = 3")
setting("build-system", BACKEND)


@mutation("project workspace")
def pyproject_touched(s):
    (s.dir / "pyproject.toml").touch()


@mutation("project workspace")
def pyproject_removed(s):
    (s.dir / "pyproject.toml").unlink()


@mutation("project workspace")
def pyproject_with_CRLF(s):
    f = s.dir / "pyproject.toml"
    f.write_bytes(f.read_bytes().replace(b"\n", b"\r\n"))


@mutation("project workspace")
def pyproject_with_byte_order_mark(s):
    f = s.dir / "pyproject.toml"
    f.write_bytes(b"\xef\xbb\xbf" + f.read_bytes())


@mutation("project workspace")
def pyproject_renamed_over(s):
    f = s.dir / "pyproject.toml"
    was = f.stat()
    new = f.with_name("new")
    new.write_text(f.read_text().replace("alpha>=1.0", "alpha<=1.0"))
    os.utime(new, ns=(was.st_atime_ns, was.st_mtime_ns))
    new.rename(f)


@mutation("project workspace")
def everything_old(s):
    for f in [*s.dir.rglob("*"), s.dir]:
        os.utime(f, (1e9, 1e9), follow_symlinks=False)


@mutation("project workspace")
def everything_from_the_future(s):
    for f in [*s.dir.rglob("*"), s.dir]:
        os.utime(f, (2.1e9, 2.1e9), follow_symlinks=False)


@mutation("project workspace")
def moved_elsewhere_and_back_as_copy(s):
    s.dir.rename(s.root / "q")
    shutil.copytree(s.root / "q", s.dir, symlinks=True)


@mutation("project workspace")
def moved(s):
    s.dir.rename(s.root / "q")
    s.dir = s.here = s.root / "q"
    s.venv = s.dir / ".venv"


@mutation("project workspace")
def run_in_a_subdirectory(s):
    s.here = s.dir / ("edit/src" if s.kind == "project" else "members")
    s.extra = ["--", ""][:0]


# Local libraries and members.

for kind, where in (("project", "edit"), ("project", "copy"), ("workspace", "members/m2")):
    base = where.rpartition("/")[2]
    toml(where + ": dependency added", "dependencies = []" if kind == "project" else '"beta"', 'dependencies = ["zeta"]' if kind == "project" else '"zeta"', kind, rel=where + "/pyproject.toml")
    toml(where + ": version changed", 'version = "1.0"', 'version = "1.1"', kind, True, where + "/pyproject.toml")
    toml(where + ": name changed", 'name = "%s"' % base, 'name = "nn"', kind, rel=where + "/pyproject.toml")
    toml(where + ": requires-python changed", ">=3.9", ">=3.99", kind, rel=where + "/pyproject.toml")
    toml(where + ": build-system removed", BACKEND, "", kind, rel=where + "/pyproject.toml")
    toml(where + ": README edited", "A library.", "One library.", kind, rel=where + "/README.md")
    toml(where + ": source edited", "x = 1", "x = 2", kind, True, where + "/src/%s/__init__.py" % base)
    toml(where + ": touched", "x = 1", "x = 1", kind, rel=where + "/pyproject.toml" if False else where + "/src/%s/__init__.py" % base)
    toml(where + ": syntax error", "[project]", "[project", kind, rel=where + "/pyproject.toml")
    MUTATIONS.append((where + ": removed", [kind], lambda s, where=where: shutil.rmtree(s.dir / where)))
    MUTATIONS.append((where + ": pyproject.toml removed", [kind], lambda s, where=where: (s.dir / where / "pyproject.toml").unlink()))
    MUTATIONS.append((where + ": pyproject.toml touched", [kind], lambda s, where=where: (s.dir / where / "pyproject.toml").touch()))
    MUTATIONS.append((where + ": source added", [kind], lambda s, where=where, base=base: s.write(where + "/src/%s/more.py" % base, "y = 1\n")))


@mutation("workspace")
def member_added(s):
    s.write("members/new/pyproject.toml", library("new", '"zeta"'))
    s.write("members/new/README.md", "New.\n")
    s.write("members/new/src/new/__init__.py", "")


@mutation("workspace")
def member_added_without_project(s):
    s.write("members/new/pyproject.toml", "[tool.x]\n")


@mutation("workspace")
def directory_without_pyproject_added(s):
    s.write("members/new/README.md", "x\n")


@mutation("workspace")
def hidden_directory_added(s):
    s.write("members/.new/README.md", "x\n")


@mutation("workspace")
def file_among_members_added(s):
    s.write("members/note.txt", "x\n")


@mutation("workspace")
def excluded_member_added(s):
    s.write("members/out/pyproject.toml", library("out", '"zeta"'))


@mutation("workspace")
def member_of_same_name_added(s):
    s.write("members/new/pyproject.toml", library("m1"))


@mutation("workspace")
def member_renamed_directory(s):
    (s.dir / "members/m4").rename(s.dir / "members/n4")


@mutation("workspace")
def member_is_now_a_link(s):
    (s.dir / "members/m4").rename(s.dir / "m4")
    (s.dir / "members/m4").symlink_to(s.dir / "m4")


@mutation("workspace")
def last_member_removed(s):
    shutil.rmtree(s.dir / "members/m5")


toml("members changed", '["members/*"]', '["members/m[0-3]"]', "workspace")
toml("exclude changed", '["members/out"]', '["members/m5"]', "workspace", True)
toml("workspace source removed", "m0 = { workspace = true }\n", "", "workspace")

# The lock.

toml("lock: version edited", 'name = "alpha"\nversion = "1.1"', 'name = "alpha"\nversion = "1.0"', "project workspace", True, "uv.lock")
toml("lock: hash edited", "sha256:", "sha256:0", "project workspace", False, "uv.lock")
toml("lock: entry renamed", '[[package]]\nname = "beta"', '[[package]]\nname = "betb"', "project workspace", True, "uv.lock")
toml("lock: revision", "revision = 3", "revision = 2", "project workspace", True, "uv.lock")
toml("lock: newer revision", "revision = 3", "revision = 9", "project workspace", True, "uv.lock")
toml("lock: newer version", "version = 1\n", "version = 2\n", "project workspace", True, "uv.lock")
toml("lock: requires-python", 'requires-python = ">=3.9"', 'requires-python = ">=3.8"', "project workspace", True, "uv.lock")
toml("lock: dependency removed", '    { name = "beta" },\n', "", "project workspace", False, "uv.lock")
toml("lock: other index", "127.0.0.1", "localhost", "project workspace", False, "uv.lock")
toml("lock: comment", "[[package]]", "# A comment.\n[[package]]", "project workspace", False, "uv.lock")
toml("lock: conflict markers", "[[package]]", "<<<<<<< HEAD\n[[package]]", "project workspace", False, "uv.lock")
toml("lock: twice the same package", '[[package]]\nname = "beta"\nversion = "2.0"', '[[package]]\nname = "alpha"\nversion = "1.1"', "project workspace", False, "uv.lock")
toml("lock: requires-dist edited", '{ name = "alpha", specifier = ">=1.0" }', '{ name = "alpha", specifier = ">=1.1" }', "project workspace", True, "uv.lock")
toml("lock: unknown key", "version = 1\n", "version = 1\nnonsense = 1\n", "project workspace", False, "uv.lock")
toml("lock: script's version", 'name = "alpha"\nversion = "1.1"', 'name = "alpha"\nversion = "1.0"', "script", True, "show.py.lock")
toml("lock: script's requirement", 'specifier = ">=1.0"', 'specifier = ">=1.1"', "script", True, "show.py.lock")


@mutation("project workspace script")
def lock_removed(s):
    for f in s.dir.glob("*.lock"):
        f.unlink()


@mutation("project workspace script")
def lock_emptied(s):
    for f in s.dir.glob("*.lock"):
        f.write_text("")


@mutation("project workspace")
def lock_touched(s):
    (s.dir / "uv.lock").touch()


@mutation("project workspace")
def lock_with_CRLF(s):
    f = s.dir / "uv.lock"
    f.write_bytes(f.read_bytes().replace(b"\n", b"\r\n"))


@mutation("project workspace")
def lock_cut_off(s):
    f = s.dir / "uv.lock"
    text = f.read_bytes()
    f.write_bytes(text[:len(text) * 2 // 3])


@mutation("project workspace")
def lock_without_an_entry(s):
    f = s.dir / "uv.lock"
    f.write_text(re.sub(r'\[\[package\]\]\nname = "beta"\n.*?(?=\n\[\[package)', "", f.read_text(), flags=re.S))


@mutation("project workspace")
def lock_entries_in_other_order(s):
    f = s.dir / "uv.lock"
    head, *rest = f.read_text().split("\n[[package]]")
    f.write_text(head + "".join("\n[[package]]" + r.rstrip("\n") + "\n" for r in reversed(rest)))


toml("lock: revision removed", "revision = 3\n", "", "project workspace", False, "uv.lock")
toml("lock: editable is a directory", 'source = { editable = "edit" }', 'source = { directory = "edit" }', "project", True, "uv.lock")
toml("lock: source elsewhere", 'source = { directory = "copy" }', 'source = { directory = "edit" }', "project", True, "uv.lock")
toml("lock: marker added", '    { name = "alpha" },', '    { name = "alpha", marker = "sys_platform == \'win32\'" },', "project workspace", False, "uv.lock")
toml("lock: size edited", "size = ", "size = 1", "project workspace", False, "uv.lock")
toml("lock: member removed", '    "m4",\n', "", "workspace", False, "uv.lock")
toml("lock: member added", '    "m4",\n', '    "m4",\n    "nn",\n', "workspace", False, "uv.lock")
toml("lock: options added", "\n[[package]]", '\n[options]\nresolution-mode = "lowest"\n\n[[package]]', "project workspace", False, "uv.lock")
toml("lock: version of member", 'name = "m2"\nversion = "1.0"', 'name = "m2"\nversion = "2.0"', "workspace", True, "uv.lock")


@mutation("project workspace")
def lock_without_wheels(s):
    f = s.dir / "uv.lock"
    if not f.exists():
        raise Skip("no lock")
    f.write_text(re.sub(r"wheels = \[\n.*?\n\]\n", "", f.read_text(), flags=re.S))


# Requirements of pip's commands.

toml("requirement pinned elsewhere", "alpha==1.1", "alpha==1.0", "project", True, "requirements.txt")
toml("requirement of the set removed", "gamma==1.0\n", "", "project", False, "requirements.txt")
toml("requirement of the set added", "gamma==1.0\n", "gamma==1.0\nzeta==1.0\n", "project", False, "requirements.txt")
toml("requirement with false marker", "gamma==1.0", "gamma==1.0 ; sys_platform == 'win32'", "project", False, "requirements.txt")
toml("requirement with wrong hash", "gamma==1.0", "gamma==1.0 --hash=sha256:" + "0" * 64, "project", False, "requirements.txt")
toml("requirement no longer editable", "-e ./edit", "./edit", "project", True, "requirements.txt")
toml("requirements commented", "gamma==1.0", "# A comment.\ngamma==1.0", "project", False, "requirements.txt")
toml("requirement raised", "alpha>=1.0", "alpha>=2.0a1", "project", True, "requirements.in")
toml("requirement bounded", "alpha>=1.0", "alpha<=1.0", "project", True, "requirements.in")
toml("requirement extended", "gamma[fancy]", "gamma[fancy]\nzeta", "project", False, "requirements.in")
toml("requirement not to be had", "gamma[fancy]", "gamma>=9", "project", True, "requirements.in")
toml("requirement without extra", "gamma[fancy]", "gamma", "project", False, "requirements.in")
toml("requirements with constraint", "alpha>=1.0", "-c ../constraint.txt\nalpha>=1.0", "project", False, "requirements.in")
toml("requirements with error", "gamma[fancy]", "gamma[fancy", "project", False, "requirements.in")
toml("output edited", "alpha==1.1", "alpha==1.0", "project", True, "out.txt")
toml("output of something else", "beta==2.0", "beta==1.0", "project", False, "out.txt")


@mutation("project")
def requirements_emptied(s):
    for name in ("requirements.in", "requirements.txt"):
        if not (s.dir / name).exists():
            raise Skip("no " + name)
        (s.dir / name).write_text("")


@mutation("project")
def requirements_removed(s):
    for name in ("requirements.in", "requirements.txt", "out.txt"):
        (s.dir / name).unlink(missing_ok=True)


# Scripts.

toml("script: dependency changed", "alpha>=1.0", "alpha==1.0", "script", rel="show.py")
toml("script: dependency changed, same time", "alpha>=1.0", "alpha<=1.0", "script", True, "show.py")
toml("script: dependency added", '"delta"]', '"delta", "zeta"]', "script", rel="show.py")
toml("script: requires-python excludes", ">=3.9", "<3.12", "script", rel="show.py")
toml("script: requires-python raised", ">=3.9", ">=3.10", "script", rel="show.py")
toml("script: setting", "# ///\n", '# [tool.uv]\n# resolution = "lowest"\n# ///\n', "script", rel="show.py")
toml("script: exclude-newer", '"delta"]\n', '"delta"]\n# [tool.uv]\n# exclude-newer = "2001-01-01"\n', "script", rel="show.py")
toml("script: prerelease", '"delta"]\n', '"delta"]\n# [tool.uv]\n# prerelease = "allow"\n', "script", rel="show.py")
toml("script: index", '"delta"]\n', '"delta"]\n# [[tool.uv.index]]\n# url = "SECOND"\n', "script", rel="show.py")
toml("script: syntax error", "dependencies = [", "dependencies = [[", "script", rel="show.py")
toml("script: block removed", "# /// script", "# // script", "script", rel="show.py")
toml("script: code changed", "import importlib", "print('more')\nimport importlib", "script bare", rel="show.py")


@mutation("script")
def environments_of_scripts_removed(s):
    for d in [*s.cache.glob("environments*"), *s.cache.glob("tame-environments*")]:
        shutil.rmtree(d)


def in_environments(s, pattern):
    return [f for d in s.cache.iterdir() if d.name.startswith(("environments", "ephemeral", "builds", "tame")) or d.is_dir()
            for f in d.rglob(pattern) if "site-packages" in f.parts]


@mutation("script tool bare environment")
def cached_environment_dist_info_removed(s):
    for f in in_environments(s, "*eta-*.dist-info"):
        shutil.rmtree(f)


@mutation("script tool bare environment")
def cached_environment_loses_python(s):
    for f in [*s.cache.rglob("bin/python")]:
        f.unlink()


# The cache.

@mutation("project workspace script bare tool environment")
def cache_removed(s):
    shutil.rmtree(s.cache)


@mutation("project workspace script bare tool environment")
def cache_cleaned_by_command(s):
    code, _, _ = s.run("cache", "clean", "-q")
    assert code == 0


@mutation("project workspace script bare tool environment")
def cache_pruned(s):
    code, _, _ = s.run("cache", "prune", "--ci", "-q")
    assert code == 0


@mutation("project workspace script bare tool environment")
def cached_wheel_without_a_file(s):
    for f in s.cache.rglob("alpha/__init__.py"):
        if "site-packages" not in f.parts:
            f.unlink()


@mutation("project workspace")
def cached_wheel_without_a_file_and_uninstalled(s):
    cached_wheel_without_a_file(s)
    shutil.rmtree(s.info("alpha"))


@mutation("project workspace")
def cached_wheel_gone_and_uninstalled(s):
    for f in [*s.cache.rglob("beta/__init__.py")]:
        if "site-packages" not in f.parts:
            shutil.rmtree(f.parent.parent)
    shutil.rmtree(s.info("beta"))


@mutation("project workspace script bare tool environment")
def cache_elsewhere(s):
    s.env["UV_CACHE_DIR"] = str(s.root / "cache2")


@mutation("project workspace script bare tool environment")
def cache_of_zeroes(s):
    for f in s.cache.rglob("*"):
        if f.is_file() and not f.is_symlink() and "simple" in str(f):
            f.write_bytes(b"\0" * f.stat().st_size)


# Variables. Those that name a place are told relative to the state.

def variable(kinds, **values):
    def set_all(s):
        if "UV_PYTHON" not in s.env and not values.keys().isdisjoint(("UV_PYTHON", "UV_SYSTEM_PYTHON")):
            raise Skip("pip would change the interpreter that all states share")
        for k, v in values.items():
            s.env[k] = v.replace("ROOT", str(s.root)).replace("SECOND", s.opt.second).replace("OTHER", minor(s.opt.other))
    MUTATIONS.append(("%s=%s" % next(iter(values.items())), kinds.split(), set_all))


ALL = "project workspace script bare tool environment"
variable(ALL, UV_DEFAULT_INDEX="SECOND")
variable(ALL, UV_INDEX_URL="SECOND", UV_DEFAULT_INDEX="")
variable(ALL, UV_INDEX="SECOND")
variable(ALL, UV_INDEX="second=SECOND")
variable(ALL, UV_EXTRA_INDEX_URL="SECOND")
variable(ALL, UV_FIND_LINKS="ROOT/links")
variable(ALL, UV_NO_INDEX="1")
variable(ALL, UV_INDEX_STRATEGY="unsafe-best-match", UV_INDEX="SECOND")
variable(ALL, UV_PRERELEASE="allow")
variable(ALL, UV_RESOLUTION="lowest")
variable(ALL, UV_RESOLUTION="lowest-direct")
variable(ALL, UV_RESOLUTION="nonsense")
variable(ALL, UV_FORK_STRATEGY="fewest")
variable(ALL, UV_EXCLUDE_NEWER="2001-01-01")
variable(ALL, UV_EXCLUDE_NEWER_PACKAGE="alpha=2001-01-01")
variable(ALL, UV_NO_BINARY_PACKAGE="alpha")
variable(ALL, UV_NO_BUILD="1")
variable(ALL, UV_NO_SOURCES="1")
variable(ALL, UV_LINK_MODE="copy")
variable(ALL, UV_LINK_MODE="symlink")
variable(ALL, UV_COMPILE_BYTECODE="1")
variable(ALL, UV_OFFLINE="1")
variable(ALL, UV_REFRESH="1")
variable(ALL, UV_UPGRADE="1")
variable(ALL, UV_REINSTALL="1")
variable(ALL, UV_NO_CACHE="1")
variable(ALL, UV_FROZEN="1")
variable(ALL, UV_LOCKED="1")
variable(ALL, UV_NO_SYNC="1")
variable(ALL, UV_ISOLATED="1")
variable(ALL, UV_PYTHON="OTHER")
variable(ALL, UV_PYTHON="9.9")
variable(ALL, UV_PYTHON_PREFERENCE="only-managed")
variable(ALL, UV_CONSTRAINT="ROOT/constraint.txt")
variable(ALL, UV_OVERRIDE="ROOT/constraint.txt")
variable(ALL, UV_CONFIG_FILE="ROOT/other.toml")
variable(ALL, UV_CONFIG_FILE="ROOT/missing.toml")
variable(ALL, UV_NO_CONFIG="1")
variable(ALL, UV_PREVIEW="1")
variable(ALL, UV_NO_EDITABLE="1")
variable(ALL, UV_NO_DEV="1")
variable(ALL, UV_DEV="1")
variable(ALL, UV_NO_DEFAULT_GROUPS="1")
variable(ALL, UV_NO_GROUP="dev")
variable(ALL, UV_NO_INSTALL_PROJECT="1")
variable(ALL, UV_NO_INSTALL_WORKSPACE="1")
variable(ALL, UV_NO_INSTALL_LOCAL="1")
variable(ALL, UV_PROJECT_ENVIRONMENT="other")
variable(ALL, UV_PROJECT_ENVIRONMENT="ROOT/elsewhere")
variable(ALL, VIRTUAL_ENV="ROOT/elsewhere")
variable(ALL, CONDA_PREFIX="ROOT/elsewhere")
variable(ALL, UV_PROJECT="edit")
variable(ALL, UV_WORKING_DIR="edit")
variable(ALL, UV_ENV_FILE="ROOT/env")
variable(ALL, UV_SYSTEM_PYTHON="1")
variable(ALL, UV_VENV_SEED="1")
variable(ALL, UV_REQUIRE_HASHES="1")
variable(ALL, UV_KEYRING_PROVIDER="disabled")
variable(ALL, UV_TOOL_DIR="ROOT/tools")
variable("pythons", UV_PYTHON_PREFERENCE="only-managed")
variable("pythons", UV_PYTHON="OTHER")
variable("pythons", VIRTUAL_ENV="ROOT/p/.venv")
variable("pythons", UV_PYTHON_INSTALL_DIR="ROOT/pythons")
variable("pythons", UV_VENV_SEED="0")
variable("pythons", UV_VENV_CLEAR="1")
variable("pythons", PATH="/usr/bin:/bin")
variable("pythons", UV_PYTHON_SEARCH_PATH="ROOT/none")


@mutation("project workspace")
def VIRTUAL_ENV_with_active(s):
    s.env["VIRTUAL_ENV"] = str(s.root / "elsewhere")
    s.active = True


# Configuration.

def configured(where, name, text, kinds=ALL):
    def write(s):
        f = {"parent": s.root / "uv.toml", "project": s.dir / "uv.toml", "user": s.home / ".config/uv/uv.toml"}[where]
        f.write_text(text.replace("SECOND", s.opt.second).replace("ROOT", str(s.root)))
    MUTATIONS.append(("%s uv.toml: %s" % (where, name), kinds.split(), write))


for place in ("parent", "project", "user"):
    configured(place, "index", '[[index]]\nurl = "SECOND"\n')
    configured(place, "resolution", 'resolution = "lowest"\n')
    configured(place, "prerelease", 'prerelease = "allow"\n')
    configured(place, "exclude-newer", 'exclude-newer = "2001-01-01"\n')
    configured(place, "link-mode", 'link-mode = "copy"\n')
    configured(place, "reinstall", "reinstall = true\n")
    configured(place, "offline", "offline = true\n")
    configured(place, "compile-bytecode", "compile-bytecode = true\n")
    configured(place, "cache-dir", 'cache-dir = "ROOT/cache3"\n')
    configured(place, "no-binary-package", 'no-binary-package = ["alpha"]\n')
    configured(place, "constraint", 'constraint-dependencies = ["alpha==1.0"]\n')
    configured(place, "default-groups", "default-groups = []\n")
    configured(place, "syntax error", "resolution = \n")
    configured(place, "unknown key", "nonsense = 1\n")
    configured(place, "empty", "")

# Size of the cache: held against a walk over the files, because the two tools keep different things.


@mutation("cache")
def cache_file_added(s):
    (s.cache / "more").mkdir()
    (s.cache / "more/file").write_text("x" * 1000)


@mutation("cache")
def cache_file_grown_same_time(s):
    f = max((f for f in s.cache.rglob("*") if f.is_file() and not f.is_symlink()), key=lambda f: f.stat().st_size)
    was = f.stat()
    with f.open("ab") as w:
        w.write(b"x" * 100000)
    os.utime(f, ns=(was.st_atime_ns, was.st_mtime_ns))


@mutation("cache")
def cache_file_removed(s):
    next(f for f in sorted(s.cache.rglob("*.py"))).unlink()


@mutation("cache")
def cache_deep_file_added(s):
    d = next(f for f in sorted(s.cache.rglob("alpha")) if f.is_dir())
    (d / "deep.py").write_text("x" * 5000)


@mutation("cache")
def cache_directory_replaced(s):
    d = next(f for f in sorted(s.cache.rglob("alpha")) if f.is_dir())
    d.rename(s.root / "away")
    d.mkdir()
    (d / "__init__.py").write_text("y" * 77)


@mutation("cache")
def cache_all_removed(s):
    shutil.rmtree(s.cache)


@mutation("cache")
def cache_file_linked(s):
    f = next(f for f in sorted(s.cache.rglob("*.py")))
    os.link(f, f.with_name("again.py"))
