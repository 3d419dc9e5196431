"""pipelines/evaluate/answering/okvqa.py: soft scores, from labels or from pixels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.vocabulary_model import (
    MemberConfig,
    VocabularyAnswerer,
    VocabularyConfig,
    Wording,
    vocabulary_model,
)
from kg.errors import SightGraphError
from pipelines.datasets.okvqa import OpenQuestion
from pipelines.evaluate import Source
from pipelines.evaluate.answering import okvqa
from pipelines.evaluate.answering.okvqa import OKVQAEvaluator, figures, seen_in
from pipelines.photo import EXAMPLES, Photo

ANSWERS = ("cat", "purr", "bus stop")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained answerer, which goes by what names mean."""
    torch.manual_seed(0)
    encoder = TEXT_ENCODERS.make("minilm")
    config = VocabularyConfig(ANSWERS)
    model = vocabulary_model(MemberConfig(), encoder(list(ANSWERS)))
    out = tmp_path_factory.mktemp("vocabulary")
    VocabularyAnswerer([model], config, Wording(encoder)).save(out)
    return out


def write(folder: Path, *rows: tuple[int, str, dict[str, float]]) -> Path:
    file = folder / "test.json"
    content = [
        {
            "question_id": number,
            "image_id": photo,
            "question": question,
            "scores": scores,
            "detections": ["cat"],
        }
        for number, (photo, question, scores) in enumerate(rows)
    ]
    file.write_text(json.dumps(content))
    return file


def test_scores_are_soft_and_the_best_of_several_is_at_least_the_best() -> None:
    questions = [
        OpenQuestion("1", "1", "?", (), {"cat": 1.0, "purr": 0.6}),
        OpenQuestion("2", "2", "?", (), {"never": 1.0}),
    ]
    chances = torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
    found = figures(questions, ANSWERS, chances)
    assert found["accuracy"] == pytest.approx(0.3)
    assert found["best of 5"] == pytest.approx(0.5)
    assert found["in the vocabulary"] == pytest.approx(0.5)


def test_a_file_is_measured_from_its_labels(folder: Path, tmp_path: Path) -> None:
    rows = [(1, "Which pet is this?", {"cat": 1.0}), (2, "Which pet is it?", {"purr": 0.6})]
    evaluate = OKVQAEvaluator()
    questions = evaluate.dataset(Source(write(tmp_path, *rows)))
    report = evaluate(evaluate.system(folder), questions)
    found = report.figures
    assert (found["questions"], found["accuracy"]) == (2, pytest.approx(0.5))
    assert sum(row["score"] for row in report.rows) / 2 == found[report.primary]
    twice = evaluate(evaluate.system(folder, folder), questions).figures
    assert twice == pytest.approx(found)


def test_with_photographs_only_their_questions_are_asked_by_what_is_seen_in_them(
    tmp_path: Path,
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    Photo.open(f"example:{sorted(EXAMPLES)[2]}").image.convert("RGB").save(
        images / "COCO_train2014_000000000007.jpg"
    )
    asked = [OpenQuestion("1", photo, "What is it?", ("listed",)) for photo in ("7", "8")]
    (found,) = seen_in(asked, images)
    assert found.photo == "7"
    assert "cat" in found.seen
    assert "listed" not in found.seen


def test_a_file_without_questions_of_the_part_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="no question"):
        OKVQAEvaluator().dataset(Source(write(tmp_path)))


def test_questions_whose_photograph_is_not_there_are_counted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(okvqa, "looker", lambda: lambda file: ("cat",))
    (tmp_path / "hall.png").touch()
    records = [
        {"question_id": name, "image_id": name, "question": "Which pet?", "scores": {"cat": 1}}
        for name in ("hall", "8")
    ]
    file = tmp_path / "own.json"
    file.write_text(json.dumps(records))
    evaluate = OKVQAEvaluator()
    asked = evaluate.dataset(Source(file, images=tmp_path))
    assert [one.id for one in asked.questions] == ["hall"]
    figures = evaluate(evaluate.system(folder), asked).figures
    assert (figures["questions"], figures["left out"]) == (1, 1)
    del records[0]["scores"]
    file.write_text(json.dumps(records))
    with pytest.raises(SightGraphError, match=r"question 'hall'.*no right answer"):
        evaluate.dataset(Source(file, images=tmp_path))
