"""Small stores for the tests of imports, and what is looked at afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kg.knowledge.store import CURRENT, Store

OWN = "https://sightgraph.org/own/"
ANIMALS = "cat\tis a\tmammal\t0.9\ncat\teats\tfish\t0.5\nmammal\tis a\tanimal\n"
INSTRUMENTS = "astrolabe\tis a\tinstrument\nastrolabe\tmade of\tbrass\ncat\teats\tfish\t0.7\n"


def write(folder: Path, text: str, name: str = "animals.tsv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return all files of a store with what they hold."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def facts(folder: Path, *names: str) -> set[tuple[str, str, str, str]]:
    """Return what a store says of its own concepts `names`: relation, object, source."""
    store = Store(folder)
    return {
        (name, store.relations[fact.relation].label, store.label(fact.object), fact.source)
        for name in names
        for fact in store.stated(OWN + name)
    }


def triples(folder: Path) -> set[str]:
    """Return all triples of a store.

    Not by SPARQL: what the parser raises may hold on to the store that was asked.
    """
    return {str(quad) for quad in Store(folder).triples}


def assert_no_leftovers(folder: Path) -> None:
    names = sorted(one.name for one in folder.iterdir())
    assert names == sorted([CURRENT, "lock", (folder / CURRENT).read_text("utf-8").strip()])


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
