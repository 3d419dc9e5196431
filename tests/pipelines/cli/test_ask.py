"""sightgraph ask: the main job, and every way in which its input may be bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

Run = Callable[..., Result]
Mistake = Callable[..., str]

ROOT = Path(__file__).resolve().parents[3]
QUESTION = "What powers this vehicle?"
KEYS = {
    "": {
        *("question", "answer", "confidence", "support", "candidates", "evidence"),
        *("timings_ms", "models", "missing", "rule"),
    },
    "evidence": {"objects", "entities", "facts", "scenes", "texts", "signals", "path"},
    "objects": {"id", "label", "score", "box", "weight"},
    "entities": {"text", "start", "end", "weight"},
    "facts": {
        *("subject", "relation", "object", "source", "via", "weight"),
        *("predicate", "statement"),
    },
    "path": {
        *("source", "source_label", "relation", "target", "target_label", "kind", "score"),
        "weight",
    },
}
"""What docs/answer-format.md promises."""


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """One motorcycle with a box, seen by somebody else's detector."""
    path = tmp_path / "seen.json"
    seen = {"category": "motorcycle", "bbox": [40, 30, 600, 400], "score": 0.9}
    path.write_text(json.dumps([seen]))
    return path


def test_json_is_the_documented_object_and_nothing_else(run: Run, labels: Path) -> None:
    done = run("ask", "example:motorcycle", QUESTION, "--detections", labels, "--json")
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    evidence = answer["evidence"]
    assert set(answer) == KEYS[""]
    assert set(evidence) == KEYS["evidence"]
    for part in ("objects", "entities", "facts", "path"):
        assert evidence[part], f"no {part}"
        for one in evidence[part]:
            assert set(one) == KEYS[part]
    assert evidence["objects"][0]["box"] == [40, 30, 640, 430]
    for one in evidence["entities"]:
        assert QUESTION[one["start"] : one["end"]] == one["text"]
    assert all(set(one) == {"text", "score"} for one in answer["candidates"])


def test_documentation_names_every_key() -> None:
    page = (ROOT / "docs" / "answer-format.md").read_text(encoding="utf-8")
    for part, keys in KEYS.items():
        for key in keys - {"evidence"}:
            assert f"`{key}`" in page or f".{key}`" in page, f"{part}: {key}"


def test_lines_for_people_say_the_same_as_the_json(run: Run, labels: Path) -> None:
    asked = ("ask", "example:motorcycle", QUESTION, "--detections", labels)
    answer = json.loads(run(*asked, "--json").stdout)
    lines = run(*asked).stdout.splitlines()
    assert lines[0] == f"{answer['answer']}  (confidence {answer['confidence']:.2f}, stated)"
    assert answer["support"] == "stated"
    assert lines[1] == "because:"
    (seen,) = answer["evidence"]["objects"]
    box = "    motorcycle  0.90  [40, 30, 640, 430]  precomputed"
    assert f"{box}  weight {seen['weight']:.2f}" in lines
    (fact,) = answer["evidence"]["facts"]
    sentence = f"a motorcycle is {fact['relation']} {fact['object']}"
    assert sum(sentence in line for line in lines) == 2, "among the facts and on the path"


def test_an_edit_changes_the_answer_to_this_one_question(run: Run, labels: Path) -> None:
    asked = ("ask", "example:motorcycle", QUESTION, "--detections", labels, "--json")
    sets = ("--set", "motorcycle poweredBy morning dew", "--set", "motorcyle eats hay")
    unset = ("--unset", "motorcycle | powered by | petrol")
    done = run(*asked, *sets, *unset)
    answer = json.loads(done.stdout)
    assert answer["answer"] == "morning dew"
    (fact,) = answer["evidence"]["facts"]
    assert fact["source"] == "edit"
    assert "'motorcyle eats hay' was not used" in done.stderr
    assert json.loads(run(*asked).stdout)["answer"] != "morning dew"


def test_export_marks_the_evidence(run: Run, labels: Path, tmp_path: Path) -> None:
    page, graph = tmp_path / "answer.html", tmp_path / "answer.ttl"
    done = run(
        *("ask", "example:motorcycle", QUESTION, "--detections", labels),
        *("--export", page, graph),
    )
    assert done.exit_code == 0, done.stderr
    first_line = done.stdout.splitlines()[0]
    text = page.read_text(encoding="utf-8")
    assert QUESTION in text
    assert first_line in text
    assert "motorcycle" in graph.read_text(encoding="utf-8")


def test_piped_output_has_no_colours_and_no_wrapped_lines(labels: Path) -> None:
    asked = ["ask", "example:motorcycle", QUESTION, "--detections", str(labels)]
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *asked],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "30", "TERM": "xterm-256color", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    (path,) = [line for line in done.stdout.splitlines() if line.startswith("  path")]
    assert "; " in path


def test_photograph_with_nothing_detected_still_gets_an_answer(run: Run, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]")
    Image.new("RGB", (64, 48), "grey").save(tmp_path / "wall.png")
    done = run("ask", tmp_path / "wall.png", "What is this used for?", "--detections", nothing)
    assert done.exit_code == 0, done.stderr
    assert "(confidence " in done.stdout.splitlines()[0]


def photograph(kind: str, folder: Path) -> Path:
    """Write a bad photograph, or only name it."""
    path = folder / f"{kind}.png"
    if kind == "truncated":
        Image.effect_noise((64, 64), 50).save(path)
        path.write_bytes(path.read_bytes()[:1500])
    elif kind == "text":
        path.write_text("not a picture")
    elif kind == "empty":
        path.touch()
    elif kind == "huge":
        Image.new("1", (10_000, 10_000)).save(path)
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "there is no photograph at"),
        ("truncated", "is broken or cut off"),
        ("text", "is not an image"),
        ("empty", "is empty (0 bytes)"),
        ("huge", "more than 50 megapixels"),
    ],
)
@pytest.mark.parametrize("command", ["ask", "graph"])
def test_bad_photograph_is_named_with_the_reason(
    mistake: Mistake, tmp_path: Path, command: str, kind: str, reason: str
) -> None:
    path = photograph(kind, tmp_path)
    rest = ["What is this?"] if command == "ask" else ["-o", tmp_path / "scene.json"]
    line = mistake(command, path, *rest)
    assert reason in line
    assert f"'{path}'" in line
    assert not (tmp_path / "scene.json").exists()


@pytest.mark.parametrize("question", ["", "  ", "\t\n"])
def test_empty_question_is_a_mistake(mistake: Mistake, question: str) -> None:
    assert "the question is empty" in mistake("ask", "example:cat", question)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--detector", "bundeld"], "Did you mean 'bundled'?"),
        (["--detector", "precomputed"], "--detections FILE"),
        (["--detector", "bundled", "--detections", "seen.json"], "Leave --detector"),
        (["--detections", "nowhere.json"], "'nowhere.json'"),
        (["--weights", "nowhere"], "'nowhere'"),
        (["--kg", "nowhere.ttl"], "'nowhere.ttl'"),
        (["--only-kg"], "--kg"),
        (["--set", "cat usedFro mice"], "Did you mean 'used for'?"),
        (["--unset", "cat eats moon dust"], "Known: cat eats: bird"),
        (["--export", "nowhere/answer.html"], "'nowhere/answer.html': No such file"),
        (["--export", "answer.docx"], "'.docx' names no format"),
        (["--export", "."], "'.'"),
    ],
)
def test_bad_option_is_named_with_the_way_out(
    mistake: Mistake, options: list[str], reason: str
) -> None:
    assert reason in mistake("ask", "example:cat", "What is this?", *options)


def test_broken_turtle_is_named_with_its_line(mistake: Mistake, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("@prefix ex: <https://example.org/> .\n\nex:cat ex:eats ex:fish ex:mouse .\n")
    line = mistake("ask", "example:cat", "What does it eat?", "--kg", broken)
    assert f"{broken}, line 3:" in line


@pytest.mark.parametrize("content", ['{"a":', '[{"bbox": [1, 2, 3]}]', "[[1]]"])
def test_broken_detections_are_a_mistake(mistake: Mistake, tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(content)
    assert str(broken) in mistake("ask", "example:cat", "What is it?", "--detections", broken)


def test_bad_target_is_found_before_the_photograph_is_looked_at(
    mistake: Mistake, tmp_path: Path
) -> None:
    target = tmp_path / "missing" / "answer.html"
    assert str(target) in mistake("ask", "missing.jpg", "What is this?", "--export", target)
    assert list(tmp_path.iterdir()) == []


def test_mistake_leaves_an_existing_export_as_it_was(mistake: Mistake, tmp_path: Path) -> None:
    target = tmp_path / "answer.html"
    target.write_text("old")
    mistake("ask", "example:cat", "What is this?", "--detector", "none", "--export", target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_wrong_detections_are_told_before_any_model_is_loaded(
    mistake: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pipelines.cli.own_knowledge.OwnKnowledge.load", lambda _: pytest.fail("loaded")
    )
    file = tmp_path / "own.json"
    file.write_text('[{"category": "cat", "bbox": [4000, 3000, 5, 5], "score": 0.9}]')
    line = mistake("ask", "example:cat", "What is this?", "--detections", file)
    assert "entry 0" in line
    assert "outside the photograph" in line
