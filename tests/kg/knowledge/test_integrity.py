"""kg/knowledge/integrity.py: every damage of a store is found when it is opened or checked."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.knowledge.integrity import CHECKSUMS, check_generation
from kg.knowledge.store import Store, current_generation
from kg.knowledge.store_import import import_source


@pytest.fixture
def generation(tmp_path: Path) -> Path:
    """The files of a store with two facts."""
    table = tmp_path / "animals.tsv"
    table.write_text("cat\tis a\tmammal\ncat\teats\tfish\n", encoding="utf-8")
    import_source(table, tmp_path / "store")
    found = current_generation(tmp_path / "store")
    assert found is not None
    return found


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[random.Random(len(content)).randrange(len(content))] ^= 0x10
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "flipped": flip,
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "grown": lambda file: file.write_bytes(file.read_bytes() + b"x"),
    "emptied": lambda file: file.write_bytes(b""),
    "removed": Path.unlink,
}


def open_and_check(generation: Path) -> None:
    Store(generation.parent)
    check_generation(generation, everything=True)


def files(generation: Path) -> list[Path]:
    return sorted(one for one in generation.rglob("*") if one.is_file() and one.stat().st_size)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_of_every_file_is_found_on_opening(generation: Path, damage: str) -> None:
    for file in files(generation):
        content, about = file.read_bytes(), file.stat()
        DAMAGES[damage](file)
        with pytest.raises(SightGraphError, match=r"damaged|format"):
            open_and_check(generation)
        file.write_bytes(content)
        os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert Store(generation.parent).stated("https://sightgraph.org/own/cat")


def test_a_file_that_was_added_is_named(generation: Path) -> None:
    (generation / "index" / "more.npy").write_bytes(b"x")
    with pytest.raises(SightGraphError, match=r"index/more\.npy' was added"):
        Store(generation.parent)


def test_opening_reads_no_file_that_has_not_changed(generation: Path) -> None:
    assert check_generation(generation) == 0
    os.utime(generation / "index" / "index.json", (1, 1))
    assert check_generation(generation) == 1
    listed = len(files(generation))
    assert check_generation(generation, everything=True) >= listed - 1


def test_damage_that_keeps_the_time_is_found_by_the_whole_check(generation: Path) -> None:
    file = generation / "index" / "out_strength.npy"
    about = file.stat()
    flip(file)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    with pytest.raises(SightGraphError, match=r"out_strength\.npy' has other contents"):
        check_generation(generation, everything=True)


def test_a_store_without_its_checksums_is_damaged(generation: Path) -> None:
    (generation / CHECKSUMS).unlink()
    with pytest.raises(SightGraphError, match="damaged"):
        Store(generation.parent)
