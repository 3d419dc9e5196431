"""sightgraph evaluate questions: real answers about an example photograph, and mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two questions about a photograph that needs no folder."""
    asked = [
        ("mammal", "Is this animal a mammal?", "yes", "ability", "development"),
        (
            "wrong",
            "Is this animal a mammal?",
            "a file that accepts nothing else",
            "ability",
            "other",
        ),
    ]
    questions = [
        {
            "id": name,
            "file_name": "example:cat",
            "question": text,
            "answers": [accepted],
            "type": kind,
            "part": part,
        }
        for name, text, accepted, kind, part in asked
    ]
    path = tmp_path / "questions.json"
    path.write_text(json.dumps({"questions": questions}))
    return path


@pytest.fixture
def untaught_reader(tmp_path: Path) -> Path:
    """A language model with random weights, which cites nothing."""
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 1, "cat": 2}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    config = LlamaConfig(
        vocab_size=3,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=None,
        eos_token_id=1,
    )
    folder = tmp_path / "reader"
    LlamaForCausalLM(config).save_pretrained(folder)
    named = {"unk_token": "<unk>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named).save_pretrained(folder)
    return folder


def test_part_is_asked_and_every_answer_written(
    run: Callable[..., Result], tmp_path: Path, file: Path, untaught_reader: Path
) -> None:
    report, curve = tmp_path / "out.json", tmp_path / "curve.png"
    options = ["--split", "development", "--json", report, "--plot", curve]
    options += ["--reader", untaught_reader]
    done = run("evaluate", "questions", "--data", file, "--images", tmp_path, *options)
    assert done.exit_code == 0, done.stderr
    printed = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines())
    assert (printed["questions"], printed["accuracy"]) == ("1", "1.0000")
    assert float(printed["50 % over 100 % coverage"]) == 1.0
    assert "calibration error, 15 equal bins" in printed
    content = json.loads(report.read_text())
    (answer,) = content["answers"]
    assert content["items"] == [answer]
    assert content["figures"][content["primary"]] == content["accuracy"] == 1.0
    assert (answer["id"], answer["answer"], answer["right"]) == ("mammal", "yes", True)
    assert "cat" in answer["detected"]
    assert answer["reader"].startswith(f"{untaught_reader}: refused, it cites no statement")
    assert curve.read_bytes().startswith(b"\x89PNG")


def test_missing_photograph_is_named_before_the_work(
    mistake: Callable[..., str], tmp_path: Path, file: Path
) -> None:
    file.write_text(file.read_text().replace("example:cat", "images/cat.jpg"))
    line = mistake("evaluate", "questions", "--data", file, "--images", tmp_path)
    assert str(tmp_path / "images" / "cat.jpg") in line


def test_missing_file_of_questions_is_named(mistake: Callable[..., str], tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.json"
    assert str(nowhere) in mistake("evaluate", "questions", "--data", nowhere, "--images", tmp_path)


@pytest.mark.parametrize(("option", "target"), [("--json", "no/out.json"), ("--plot", "a.jpg")])
def test_unusable_target_is_found_before_the_work(
    mistake: Callable[..., str], tmp_path: Path, file: Path, option: str, target: str
) -> None:
    place = tmp_path / target
    line = mistake("evaluate", "questions", "--data", file, "--images", tmp_path, option, place)
    assert str(place) in line


def test_missing_reader_is_named(mistake: Callable[..., str], tmp_path: Path, file: Path) -> None:
    nowhere = tmp_path / "nowhere"
    options = ["--images", tmp_path, "--reader", nowhere]
    assert f"no reader at '{nowhere}'" in mistake("evaluate", "questions", "--data", file, *options)
