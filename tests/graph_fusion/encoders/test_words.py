"""graph_fusion/encoders: words, vocabularies, counts of words."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graph_fusion.encoders.words import UNKNOWN, BagOfWords, Vocabulary, WordEmbeddings
from kg.english import treebank_tokens
from kg.errors import SightGraphError


def test_vocabulary_has_the_most_frequent_words_first_and_then_the_alphabet() -> None:
    texts = ["b a", "b c", "a b"]
    assert Vocabulary.of(texts).words == ("b", "a", "c")
    assert Vocabulary.of(texts, minimum=2).words == ("b", "a")
    assert Vocabulary.of(texts) == Vocabulary.of(reversed(texts))


@given(st.lists(st.text(), min_size=1).filter(lambda texts: any(map(treebank_tokens, texts))))
def test_every_word_of_the_texts_has_its_own_row(texts: list[str]) -> None:
    vocabulary = Vocabulary.of(texts)
    words = {word for text in texts for word in treebank_tokens(text)}
    rows = vocabulary.rows(words)
    assert len(set(rows)) == len(words) == len(vocabulary)
    assert UNKNOWN not in rows
    assert all(word in vocabulary for word in words)


def test_vocabulary_without_words_or_with_one_twice_is_refused() -> None:
    with pytest.raises(SightGraphError, match="smaller minimum"):
        Vocabulary.of(["a b"], minimum=2)
    with pytest.raises(SightGraphError, match="'a' twice"):
        Vocabulary(("a", "b", "a"))


def test_bag_counts_each_word_and_leaves_out_the_unknown() -> None:
    tokens = BagOfWords(["the", "dog", "red"])(["the dog and the cat", "cat"])
    assert tokens.values.tolist() == [[[2, 1, 0]], [[0, 0, 0]]]
    assert tokens.mask.all()


def test_unknown_words_share_one_vector_that_is_trained() -> None:
    encoder = WordEmbeddings(["dog"], dim=4)
    tokens = encoder(["cat house dog"])
    assert tokens.values[0, 0].equal(tokens.values[0, 1])
    assert not tokens.values[0, 0].equal(tokens.values[0, 2])
    tokens.values.sum().backward()
    assert encoder.table.weight.grad is not None
    assert encoder.table.weight.grad.any(1).tolist() == [False, True, True]


def test_dropout_is_of_training_only() -> None:
    encoder = WordEmbeddings(["dog"], dim=64, dropout=0.5)
    assert (encoder(["dog"]).values == 0).any()
    assert not (encoder.eval()(["dog"]).values == 0).any()
    assert torch.equal(encoder(["dog"]).values, encoder(["dog"]).values)
