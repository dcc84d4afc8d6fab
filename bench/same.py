#!/usr/bin/env python3
"""Whether a tool does with real projects what uv does: the same locks, for the same reasons, with the same files.

    bench/same.py order  --python PYTHON --oracle UV --tool ./tame [--index URL] PROJECT...
    bench/same.py delays --python PYTHON --oracle UV --tool ./tame --index URL [--seeds 20] PROJECT...
    bench/same.py cross  --python PYTHON --oracle UV --tool ./tame [--index URL] PROJECT...

    order    both lock the project with --verbose. What they say of the resolution has to be equal, line by line: the
             order in which packages are looked at, the versions and files chosen, each split and its markers.
    delays   the tool locks the project again and again, each time from an empty cache, through a proxy that holds every
             answer of the index back for 0 to 200 ms; how long depends on the seed and the path. Each lock has to be
             the oracle's, byte for byte.
    cross    each locks the project, and syncs it with the lock of the other (--locked). Locks, installed files and the
             rows of every RECORD have to be equal. What belongs to the environment itself, such as activation scripts,
             is not compared.

A PROJECT is a directory with a pyproject.toml, of which a copy is locked, or a file of requirements, one per line, of
which a project is made that needs --requires-python. Arguments after -- are handed on to every `lock`, such as
`-- --no-build --exclude-newer 2026-06-30T00:00:00Z`. Variables that steer Python or the tools are not handed on. The
index has to give both the same answers: it should be a mirror on this machine. The exit code is 1 if anything differs.
"""

import argparse
import difflib
import hashlib
import http.client
import http.server
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

STEERING = ("UV_", "TAME_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
LONGEST = 0.2  # seconds that an answer is held back at most
STEPS = ("Searching for a compatible", "Selecting:", "Splitting", "Forking", "Solving split")
HOPS = ("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host")


def parse(argv):
    passed_on = []
    if "--" in argv:
        at = argv.index("--")
        argv, passed_on = argv[:at], argv[at + 1:]
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("check", choices=["order", "delays", "cross"])
    p.add_argument("project", nargs="+", type=pathlib.Path)
    p.add_argument("--oracle", required=True, help="uv")
    p.add_argument("--tool", required=True, help="what is held against it")
    p.add_argument("--python", required=True, help="the interpreter")
    p.add_argument("--index", help="URL of the index; otherwise that of each tool")
    p.add_argument("--requires-python", default=">=3.12", help="of projects made from requirements (default >=3.12)")
    p.add_argument("--seeds", type=int, default=20, help="how often to lock with delays")
    p.add_argument("--work", type=pathlib.Path, help="directory to work in")
    args = p.parse_args(argv)
    if args.check == "delays" and not args.index:
        p.error("delays needs --index, which is reached through a proxy")
    args.passed_on = passed_on
    args.oracle, args.tool = (os.path.abspath(shutil.which(x) or x) for x in (args.oracle, args.tool))
    return args


class Bench:
    """Runs both in copies of a project, with a home and caches of this run."""

    def __init__(self, args, work):
        self.args, self.work, self.index = args, work, args.index
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(STEERING)}
        home = work / "home"
        home.mkdir()
        self.env.update(HOME=str(home), UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1", NO_COLOR="1")
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            self.env.pop(name, None)

    def project(self, source, name):
        """Makes a copy of a project without its lock, or a project of a file of requirements."""
        to = self.work / name
        if source.is_dir():
            shutil.copytree(source, to, ignore=shutil.ignore_patterns("uv.lock", ".venv", ".git"))
            return to
        lines = (line.partition("#")[0].strip() for line in source.read_text().splitlines())
        to.mkdir()
        (to / "pyproject.toml").write_text('[project]\nname = "same"\nversion = "1"\nrequires-python = "%s"\ndependencies = [\n%s]\n' % (
            self.args.requires_python, "".join('  """%s""",\n' % line for line in lines if line)))
        return to

    def run(self, tool, project, cache, *args, **env):
        """Runs a command; returns its exit code and what it said."""
        env = dict(self.env, UV_CACHE_DIR=str(self.work / cache), **env)
        if self.index:
            env["UV_DEFAULT_INDEX"] = self.index
        done = subprocess.run([tool, *args, "--python", self.args.python, "--project", str(project)], cwd=project, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        return done.returncode, done.stderr

    def lock(self, tool, project, cache, *args):
        """Locks from nothing; returns the lock (None without one) and what was said."""
        (project / "uv.lock").unlink(missing_ok=True)
        code, said = self.run(tool, project, cache, "lock", *args, *self.args.passed_on)
        if code != 0:
            print("  %s lock: exit code %d: %s" % (os.path.basename(tool), code, " ".join(said.split())[-300:]))
            return None, said
        return (project / "uv.lock").read_bytes(), said


# ---- order


def steps(said):
    """What --verbose says of the resolution, without what is only a way of writing."""
    out = []
    for line in said.splitlines():
        line = line.strip().removeprefix("DEBUG ")
        if line.startswith(STEPS):
            line = re.sub(r" \(requires-python: .*", "", line)
            if line.startswith("Searching"):
                line = re.sub(r" \([^()]*\)$", "", line)  # the range of versions
            out.append(re.sub(r"file://\S+", "file://", line))
    return out


def check_order(bench, source, name):
    project = bench.project(source, name)
    theirs, said = bench.lock(bench.args.oracle, project, "oracle", "--verbose")
    ours, saying = bench.lock(bench.args.tool, project, "tool", "--verbose")
    a, b = steps(said), steps(saying)
    print("%s: %d steps, %d decisions, %d splits: %s; lock %s" % (
        name, len(a), sum(x.startswith("Selecting") for x in a), sum(x.startswith(("Splitting", "Forking")) for x in a),
        "equal" if a == b else "DIFFERENT", "equal" if ours == theirs else "DIFFERENT"))
    for line in list(difflib.unified_diff(a, b, "oracle", "tool", lineterm="", n=1))[:12]:
        print("  " + line)
    return a == b and ours == theirs and bool(a)


# ---- delays


class Delayed(http.server.BaseHTTPRequestHandler):
    """Hands requests on to the index, and its answers back a little later."""

    protocol_version = "HTTP/1.1"
    upstream = seed = None

    def do_GET(self):
        if self.seed is not None:
            key = "%s %s %s %s" % (self.seed, self.command, self.path, self.headers.get("Range"))
            time.sleep(int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32 * LONGEST)
        connection = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port or 80, timeout=300)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOPS}
        connection.request(self.command, self.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOPS and (name.lower() != "content-length" or self.command == "HEAD"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        connection.close()

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


class Proxy(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


def start_proxy(index):
    Delayed.upstream = urllib.parse.urlsplit(index)
    if Delayed.upstream.scheme != "http":
        sys.exit("delays: the index has to be at http://, such as a mirror on this machine")
    proxy = Proxy(("127.0.0.1", 0), Delayed)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    return Delayed.upstream._replace(netloc="127.0.0.1:%d" % proxy.server_port).geturl()


def check_delays(bench, source, name):
    project = bench.project(source, name)
    Delayed.seed = None
    theirs, _ = bench.lock(bench.args.oracle, project, "oracle")
    if theirs is None:
        return False
    equal = 0
    for seed in range(1, bench.args.seeds + 1):
        Delayed.seed = seed
        shutil.rmtree(bench.work / "tool", ignore_errors=True)
        ours, _ = bench.lock(bench.args.tool, project, "tool")
        if ours == theirs:
            equal += 1
        elif ours is not None:
            print("  seed %d: another lock" % seed)
            print("\n".join("  " + x for x in list(difflib.unified_diff(theirs.decode().splitlines(), ours.decode().splitlines(), "oracle", "tool", lineterm="", n=1))[:12]))
    print("%s: %d packages, %d of %d equal" % (name, theirs.count(b"\n[[package]]"), equal, bench.args.seeds))
    return equal == bench.args.seeds


# ---- cross


def own_of_environment(rel):
    """Whether a file belongs to the environment itself, or was made by running something in it."""
    name = rel.rpartition("/")[2]
    return (rel.startswith(("bin/activate", "bin/deactivate", "bin/pydoc")) or name.startswith("_virtualenv.")
            or name.endswith(".pyc") or rel in (".lock", ".gitignore", "CACHEDIR.TAG", "pyvenv.cfg"))


def installed(environment):
    """The files of an environment with the digests of what does not name it, and the rows of all RECORDs."""
    files, rows = {}, set()
    own = str(environment).encode()
    for path in sorted(environment.rglob("*")):
        rel = str(path.relative_to(environment))
        if path.is_dir() and not path.is_symlink() or own_of_environment(rel):
            continue
        if path.is_symlink():
            files[rel] = os.readlink(path).replace(str(environment), "")
            continue
        text = path.read_bytes()
        if path.name == "RECORD":
            rows |= {(rel, row) for row in text.decode().splitlines()}
        elif path.parent.suffix != ".dist-info" or path.name not in ("uv_cache.json", "uv_build.json"):
            files[rel] = hashlib.sha256(text.replace(own, b"")).hexdigest()
    return files, rows


def check_cross(bench, source, name):
    project = bench.project(source, name)
    args = bench.args
    locks = {tool: bench.lock(tool, project, cache)[0] for tool, cache in ((args.oracle, "oracle"), (args.tool, "tool"))}
    if None in locks.values():
        return False
    found = {}
    for tool, other, cache in ((args.oracle, args.tool, "oracle"), (args.tool, args.oracle, "tool")):
        # Of equal names, so that scripts that name their interpreter are of equal sizes.
        environment = project / "env"
        shutil.rmtree(environment, ignore_errors=True)
        (project / "uv.lock").write_bytes(locks[other])
        code, said = bench.run(tool, project, cache, "sync", "--locked", UV_PROJECT_ENVIRONMENT=str(environment))
        if code != 0 or (project / "uv.lock").read_bytes() != locks[other]:
            print("  %s sync --locked: exit code %d: %s" % (os.path.basename(tool), code, " ".join(said.split())[-300:]))
            return False
        found[tool] = installed(environment)
    (files, rows), (ours, own) = found[args.oracle], found[args.tool]
    differ = sorted({f for f in files.keys() | ours.keys() if files.get(f) != ours.get(f)} | {"%s: %s" % r for r in rows ^ own})
    print("%s: locks %s, %d files, %d rows of RECORDs, %d differ" % (
        name, "equal" if len(set(locks.values())) == 1 else "DIFFERENT", len(files), len(rows), len(differ)))
    for line in differ[:12]:
        print("  " + line)
    return not differ and len(set(locks.values())) == 1 and bool(rows)


def main():
    args = parse(sys.argv[1:])
    check = {"order": check_order, "delays": check_delays, "cross": check_cross}[args.check]
    equal = 0
    with tempfile.TemporaryDirectory(prefix="same-", dir=args.work) as work:
        bench = Bench(args, pathlib.Path(work).resolve())
        if args.check == "delays":
            bench.index = start_proxy(args.index)
        for i, source in enumerate(args.project):
            name = source.stem if source.is_file() else source.resolve().name
            if name in (".", "input"):
                name = source.resolve().parent.name
            equal += check(bench, source, "%d-%s" % (i + 1, name))
            sys.stdout.flush()
    print("%d equal, %d different" % (equal, len(args.project) - equal))
    return 0 if equal == len(args.project) else 1


if __name__ == "__main__":
    sys.exit(main())
