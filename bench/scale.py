#!/usr/bin/env python3
"""How the time of a lock grows with packages, forks and the size of the index: tools side by side.

    bench/scale.py --python PYTHON --tool uv=PATH --tool tame=PATH [--serve COMMAND] [--rounds N]

Universes are generated and served on loopback by internal/pypitest. Each is locked once to fill the cache; then the lock
is made again from nothing, with that cache and without the network, by each tool in turn. The least of the rounds counts:
that is the work of the tool, not of the machine beside it; where the machine is shared, CPU says more than wall. Where the
locks differ, but for their revision, the row says so. Prints a table in Markdown.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# (packages, forks, versions of each package)
SIZES = [(n, 0, 5) for n in (100, 200, 400, 1000, 2000)]
SIZES += [(400, n, 5) for n in (5, 11, 22, 44)]
SIZES += [(400, 0, n) for n in (20, 50, 100)]
SIZES += [(400, 22, 20), (2000, 22, 5)]


def universe(packages, forks, versions):
    """Index and requirements: each package needs up to four of those behind it; the forks are of one machine each."""
    rnd = random.Random(packages * 1000 + versions)
    numbers = " ".join("1.%d" % i for i in range(versions))
    lines = []
    for i in range(packages):
        lines.append("p%04d %s" % (i, numbers))
        later = range(i + 1, min(packages, i + 200))
        for j in rnd.sample(later, min(len(later), rnd.randrange(5))):
            lines.append("    requires p%04d>=1.0" % j)
    wanted = ["p%04d" % i for i in range(packages)]
    if forks:
        lines.append("split " + " ".join("%d.0" % i for i in range(forks + 1)))
        for i in range(1, forks + 1):
            wanted.append("split==%d.0 ; platform_machine == 'm%02d'" % (i, i))
    return "\n".join(lines) + "\n", wanted


def run(argv, cwd, env):
    """(wall, CPU) in seconds."""
    with tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, env, file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, err.fileno(), 2)])
        _, status, used = os.wait4(pid, 0)
        wall = time.perf_counter() - start
        if status:
            err.seek(0)
            raise SystemExit("%s: %s" % (" ".join(argv), err.read().decode()[-2000:]))
    return wall, used.ru_utime + used.ru_stime


def measure(size, opt, work):
    index, wanted = universe(*size)
    source = os.path.join(work, "universe.txt")
    with open(source, "w") as f:
        f.write(index)
    server = subprocess.Popen([*opt.serve.split(), source], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        best, locks = {}, {}
        for r in range(-1, opt.rounds):
            for name, path in opt.tools:
                project = os.path.join(work, name)
                os.makedirs(project, exist_ok=True)
                with open(os.path.join(project, "pyproject.toml"), "w") as f:
                    f.write('[project]\nname = "scale"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = [\n%s]\n' % "".join('    "%s",\n' % w for w in wanted))
                lock = os.path.join(project, "uv.lock")
                if os.path.exists(lock):
                    os.remove(lock)
                argv = [path, "lock", "-q", "--directory", project, "--cache-dir", os.path.join(work, name + "-cache"), "--python", opt.python, "--default-index", url]
                took = run(argv + (["--offline"] if r >= 0 else []), work, {"HOME": work, "PATH": os.environ["PATH"], "UV_PYTHON_DOWNLOADS": "never"})
                if r >= 0:
                    best[name] = tuple(map(min, zip(took, best.get(name, took))))
                with open(lock) as f:
                    locks[name] = f.read().replace("revision = 5", "revision = 3")
        return best, len(set(locks.values())) == 1
    finally:
        server.terminate()
        server.wait()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tool", action="append", required=True, metavar="NAME=PATH", help="the first is what ratios refer to")
    p.add_argument("--python", required=True)
    p.add_argument("--serve", default="go run ./internal/pypitest/cmd/serve", help="command that serves a universe")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--sizes", help="PACKAGES/FORKS/VERSIONS,…")
    opt = p.parse_args()
    opt.tools = [(t.split("=", 1)[0], os.path.abspath(t.split("=", 1)[1])) for t in opt.tool]
    sizes = [tuple(map(int, s.split("/"))) for s in opt.sizes.split(",")] if opt.sizes else SIZES
    names = [name for name, _ in opt.tools]
    print("| packages | forks | releases on the index | %s | ratio | CPU: %s | ratio |" % (", ".join(names), ", ".join(names)))
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        work = tempfile.mkdtemp(prefix="scale-")
        try:
            best, same = measure(size, opt, work)
        finally:
            shutil.rmtree(work)
        walls, cpus = ([best[n][i] for n in names] for i in (0, 1))
        cells = [
            cell
            for list in (walls, cpus)
            for cell in (", ".join("%.0f ms" % (x * 1000) for x in list), "%.2f" % (list[-1] / list[0]))
        ]
        print("| %d | %d | %d | %s |%s" % (size[0], size[1], size[0] * size[2], " | ".join(cells), "" if same else " <!-- the locks differ -->"), flush=True)


if __name__ == "__main__":
    main()
