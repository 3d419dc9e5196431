"""Kills a running import at random moments, and looks whether the store is whole each time.

The store holds a small source before. The import is killed (SIGKILL) anywhere between its first
and its last moment; then the store must answer as before, or as after, and take another import.

    python benchmarks/import_kills.py DATASETS/conceptnet_en.tsv.gz [--kills 20] [--seed 0]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from kills import run  # type: ignore[import-not-found]

from kg.errors import SightGraphError
from kg.knowledge.store import Store
from kg.knowledge.store_folder import BUILDING
from kg.knowledge.store_import import import_source

IMPORT = """
import sys
from kg.knowledge.store_import import import_source
def progress(step, done, total):
    print(f"{step} {min(done / max(total, 1), 1):.0%}", flush=True)
print("begin", flush=True)
import_source(sys.argv[1], sys.argv[2], name="killed", progress=progress)
print("end", flush=True)
"""
"""The import in a process of its own, which says how far it is."""
FIRST = "astrolabe\tmade of\tbrass\nastrolabe\tis a\tinstrument\t0.8\n"
SECOND = FIRST.replace("brass", "bronze")
ASTROLABE = "https://sightgraph.org/own/astrolabe"
QUERY = f"SELECT ?p ?o WHERE {{ <{ASTROLABE}> ?p ?o }} ORDER BY ?p ?o"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("source", type=Path)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=0)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small = folder / "small.tsv"
        small.write_text(FIRST, encoding="utf-8")
        import_source(small, folder / "before")
        before = answers(folder / "before")
        unbroken = run(command(chosen.source, copy(folder / "before", folder / "after")))
        if unbroken.lines[-1:] != ["end"]:
            sys.exit("the import failed: " + "\n".join(unbroken.lines))
        length = unbroken.seconds
        after = answers(folder / "after")
        print(
            f"a whole import: {length:.1f} s of processor time, {after['facts']:,} facts",
            flush=True,
        )
        small.write_text(SECOND, encoding="utf-8")
        moments = random.Random(chosen.seed)
        kills = whole = 0
        while kills < chosen.kills:
            # One moment in each of equal parts of the import, so that no step is left out.
            moment = length * (kills + moments.random()) / chosen.kills
            store = copy(folder / "before", folder / "killed")
            ended = run(command(chosen.source, store), moment)
            if not ended.killed:
                length = ended.seconds  # another import took longer than this one
                continue
            step = (ended.lines or ["start"])[-1]
            kills += 1
            state = state_of(store, before, after)
            mended = takes_another_import(small, store)
            whole += state != "broken" and mended
            print(
                f"{kills:3}  killed at {moment:5.1f} s, step {step:12} store whole: "
                f"{'no' if state == 'broken' else 'yes'} ({state} the import)   "
                f"next import works: {'yes' if mended else 'no'}",
                flush=True,
            )
    print(f"{whole} of {chosen.kills} kills left a whole store that takes the next import")
    if whole < chosen.kills:
        sys.exit(1)


def command(source: Path, store: Path) -> list[str]:
    """Return the import as a process of its own."""
    return [sys.executable, "-c", IMPORT, str(source), str(store)]


def copy(store: Path, target: Path) -> Path:
    """Return a fresh copy of a store."""
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(store, target))


def answers(folder: Path) -> dict[str, object]:
    """Return what a store answers: by the index, and by the triples."""
    store = Store(folder)
    return {
        "facts": store.index.edges,
        "sources": [one.name for one in store.sources],
        "stated": store.stated(ASTROLABE),
        "cat": len(store.stated("http://conceptnet.io/c/en/cat")),
        "rows": store.query(QUERY),
        "triples": len(store.triples),
    }


def state_of(folder: Path, before: dict[str, object], after: dict[str, object]) -> str:
    """Return whether a store answers as "before" or "after", or is "broken"."""
    try:
        found = answers(folder)
    except (SightGraphError, OSError) as error:
        print(f"     {error}")
        return "broken"
    return "before" if found == before else "after" if found == after else "broken"


def takes_another_import(source: Path, folder: Path) -> bool:
    """Whether the next import works, replaces its source, and leaves no half store behind."""
    try:
        import_source(source, folder)
        rows = Store(folder).query(QUERY)
    except (SightGraphError, OSError) as error:
        print(f"     {error}")
        return False
    mended = any("bronze" in row["o"] for row in rows) and not any(
        "brass" in row["o"] for row in rows
    )
    return mended and not any(one.name.startswith(BUILDING) for one in folder.iterdir())


if __name__ == "__main__":
    main()
