"""graph_fusion/encoders/word_vectors.py: files as GloVe, word2vec and fastText publish them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.encoders.word_vectors import WordVectors, read_word_vectors
from kg.errors import SightGraphError

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=8
).filter(lambda word: word.strip(" ") == word and not word.isdigit())
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
TABLES = st.integers(2, 4).flatmap(
    lambda dim: st.dictionaries(
        WORDS, st.lists(NUMBERS, min_size=dim, max_size=dim), min_size=1, max_size=5
    )
)
"""Words may hold spaces and any sign but line ends, as published files do."""


def lines_of(table: dict[str, list[float]]) -> list[str]:
    return [" ".join([word, *map(repr, row)]) for word, row in table.items()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


@settings(max_examples=60)
@given(TABLES, st.booleans(), st.sampled_from(["\n", " \n", "\r\n"]), st.booleans())
def test_file_gives_back_every_word_and_number(
    folder: Path, table: dict[str, list[float]], header: bool, end: str, zipped: bool
) -> None:
    dim = len(next(iter(table.values())))
    lines = [f"{len(table)} {dim}"] if header else []
    # Without a header the first line says how many numbers there are: its word has no spaces.
    lines += [] if header else ["first " + " ".join(["0"] * dim)]
    content = "".join(line + end for line in lines + lines_of(table)).encode()
    file = folder / ("v.vec.gz" if zipped else "v.vec")
    file.write_bytes(gzip.compress(content) if zipped else content)
    read = read_word_vectors(file, set(table) - {"first"})
    assert read.words == tuple(word for word in table if word != "first")
    for word, row in zip(read.words, read.values, strict=True):
        np.testing.assert_array_equal(row, np.array(table[word], np.float32))


def test_only_wanted_words_are_read_and_the_first_of_two_counts(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("dog 1 2\ncat 3 4\ndog 5 6\nhouse x y\n")
    read = read_word_vectors(tmp_path / "v.txt", ["dog", "bird"])
    assert read.words == ("dog",)
    assert read.values.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dog 1 2\ncat 3\n", r"line 2: expected a word and 2 numbers, found 'cat 3'"),
        ("2 2\ndog 1 2\n\n", r"line 3: expected a word and 2 numbers"),
        ("dog 1 2\ncat 3 red\n", r"line 2: expected numbers after the word, found 'cat 3 red'"),
        ("dog 1 2\ncat 3 nan\n", r"line 2: expected finite numbers"),
        ("dog 1 2\ncat 3 1e999\n", r"line 2: expected finite numbers"),
        ("dog\n", r"line 1: expected a word and 1 numbers"),
        ("3 2\ndog 1 2\ncat 3 4\n", r"promises 3 words, 2 follow"),
        ("", r"it is empty"),
    ],
)
def test_malformed_files_name_the_line(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text(content)
    with pytest.raises(SightGraphError, match=message):
        read_word_vectors(tmp_path / "v.txt", ["dog", "cat"])


def test_missing_file_and_broken_gzip_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="cannot be read"):
        read_word_vectors(tmp_path / "absent.txt", ["dog"])
    whole = gzip.compress(b"dog 1 2\n" * 999)
    wrong = bytes(whole[:12]) + bytes([whole[12] ^ 0xFF]) + bytes(whole[13:])
    for content in (whole[:-20], wrong):
        (tmp_path / "cut.txt.gz").write_bytes(content)
        with pytest.raises(SightGraphError, match="cannot be read"):
            read_word_vectors(tmp_path / "cut.txt.gz", ["dog"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "v.vec").write_text("3 2\ndog 1 2\ncat 3 4\nbird 5 6\n")
    return tmp_path / "v.vec"


def test_unknown_words_are_masked_unless_a_text_has_no_other(file: Path) -> None:
    encoder = WordVectors(["dog", "cat", "unicorn"], file)
    tokens = encoder(["dog unicorn cat", "unicorn bird"])
    assert tokens.values.tolist() == [[[1, 2], [0, 0], [3, 4]], [[0, 0]] * 3]
    assert tokens.mask.tolist() == [[True, False, True], [True, False, False]]
    assert encoder.vocabulary.words == ("dog", "cat")


def test_unknown_words_are_trained_though_the_others_are_frozen(file: Path) -> None:
    encoder = WordVectors(["dog"], file, unknown="trained")
    tokens = encoder(["dog unicorn"])
    assert tokens.mask.all()
    tokens.values.sum().backward()
    assert [name for name, one in encoder.named_parameters() if one.grad is not None] == [
        "unknown_vector"
    ]


def test_vectors_are_trained_on_where_they_are_not_frozen(file: Path) -> None:
    encoder = WordVectors(["dog", "cat"], file, frozen=False)
    encoder(["dog unicorn", "dog"]).values.sum().backward()
    assert encoder.table.weight.grad is not None
    assert encoder.table.weight.grad.any(1).tolist() == [False, False, True, False]


def test_options_that_do_not_fit_are_refused(file: Path) -> None:
    with pytest.raises(SightGraphError, match="none of the 1 words"):
        WordVectors(["unicorn"], file)
    with pytest.raises(SightGraphError, match="have 2 features, not 300"):
        WordVectors(["dog"], file, dim=300)
    with pytest.raises(SightGraphError, match="need a file"):
        WordVectors(["dog"])
    with pytest.raises(SightGraphError, match="Known: masked, trained"):
        WordVectors(["dog"], file, unknown="zero")
    assert torch.equal(WordVectors(["dog"], dim=2)(["dog"]).values, torch.zeros(1, 1, 2))
