"""datasets/okvqa.py, aokvqa.py, fvqa.py: questions with soft answers, divided by photograph."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.bench.okvqa import vocabulary
from pipelines.datasets.aokvqa import read_aokvqa
from pipelines.datasets.fvqa import read_fvqa
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa, whole_words


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


def test_a_photograph_is_in_one_part_whoever_asks_about_it(tmp_path: Path) -> None:
    okvqa = read_okvqa(okvqa_file(tmp_path))
    padded = [f"{photo:012}" for photo in range(400)]
    parts = {one.photo: one.part for one in okvqa}
    assert {one.part for one in okvqa} == {"train", "development", "held-out"}
    assert all(parts[one.photo] == one.part for one in okvqa)
    found = read_aokvqa(aokvqa_file(tmp_path, padded))
    assert {one.photo: one.part for one in found} == parts


def test_aokvqa_takes_labels_over(tmp_path: Path) -> None:
    okvqa = read_okvqa(okvqa_file(tmp_path))
    found = read_aokvqa(aokvqa_file(tmp_path, ["7", "99999"]), okvqa)
    assert [one.photo for one in found] == ["7", "99999"]
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


def test_the_vocabulary_does_not_count_a_single_persons_answer() -> None:
    def asked(scores: dict[str, float], source: str = "okvqa") -> OpenQuestion:
        return OpenQuestion("1", "1", "?", (), scores, source)

    found = vocabulary(
        [
            asked({"cat": 1.0, "rare": 0.6}),
            asked({"cat": 0.6}),
            asked({"lone": 1 / 3}, "aokvqa"),
            asked({"lone": 1 / 3}, "aokvqa"),
        ]
    )
    assert found == {"cat": 1.6}


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', '[{"question": "?"}]', "[1]"])
def test_a_file_of_another_format_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    with pytest.raises(SightGraphError, match=r"odd\.json"):
        read_okvqa(file)


def test_answers_have_the_forms_that_people_gave_the_most_frequent_first() -> None:
    scores = {"surf": 1.0, "even": 0.6, "cat": 0.6}
    given = ("surfing",) * 4 + ("surf",) * 2 + ("evening",) * 2 + ("cat", "cat", "evens")
    questions = [OpenQuestion("1", "1", "What?", (), scores, given=given)]
    assert whole_words(questions) == {"surf": ("surfing", "surf"), "even": ("evening",)}


def test_answers_without_scores_have_the_official_ones(tmp_path: Path) -> None:
    given = ["cats"] * 2 + ["cat"] * 3 + ["tabby"] * 2 + ["pet", "fur", "mammal"]
    one = {"question_id": 1, "image_id": "hall", "question": "?", "answers": given}
    (tmp_path / "own.json").write_text(json.dumps([one]))
    (found,) = read_okvqa(tmp_path / "own.json", detections=False)
    assert (found.photo, found.seen) == ("hall", ())
    assert found.scores == pytest.approx(
        {"cats": 1, "cat": 1, "tabby": 0.6, "pet": 0.3, "fur": 0.3, "mammal": 0.3}
    )
    with pytest.raises(SightGraphError, match="detections"):
        read_okvqa(tmp_path / "own.json")
