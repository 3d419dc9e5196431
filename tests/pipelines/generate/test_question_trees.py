"""The hand-written patterns are trees, and what is made of them is annotated throughout."""

from __future__ import annotations

import random

from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipelines.generate.question_trees import Filling, sample, slot_words
from pipelines.reading.wordings import listed

PLURALS = {"NNS": [Filling("otters", "otter"), Filling("boxes", "box")]}


def test_every_pattern_is_a_tree() -> None:
    for pattern in listed("question_trees", "patterns"):
        rows = [part.split("/") for part in pattern.split()]
        heads = [int(head) for _, _, _, head in rows]
        assert heads.count(0) == 1, pattern
        assert [dep for _, _, dep, head in rows if head == "0"] == ["root"], pattern
        for start in range(1, len(heads) + 1):
            at, seen = start, set()
            while at:
                assert at not in seen, pattern
                seen.add(at)
                at = heads[at - 1]


def test_sample_is_annotated_and_follows_the_seed() -> None:
    vocab = Vocab()
    first = sample(vocab, PLURALS, 200, random.Random(7))
    again = sample(vocab, PLURALS, 200, random.Random(7))
    assert [doc.text for doc in first] == [doc.text for doc in again]
    assert len({doc.text for doc in first}) > 100
    for doc in first:
        assert doc.has_annotation("DEP")
        assert all(token.tag_ and token.pos_ and token.lemma_ and token.dep_ for token in doc)
        assert doc.text.endswith("?") == doc[0].text.istitle()
        assert "*" not in doc.text
        assert "@" not in doc.text


def test_slots_are_filled_with_frequent_lower_case_words_of_the_treebank() -> None:
    vocab = Vocab()
    common = Doc(vocab, words=["otters", "Rome"], tags=["NNS", "NNS"], lemmas=["otter", "Rome"])
    rare = Doc(vocab, words=["voles"], tags=["NNS"], lemmas=["vole"])
    slots = slot_words([common, common, common, rare])
    assert [(filling.word, filling.lemma) for filling in slots["NNS"]] == [("otters", "otter")]
    texts = " ".join(doc.text for doc in sample(vocab, slots, 100, random.Random(1)))
    assert "otters" in texts
