"""A-OKVQA: questions that need outside knowledge (Schwenk et al., ECCV 2022)."""

from __future__ import annotations

import ast
import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kg.errors import SightGraphError
from pipelines.datasets.okvqa import OpenQuestion
from pipelines.datasets.splits import coco_id, coco_part

VOTES = 3
"""So many of ten people make an answer wholly right; fewer, a part of it."""


def read_aokvqa(file: Path, okvqa: Sequence[OpenQuestion] = ()) -> list[OpenQuestion]:
    """Read A-OKVQA's train.csv.

    okvqa: gives the labels of those photographs that it asks about too; others have none.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    seen = {one.photo: one.seen for one in okvqa}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return [_question(row, seen) for row in csv.DictReader(lines)]
    except (OSError, ValueError, KeyError, SyntaxError) as error:
        raise SightGraphError(f"cannot read '{file}' as A-OKVQA's train.csv: {error!r}.") from error


def _question(row: dict[str, str], seen: dict[str, tuple[str, ...]]) -> OpenQuestion:
    photo = str(coco_id(row["image_id"]))
    votes = Counter(ast.literal_eval(row["direct_answers"]))
    return OpenQuestion(
        id=row["question_id"],
        photo=photo,
        question=row["question"],
        seen=seen.get(photo, ()),
        scores={answer: min(count / VOTES, 1.0) for answer, count in votes.items()},
        source="aokvqa",
        part=coco_part(photo, row.get("split")),
    )
