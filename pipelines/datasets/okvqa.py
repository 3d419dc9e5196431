"""OK-VQA: questions that need outside knowledge, with soft answers (Marino et al., CVPR 2019)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, coco_part


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question of OK-VQA, A-OKVQA or FVQA, or one generated like them.

    photo: COCO's number, or the file where it is no photograph of COCO. seen: labels of what the
    photograph shows. scores: each right answer's soft score. source: the set it comes from.
    fact, caption: only FVQA has them: subject, relation and object, and a model's caption.
    """

    id: str
    photo: str
    question: str
    seen: tuple[str, ...]
    scores: dict[str, float] = field(default_factory=dict)
    source: str = "okvqa"
    part: Part = "train"
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
    )
