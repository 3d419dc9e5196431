"""kg/knowledge/store_import.py: imports that break off, are interrupted or killed."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.knowledge.store import CURRENT, Store
from kg.knowledge.store_import import import_source
from kg.sources import SOURCES, Choice, ImportedTriple, ReadReport
from tests.kg.knowledge.stores import (
    ANIMALS,
    INSTRUMENTS,
    OWN,
    assert_no_leftovers,
    facts,
    python,
    snapshot,
    triples,
    write,
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store that holds one source, `animals`."""
    folder = tmp_path / "store"
    import_source(write(tmp_path, ANIMALS), folder)
    return folder


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("read", [0, 3, 30_000])
def test_an_import_that_breaks_off_leaves_the_store_as_it_was(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, read: int
) -> None:
    def breaks_off(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
        for number in range(read):
            yield ImportedTriple(f"{OWN}{number}", OWN + "likes", OWN + "b")
        raise error

    before = snapshot(store)
    with monkeypatch.context() as patched:
        patched.setattr(SOURCES, "resolve", lambda name: breaks_off)
        with pytest.raises(type(error)):
            import_source(write(tmp_path, INSTRUMENTS), store)
    assert snapshot(store) == before
    import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    assert_no_leftovers(store)


@pytest.mark.parametrize("step", ["read", "load", "index"])
def test_an_import_that_is_interrupted_at_any_step_leaves_the_store_as_it_was(
    store: Path, tmp_path: Path, step: str
) -> None:
    lines = "".join(f"thing {n}\tlikes\tthing {n + 1}\n" for n in range(12_000))
    file, before = write(tmp_path, lines, "things.tsv"), snapshot(store)

    def interrupt(now: str, done: int, total: int) -> None:
        if now == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_source(file, store, progress=interrupt)
    assert snapshot(store) == before


KILLS = 3
"""Each in its part of the import; `benchmarks/import_kills.py` tries more."""
IMPORT = """
import sys
from kg.knowledge.store_import import import_source
print("ready", flush=True)
import_source(sys.argv[1], sys.argv[2])
"""


def test_an_import_that_is_killed_at_any_moment_leaves_a_whole_store(
    store: Path, tmp_path: Path
) -> None:
    lines = (f"thing {n}\tlikes\tthing {n * 7 % 9_999}\t0.{n % 9 + 1}" for n in range(10_000))
    file = write(tmp_path, "\n".join(lines), "things.tsv")
    start = time.perf_counter()
    import_source(file, tmp_path / "whole")
    length = time.perf_counter() - start
    before = (facts(store, "cat", "mammal"), triples(store))
    after = Store(tmp_path / "whole").index.edges + len(before[0])
    moments = random.Random(0)
    for kill in range(KILLS):
        process = python(IMPORT, file, store)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(length * (kill + moments.random()) / KILLS)
        process.kill()
        process.communicate()
        assert facts(store, "cat", "mammal") == before[0]
        if len(Store(store).sources) == 1:
            assert triples(store) == before[1]
        else:
            assert Store(store).index.edges == after
    import_source(write(tmp_path, INSTRUMENTS, "instruments.tsv"), store)
    assert ("astrolabe", "made of", "brass", "instruments") in facts(store, "astrolabe")
    assert before[0] - {("cat", "eats", "fish", "animals")} <= facts(store, "cat", "mammal")
    assert_no_leftovers(store)


KILLED_AT = """
import os, shutil, signal, sys
from pathlib import Path
import kg.files, kg.knowledge.store_folder, kg.knowledge.store_import
from kg.knowledge.store_import import import_source
where, when, source, store = sys.argv[1:]
owner, name = {
    "copy": (kg.knowledge.store_import, "_copy_of_triples"),
    "compile": (kg.knowledge.store_import, "_compile"),
    "sync": (kg.knowledge.store_folder, "_sync"),
    "rename": (Path, "rename"),
    "replace": (Path, "replace"),
    "remove": (shutil, "rmtree"),
}[where]
there = getattr(owner, name)
def killed(*arguments, **options):
    # Of the files that are replaced, `current` is the one that counts.
    decisive = where != "replace" or Path(arguments[1]).name == "current"
    if decisive and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = there(*arguments, **options)
    if decisive:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(owner, name, killed)
import_source(source, store)
"""


@pytest.mark.parametrize("first", [False, True], ids=["into a store", "into a new one"])
@pytest.mark.parametrize(
    ("where", "when"),
    [
        ("copy", "after"),
        ("sync", "before"),
        ("rename", "after"),
        ("replace", "before"),
        ("replace", "after"),
    ],
)
def test_an_import_that_is_killed_between_two_steps_leaves_a_whole_store(
    store: Path, tmp_path: Path, where: str, when: str, first: bool
) -> None:
    folder = tmp_path / "new" if first else store
    file = write(tmp_path, INSTRUMENTS, "instruments.tsv")
    process = python(KILLED_AT, where, when, file, folder)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    done = (where, when) == ("replace", "after")
    assert (folder / CURRENT).exists() == (done or not first)
    if not first:
        assert len(Store(folder).sources) == (2 if done else 1)
        assert ("cat", "is a", "mammal", "animals") in facts(folder, "cat")
    import_source(file, folder)
    assert ("astrolabe", "made of", "brass", "instruments") in facts(folder, "astrolabe")
    assert_no_leftovers(folder)
