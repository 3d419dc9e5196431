"""The vector index: what is added is found, what is removed is not, and damage is noticed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kg.errors import SightGraphError
from pipelines.search import index as module
from pipelines.search.index import MANIFEST, VectorIndex

D = 8
HALF_ROUNDING = 2e-3
"""How far a score of 16-bit floats may be from the exact one."""


def units(count: int, seed: int = 0) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).normal(size=(count, D)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture
def three(tmp_path: Path) -> VectorIndex:
    """An index of the vectors a, b and c."""
    index = VectorIndex.create(tmp_path / "index", D, "m")
    index.add(["a", "b", "c"], units(3))
    return index


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "keep", "remove", "open"]),
        st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=6),
        st.integers(0, 99),
    ),
    max_size=8,
)


@given(steps, st.integers(1, 5))
@settings(max_examples=40)
def test_the_index_is_a_dictionary_that_is_searched_exactly(
    todo: list[tuple[str, list[str], int]], k: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index, expected = VectorIndex.create(folder, D, "m"), dict[str, NDArray[np.float32]]()
        for step, ids, seed in todo:
            vectors = dict(zip(ids, units(len(ids), seed), strict=True))
            if step == "open":
                index = VectorIndex.open(folder, "m")
            elif step == "remove":
                assert index.remove(ids) == len(expected.keys() & set(ids))
                expected = {one: vector for one, vector in expected.items() if one not in ids}
            else:
                index.add(ids, units(len(ids), seed), replace=step == "add")
                expected = expected | vectors if step == "add" else vectors | expected
        assert index.ids == expected.keys()
        assert len(index) == len(expected)
        query = units(1, 1000)[0]
        for found in (index.search(query, k), VectorIndex.open(folder, "m").search(query, k)):
            exact = sorted((float(vector @ query) for vector in expected.values()), reverse=True)
            assert [hit.score for hit in found] == pytest.approx(exact[:k], abs=HALF_ROUNDING)
            for hit in found:
                assert hit.score == pytest.approx(expected[hit.id] @ query, abs=HALF_ROUNDING)


def test_many_queries_find_what_each_finds(three: VectorIndex) -> None:
    queries = units(4, 7)
    assert three.search_all(queries, 2) == [three.search(one, 2) for one in queries]
    assert len(three.search(queries[0], 10)) == 3


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = VectorIndex.create(tmp_path / "new" / "index", D, "m")
    assert index.add([], np.empty((0, D))) == index.remove(["a"]) == 0
    assert VectorIndex.open(tmp_path / "new" / "index", "m").search(units(1)[0], 3) == []


def test_adding_one_by_one_keeps_few_files_and_rewrites_no_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_SEGMENT", 16)
    index = VectorIndex.create(tmp_path, D, "m")
    vectors = units(100)
    for number, vector in enumerate(vectors):
        index.add([str(number)], vector[None])
    rows = [one["rows"] for one in json.loads((tmp_path / MANIFEST).read_text())["segments"]]
    assert rows == [16] * 6 + [4]
    assert len(list(tmp_path.glob("vectors-*"))) == len(rows)
    assert VectorIndex.open(tmp_path, "m").search(vectors[57], 1)[0].id == "57"


def test_a_file_that_is_mostly_removed_is_written_anew(three: VectorIndex) -> None:
    before = set(three.folder.glob("vectors-*"))
    three.remove(["a"])
    assert set(three.folder.glob("vectors-*")) == before  # only the manifest marks it
    three.remove(["b"])
    assert not set(three.folder.glob("vectors-*")) & before
    assert VectorIndex.open(three.folder, "m").ids == {"c"}
    three.remove(["c"])
    assert not list(three.folder.glob("vectors-*"))


def test_every_flipped_byte_and_every_missing_file_is_noticed(three: VectorIndex) -> None:
    three.add(["d"], units(1, 5))
    three.remove(["b"])
    for file in [three.folder / MANIFEST, *three.folder.glob("vectors-*")]:
        whole = file.read_bytes()
        for place in range(0, len(whole), 1 + len(whole) // 60):
            changed = bytearray(whole)
            changed[place] ^= 0x15
            file.write_bytes(changed)
            with pytest.raises(SightGraphError, match=r"[Ii]ndex again") as refusal:
                VectorIndex.open(three.folder, "m")
            assert "\n" not in str(refusal.value)
        for broken in (b"", whole[:-1], whole + b"x"):
            file.write_bytes(broken)
            if broken.rstrip() != whole.rstrip():
                with pytest.raises(SightGraphError, match="damaged"):
                    VectorIndex.open(three.folder, "m")
        file.unlink()
        with pytest.raises(SightGraphError, match=r"damaged|holds no index"):
            VectorIndex.open(three.folder, "m")
        file.write_bytes(whole)
    assert VectorIndex.open(three.folder, "m").ids == {"a", "c", "d"}


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "{}", "null", '{"sightgraph index": 1}'])
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(SightGraphError, match="damaged"):
        VectorIndex.open(tmp_path, "m")


def test_another_model_version_or_place_is_refused_with_what_to_do(
    three: VectorIndex, tmp_path: Path
) -> None:
    with pytest.raises(SightGraphError, match=r"another model \(m, not n\): index again"):
        VectorIndex.open(three.folder, "n")
    with pytest.raises(SightGraphError, match=r"holds no index.*search index"):
        VectorIndex.open(tmp_path / "nowhere", "m")
    with pytest.raises(SightGraphError, match="is not empty"):
        VectorIndex.create(three.folder, D, "m")
    (tmp_path / "file").write_text("")
    with pytest.raises(SightGraphError, match="cannot write"):
        VectorIndex.create(tmp_path / "file", D, "m")
    manifest = three.folder / MANIFEST
    manifest.write_text(manifest.read_text().replace('index": 1', 'index": 2'))
    with pytest.raises(SightGraphError, match="version 2"):
        VectorIndex.open(three.folder, "m")


def test_vectors_that_do_not_fit_are_refused_and_change_nothing(three: VectorIndex) -> None:
    for ids, vectors, message in [
        (["d"], np.ones((1, D + 1)), "do not fit"),
        (["d"], units(1)[0], "do not fit"),
        (["d"], np.ones((1, D)), "not of length 1"),
        (["d"], np.full((1, D), np.nan), "not of length 1"),
        (["d"], units(2), "2 vectors have 1 different ids of 1"),
        (["d", "d"], units(2), "2 vectors have 1 different ids of 2"),
    ]:
        with pytest.raises(SightGraphError, match=message):
            three.add(ids, vectors)
    with pytest.raises(SightGraphError, match="ask for 1"):
        three.search(units(1)[0], 0)
    assert three.ids == VectorIndex.open(three.folder, "m").ids == {"a", "b", "c"}


def test_of_two_writers_the_second_is_told_to_open_again(three: VectorIndex) -> None:
    other = VectorIndex.open(three.folder, "m")
    three.add(["d"], units(1, 4))
    with pytest.raises(SightGraphError, match="was changed by another process"):
        other.remove(["a"])
    with three._writing(), pytest.raises(SightGraphError, match="is being changed"):
        VectorIndex.open(three.folder, "m").remove(["a"])
    assert VectorIndex.open(three.folder, "m").ids == {"a", "b", "c", "d"}


def test_a_change_that_ends_before_the_manifest_has_not_happened(
    three: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_text", full)
        with pytest.raises(SightGraphError, match="No space left"):
            three.add(["a", "d"], units(2, 9))
    assert len(list(three.folder.glob("vectors-*"))) > 1  # what was written is of no use
    for index in (three, VectorIndex.open(three.folder, "m")):
        assert index.ids == {"a", "b", "c"}
        assert index.search(units(3)[0], 1)[0].id == "a"
    three.add(["d"], units(1, 9))
    assert len(list(three.folder.glob("vectors-*"))) <= 2


WRITER = """
import itertools, sys
sys.path.insert(0, sys.argv[2])
import numpy as np
from pipelines.search.index import VectorIndex
index = VectorIndex.create(sys.argv[1], 8, "m")
for number in itertools.count():
    index.add([str(number)], np.eye(8)[[number % 8]])
    print(number, flush=True)
"""


def test_what_a_killed_process_had_added_is_there(tmp_path: Path) -> None:
    root = str(Path(__file__).resolve().parents[3])
    command = [sys.executable, "-c", WRITER, str(tmp_path), root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        reported = 20 + len(writer.stdout.readlines())
    index = VectorIndex.open(tmp_path, "m")
    assert len(index) in (reported, reported + 1)
    assert index.ids == {str(number) for number in range(len(index))}
    index.add(["new"], np.eye(8)[:1])
