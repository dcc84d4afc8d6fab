#!/usr/bin/env python3
"""Whether a tool that remembers what it has seen still sees every change: commands that had nothing to do, a change, and again.

    bench/mutations.py --uv UV --tame ./tame --python PYTHON --other PYTHON [--index URL --second URL] [--only REGEX] [--mutation REGEX]

For each command (sync, lock, run, tree, export, those of a workspace, scripts and tools, ...) and each mutation (a file of
a dist-info edited, a requirement, a variable, the interpreter swapped, a member added, ...) both tools work in a directory
of their own: it is prepared, the command is run until it has nothing to do and every shortcut that it could take next time
is there, then the mutation is made and the command run twice more. What the two do then has to be equal: exit code,
standard output, status lines, the files of the project, and what is installed, with all RECORDs.

The interpreters are copied first: a broken environment may lead a tool to install into the Python below it. If it does, that
is told, too.

--at-once leaves out the waiting before the mutation: it is then made within the second of the run before, when times of
files say nothing. --python and --other are two minor versions of CPython, such as 3.12 and 3.11. Without --index the
index is served by internal/pypitest, which needs Go, or by the command given with --serve. The exit code is 1 if
anything differs but for what is on purpose (ON_PURPOSE of mutations_made.py, docs/differences.md); --show prints what.
"""

import argparse
import concurrent.futures
import difflib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from mutations_made import BACKEND, MUTATIONS, ON_PURPOSE, Skip, library, minor

ROOT = pathlib.Path(__file__).resolve().parent.parent
STEERING = ("UV_", "TAME_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "XDG_")
LOCK = threading.Lock()
SETTLED = 2.3  # seconds after which a file's times are trusted

FIRST = """
alpha 1.0 1.1 2.0a1
    requires beta>=1
beta 1.0 2.0
gamma 1.0
    extra fancy: delta
delta 1.0 1.1
epsilon 1.0 2.0
zeta 1.0
toolx 1.0 1.1
    requires beta
    script toolx = toolx.main:main
    file toolx/main.py
        import importlib.metadata, sys
        def main():
            print(sys.version_info[:2], sorted((d.metadata["Name"], d.version) for d in importlib.metadata.distributions() if d.metadata["Name"]))
"""
SECOND = FIRST.replace("alpha 1.0 1.1 2.0a1", "alpha 1.0 1.1 1.2").replace("delta 1.0 1.1", "delta 1.0 1.5").replace("toolx 1.0 1.1", "toolx 1.0 1.3")

APP = """[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = [
    "alpha>=1.0",
    "gamma[fancy]",
    "edit",
    "copy",
]

[project.optional-dependencies]
more = ["zeta"]

[dependency-groups]
dev = ["epsilon<2.0"]

[tool.uv.sources]
edit = { path = "edit", editable = true }
copy = { path = "copy" }
"""
SHOWS = """import importlib.metadata, os, sys
print(sys.version_info[:2], sys.prefix, os.environ.get("VIRTUAL_ENV"))
for d in sorted(importlib.metadata.distributions(), key=lambda d: str(d.metadata["Name"])):
    print(d.metadata["Name"], d.version)
try:
    import alpha
    print(os.path.exists(alpha.__file__))
except ImportError:
    print("no alpha")
"""
SCRIPT = """# /// script
# requires-python = ">=3.9"
# dependencies = ["alpha>=1.0", "delta"]
# ///
""" + SHOWS


class State:
    """One directory in which one tool runs one command."""

    def __init__(self, root, tool, args):
        self.root, self.tool, self.opt = root, tool, args
        self.dir, self.cache, self.home, self.bin = root / "p", root / "cache", root / "home", root / "bin"
        self.venv, self.here, self.extra = self.dir / ".venv", self.dir, []
        for d in (self.dir, self.cache, self.home / ".config/uv", self.bin):
            d.mkdir(parents=True)
        self.add_python(args.python)
        self.add_python(args.other)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(STEERING)}
        self.env.update(HOME=str(self.home), PATH="%s:/usr/bin:/bin" % self.bin, UV_CACHE_DIR=str(self.cache), UV_DEFAULT_INDEX=args.index,
                        UV_PYTHON_DOWNLOADS="never", UV_PYTHON=minor(args.python), UV_PYTHON_PREFERENCE="only-system", UV_NO_PROGRESS="1", NO_COLOR="1",
                        UV_PREVIEW_FEATURES="cache-size", PYTHONDONTWRITEBYTECODE="1")

    def add_python(self, path, name=None):
        link = self.bin / (name or "python" + minor(path))
        link.unlink(missing_ok=True)
        link.symlink_to(path)

    def write(self, rel, text):
        path = self.dir / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @property
    def site(self):
        return next(iter(sorted(self.venv.glob("lib/python3*/site-packages"))), self.venv / "lib/python0/site-packages")

    def info(self, name):
        found = sorted(self.site.glob(name + "-*.dist-info"))
        if not found:
            raise Skip("%s is not installed" % name)
        return found[0]

    def run(self, *args):
        done = subprocess.run([self.tool, *args, *self.extra], cwd=self.here, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        return done.returncode, self.plain(done.stdout.decode("utf-8", "replace")), self.plain(done.stderr.decode("utf-8", "replace"))

    def plain(self, text):
        return re.sub(r"ROOT/(cache\d?)/[^\s:`']+", r"ROOT/\1/...", text.replace("/private" + str(self.root), "ROOT").replace(str(self.root), "ROOT"))


def copied(python, work):
    """A copy of an interpreter with its standard library, which works where it is."""
    prefix, name = subprocess.run([python, "-c", "import sys; print(sys.base_prefix); print('python%d.%d' % sys.version_info[:2])"],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    to = work / "pythons" / name
    (to / "bin").mkdir(parents=True)
    shutil.copy2(os.path.join(prefix, "bin", name), to / "bin" / name)
    shutil.copytree(os.path.join(prefix, "lib", name), to / "lib" / name, symlinks=True,
                    ignore=shutil.ignore_patterns("test", "tests", "idlelib", "tkinter", "config-*", "site-packages"))
    (to / "lib" / name / "site-packages").mkdir()
    for lib in pathlib.Path(prefix, "lib").glob("libpython*"):
        shutil.copy2(lib, to / "lib" / lib.name, follow_symlinks=False)
    return str(to / "bin" / name)


def changed_pythons(opt):
    """Empties the site-packages of the copies, and returns what was in them."""
    found = []
    for python in opt.pythons:
        for entry in sorted(pathlib.Path(python).parent.parent.glob("lib/python3*/site-packages/*")):
            found.append(entry.name)
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return found


# ---- commands


def project(s):
    s.write("pyproject.toml", APP)
    for name in ("edit", "copy"):
        s.write(name + "/pyproject.toml", library(name))
        s.write(name + "/README.md", "A library.\n")
        s.write(name + "/src/%s/__init__.py" % name, "x = 1\n")
    s.write("show.py", SHOWS)
    return [["sync"]]


def workspace(s):
    s.write("pyproject.toml", '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = ["m0", "alpha>=1.0"]\n\n'
            '[dependency-groups]\ndev = ["epsilon<2.0"]\n\n[tool.uv.sources]\nm0 = { workspace = true }\n\n[tool.uv.workspace]\nmembers = ["members/*"]\nexclude = ["members/out"]\n')
    for i in range(6):
        needs = '"m%d", "beta"' % (i + 1) if i < 5 else '"delta"'
        source = "\n[tool.uv.sources]\nm%d = { workspace = true }\n" % (i + 1) if i < 5 else ""
        s.write("members/m%d/pyproject.toml" % i, library("m%d" % i, needs) + source)
        s.write("members/m%d/README.md" % i, "A library.\n")
        s.write("members/m%d/src/m%d/__init__.py" % (i, i), "x = 1\n")
    s.write("show.py", SHOWS)
    return [["sync"]]


def script(s):
    s.write("show.py", SCRIPT)
    return []


def locked_script(s):
    s.write("show.py", SCRIPT)
    return [["lock", "--script", "show.py"]]


def bare(s):
    s.write("show.py", SHOWS)
    return []


def installed(s):
    """What pip's commands change: an environment made of requirements, with nothing but itself to say which Python it has."""
    project(s)
    s.write("requirements.in", "alpha>=1.0\ngamma[fancy]\n-e ./edit\n./copy\n")
    s.write("requirements.txt", "alpha==1.1\nbeta==2.0\ndelta==1.1\ngamma==1.0\n-e ./edit\n./copy\n")
    python = s.env.pop("UV_PYTHON")
    return [["venv", "-q", "--python", python], ["pip", "install", "-q", "-r", "requirements.in"]]


def environment(s):
    s.write("show.py", SHOWS)
    return [["venv", "-q"]]


COMMANDS = [  # name, kinds of state, preparation, command
    ("sync", "project", project, ["sync"]),
    ("sync --frozen", "project", project, ["sync", "--frozen"]),
    ("sync --locked --inexact", "project", project, ["sync", "--locked", "--inexact"]),
    ("sync --check", "project", project, ["sync", "--check"]),
    ("lock", "project", project, ["lock"]),
    ("lock --check", "project", project, ["lock", "--check"]),
    ("run", "project", project, ["run", "show.py"]),
    ("run python", "project", project, ["run", "python", "-B", "show.py"]),
    ("run --no-sync", "project", project, ["run", "--no-sync", "show.py"]),
    ("run --frozen", "project", project, ["run", "--frozen", "show.py"]),
    ("run --with in project", "project", project, ["run", "--with", "zeta", "show.py"]),
    ("tree", "project", project, ["tree"]),
    ("tree --frozen", "project", project, ["tree", "--frozen", "--universal"]),
    ("export", "project", project, ["export", "--no-header"]),
    ("export pylock", "project", project, ["export", "--no-header", "--frozen", "--format", "pylock.toml"]),
    ("version", "project", project, ["version", "--short"]),
    ("python find", "project", project, ["python", "find"]),
    ("workspace lock", "workspace", workspace, ["lock"]),
    ("workspace lock --check", "workspace", workspace, ["lock", "--check"]),
    ("workspace sync", "workspace", workspace, ["sync", "--all-packages"]),
    ("workspace sync --package", "workspace", workspace, ["sync", "--package", "m3", "--inexact"]),
    ("workspace run", "workspace", workspace, ["run", "show.py"]),
    ("workspace tree", "workspace", workspace, ["tree", "--package", "m2"]),
    ("workspace export", "workspace", workspace, ["export", "--no-header", "--all-packages"]),
    ("workspace metadata", "workspace", workspace, ["workspace", "list"]),
    ("script run", "script", script, ["run", "show.py"]),
    ("script run locked", "script", locked_script, ["run", "show.py"]),
    ("script lock", "script", locked_script, ["lock", "--script", "show.py"]),
    ("script sync", "script", locked_script, ["sync", "--script", "show.py"]),
    ("script tree", "script", locked_script, ["tree", "--script", "show.py"]),
    ("run --with", "bare", bare, ["run", "--no-project", "--with", "alpha", "--with", "delta", "show.py"]),
    ("run --with in environment", "environment", environment, ["run", "--no-project", "--with", "alpha", "show.py"]),
    ("tool run", "tool", bare, ["tool", "run", "toolx"]),
    ("tool run --from", "tool", bare, ["tool", "run", "--from", "toolx==1.0", "--with", "delta", "toolx"]),
    ("python list", "pythons", bare, ["python", "list", "--only-installed"]),
    ("python find request", "pythons", bare, ["python", "find", ">=3.9"]),
    ("venv", "pythons", environment, ["venv", "--clear"]),
    ("venv --allow-existing", "pythons", environment, ["venv", "--allow-existing"]),
    ("pip list", "project", installed, ["pip", "list"]),
    ("pip freeze", "project", installed, ["pip", "freeze"]),
    ("pip show", "project", installed, ["pip", "show", "--files", "alpha", "edit"]),
    ("pip check", "project", installed, ["pip", "check"]),
    ("pip tree", "project", installed, ["pip", "tree"]),
    ("pip install", "project", installed, ["pip", "install", "-r", "requirements.in"]),
    ("pip sync", "project", installed, ["pip", "sync", "requirements.txt"]),
    ("pip compile", "project", installed, ["pip", "compile", "--no-header", "-o", "out.txt", "requirements.in"]),
    ("cache size", "cache", project, ["cache", "size"]),
]

# ---- running and comparing

STATUS = re.compile(r"^(Resolved|Prepared|Installed|Uninstalled|Audited|Checked|Using |Creating|Removed|Removing|Added|Updated|Would|Found|Outdated|Discovered|The lockfile| [-+~] |\+ |- )")


def status(said):
    out = []
    for line in said.splitlines():
        line = re.sub(r"(environment `\S+)-\w{16}`", r"\1-KEY`", line)
        line = re.sub(r" in (\d+(\.\d+)?(ms|s|ns|us|µs) ?)+$", "", line)
        if STATUS.match(line) and "uild" not in line[:6]:
            out.append(line)
    return out


def below(root, without):
    for dir, dirs, names in os.walk(root):
        dir = pathlib.Path(dir)
        if dir == root:
            dirs[:] = [d for d in dirs if d not in without]
        for name in dirs:
            if name == "__pycache__" or (dir / name).is_symlink():
                yield dir / name
        dirs[:] = [d for d in dirs if d != "__pycache__"]
        for name in names:
            yield dir / name


def files(s):
    """The project's files and, of environments, what is installed."""
    out = {}
    for path in sorted(below(s.root, ("cache", "cache2", "cache3", "home", "bin", "links", "away"))):
        rel = str(path.relative_to(s.root))
        name = path.name
        if name.endswith(".pyc") or name.startswith(("activate", "deactivate", "pydoc", "_virtualenv")) or name in (".lock", ".gitignore", "CACHEDIR.TAG", "uv_cache.json", "uv_build.json", "tame_source"):
            continue
        if name == "__pycache__":
            continue
        if path.is_symlink():
            out[rel] = "-> " + s.plain(os.readlink(path))
        elif name == "pyvenv.cfg":
            out[rel] = s.plain("\n".join(sorted(l for l in path.read_text("utf-8", "replace").splitlines() if not l.startswith("uv = "))))
        else:
            try:
                text = path.read_bytes().replace(str(s.root).encode(), b"ROOT")
            except OSError as e:
                text = str(e).encode()
            if name == "RECORD":
                text = b"\n".join(l for l in sorted(text.split(b"\n")) if b"tame_source" not in l and b"uv_cache.json" not in l and b"uv_build.json" not in l and b"direct_url.json" not in l)
                text = re.sub(rb"(?m)(\.pth),sha256=[^,]*,", rb"\1,,", text)  # it names the place
            out[rel] = text.decode("utf-8", "replace") if len(text) < 20000 else hashlib.sha256(text).hexdigest()
        if name.endswith(".py") and "site-packages" in rel:
            out[rel] += " (compiled)" if (path.parent / "__pycache__").exists() else ""
    return out


def walked(s):
    """What the files below the cache take on the disk, each once."""
    taken = {}
    for path in [s.cache, *s.cache.rglob("*")]:
        if "sizes" in str(path.relative_to(s.cache)):  # what tame remembers of this command itself
            continue
        if path.exists() or path.is_symlink():
            st = path.lstat()
            taken[st.st_dev, st.st_ino] = st.st_blocks * 512
    return sum(taken.values())


class Case:
    def __init__(self, opt, work, number, command, change):
        self.name, self.kind, self.prepare, self.args = command
        self.change, _, self.mutate = change
        self.states, self.skipped, self.failed = [], None, None
        for tool, letter in ((opt.uv, "u"), (opt.tame, "t")):
            s = State(work / letter / str(number), tool, opt)
            s.kind, s.active = self.kind, False
            self.states.append(s)

    def each(self, f):
        if self.skipped or self.failed:
            return
        try:
            for s in self.states:
                f(s)
        except Skip as e:
            self.skipped = str(e)
        except Exception:  # shown as a difference
            self.failed = "%s: %s" % (f.__name__, traceback.format_exc())

    def prepared(self, s):
        for args in self.prepare(s):
            code, _, said = s.run(*args)
            if code != 0:
                raise RuntimeError("%s: %s" % (args, said))
        (s.root / "constraint.txt").write_text("alpha==1.0\n")
        (s.root / "env").write_text("X=1\n")
        (s.root / "other.toml").write_text('resolution = "lowest"\n')
        (s.root / "links").mkdir()
        s.run(*self.args)

    def repeated(self, s):
        s.before = s.run(*self.args)

    def mutated(self, s):
        try:
            self.mutate(s)
        except FileNotFoundError as e:  # what it would change is not there
            raise Skip(str(e))
        for f in [s.dir / "pyproject.toml", s.dir / "show.py"]:
            if f.exists() and b"SECOND" in f.read_bytes():
                f.write_bytes(f.read_bytes().replace(b"SECOND", s.opt.second.encode()))
        args = self.args[:1] + ["--active"] + self.args[1:] if s.active else self.args
        s.after = []
        for _ in range(2):
            code, out, said = s.run(*args)
            if self.kind == "cache":
                out, said = "right" if int(out) == walked(s) else "%s, not %d" % (out.strip(), walked(s)), ""
            with LOCK:
                below = changed_pythons(s.opt)
            if below:
                out += "INSTALLED BELOW: %s\n" % below
            s.after.append((code, out, status(said), files(s), said))

    def differences(self):
        if self.failed:
            return [self.failed]
        u, t = self.states
        found = []
        for i, (a, b) in enumerate(zip(u.after, t.after)):
            which = "" if i == 0 else "again: "
            if a[0] != b[0]:
                found.append("%sexit code %d, uv %d" % (which, b[0], a[0]))
            said = b[1].replace('created-by = "tame"', 'created-by = "uv"')
            for what, x, y in (("stdout", a[1].splitlines(), said.splitlines()), ("status", a[2], b[2])):
                if what == "status" and a[0] == b[0] == 2:
                    continue
                if x != y:
                    found += [which + what] + ["    " + l for l in difflib.unified_diff(x, y, "uv", "tame", lineterm="", n=0)][2:14]
            for rel in sorted(a[3].keys() | b[3].keys()):
                x, y = a[3].get(rel), b[3].get(rel)
                if x != y:
                    found.append("%sfile %s" % (which, rel))
                    if x is None or y is None:
                        found.append("    %s" % ("not in uv's" if x is None else "not in tame's"))
                    else:
                        found += ["    " + l for l in difflib.unified_diff(x.splitlines(), y.splitlines(), "uv", "tame", lineterm="", n=0)][2:8]
        return found


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--uv", required=True)
    p.add_argument("--tame", required=True)
    p.add_argument("--python", required=True, help="the interpreter")
    p.add_argument("--other", required=True, help="another minor version")
    p.add_argument("--third", help="one that is added to PATH")
    p.add_argument("--index", help="URL of the index; needs --second too")
    p.add_argument("--second", help="URL of an index with other versions")
    p.add_argument("--serve", default="go run ./internal/pypitest/cmd/serve", help="command that serves an index")
    p.add_argument("--only", default="", help="commands whose name matches")
    p.add_argument("--mutation", default="", help="mutations whose name matches")
    p.add_argument("--sample", type=int, default=1, help="take each n-th mutation only, others for each command")
    p.add_argument("--at-once", action="store_true")
    p.add_argument("--show", action="store_true", help="print what differs, and what was said")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--work", type=pathlib.Path, help="directory to work in")
    opt = p.parse_args(argv)
    opt.uv, opt.tame = (os.path.abspath(shutil.which(x) or x) for x in (opt.uv, opt.tame))
    return opt


def serve(opt, work, name, universe):
    source = work / (name + ".txt")
    source.write_text(universe)
    server = subprocess.Popen([*opt.serve.split(), str(source)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()


def main():
    opt = parse(sys.argv[1:])
    servers = []
    with tempfile.TemporaryDirectory(prefix="mutations-", dir=opt.work) as work:
        work = pathlib.Path(work).resolve()
        try:
            if not opt.index:
                first, opt.index = serve(opt, work, "first", FIRST)
                second, opt.second = serve(opt, work, "second", SECOND)
                servers += [first, second]
            opt.python, opt.other = copied(opt.python, work), copied(opt.other, work)
            opt.third = opt.third and copied(opt.third, work)
            opt.pythons = [x for x in (opt.python, opt.other, opt.third) if x]
            return table(opt, work)
        finally:
            for server in servers:
                server.terminate()
                server.wait()


def table(opt, work):
    total = different = skipped = 0
    for number, command in enumerate(COMMANDS):
        if not re.search(opt.only, command[0]):
            continue
        dir = work / re.sub(r"\W+", "-", command[0])
        dir.mkdir()
        apply = [m for m in MUTATIONS if command[1] in m[1] and re.search(opt.mutation, m[0])]
        cases = [Case(opt, dir, i, command, m) for i, m in enumerate(apply) if (i + number) % opt.sample == 0]
        with concurrent.futures.ThreadPoolExecutor(opt.jobs) as pool:
            def step(name):
                list(pool.map(lambda c: c.each(getattr(c, name)), cases))
            step("prepared")
            for _ in range(2):
                if not opt.at_once:
                    time.sleep(SETTLED)
                step("repeated")
            if not opt.at_once:
                time.sleep(SETTLED)
            step("mutated")
        wrong = meant = 0
        for c in cases:
            if c.skipped:
                skipped += 1
                continue
            found = c.differences()
            total += 1
            purpose = found and not c.failed and next((why for who, what, why in ON_PURPOSE if re.search(who, c.name) and re.fullmatch(what, c.change)), None)
            if purpose:
                meant += 1
                print("%s, %s: on purpose: %s" % (c.name, c.change, purpose))
                continue
            wrong += bool(found)
            if found:
                print("%s, %s" % (c.name, c.change))
                for line in found if opt.show else found[:3]:
                    print("    " + line[:220])
                if opt.show and not c.failed:
                    for s in c.states:
                        print("    | %s said: %s" % (os.path.basename(s.tool), s.after[0][4].strip().replace("\n", "\n    |   ")[-900:]))
        different += wrong
        print("## %s: %d mutations, %d differ, %d more on purpose" % (command[0], sum(not c.skipped for c in cases), wrong, meant), flush=True)
        shutil.rmtree(dir)
    print("%d commands with mutations, each twice (%d do not apply): %d differ" % (total, skipped, different))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
