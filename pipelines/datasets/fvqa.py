"""FVQA: questions with the fact that answers them (Wang et al., TPAMI 2018)."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.datasets.coco import VAL_SPLIT, read_coco
from pipelines.datasets.okvqa import OpenQuestion
from pipelines.datasets.splits import Part, coco_id, coco_part, file_part

COCO = "COCO_"
"""How the files of COCO's photographs begin; the others are of ImageNet's test part."""


def read_fvqa(file: Path) -> list[OpenQuestion]:
    """Read FVQA's train.json; what is seen is the end of its fact that is not the answer.

    Files of COCO only say that they are of val2014, to which all of val2017 belongs. Those that
    `coco_mini` beside the folder of `file` lists in val2017 are held out; the others of val2017
    cannot be distinguished from train2017 without COCO's own list.

    Raises:
        SightGraphError: a file is missing or of another format.
    """
    coco = file.parent.parent / "coco_mini"
    photos = read_coco(coco) if coco.is_dir() else []
    val2017 = {coco_id(one.file_name) for one in photos if one.split == VAL_SPLIT}
    try:
        listed = json.loads(file.read_text(encoding="utf-8")).values()
        return [_question(one, val2017) for one in listed]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SightGraphError(f"cannot read '{file}' as FVQA's train.json: {error!r}.") from error


def _question(one: dict[str, Any], val2017: Collection[int]) -> OpenQuestion:
    photo = str(one["img_file"])
    subject, relation, object_ = (str(end) for end in one["fact"])
    answer = str(one["answer"]).lower()
    ends = [end.replace("_", " ").lower() for end in (subject, object_)]
    return OpenQuestion(
        id=str(one["question_id"]),
        photo=str(coco_id(photo)) if photo.startswith(COCO) else photo,
        question=str(one["question"]),
        seen=tuple(end for end in ends if end != answer)[:1],
        scores={answer: 1.0},
        source="fvqa",
        part=_part(photo, val2017),
        fact=(subject, relation, object_),
        caption=str(one["caption"]) if one.get("caption") else None,
    )


def _part(photo: str, val2017: Collection[int]) -> Part:
    if not photo.startswith(COCO):
        return file_part(photo)
    return coco_part(photo, VAL_SPLIT if coco_id(photo) in val2017 else None)
