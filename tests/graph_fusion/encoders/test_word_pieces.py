"""graph_fusion/encoders/word_pieces.py: the pieces of transformers' tokenizer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.encoders.word_pieces import WordPieceTokenizer

WORDS = ["a", "naïve", "café's", "日本", "[SEP]", "motorcycle!"]
TEXTS = st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join)


@cache
def both() -> tuple[WordPieceTokenizer, Any]:
    """Return our tokenizer and transformers'."""
    from transformers import AutoTokenizer

    folder = bundled_minilm()
    return WordPieceTokenizer(folder), AutoTokenizer.from_pretrained(folder, local_files_only=True)


@given(TEXTS, st.integers(2, 12))
def test_texts_are_cut_into_the_same_pieces(text: str, longest: int) -> None:
    ours, reference = both()
    for choice in (
        {},
        {"add_special_tokens": False},
        {"truncation": True, "max_length": longest},
        {"truncation": True, "max_length": longest, "add_special_tokens": False},
    ):
        assert ours(text, **choice)["input_ids"] == reference(text, **choice)["input_ids"]


def test_pieces_of_words_know_their_word() -> None:
    words = ["a", "motorcyclist", "'s", "café"]
    found, expected = (one(words, is_split_into_words=True) for one in both())
    assert found["input_ids"] == expected["input_ids"]
    assert found.word_ids() == expected.word_ids()


def test_marks_have_the_numbers_of_transformers() -> None:
    ours, reference = both()
    assert ours.unk_token_id == reference.unk_token_id
    assert ours.sep_token_id == reference.sep_token_id


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        WordPieceTokenizer(tmp_path)
