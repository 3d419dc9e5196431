"""What each rule of answering is worth: the same questions, each with one rule switched off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from pipelines.answering.rules import RULES
from pipelines.datasets.questions import PhotoQuestion, same_answer
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph


def gains(
    sightgraph: SightGraph, questions: Iterable[tuple[PhotoQuestion, Photo]]
) -> Mapping[str, float]:
    """Return how many answers each rule decides, how many it changes and how many become right.

    A rule "decides" where it answers before the networks; the others only change what these say.
    """
    variants = {rule: sightgraph.without_rules([rule]) for rule in RULES}
    decided, right, changed, gained = (Counter[str]() for _ in range(4))
    for question, photo in questions:
        read = sightgraph.read(photo, question.text, sightgraph.detect(photo))
        with_all = sightgraph.answer(sightgraph.answerer.fuse(*read))
        is_right = same_answer(with_all.text, question.answers)
        if with_all.rule:
            decided[with_all.rule] += 1
            right[with_all.rule] += is_right
        for rule, variant in variants.items():
            text = variant.answer(variant.answerer.fuse(*read)).text
            changed[rule] += text != with_all.text
            gained[rule] += is_right - same_answer(text, question.answers)
    return {
        f"{rule}, {name}": float(counts[rule])
        for rule in RULES
        for name, counts in (
            ("gained", gained),
            ("changed", changed),
            ("decided", decided),
            ("decided rightly", right),
        )
        if counts is gained or counts[rule]
    }
