"""pipelines/datasets/okvqa.py: questions with soft answers, split by photograph."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.datasets.okvqa import (
    ASIDE,
    OpenQuestion,
    read_aokvqa,
    read_fvqa,
    read_okvqa,
    vocabulary,
)


def okvqa_file(folder: Path, photos: int = 400) -> Path:
    """Two questions about each photograph."""
    rows = [
        {
            "question_id": 10 * photo + number,
            "image_id": photo,
            "question": "What is it?",
            "answers": ["cat"] * 10,
            "scores": {"cat": 1, "pet": 0.6},
            "detections": ["cat", "sofa"],
        }
        for photo in range(photos)
        for number in range(2)
    ]
    file = folder / "train.json"
    file.write_text(json.dumps(rows))
    return file


def aokvqa_file(folder: Path, photos: list[str]) -> Path:
    file = folder / "train.csv"
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, ["image_id", "question_id", "question", "direct_answers"])
        writer.writeheader()
        for photo in photos:
            answers = ["bus"] * 4 + ["train"] * 2 + ["cab"]
            row = {"image_id": photo, "question_id": f"a{photo}", "question": "What comes?"}
            writer.writerow(row | {"direct_answers": str(answers)})
    return file


def test_photographs_are_set_aside_whole(tmp_path: Path) -> None:
    questions = read_okvqa(okvqa_file(tmp_path))
    parts = {one.photo: {other.part for other in questions if other.photo == one.photo}
             for one in questions}  # fmt: skip
    assert all(len(found) == 1 for found in parts.values())
    share = sum(one.part == "validation" for one in questions) / len(questions)
    assert abs(share - ASIDE) < 0.05


def test_aokvqa_leaves_out_the_photographs_set_aside_and_takes_labels_over(tmp_path: Path) -> None:
    okvqa = read_okvqa(okvqa_file(tmp_path))
    aside = next(one.photo for one in okvqa if one.part == "validation")
    kept = next(one.photo for one in okvqa if one.part == "train")
    found = read_aokvqa(aokvqa_file(tmp_path, [aside, kept, "99999"]), okvqa)
    assert [one.photo for one in found] == [kept, "99999"]
    assert [one.seen for one in found] == [("cat", "sofa"), ()]
    assert found[0].scores == pytest.approx({"bus": 1.0, "train": 2 / 3, "cab": 1 / 3})


def test_fvqa_shows_the_end_of_the_fact_that_is_not_the_answer(tmp_path: Path) -> None:
    one = {
        "question": "What is it for?",
        "answer": "color lip",
        "fact": ["lipstick", "UsedFor", "color_lip"],
        "img_file": "a.jpg",
        "question_id": "1",
    }
    (tmp_path / "train.json").write_text(json.dumps({"1": one}))
    (found,) = read_fvqa(tmp_path / "train.json")
    assert (found.seen, found.scores) == (("lipstick",), {"color lip": 1.0})


def test_the_vocabulary_counts_only_train_and_not_a_single_persons_answer() -> None:
    def asked(scores: dict[str, float], source: str = "okvqa", part: str = "train") -> OpenQuestion:
        return OpenQuestion("1", "1", "?", (), scores, source, part)

    found = vocabulary(
        [
            asked({"cat": 1.0, "rare": 0.6}),
            asked({"cat": 0.6}),
            asked({"aside": 1.0}, part="validation"),
            asked({"aside": 1.0}, part="validation"),
            asked({"lone": 1 / 3}, "aokvqa"),
            asked({"lone": 1 / 3}, "aokvqa"),
            asked({"taught": 1.0}, "knowledge"),
            asked({"taught": 1.0}, "knowledge"),
        ]
    )
    assert found == {"cat": 1.6}


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', '[{"question": "?"}]', "[1]"])
def test_a_file_of_another_format_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    with pytest.raises(SightGraphError, match=r"odd\.json"):
        read_okvqa(file)
