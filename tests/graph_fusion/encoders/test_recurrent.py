"""graph_fusion/encoders/recurrent.py: states are torch's; padding is never read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from graph_fusion.encoders import TOKEN_ENCODERS
from graph_fusion.encoders.recurrent import Recurrent, gru, lstm
from graph_fusion.encoders.word_vectors import WordVectors
from graph_fusion.encoders.words import WordEmbeddings
from kg.errors import SightGraphError

WORDS = ["the", "red", "dog", "sleeps"]
TEXTS = ["the red dog sleeps", "dog", "red dog"]


@pytest.mark.parametrize("make", [lstm, gru])
@pytest.mark.parametrize("bidirectional", [False, True])
@torch.no_grad()
def test_states_are_those_of_torch_run_on_each_text_alone(make: Any, bidirectional: bool) -> None:
    encoder = make(vocabulary=WORDS, embedding=6, dim=5, layers=2, bidirectional=bidirectional)
    tokens = encoder(TEXTS)
    for row, text in enumerate(TEXTS):
        states, _ = encoder.network(encoder.embeddings([text]).values)
        torch.testing.assert_close(tokens.values[row][tokens.mask[row]], states[0])
    if not bidirectional:
        last = encoder.network(encoder.embeddings(TEXTS[:1]).values)[0][0, -1]
        torch.testing.assert_close(tokens.last()[0], last)


@torch.no_grad()
def test_a_network_of_one_direction_does_not_look_ahead() -> None:
    tokens = lstm(vocabulary=WORDS, dim=5)(["the red dog", "the red sleeps"])
    torch.testing.assert_close(tokens.values[0, :2], tokens.values[1, :2])
    assert not tokens.values[0, 2].allclose(tokens.values[1, 2])
    both = lstm(vocabulary=WORDS, dim=5, bidirectional=True)(["the red dog", "the red sleeps"])
    assert not both.values[0, 0].allclose(both.values[1, 0])


@torch.no_grad()
def test_words_that_are_masked_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("the 1 2\nred 3 4\ndog 5 6\n")
    encoder = gru(embeddings=WordVectors(WORDS, tmp_path / "v.txt"), dim=5)
    tokens = encoder(["unicorn the unicorn red dog", "the red dog"])
    torch.testing.assert_close(tokens.values[0, :3], tokens.values[1, :3])
    assert tokens.mask.tolist() == [[True, True, True, False, False]] * 2
    assert tokens.names == (("the", "red", "dog", "", ""),) * 2


def test_given_embeddings_are_trained_with_it_and_come_back_from_the_config() -> None:
    words = WordEmbeddings(WORDS, dim=7, dropout=0.25)
    encoder = lstm(embeddings=words, dim=5)
    encoder(TEXTS).values.sum().backward()
    assert words.table.weight.grad is not None
    copy = TOKEN_ENCODERS.make("lstm", **encoder.config())
    assert copy.config() == encoder.config()
    assert copy.config()["embeddings"]["dropout"] == 0.25


def test_embeddings_may_be_a_language_models() -> None:
    encoder = gru(embeddings={"encoder": "minilm"}, dim=5)
    tokens = encoder(["a dog"])
    assert tokens.names == (("[CLS]", "a", "dog", "[SEP]"),)
    assert encoder.config()["embeddings"]["encoder"] in ("huggingface", "minilm")


def test_it_learns_which_word_came_first() -> None:
    torch.manual_seed(0)
    encoder, head = gru(vocabulary=["a", "b"], embedding=8, dim=8), nn.Linear(8, 1)
    texts, first = ["a b", "b a", "a b b", "b a a"], torch.tensor([1.0, 0, 1, 0])
    optimiser = torch.optim.Adam([*encoder.parameters(), *head.parameters()], 0.05)
    for _ in range(40):
        logits = head(encoder(texts).last()).squeeze(1)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, first)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert ((logits > 0) == first.bool()).all()


def test_either_a_vocabulary_or_embeddings_are_needed() -> None:
    for options in ({}, {"vocabulary": WORDS, "embeddings": WordEmbeddings(WORDS)}):
        with pytest.raises(SightGraphError, match="either a vocabulary"):
            Recurrent("gru", **options)  # type: ignore[arg-type]
