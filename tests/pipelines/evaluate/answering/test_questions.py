"""Answers judged by what a file accepts, and what is written of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer, Candidate, Evidence, completed
from pipelines.datasets.questions import PhotoQuestion
from pipelines.evaluate.answering.questions import (
    Outcome,
    PhotoQuestions,
    QuestionsEvaluator,
    figures,
)
from pipelines.photo import Photo


def question(name: str = "q1", kind: str = "part", *accepted: str) -> PhotoQuestion:
    return PhotoQuestion(name, "a.jpg", "What has it?", accepted or ("wheel",), kind)


def answer(text: str, *candidates: Candidate) -> Answer:
    graph = SceneGraph()
    graph.add(Node("object:0", NodeKind.OBJECT, "car", "bundled", 0.9))
    graph.add(Node("sg:car", NodeKind.CONCEPT, "car", "vehicles.ttl"))
    graph.add(Node("sg:wheel", NodeKind.CONCEPT, "wheel", "vehicles.ttl"))
    fact = graph.connect(Edge("sg:car", "sg:wheel", EdgeKind.FACT, "has part", "vehicles.ttl"))
    evidence = Evidence.from_path(graph, (fact,))
    return Answer("What has it?", text, completed(candidates), evidence, graph)


def test_right_is_what_the_file_accepts_but_for_form() -> None:
    assert Outcome.of(question(), answer("Wheels", Candidate("Wheels", 0.8))).right
    assert not Outcome.of(question(), answer("tyre", Candidate("tyre", 0.8))).right


def test_not_knowing_is_never_right_but_judged_by_its_best_candidate() -> None:
    unknown = answer(DONT_KNOW, Candidate("wheel", 0.1), Candidate("door", 0.05))
    outcome = Outcome.of(question(), unknown)
    assert not outcome.right
    assert (outcome.judged.confidence, outcome.judged.right) == (0.1, True)
    assert outcome.judged.abstained


def test_not_knowing_without_a_candidate_is_as_unsure_as_can_be() -> None:
    judged = Outcome.of(question(), answer(DONT_KNOW)).judged
    assert (judged.confidence, judged.right, judged.abstained) == (0.0, False, True)


def test_figures_count_by_type_and_over_all() -> None:
    outcomes = [
        Outcome.of(question("1"), answer("wheel", Candidate("wheel", 0.9))),
        Outcome.of(question("2"), answer("door", Candidate("door", 0.4))),
        Outcome.of(question("3", "use", "driving"), answer(DONT_KNOW)),
    ]
    found = figures(outcomes)
    assert found["questions"] == 3
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["accuracy, part"] == 0.5
    assert found["accuracy, use"] == 0.0
    assert found["not known"] == pytest.approx(1 / 3)
    assert found["accuracy at 50 % coverage"] == 0.5


def test_the_steps_to_an_answer_are_counted_where_they_are_known() -> None:
    about_car = replace(question("1"), about=("automobile", "car"))
    about_dog = replace(question("2", "use", "driving"), about=("dog",))
    outcomes = [
        Outcome.of(about_car, answer("door", Candidate("door", 0.9))),
        Outcome.of(about_dog, answer("driving", Candidate("driving", 0.9))),
        Outcome.of(question("3"), answer("wheel", Candidate("wheel", 0.9))),
    ]
    found = figures(outcomes)
    assert found["object seen and named"] == 0.5
    assert found["answer stood in the graph"] == pytest.approx(2 / 3)
    assert found["chosen where it stood there"] == 0.5


def test_every_answer_is_reported_with_its_facts_and_what_was_seen() -> None:
    one = Outcome.of(question(), answer("wheel", Candidate("wheel", 0.8))).report
    assert (one["id"], one["type"], one["accepted"]) == ("q1", "part", ["wheel"])
    assert (one["answer"], one["confidence"], one["right"]) == ("wheel", 0.8, True)
    assert [(found["text"], found["score"]) for found in one["candidates"]] == [
        ("wheel", 0.8),
        (DONT_KNOW, 0.2),
    ]
    assert [fact["relation"] for fact in one["facts"]] == ["has part"]
    assert one["detected"] == ["car"]


def test_an_answer_that_a_grey_picture_does_not_change_is_counted(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6), (255, 0, 0)).save(tmp_path / "a.jpg")
    blind = PhotoQuestion("1", "a.jpg", "How many wheels has a car?", ("four",), "number")
    seeing = PhotoQuestion("2", "a.jpg", "Which colour is this?", ("red",), "colour")

    def ask(photo: Photo, text: str) -> Answer:
        red = photo.image.getpixel((4, 3))[0] > 200  # type: ignore[index]
        found = "four" if text == blind.text else "red" if red else "blue"
        return answer(found, Candidate(found, 0.9))

    questions = PhotoQuestions([blind, seeing], tmp_path)
    report = QuestionsEvaluator(grey=True)(ask, questions)
    assert report.figures["unchanged on a grey picture"] == 0.5
    assert [row["answer on grey"] for row in report.rows] == ["four", "blue"]
    assert "unchanged on a grey picture" not in QuestionsEvaluator()(ask, questions).figures


def test_a_question_that_fails_is_counted_as_wrong_and_costs_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.effect_noise((64, 64), 60).save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 3])

    def ask(photo: Photo, text: str) -> Answer:
        return answer("wheel", Candidate("wheel", 0.9))

    asked = [question("q1"), replace(question("q2"), file_name="b.jpg"), question("q3")]
    report = QuestionsEvaluator()(ask, PhotoQuestions(asked, tmp_path))
    assert report.figures["accuracy"] == pytest.approx(2 / 3)
    assert report.figures["failed, counted as wrong"] == 1
    assert [("error" in row, row["right"]) for row in report.rows] == [
        (False, True),
        (True, False),
        (False, True),
    ]
    assert "question 'q2' failed" in capsys.readouterr().err


def test_ctrl_c_ends_the_asking_and_the_figures_are_of_what_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg")
    asked = [replace(question(f"q{number}"), text=str(number)) for number in range(4)]

    def ask(photo: Photo, text: str) -> Answer:
        if text == "2":
            raise KeyboardInterrupt
        return answer("wheel", Candidate("wheel", 0.9))

    report = QuestionsEvaluator(grey=True)(ask, PhotoQuestions(asked, tmp_path))
    assert (report.figures["questions"], report.figures["accuracy"]) == (2, 1.0)
    assert "stopped after 2 of 4" in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        QuestionsEvaluator()(ask, PhotoQuestions(asked[2:], tmp_path))
