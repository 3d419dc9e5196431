"""daquar*.py: reading, rooms, words, tensors; bench/daquar.py: the task."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graph_fusion.fusion import FusionConfig
from graph_fusion.fusion_model import FusionModel
from graph_fusion.training import TrainingConfig
from kg.errors import SightGraphError
from pipelines.bench.daquar import DAQUAR, RoomsPrepared
from pipelines.bench.daquar_evaluator import DAQUAREvaluator
from pipelines.bench.daquar_inputs import (
    CELLS,
    common_words,
    fit_words,
    mirrored,
    names_object,
    ridge,
    words_said,
)
from pipelines.bench.daquar_model import (
    SEEN,
    TEXTS,
    RoomBatch,
    cell_places,
    mirror,
    room_graph,
)
from pipelines.bench.task import ModelChoice
from pipelines.bench.task_training import TaskTraining, evaluate_task, train_task
from pipelines.cli import main
from pipelines.datasets.daquar import (
    RoomQuestion,
    read_daquar,
    rooms,
    whole_answers,
)
from pipelines.datasets.splits import fold_of, in_part, room_part
from pipelines.evaluate.protocol import Source

NUMBERS = (1, 2, 5, 6, 9, 58, 60, 62, 64, 66, 68, 213)
"""Photographs; two of their rooms, 58 and 213, are set aside."""


def write(folder: Path, numbers: tuple[int, ...] = NUMBERS) -> Path:
    """Write a folder like daquar: two questions on each photograph of noise."""
    (folder / "images").mkdir(parents=True)
    images: list[dict[str, object]] = []
    questions: list[dict[str, object]] = []
    for number in numbers:
        noise = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "images" / f"image{number}.jpg")
        images.append({"id": number, "file_name": f"images/image{number}.jpg"})
        asked = [("what is left of the sofa", ["lamp"]), ("how many chairs are there", ["2"])]
        if number == 2:
            asked.append(("what is on the table", ["night_stand", "lamp"]))
        for text, answers in asked:
            questions.append(
                {
                    "question_id": len(questions),
                    "image_id": number,
                    "question": text,
                    "answers": answers,
                }
            )
    (folder / "images.json").write_text(json.dumps(images))
    (folder / "questions.json").write_text(json.dumps(questions))
    return folder


@given(st.sets(st.integers(1, 60), min_size=1))
def test_a_room_is_a_run_of_photographs_without_a_gap(numbers: set[int]) -> None:
    found = rooms(numbers)
    assert set(found) == numbers
    for number, first in found.items():
        assert set(range(first, number + 1)) <= numbers
        assert first - 1 not in numbers


def test_about_a_seventh_of_the_rooms_is_set_aside_and_folds_are_about_equal() -> None:
    parts = Counter(room_part(room) for room in range(4000))
    assert 0.13 < parts["held-out"] / 4000 < 0.17
    sizes = np.bincount([fold_of(room, 10) for room in range(4000)], minlength=10)
    assert sizes.min() > 320
    assert [number for number in NUMBERS if room_part(number) == "held-out"] == [58, 213]


def test_questions_are_read_with_their_whole_answer(tmp_path: Path) -> None:
    data = read_daquar(write(tmp_path))
    assert len(data.questions) == 2 * len(NUMBERS) + 1
    assert data.questions[4].answers == {"night_stand", "lamp"}
    assert whole_answers(data.questions)[("lamp", "night_stand")] == 1
    assert data.photographs[58].file.is_file()


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("questions.json", lambda rows: rows[0].pop("answers"), "answers"),
        ("questions.json", lambda rows: rows[0].update(answers=[]), "answers"),
        ("questions.json", lambda rows: rows[0].update(image_id=77), "77"),
        ("images.json", lambda rows: rows[0].update(file_name="images/none.jpg"), "none.jpg"),
        ("images.json", lambda rows: rows[0].update(id="one"), "whole number"),
    ],
)
def test_a_broken_folder_is_refused_by_what_is_wrong(
    tmp_path: Path, file: str, change: Callable[[list[dict[str, object]]], object], said: str
) -> None:
    folder = write(tmp_path, (1, 2))
    rows = json.loads((folder / file).read_text())
    change(rows)
    (folder / file).write_text(json.dumps(rows))
    with pytest.raises(SightGraphError, match=said):
        read_daquar(folder)


@given(st.lists(st.sampled_from(["left", "right", "of", "lamp", "above"]), max_size=8))
def test_a_question_mirrored_twice_is_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert mirrored(mirrored(text)) == text
    assert (mirrored(text) == text) == (not {"left", "right"} & set(words))


def test_objects_are_named_in_the_plural_and_by_the_questions_own_words() -> None:
    assert names_object("how many couches are there", "couch")
    assert names_object("what is on the sofa", "couch")
    assert not names_object("what is on the tablet", "dining table")


def test_words_said_are_those_of_the_question_and_of_the_answer() -> None:
    asked = [
        RoomQuestion(0, 7, "what is on the night stand", frozenset({"lamp"}), "train"),
        RoomQuestion(1, 9, "how many beds are there", frozenset({"2"}), "train"),
        RoomQuestion(2, 5, "what is on the bed", frozenset({"lamp"}), "train"),
    ]
    said = words_said(asked, ["lamp", "night_stand", "bed"], {7: 0, 9: 1})
    assert said.tolist() == [[1, 1, 0], [0, 0, 0]]
    assert common_words(asked * 5) == ["lamp"]


def test_ridge_solves_the_penalised_least_squares() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(20, 6, dtype=torch.double), torch.randn(20, 2, dtype=torch.double)
    x = x - x.mean(0)
    primal = torch.linalg.solve(x.t() @ x + 3 * torch.eye(6), x.t() @ (y - y.mean(0)))
    found = ridge(x.float(), y.float(), 3.0)
    torch.testing.assert_close(found.double(), primal, atol=1e-5, rtol=1e-4)


def test_scores_of_training_come_from_readers_that_have_not_seen_the_room() -> None:
    """With random features only a reader that has seen a photograph knows what is said of it."""
    torch.manual_seed(0)
    cells, said = torch.randn(60, 4, 400), (torch.rand(60, 3) < 0.5).float()
    reader, unseen = fit_words(cells, said, [number // 3 % 10 for number in range(60)])

    def likeness(scores: torch.Tensor) -> float:
        both = torch.stack([scores.mean(1).flatten(), said.flatten()])
        return float(torch.corrcoef(both)[0, 1])

    assert likeness(reader(cells)) > 0.8
    assert abs(likeness(unseen)) < 0.4
    torch.testing.assert_close(unseen.mean(1).std(0), torch.ones(3), atol=1e-2, rtol=0)


def batch_of(samples: int) -> RoomBatch:
    torch.manual_seed(0)
    objects = torch.rand(samples, 8, 17)
    low, high = objects[..., :2] / 2, 0.5 + objects[..., 2:4] / 2
    objects = torch.cat([low, high, objects[..., 4:]], dim=2)
    return RoomBatch(
        texts=torch.randn(samples, 2, 384),
        mirrored=torch.randn(samples, 2, 384),
        scores=torch.randn(samples, CELLS, 5),
        colours=torch.rand(samples, CELLS, 14),
        objects=objects,
        labels=torch.randn(samples, 8, 384),
        named=torch.zeros(samples, 8, dtype=torch.bool),
        there=torch.arange(8).expand(samples, -1) < 3,
        answer=torch.zeros(samples, dtype=torch.long),
        relations=torch.randn(3, 384),
        answers=(frozenset({"lamp"}),) * samples,
    )


def test_mirroring_moves_cells_and_boxes_and_takes_the_other_question() -> None:
    batch = batch_of(2)
    once = mirror(batch, torch.tensor([True, False]))
    assert torch.equal(once.scores[0].view(5, 7, -1), batch.scores[0].view(5, 7, -1).flip(1))
    assert torch.equal(once.texts[0], batch.mirrored[0])
    torch.testing.assert_close(once.objects[0, :, 0] + batch.objects[0, :, 2], torch.ones(8))
    for name in ("scores", "colours", "objects", "texts"):
        assert torch.equal(getattr(once, name)[1], getattr(batch, name)[1])
    twice = mirror(once, torch.tensor([True, False]))
    torch.testing.assert_close(twice.objects, batch.objects)


def test_edges_join_neighbours_and_objects_with_the_cells_under_them() -> None:
    batch, places = batch_of(3), cell_places()
    graph, length = room_graph(batch, places), SEEN + TEXTS
    half = len(graph) // 2
    assert torch.equal(graph.senders[:half], graph.receivers[half:])
    for sender, receiver, relation in zip(
        graph.senders[:half].tolist(),
        graph.receivers[:half].tolist(),
        graph.relation[:half].tolist(),
        strict=True,
    ):
        sample, first = divmod(sender, length)
        assert receiver // length == sample
        second = receiver % length
        x, y = places[second - 1, :2]
        if relation == 2:
            x1, y1, x2, y2 = batch.objects[sample, first - 1 - CELLS, :4] * 2 - 1
            assert x1 <= x <= x2 and y1 <= y <= y2  # noqa: PT018
            assert first - 1 - CELLS < 3
        else:
            assert second - first == (1, 7)[relation]
    assert int((graph.relation[:half] < 2).sum()) == 3 * (5 * 6 + 4 * 7)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, float]]:
    """Data, the run's folder, and the figures that training printed."""
    folder = tmp_path_factory.mktemp("daquar")
    data, run = write(folder / "data"), folder / "run"
    options = TaskTraining(
        sizes=FusionConfig(hidden=16, layers=1, heads=2, relation_features=384, edge_features=1),
        training=TrainingConfig(epochs=3, batch_size=8, learning_rate=0.01, watch=None, log="none"),
    )
    return data, run, train_task(DAQUAR(), data, options, run, lambda line: None)


def test_only_rooms_that_were_set_aside_are_measured(
    trained: tuple[Path, Path, dict[str, float]],
) -> None:
    data, run, figures = trained
    known = json.loads((run / "daquar.json").read_text())
    assert set(known["photographs"]) == set(NUMBERS) - {58, 213}
    assert known["words"] == ["lamp"]
    prepared = DAQUAR(measuring=True).prepare(data, run)
    assert (len(prepared.train), len(prepared.test)) == (21, 4)
    assert figures == evaluate_task(DAQUAR(measuring=True), data, run)
    assert figures["accuracy"] == 1.0  # the two questions are easily told apart


def test_another_folder_is_measured_as_a_whole_and_nothing_is_written(
    trained: tuple[Path, Path, dict[str, float]], tmp_path: Path
) -> None:
    _, run, _ = trained
    other = write(tmp_path / "other", (300, 301))
    before = {file.name for file in run.iterdir()}
    wordnet = tmp_path / "noun.artifact.yaml"
    wordnet.write_text("00000001-n:\n  members:\n  - lamp\n  partOfSpeech: n\n")
    report = tmp_path / "figures.json"
    result = CliRunner().invoke(
        main,
        [
            *("evaluate", "daquar", "--data", str(other), "--model", str(run)),
            *("--wordnet", str(wordnet), "--json", str(report)),
        ],
    )
    assert result.exit_code == 0, result.output
    content = json.loads(report.read_text())
    figures = content["figures"]
    assert len(content["items"]) == len(read_daquar(other).questions)
    right = [one["answer"] == one["expected"] for one in content["items"]]
    assert right == [bool(one["accuracy"]) for one in content["items"]]
    assert figures["accuracy"] == pytest.approx(sum(right) / len(right))
    assert figures.pop("left out") == 0
    assert set(figures) == {"accuracy", "accuracy, single answers", "WUPS 0.9", "WUPS 0.0"}
    assert figures["accuracy"] <= figures["WUPS 0.9"] <= figures["WUPS 0.0"]
    assert {file.name for file in run.iterdir()} == before


def test_the_folder_it_was_trained_on_is_measured_on_its_held_out_rooms(
    trained: tuple[Path, Path, dict[str, float]], tmp_path: Path
) -> None:
    data, run, figures = trained
    report = tmp_path / "figures.json"
    arguments = ("evaluate", "daquar", "--data", str(data), "--model", str(run))
    result = CliRunner().invoke(main, [*arguments, "--split", "held-out", "--json", str(report)])
    assert result.exit_code == 0, result.output
    content = json.loads(report.read_text())
    held_out = in_part(read_daquar(data).questions, "held-out")
    assert [one["id"] for one in content["items"]] == [one.id for one in held_out]
    assert content["figures"]["accuracy"] == pytest.approx(figures["accuracy"])


def test_a_part_that_the_folder_does_not_hold_is_refused(
    trained: tuple[Path, Path, dict[str, float]], tmp_path: Path
) -> None:
    data, run, _ = trained
    other, evaluator = write(tmp_path / "other", (300, 301)), DAQUAREvaluator()
    with pytest.raises(SightGraphError, match=r"no part 'test'\. Give --split validation"):
        evaluator(run, evaluator.dataset(Source(data, "test")))
    for part in ("validation", "held-out"):
        with pytest.raises(SightGraphError, match=rf"no part '{part}'\. Give --split test"):
            evaluator(run, evaluator.dataset(Source(other, part)))


def measured_of(data: Path, run: Path) -> list[int]:
    """Return the photographs that are measured."""
    prepared = DAQUAR(measuring=True).prepare(data, run)
    assert isinstance(prepared, RoomsPrepared)
    assert prepared.left_out == len(read_daquar(data).questions) - len(prepared.test)
    return sorted({one.photograph for one in prepared.test_questions})


def test_photographs_are_recognised_one_by_one_whatever_their_folder_lacks_or_calls_them(
    trained: tuple[Path, Path, dict[str, float]], tmp_path: Path
) -> None:
    _, run, _ = trained
    less = write(tmp_path / "less", tuple(one for one in NUMBERS if one != 5))
    assert measured_of(less, run) == [58, 213]
    mixed = write(tmp_path / "mixed", (1, 58, 300))
    assert measured_of(mixed, run) == [58, 300]
    saved = write(tmp_path / "saved", (1, 58))
    with Image.open(saved / "images" / "image1.jpg") as opened:
        opened.resize((96, 72)).save(saved / "images" / "image1.jpg")
    assert measured_of(saved, run) == [58]
    own = write(tmp_path / "own", (301, 302, 5))
    for old, new in ((301, 1), (302, 2)):
        (own / "images" / f"image{old}.jpg").rename(own / "images" / f"image{new}.jpg")
        for name in ("images.json", "questions.json"):
            text = (own / name).read_text().replace(f" {old},", f" {new},")
            (own / name).write_text(text.replace(f"image{old}", f"image{new}"))
    assert measured_of(own, run) == [1, 2], "other photographs of numbers that were trained on"


def test_a_folder_without_a_model_is_not_written_to(tmp_path: Path) -> None:
    data = write(tmp_path / "data", (1, 2))
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        evaluate_task(DAQUAR(measuring=True), data, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("fusion", ["graph_attention", "transformer", "late"])
def test_without_a_photograph_no_photograph_counts(
    trained: tuple[Path, Path, dict[str, float]], fusion: str
) -> None:
    data, run, _ = trained
    task = DAQUAR(measuring=True)
    prepared = task.prepare(data, run)
    sizes = FusionConfig(hidden=16, layers=1, heads=2, relation_features=384, edge_features=1)
    model = task.model(ModelChoice(fusion, sizes, "question_only"), prepared).eval()
    assert isinstance(model, FusionModel)
    same = [prepared.train[0], prepared.train[2]]  # one question, two photographs
    with torch.no_grad():
        first, second = model(prepared.objective.collate(same))
        model.control = None
        assert not torch.allclose(*model(prepared.objective.collate(same)))
    torch.testing.assert_close(first, second)
