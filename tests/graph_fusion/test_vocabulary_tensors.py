"""graph_fusion/vocabulary_tensors.py: names and edges of several questions in one batch."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from transformers import AutoTokenizer

from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.vocabulary_tensors import (
    MOST_PIECES,
    MOST_SPELT,
    QUESTION,
    Pieces,
    VocabularyInput,
    WordedBatch,
    collate,
)

CAT = VocabularyInput(
    "What is this animal?",
    ("cat", "sofa"),
    ("feline",),
    ((0, 2, "is a"), (QUESTION, 2, "means")),
)
BARE = VocabularyInput("Why?")


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(AutoTokenizer.from_pretrained(bundled_minilm(), local_files_only=True))


def batch(pieces: Pieces, *graphs: VocabularyInput) -> WordedBatch:
    names = ("is a", "means", "cat", "sofa", "feline")
    vectors = {name: torch.full((4,), float(number)) for number, name in enumerate(names)}
    return collate(graphs, pieces, vectors, torch.zeros(len(graphs), 4))


def test_nodes_are_the_seen_and_then_the_known_ones(pieces: Pieces) -> None:
    found = batch(pieces, CAT, BARE)
    assert found.there.tolist() == [[True, True, True], [False, False, False]]
    assert found.kind.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_names_are_bags_of_their_pieces(pieces: Pieces) -> None:
    found = batch(pieces, CAT)
    ends = [*found.starts.tolist(), len(found.pieces)]
    cut = [found.pieces[a:b].tolist() for a, b in pairwise(ends)]
    assert cut == [pieces.name("cat"), pieces.name("sofa"), pieces.name("feline")]


def test_names_have_their_vectors_and_padding_none(pieces: Pieces) -> None:
    found = batch(pieces, CAT, BARE)
    assert found.names[:, :, 0].tolist() == [[2.0, 3.0, 4.0], [0.0, 0.0, 0.0]]
    assert found.relations[:, 0].tolist() == [0.0, 1.0]


def test_edges_stand_twice_and_the_question_is_the_first_word(pieces: Pieces) -> None:
    found = batch(pieces, BARE, CAT)
    length = found.there.shape[1] + found.is_word.shape[1]
    assert found.senders.tolist() == [length, length + 3, length + 2, length + 2]
    assert found.receivers.tolist() == [length + 2, length + 2, length, length + 3]
    assert found.backward.tolist() == [False, False, True, True]
    assert found.relation.tolist() == [0, 1, 0, 1]


def test_a_long_question_is_cut_and_keeps_its_end_mark(pieces: Pieces) -> None:
    found = pieces.question("why " * 200)
    assert len(found) == MOST_PIECES
    assert found[-1] == pieces.tokenizer.sep_token_id


def test_a_name_without_pieces_is_one_unknown_piece(pieces: Pieces) -> None:
    assert pieces.name("") == [pieces.tokenizer.unk_token_id]


def test_names_are_spelt_out_with_commas_and_an_end_mark(pieces: Pieces) -> None:
    found = batch(pieces, CAT, BARE)
    end = pieces.tokenizer.sep_token_id
    assert pieces.tokenizer.decode(found.spelt[0]) == "cat, sofa [SEP]"
    assert found.spelt[1].tolist() == [end] + [0] * (found.spelt.shape[1] - 1)


def test_a_long_list_of_names_is_cut_and_keeps_its_end_mark(pieces: Pieces) -> None:
    found = pieces.spelt(["snow"] * 100)
    assert len(found) == MOST_SPELT
    assert found[-1] == pieces.tokenizer.sep_token_id
