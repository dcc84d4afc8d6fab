#!/usr/bin/env python3
"""How long it takes to build and install source distributions: tools side by side.

    bench/builds.py --python PYTHON --tool uv=UV --tool tame=./tame [--index URL] [--work DIR] [--rounds 5] [--again 5]

In each round every tool runs, with a cache directory and an environment of its own:

    cold   from an empty cache into a new environment: pages, downloads, build environments, builds
    warm   again into another new environment: what was built is in the cache. That takes milliseconds only, so the
           tools do it in turns, several times a round (--again)

Rounds change the order of the tools, so that none is always the one that finds the machine warm. The environment
is made beforehand and not timed. Printed are medians of wall time and of the CPU time of the tool with all its
children, and the ratios to the first tool: of the medians and, for wall, of each round. Where the machine is shared
with others, CPU says more than wall.

Requirements are read from builds.txt beside this file, or --requirements; all of them are built, and so is what
their build environments need of them. They must be pinned: a run that resolves to something else is another run.
Variables that steer Python or the tools are not handed on. To compare like with like the index should be near: a
mirror on this machine, which has the files already. Before the first round one untimed round fills such a mirror.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

STEERING = ("UV_", "TAME_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_")


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tool", action="append", required=True, metavar="NAME=PATH", help="a tool; the first is the yardstick")
    p.add_argument("--python", required=True, help="the interpreter of the environments")
    p.add_argument("--index", help="URL of the index; otherwise that of each tool")
    p.add_argument("--requirements", type=pathlib.Path, default=pathlib.Path(__file__).with_name("builds.txt"))
    p.add_argument("--work", type=pathlib.Path, help="directory to work in, on a file system in memory if possible")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--again", type=int, default=5, help="warm runs of each tool in a round")
    p.add_argument("--no-fill", action="store_true", help="leave out the untimed round")
    args = p.parse_args(argv)
    args.tool = [t.partition("=")[::2] for t in args.tool]
    return args


def read_requirements(file):
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


class Runner:
    """Runs tools in a directory of this run."""

    def __init__(self, args, work):
        self.args, self.work = args, work
        self.requirements = read_requirements(args.requirements)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(STEERING)}
        self.env.update(HOME=str(work / "home"), UV_PYTHON_DOWNLOADS="never")
        if args.index and args.index.startswith("http:"):
            # Some tools read all certificates even if they need none.
            self.env.pop("SSL_CERT_FILE", None)
            self.env.pop("SSL_CERT_DIR", None)

    def command(self, path, dir):
        cmd = [path, "pip", "install", "--quiet", "--no-deps", "--python", dir / "venv", "--cache-dir", dir / "cache"]
        if self.args.index:
            cmd += ["--default-index", self.args.index]
        for requirement in self.requirements:
            cmd += ["--no-binary", requirement.partition("==")[0]]
        return [str(part) for part in cmd + self.requirements]

    def environment(self, path, dir):
        shutil.rmtree(dir / "venv", ignore_errors=True)
        cmd = [path, "venv", "--quiet", "--python", self.args.python, "--cache-dir", str(dir / "cache"), str(dir / "venv")]
        subprocess.run(cmd, env=self.env, check=True)

    def timed(self, cmd):
        """Wall and CPU seconds of a command."""
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(cmd, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"{' '.join(cmd[:3])} failed:\n{done.stdout[-4000:]}")
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def run(self, name, path):
        """One run of a tool into a new environment."""
        dir = self.work / name
        dir.mkdir(parents=True, exist_ok=True)
        self.environment(path, dir)
        return self.timed(self.command(path, dir))

    def round(self, tools, again):
        """The runs of a round by tool and kind."""
        out = {name: {"cold": [], "warm": []} for name, _ in tools}
        for name, path in tools:
            shutil.rmtree(self.work / name, ignore_errors=True)
            out[name]["cold"].append(self.run(name, path))
        for n in range(again):
            for name, path in tools if n % 2 == 0 else reversed(tools):
                out[name]["warm"].append(self.run(name, path))
        for name, _ in tools:
            shutil.rmtree(self.work / name)
        return out


def median(runs, which):
    return statistics.median(run[which] for run in runs)


def show(tools, rounds):
    base = tools[0][0]
    for kind in ("cold", "warm"):
        for name, _ in tools:
            mine, theirs = ([run for r in rounds for run in r[n][kind]] for n in (name, base))
            wall, cpu = (median(mine, i) / median(theirs, i) for i in (0, 1))
            each = " ".join(f"{median(r[name][kind], 0) / median(r[base][kind], 0):.2f}" for r in rounds)
            print(
                f"{kind}  {name:10s} wall {median(mine, 0):7.3f} s, ratio {wall:.2f} ({each})"
                f"   cpu {median(mine, 1):6.3f} s, ratio {cpu:.2f}"
            )


def main(argv):
    args = parse(argv)
    work = pathlib.Path(tempfile.mkdtemp(prefix="builds-", dir=args.work))
    try:
        runner = Runner(args, work)
        if args.index and not args.no_fill:
            runner.run(*args.tool[0])
        rounds = []
        for n in range(args.rounds):
            rounds.append(runner.round(args.tool if n % 2 == 0 else args.tool[::-1], args.again))
            for name, runs in rounds[-1].items():
                print(f"round {n + 1}: {name}: cold {median(runs['cold'], 0):.3f} s, warm {median(runs['warm'], 0):.3f} s", file=sys.stderr)
        show(args.tool, rounds)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
