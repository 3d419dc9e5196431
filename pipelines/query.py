"""What the network reads of a parsed question and of the detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graph_fusion.tensors import Query
from pipelines.build import kept
from pipelines.detections import Detection
from pipelines.parse import Sentence


def query_of(sentence: Sentence) -> Query:
    """Return what the model reads of a question; a statement counts as asking for a concept."""
    question = sentence.question
    if question is None:
        return Query(sentence.text, sentence.text, "concept")
    focus = None
    if question.focus:
        focus = (question.focus_start, question.focus_end)
    topic = None if question.topic is None else f"entity:{question.topic}"
    return Query(
        sentence.text,
        question.frame,
        question.answer_type,
        focus,
        topic,
        options=question.options,
    )


def region_features(detections: Sequence[Detection], detector: str) -> Mapping[str, np.ndarray]:
    """Return the region features by node id, for the detections of `detector` that have one."""
    return {
        f"object:{index}": one.feature
        for index, one in enumerate(kept(detections))
        if one.feature is not None and one.origin == detector
    }
