"""pipelines/answer_html.py: rows as HTML that runs nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from pipelines.answer_html import SUPPORT, section
from pipelines.answering.support import Support

HOSTILE = "<script>alert(1)</script>\"'&"


def row(**given: object) -> dict[str, object]:
    return {"question": "What is it?", "answer": "cat", "confidence": 0.5} | given


@pytest.mark.parametrize("kind", Support)
def test_every_kind_of_support_is_shown(kind: Support) -> None:
    assert f">{kind}</span>" in section("example:cat", [row(support=kind.value)])
    assert kind in SUPPORT


def test_hostile_texts_stay_texts() -> None:
    candidates = [{"text": HOSTILE, "score": 0.25}]
    rows = [row(question=HOSTILE, support=HOSTILE, candidates=candidates), row(error=HOSTILE)]
    page = section(HOSTILE, rows)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_two_answers_about_one_box_number_it_once() -> None:
    evidence = {"objects": [{"label": "cat", "score": 0.9, "box": [1, 2, 30, 40]}]}
    page = section("example:cat", [row(evidence=evidence), row(evidence=evidence)])
    assert page.count("<rect") == 1
    assert page.count("box 1: cat (0.90)") == 2


def test_a_sound_is_shown_with_its_name_and_what_was_missing_is_said() -> None:
    signal = {"label": HOSTILE, "score": 0.9, "modality": "sound", "source": HOSTILE}
    page = section("", [row(evidence={"signals": [signal]}, missing=["no photograph was given"])])
    assert "sound: &lt;script&gt;" in page
    assert "(0.90, &lt;script&gt;" in page
    assert "missing: no photograph was given" in page
    assert "<script" not in page
    assert "<svg" not in page


def test_a_box_in_a_very_narrow_photograph_is_scaled_along_each_side(tmp_path: Path) -> None:
    Image.new("RGB", (10, 4000)).save(tmp_path / "tall.png")
    evidence = {"objects": [{"label": "cat", "score": 0.9, "box": [0, 2000, 10, 4000]}]}
    page = section(str(tmp_path / "tall.png"), [row(evidence=evidence)])
    assert 'y="240.0" width="1.0" height="240.0"' in page
