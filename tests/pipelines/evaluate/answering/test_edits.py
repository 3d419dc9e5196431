"""pipelines/evaluate/answering/edits.py: whether answers follow edits of a file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from kg.knowledge.edits import EditedKnowledge
from kg.knowledge.memory import Knowledge
from pipelines.datasets.questions import same_answer
from pipelines.datasets.splits import concept_part
from pipelines.evaluate.answering.edits import (
    EditCase,
    EditFile,
    EditQuestion,
    EditsEvaluator,
    check,
    figures,
    read_edits,
    report,
)
from pipelines.evaluate.protocol import Source

FILES = Path(__file__).resolve().parents[4] / "data" / "questions"

EDIT: dict[str, Any] = {
    "id": "edit-001",
    "file_name": "example:cat",
    "set": ["cat | eats | moon dust"],
    "unset": ["cat | eats | fish"],
    "question": "What does this cat eat?",
    "before": ["fish"],
    "after": ["moon dust"],
    "relation": "eats",
    "held_out": False,
}


def written(folder: Path, content: object) -> Path:
    file = folder / "edits.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def asked(relation: str, held: bool, before: bool | None, right: bool) -> EditQuestion:
    return EditQuestion(
        "edit-001", relation, held, "?", "fish", "moon dust", 0.5, 0.75, before, right
    )


def test_shares_are_by_relation_and_by_part() -> None:
    found = figures(
        [
            asked("eats", True, True, True),
            asked("eats", False, True, False),
            asked("can", False, False, True),
        ],
        [asked("eats", True, None, True), asked("can", False, None, False)],
    )
    assert found["edits"] == 3
    assert found["right before"] == pytest.approx(2 / 3)
    assert found["followed"] == pytest.approx(2 / 3)
    assert (found["followed, held out"], found["followed, trained"]) == (1.0, 0.5)
    assert (found["followed, 'eats'"], found["followed, 'can'"]) == (0.5, 1.0)
    assert (found["unrelated questions"], found["unrelated kept"]) == (2, 0.5)


def test_what_was_answered_before_the_edit_as_well_is_not_followed_strictly() -> None:
    followed = asked("eats", True, True, True)
    found = figures([replace(followed, kind="unset"), replace(followed, new=False)], [])
    assert (found["followed"], found["followed, strict"]) == (1.0, 0.5)
    assert found["followed, strict, unset"] == 1.0


def test_edits_are_read_by_the_parts_that_the_file_names(tmp_path: Path) -> None:
    parts = ("development", "sealed")
    file = written(tmp_path, {"edits": [EDIT | {"id": one, "part": one} for one in parts]})
    read = EditFile.read(Source(file, split="sealed", images=tmp_path))
    assert [one.id for one in read.edits] == ["sealed"]
    assert len(EditFile.read(Source(file, split="trained", images=tmp_path)).edits) == 2
    with pytest.raises(SightGraphError, match="development"):
        EditFile.read(Source(file, split="developement", images=tmp_path))


def test_every_answer_is_written_beside_the_figures() -> None:
    content = report(
        [asked("eats", True, True, True)], [asked("eats", True, None, False)]
    ).as_json()
    assert content["followed"] == 1.0
    assert content["answers"][0]["after"] == "moon dust"
    assert content["unrelated answers"][0]["right"] is False


def test_a_file_is_read_as_it_is_described(tmp_path: Path) -> None:
    other = {"edit": "edit-001", "file_name": "example:cat", "question": "Is this a cat?"}
    (edit,), (unrelated,) = read_edits(written(tmp_path, {"edits": [EDIT], "unrelated": [other]}))
    assert edit.edits.set == ("cat | eats | moon dust",)
    assert (edit.before, edit.after) == (("fish",), ("moon dust",))
    assert unrelated.edit == edit.id
    check([edit], [unrelated], tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "cannot read the edits"),
        ({"edits": [{}]}, "'id'"),
        ({"edits": []}, "holds no edits"),
        ({"edits": [EDIT, EDIT]}, "two edits have the id"),
        ({"edits": [EDIT | {"after": "moon dust"}]}, "'after' of edit 1"),
        ({"edits": [EDIT | {"after": []}]}, "'after' of edit 1 is empty"),
        ({"edits": [EDIT | {"held_out": "false"}]}, "true or false"),
        (
            {"edits": [EDIT], "unrelated": [{"edit": "x", "file_name": "a", "question": "b"}]},
            "no edit has the id 'x'",
        ),
    ],
)
def test_a_file_that_lacks_something_is_named(tmp_path: Path, content: object, reason: str) -> None:
    with pytest.raises(SightGraphError) as refused:
        read_edits(written(tmp_path, content))
    assert reason in str(refused.value)
    assert "edits.json" in str(refused.value)


def test_a_missing_photograph_is_named(tmp_path: Path) -> None:
    edits, _ = read_edits(written(tmp_path, {"edits": [EDIT | {"file_name": "nowhere.jpg"}]}))
    with pytest.raises(SightGraphError, match=r"nowhere\.jpg"):
        check(edits, [], tmp_path)


def check_that_edits_can_be_made(edits: list[EditCase]) -> None:
    """Check that each says rightly what was held out, and brings in what is right after it."""
    knowledge = Knowledge.bundled()
    for one in edits:
        edited = EditedKnowledge(knowledge, one.edits)
        named = [edited.named(text.split(" | ")[0]) for text in (*one.edits.set, *one.edits.unset)]
        assert one.held_out in [concept_part(iri) == "held-out" for iri in named[0]], one.id
        subjects = {iri for iris in named for iri in iris}
        objects = {edited.label(fact.object) for iri in subjects for fact in edited.facts(iri)}
        if one.after[0] not in ("yes", "no"):
            assert any(same_answer(label, one.after) for label in objects), one.id
        assert not any(same_answer(text, one.after) for text in one.before), one.id


def test_our_edits_can_all_be_made_and_say_rightly_what_was_held_out() -> None:
    edits, unrelated = read_edits(FILES / "edits.json")
    assert (len(edits), len(unrelated)) == (200, 100)
    check_that_edits_can_be_made(edits)


def test_our_typed_edits_can_all_be_made_and_half_of_each_kind_is_sealed() -> None:
    edits, unrelated = read_edits(FILES / "edits_typed.json")
    assert (len(edits), len(unrelated)) == (60, 20)
    assert {one.relation for one in edits} == {
        one.label for one in Knowledge.bundled().relations.values()
    }
    assert Counter(one.part for one in edits) == {"development": 30, "sealed": 30}
    for kind in ("direct", "two hops", "inherited", "unset", "negated"):
        sealed = [one.part == "sealed" for one in edits if one.kind == kind]
        assert abs(2 * sum(sealed) - len(sealed)) <= 1
    check_that_edits_can_be_made(edits)


def test_an_edit_may_have_no_right_answer_before_it(tmp_path: Path) -> None:
    edit = {key: value for key, value in EDIT.items() if key != "held_out"} | {"before": []}
    (read,), _ = read_edits(written(tmp_path, {"edits": [edit]}))
    assert (read.before, read.held_out) == ((), False)


def test_a_share_of_nothing_is_no_figure_and_an_empty_part_is_an_error(tmp_path: Path) -> None:
    found = figures([asked("eats", True, True, True)], [])
    assert {"followed, trained", "unrelated kept"}.isdisjoint(found)
    assert (found["followed, held out"], found["unrelated questions"]) == (1.0, 0)
    file = written(tmp_path, {"edits": [EDIT | {"held_out": False}]})
    with pytest.raises(SightGraphError, match="no edits of the part 'held-out'"):
        EditFile.read(Source(file, split="held-out", images=tmp_path))


def test_an_edit_that_fails_is_counted_as_wrong(tmp_path: Path) -> None:
    class Failing:
        def ask(self, photo: object, question: str) -> None:
            raise RuntimeError("out of order")

    dataset = EditFile(*read_edits(written(tmp_path, {"edits": [EDIT]})), tmp_path)
    found = EditsEvaluator()(Failing(), dataset)  # type: ignore[arg-type]
    assert (found.figures["followed"], found.figures["failed, counted as wrong"]) == (0, 1)
    assert found.rows[0]["error"] == "RuntimeError: out of order"


def test_ctrl_c_leaves_the_figures_of_the_edits_that_were_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stopped:
        def ask(self, photo: object, question: str) -> None:
            if question == "stop":
                raise KeyboardInterrupt
            raise RuntimeError("no answer")

    edits = [EDIT | {"id": f"e{number}"} for number in range(3)]
    edits[2]["question"] = "stop"
    unrelated = [{"edit": "e0", "file_name": "example:cat", "question": "stop"}]
    content = {"edits": edits, "unrelated": unrelated}
    dataset = EditFile(*read_edits(written(tmp_path, content)), tmp_path)
    found = EditsEvaluator()(Stopped(), dataset)  # type: ignore[arg-type]
    assert (found.figures["edits"], found.figures["unrelated questions"]) == (2, 0)
    assert "stopped after 2 of 3" in capsys.readouterr().err
