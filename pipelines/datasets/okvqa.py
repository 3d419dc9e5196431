"""OK-VQA: questions that need outside knowledge, with soft answers (Marino et al., CVPR 2019)."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from kg.english import noun_lemma, verb_of_ing
from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, coco_part, file_part


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


def read_okvqa(file: Path, detections: bool = True) -> list[OpenQuestion]:
    """Read OK-VQA in the format of `okvqa/train.json`.

    A question without `scores` has those of its `answers` (`soft_scores`).

    detections: whether every question must list what its photograph shows.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    try:
        records = json.loads(file.read_text(encoding="utf-8"))
        return [_of_okvqa(one, detections) for one in records]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SightGraphError(
            f"cannot read '{file}' as OK-VQA: {error!r}. Expected is a list of objects with "
            "question_id, image_id, question, scores (or the answers of at least "
            f"{MIN_PEOPLE} people) and detections."
        ) from error


def _of_okvqa(one: dict[str, Any], detections: bool) -> OpenQuestion:
    photo = str(one["image_id"])
    seen = one["detections"] if detections else one.get("detections", ())
    given = tuple(_answer(answer) for answer in one.get("answers", ()))
    scores = one.get("scores")
    if scores is None:
        scores = soft_scores(given) if len(given) >= MIN_PEOPLE else {}
    return OpenQuestion(
        id=str(one["question_id"]),
        photo=photo,
        question=str(one["question"]),
        seen=tuple(str(label) for label in seen),
        scores={str(answer): float(score) for answer, score in scores.items()},
        part=_part(photo),
        given=given,
    )


def _part(photo: str) -> Part:
    """Return the part of a photograph of COCO, or of a file of another name."""
    try:
        return coco_part(photo)
    except SightGraphError:
        return file_part(photo)


def _answer(given: Any) -> str:
    """Return an answer as a text; the official files have {"answer": ...}."""
    return str(given["answer"] if isinstance(given, Mapping) else given)


MIN_PEOPLE = 4
"""Fewer answers than this cannot give any answer the full score."""
FULL = 3
"""People whose answer makes another one's full."""


def soft_scores(given: Sequence[str]) -> dict[str, float]:
    """Return the official soft score of each answer that people gave: min(n / 3, 1) of the others.

    It is the mean over the people, each left out in turn (VQA, Antol et al., ICCV 2015). Forms of
    one word count together, and have its score, as in the scores of OK-VQA's own file, which are
    after stemming; our endings agree with it on 98 % of the answers of train.json.

    >>> soft_scores(["surfing"] * 2 + ["surf"] * 2 + ["sea"] * 2 + ["fun", "sun", "sand", "sky"])[
    ...     "surf"
    ... ]
    1.0
    """
    counts = Counter(_stem(one) for one in given)
    people = len(given)
    found = {
        stem: (n * min((n - 1) / FULL, 1) + (people - n) * min(n / FULL, 1)) / people
        for stem, n in counts.items()
    }
    return {**{one: found[_stem(one)] for one in given}, **found}


def _stem(answer: str) -> str:
    """Return an answer with each noun in the singular and each "-ing" form as its verb."""
    return " ".join(
        verb_of_ing(word)
        if word.endswith("ing") and len(word) > MIN_ING
        else noun_lemma(word, word)
        for word in answer.split()
    )


MIN_ING = 5
"""Letters up to which "-ing" belongs to the word: king, thing."""


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
