"""OK-VQA: questions that need outside knowledge, with soft answers (Marino et al., CVPR 2019)."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, coco_part


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question of OK-VQA, A-OKVQA or FVQA, or one generated like them.

    photo: COCO's number, or the file where it is no photograph of COCO. seen: labels of what the
    photograph shows. scores: each right answer's soft score. source: the set it comes from.
    given: the answers in whole words, where the keys of `scores` are without endings.
    fact, caption: only FVQA has them: subject, relation and object, and a model's caption.
    """

    id: str
    photo: str
    question: str
    seen: tuple[str, ...]
    scores: dict[str, float] = field(default_factory=dict)
    source: str = "okvqa"
    part: Part = "train"
    given: tuple[str, ...] = ()
    fact: tuple[str, str, str] | None = None
    caption: str | None = None

    @property
    def file_name(self) -> str:
        """The photograph's path in the folder of data sets, for a question of OK-VQA."""
        return f"okvqa/images/COCO_train2014_{int(self.photo):012d}.jpg"


def read_okvqa(file: Path) -> list[OpenQuestion]:
    """Read OK-VQA in the format of `okvqa/train.json`.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    try:
        return [_of_okvqa(one) for one in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SightGraphError(
            f"cannot read '{file}' as OK-VQA: {error!r}. Expected is a list of objects with "
            "question_id, image_id, question, scores and detections."
        ) from error


def _of_okvqa(one: dict[str, Any]) -> OpenQuestion:
    photo = str(one["image_id"])
    return OpenQuestion(
        id=str(one["question_id"]),
        photo=photo,
        question=str(one["question"]),
        seen=tuple(str(label) for label in one["detections"]),
        scores={str(answer): float(score) for answer, score in one.get("scores", {}).items()},
        part=coco_part(photo),
        given=tuple(str(answer) for answer in one.get("answers", ())),
    )


MIN_GIVEN = 2
"""Times that people gave a form of an answer: once may be a slip. Set by hand."""
MIN_SHARED = 3
"""Letters that a form shares with its answer without endings."""


def whole_words(questions: Iterable[OpenQuestion]) -> dict[str, tuple[str, ...]]:
    """Return the forms in which people gave each answer, the most frequent first.

    OK-VQA scores "morn" and "surf", and people said "morning" and "surfing". Answers that people
    gave as they are scored are left out.
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in questions:
        for form in one.given:
            scored = form if form in one.scores else _nearest(form, one.scores)
            if scored:
                counts[scored][form] += 1
    found = {
        scored: tuple(form for form, count in forms.most_common() if count >= MIN_GIVEN)
        for scored, forms in counts.items()
    }
    return {scored: forms for scored, forms in found.items() if {*forms} - {scored}}


def _nearest(form: str, scored: Iterable[str]) -> str:
    """Return the answer that begins most as `form` does; "" where none does."""
    shared = {one: _shared_letters(one, form) for one in scored}
    best = max(shared, key=lambda one: shared[one], default="")
    return best if best and shared[best] >= min(MIN_SHARED, len(best)) else ""


def _shared_letters(one: str, other: str) -> int:
    """Return how many letters two words begin with in common."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)
