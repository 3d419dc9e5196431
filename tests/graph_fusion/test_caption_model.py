"""graph_fusion/caption_model: a caption is learnt from tokens, saved and written again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from graph_fusion.caption_model import CaptionBatch, CaptionConfig, CaptionModel, Vocabulary
from graph_fusion.fusion_model import CONTROLS
from graph_fusion.heads.decoder import PAD, START
from graph_fusion.training import save_model
from graph_fusion.weights import shrunk
from kg.errors import SightGraphError
from tests.graph_fusion.scenes import FEATURES, TEXT, batch, scene_graph

WORDS = ("a", "ball", "cat", "dog", "with")


def small(**options: object) -> CaptionModel:
    torch.manual_seed(0)
    sizes = {"hidden": 16, "heads": 4, "longest": 8, "layers": 1, "decoder_layers": 1}
    config = CaptionConfig(
        WORDS,
        FEATURES,
        TEXT,
        dropout=0.0,
        **{**sizes, **options},  # type: ignore[arg-type]
    )
    return CaptionModel(config)


def test_words_that_are_not_known_are_read_and_not_learned() -> None:
    known = Vocabulary(WORDS)
    row = known.rows([["a", "corgi", "with", "a", "ball"]], 8)[0]
    assert row[0] == START
    assert row[2] == PAD
    assert known.text(row.tolist()) == "a with a ball"


def test_a_sentence_that_is_too_long_is_cut() -> None:
    row = Vocabulary(WORDS).rows([["a", "dog"] * 9], 6)[0]
    assert Vocabulary(WORDS).text(row.tolist()) == "a dog a dog"


def test_two_photographs_get_their_own_captions(tmp_path: Path) -> None:
    model, known = small(), Vocabulary(WORDS)
    scenes = batch(scene_graph(), scene_graph("cat", left=False))
    captions = ["a dog with a ball", "a cat"]
    rows = torch.stack([known.rows([one.split()], 8) for one in captions])
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        model.loss(CaptionBatch(scenes, rows), smoothing=0.0).backward()
        optimiser.step()
    save_model(tmp_path, shrunk(model.state_dict()), model.as_json())
    loaded = CaptionModel.load(tmp_path)
    written = loaded.write(scenes, beams=3).words.tolist()
    assert [known.text(row) for row in written] == captions


def test_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SightGraphError, match="train captions"):
        CaptionModel.load(tmp_path)


@pytest.mark.parametrize("control", list(CONTROLS))
def test_every_control_still_writes(control: str) -> None:
    model = small(control=control).eval()
    written = model.write(batch(scene_graph()), beams=2)
    assert written.words.shape[0] == 1
