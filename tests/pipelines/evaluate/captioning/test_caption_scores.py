"""BLEU, CIDEr, SPICE and CHAIR of captions, by hand on small cases."""

from __future__ import annotations

from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from pipelines.evaluate.captioning.caption_scores import chair, ngram_scores, score_captions
from pipelines.reading.triples import Triple

WORDS = ("dog", "cat", "runs", "sits", "on", "grass", "snow", "red", "ball", "man")
captions = st.lists(st.sampled_from(WORDS), min_size=4, max_size=9).map(" ".join)


def read(caption: str) -> list[Triple]:
    return [("dog", "on", "sofa"), ("dog", "is", "brown")] if "dog" in caption else []


@given(st.lists(captions, min_size=2, max_size=5, unique=True))
def test_a_caption_that_equals_a_reference_has_bleu_1_and_no_wrong_kind(texts: list[str]) -> None:
    written = {str(n): text for n, text in enumerate(texts)}
    references = {photo: [text, "a man in snow"] for photo, text in written.items()}
    figures = score_captions(written, references)
    assert all(figures[f"BLEU-{n}"] == pytest.approx(1, abs=1e-6) for n in (1, 2, 3, 4))
    assert figures.get("CHAIRi", 0) == figures["CHAIRs"] == 0


@given(st.lists(st.tuples(captions, captions), min_size=1, max_size=5))
def test_scores_keep_their_bounds(pairs: list[tuple[str, str]]) -> None:
    written = {str(n): one for n, (one, _) in enumerate(pairs)}
    figures = score_captions(written, {str(n): [other] for n, (_, other) in enumerate(pairs)})
    assert all(0 <= value <= 1 + 1e-9 for name, value in figures.items() if name != "CIDEr")
    assert 0 <= figures["CIDEr"] <= 10 + 1e-9


def test_bleu_is_clipped_precision_with_a_penalty_for_short_captions() -> None:
    figures = ngram_scores(
        {"1": "a dog runs", "2": "the the cat"},
        {"1": ["A dog runs fast."], "2": ["the cat sits now"]},
    )
    short = exp(1 - 8 / 6)  # 6 words written, 8 in the closest references
    assert figures["BLEU-1"] == pytest.approx(short * 5 / 6)  # the second "the" does not count
    assert figures["BLEU-2"] == pytest.approx(short * sqrt(5 / 6 * 3 / 4))


def test_cider_weighs_words_by_how_few_photographs_have_them() -> None:
    figures = ngram_scores({"1": "dog", "2": "red cat"}, {"1": ["dog"], "2": ["red ball"]})
    # "red" and "ball" are of one of two photographs: idf log 2 each, and so is that of the unknown
    # "cat". Cosine of (red, cat) and (red, ball) is 1/2. Only unigrams match; mean over 4 lengths.
    idf = log(2)
    cosine = idf * idf / (sqrt(2 * idf**2) * sqrt(2 * idf**2))
    assert figures["CIDEr"] == pytest.approx(10 * (1 / 4 + cosine / 4) / 2)


def test_chair_counts_mentions_of_kinds_that_neither_people_nor_boxes_have() -> None:
    written = {"1": "a boy with a puppy and a frisbee", "2": "a sunny hill"}
    references = {"1": ["a kid plays with a dog"], "2": ["hills"]}
    assert chair(written, references, {}) == {"CHAIRi": pytest.approx(1 / 3), "CHAIRs": 0.5}
    assert chair(written, references, {"1": ["frisbee"]}) == {"CHAIRi": 0, "CHAIRs": 0}
    assert chair({"2": "a hill"}, {"2": ["a hill"]}, {}) == {"CHAIRs": 0}


def test_scores_are_those_that_can_be_computed() -> None:
    written, references = {"1": "a brown dog on a sofa"}, {"1": ["a brown dog on a sofa"]}
    without = score_captions(written, references)
    assert "SPICE" not in without
    assert score_captions(written, references, reader=read) == {**without, "SPICE": 1.0}


@pytest.mark.parametrize(
    ("written", "references", "message"),
    [
        ({}, {}, "no caption"),
        ({"1": "a dog"}, {}, "no reference, the first is '1'"),
        ({"1": "a dog"}, {"1": []}, "no reference, the first is '1'"),
        ({"1": "a dog"}, {"1": ["a dog"], "2": ["a cat"]}, "no caption, the first is '2'"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    written: dict[str, str], references: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(SightGraphError, match=message):
        score_captions(written, references)


def test_an_empty_caption_scores_nothing() -> None:
    figures = score_captions({"1": "", "2": "a cat"}, {"1": ["a dog"], "2": ["a cat"]})
    assert figures["BLEU-1"] == pytest.approx(exp(1 - 2))
