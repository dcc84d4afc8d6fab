"""Compares a conformance run with the ids that passed before.

    kept.py conformance/NAME.txt RESULTS.json [--update]

An id that is recorded and does not pass now is a loss, and fails. New ids are
told, and recorded with --update.
"""
import json
import sys
from pathlib import Path

PASSING = {"exact", "same"}


def passed(results: Path) -> tuple[set[str], set[str]]:
    """The ids that pass, and all that were run."""
    data = json.loads(results.read_text())
    rows = data["rows"] if isinstance(data, dict) else data
    ran = {r["id"] for r in rows if r.get("result") != "cannot" and not r.get("skipped")}
    ok = {r["id"] for r in rows if r.get("passed") or r.get("result") in PASSING}
    return ok, ran


def main() -> int:
    record, results = Path(sys.argv[1]), Path(sys.argv[2])
    ok, ran = passed(results)
    before = set(record.read_text().split()) if record.exists() else set()
    if "--update" in sys.argv[3:]:
        kept = ok | (before - ran)
        record.write_text("".join(f"{i}\n" for i in sorted(kept)))
        print(f"{record}: {len(before)} -> {len(kept)}")
        return 0
    lost = sorted((before & ran) - ok)
    for i in lost:
        print(f"lost: {i}")
    gained = len(ok - before)
    print(f"{len(ok)} of {len(ran)} pass; {len(lost)} lost, {gained} gained" + (" (record them with --update)" if gained else ""))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
