"""kg/index/runs.py: sorting by way of files gives what sorting in memory gives."""

from __future__ import annotations

import tempfile
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.index import runs
from kg.index.runs import BYTES_A_PAIR, SMALLEST_BLOCK, SortedLines, SortedPairs

lines = st.binary(max_size=6).map(lambda text: text.replace(b"\n", b" "))


@settings(deadline=None)
@given(st.lists(st.lists(lines, max_size=8), max_size=9), st.lists(lines, max_size=8))
def test_lines_come_in_order_and_as_often_as_they_were_given(
    written: list[list[bytes]], last: list[bytes]
) -> None:
    with pytest.MonkeyPatch.context() as patched, SortedLines() as sorted_lines:
        patched.setattr(runs, "MAX_FILES", 3)
        for run in written:
            sorted_lines.write(run)
        expected = sorted(text + b"\n" for text in chain(*written, last))
        assert list(sorted_lines.merged(last)) == expected


@pytest.mark.parametrize("greatest", [0, 3, 2**20, 2**64 - 1])
@pytest.mark.parametrize("count", [0, 1, SMALLEST_BLOCK, 3 * SMALLEST_BLOCK, 20_000])
def test_pairs_come_in_order_whatever_their_number_and_kind(count: int, greatest: int) -> None:
    random = np.random.default_rng(0)
    pairs = random.integers(0, greatest, (2, count), np.uint64, endpoint=True)
    with SortedPairs(SMALLEST_BLOCK * BYTES_A_PAIR) as sorted_pairs:
        for begin in range(0, count + 1, 700):
            sorted_pairs.add(*pairs[:, begin : begin + 700])
        blocks = list(sorted_pairs.blocks())
    assert all(len(first) for first, _ in blocks)
    found = [pair for first, second in blocks for pair in zip(first, second, strict=True)]
    assert found == sorted(zip(*pairs, strict=True))


def test_runs_that_are_in_order_already_are_read_one_after_the_other() -> None:
    numbers = np.arange(10 * SMALLEST_BLOCK, dtype=np.uint64)
    with SortedPairs(SMALLEST_BLOCK * BYTES_A_PAIR) as sorted_pairs:
        for part in np.split(numbers, 10):
            sorted_pairs.add(part, part)
        blocks = [first for first, _ in sorted_pairs.blocks()]
    assert max(map(len, blocks)) <= 2 * SMALLEST_BLOCK
    assert np.array_equal(np.concatenate(blocks), numbers)


def test_what_fits_into_one_run_is_never_written_and_files_are_removed() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few = np.arange(10, dtype=np.uint64)
        with SortedPairs(1, folder) as sorted_pairs, SortedLines(folder) as sorted_lines:
            sorted_pairs.add(few, few)
            assert list(sorted_lines.merged([b"b", b"a"])) == [b"a\n", b"b\n"]
            assert len(list(sorted_pairs.blocks())) == 1
            assert list(folder.iterdir()) == []
            sorted_lines.write([b"c"])
            assert list(folder.iterdir()) != []
        assert list(folder.iterdir()) == []
