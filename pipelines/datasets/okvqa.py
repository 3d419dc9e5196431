"""Questions that need outside knowledge, with soft answers: OK-VQA, and what comes beside it."""

from __future__ import annotations

import ast
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.datasets.splits import held_out

ASIDE = 0.12
"""Share of OK-VQA's photographs that are set aside."""
VOTES = 3
"""So many of ten people make an answer wholly right; fewer, a part of it."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question with what is seen, and each right answer's soft score.

    part: "train" or "validation"; source: the set it comes from.
    """

    id: str
    photo: str
    question: str
    seen: tuple[str, ...]
    scores: dict[str, float] = field(default_factory=dict)
    source: str = "okvqa"
    part: str = "train"


def read_okvqa(file: Path) -> list[OpenQuestion]:
    """Read OK-VQA in the format of `okvqa/train.json`; photographs are set aside by a hash.

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
        part="validation" if held_out(photo, ASIDE) else "train",
    )


def read_aokvqa(file: Path, okvqa: Sequence[OpenQuestion]) -> list[OpenQuestion]:
    """Read A-OKVQA's train.csv without the photographs that `okvqa` sets aside.

    Labels are known of those photographs that OK-VQA has too.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    aside = {one.photo for one in okvqa if one.part == "validation"}
    seen = {one.photo: one.seen for one in okvqa}
    found = []
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["image_id"] not in aside:
                    votes = Counter(ast.literal_eval(row["direct_answers"]))
                    scores = {answer: min(count / VOTES, 1.0) for answer, count in votes.items()}
                    found.append(
                        OpenQuestion(
                            row["question_id"],
                            row["image_id"],
                            row["question"],
                            seen.get(row["image_id"], ()),
                            scores,
                            "aokvqa",
                        )
                    )
    except (OSError, ValueError, KeyError, SyntaxError) as error:
        raise SightGraphError(f"cannot read '{file}' as A-OKVQA's train.csv: {error!r}.") from error
    return found


def read_fvqa(file: Path) -> list[OpenQuestion]:
    """Read FVQA's train.json; what is seen is the end of its fact that is not the answer.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    found = []
    try:
        for one in json.loads(file.read_text(encoding="utf-8")).values():
            ends = [str(end).replace("_", " ").lower() for end in (one["fact"][0], one["fact"][2])]
            answer = str(one["answer"]).lower()
            seen = tuple(end for end in ends if end != answer)[:1]
            found.append(
                OpenQuestion(
                    str(one["question_id"]),
                    str(one["img_file"]),
                    str(one["question"]),
                    seen,
                    {answer: 1.0},
                    "fvqa",
                )
            )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SightGraphError(f"cannot read '{file}' as FVQA's train.json: {error!r}.") from error
    return found


def vocabulary(questions: Sequence[OpenQuestion], least: int = 2) -> dict[str, float]:
    """Return the answers that are right `least` times in the train parts of OK-VQA and A-OKVQA.

    Each with the sum of its scores. An answer of a single person does not count in A-OKVQA.
    """
    times: Counter[str] = Counter()
    total: defaultdict[str, float] = defaultdict(float)
    for one in questions:
        if one.part == "train" and one.source in ("okvqa", "aokvqa"):
            for answer, score in one.scores.items():
                if one.source == "okvqa" or score > 1 / VOTES:
                    times[answer] += 1
                total[answer] += score
    return {answer: total[answer] for answer, count in sorted(times.items()) if count >= least}
