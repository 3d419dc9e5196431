"""pipelines/bench/folder_attention.py: what is drawn of the attention of each fusion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from graph_fusion.fusion import FUSIONS, Fused, Masks, fusion_class
from kg.errors import SightGraphError
from pipelines.bench import folder_attention
from pipelines.bench.evaluator import TaskEvaluator
from pipelines.bench.folder import FolderTask
from pipelines.bench.folder_attention import Attention, attention_of
from pipelines.bench.task_training import read_training, train_task
from pipelines.cli.evaluate import DRAWN

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "own_dataset"
SEES: dict[str, set[str]] = {
    "additive": {"regions", "pairs"},
    "dot_product": {"regions", "pairs"},
    "early": {"regions", "words"},
    "gat": {"regions"},
    "gcn": {"regions"},
    "graph": {"regions"},
    "graph_attention": {"regions", "words", "pairs"},
    "hybrid": {"shares"},
    "image_over_text": {"words", "pairs"},
    "image_tokens": {"regions", "words", "pairs"},
    "joint": {"regions", "words", "pairs"},
    "language": {"regions", "words", "pairs"},
    "language_graph": {"regions"},
    "late": {"shares"},
    "rgcn": {"regions"},
    "text_over_image": {"regions", "pairs"},
    "transformer": {"regions", "words", "pairs"},
}
"""What each fusion has to draw."""


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures: drawing takes longer than the models."""
    monkeypatch.setattr(folder_attention, "DPI", 30)
    monkeypatch.setattr(folder_attention, "MAX_WORDS", 2)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Attention]:
    """The attention that is drawn."""
    found: list[Attention] = []
    draw = folder_attention.draw_attention

    def noted(file: Path, inputs: Any, image: Any, attention: Attention, title: str) -> None:
        found.append(attention)
        draw(file, inputs, image, attention, title)

    monkeypatch.setattr("pipelines.bench.folder.draw_attention", noted)
    return found


def there(attention: Attention) -> dict[str, Tensor]:
    """Return what the fusion has, by name."""
    names = ("regions", "words", "pairs", "shares")
    found = {name: getattr(attention, name) for name in names}
    return {name: one for name, one in found.items() if one is not None}


def test_every_fusion_is_covered() -> None:
    assert set(SEES) == set(FUSIONS)
    assert "folder" in DRAWN
    assert FolderTask.draws_attention


@pytest.mark.parametrize("fusion", SEES)
def test_the_attention_of_a_fusion_is_drawn(
    fusion: str, drawn: list[Attention], tmp_path: Path
) -> None:
    sizes: dict[str, Any] = {"hidden": 16, "layers": 1, "heads": 2}
    if fusion == "image_tokens":
        sizes["language_model"] = str(ROOT / "examples" / "tiny_gpt")
    encoder = {"name": "small_cnn", "channels": [8, 8, 8], "resize": 48}
    task = FolderTask()
    options = read_training(task, None, fusion=fusion, sizes=sizes, image_encoder=encoder)
    prepared = task.prepare(EXAMPLE, tmp_path, options.choice())
    model = task.model(options.choice(), prepared)
    task.plot_attention(model, prepared, tmp_path / "attention.png", item=4)
    with Image.open(tmp_path / "attention.png") as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("L").histogram()) == 256
    (attention,) = drawn
    found = there(attention)
    assert set(found) == SEES[fusion]
    for name, one in found.items():
        assert one.isfinite().all()
        assert (one >= 0).all()
        if name in ("regions", "shares") and fusion not in ("transformer", "joint", "language"):
            assert float(one.sum()) <= 1 + 1e-5
        assert float(one.sum()) > 0, name
    if "regions" in found:
        assert len(found["regions"]) == 36 + 2, "cells and objects"


def test_matrices_of_any_direction_become_words_by_regions() -> None:
    masks = Masks(torch.tensor([[True, True, False]]), torch.tensor([[True, True]]))
    fused = Fused(torch.zeros(1, 5, 4), torch.zeros(1, 4))
    text_over_image = torch.tensor([[[[0.9, 0.1, 0], [0.5, 0.5, 0]]]])
    fused.weights["attention"] = text_over_image
    found = attention_of(fused, masks, "text")
    torch.testing.assert_close(found.regions, torch.tensor([0.7, 0.3, 0]))
    torch.testing.assert_close(found.pairs, text_over_image[0, 0])
    assert found.words is None
    image_over_text = torch.tensor([[[0.8, 0.2], [0.4, 0.6], [0, 0]]])
    fused.weights["attention"] = image_over_text
    found = attention_of(fused, masks, "image")
    torch.testing.assert_close(found.words, torch.tensor([0.6, 0.4]))
    torch.testing.assert_close(found.pairs, image_over_text[0].T)
    assert found.regions is None


def test_matrices_over_all_tokens_are_averaged_over_what_is_there() -> None:
    masks = Masks(torch.tensor([[True, False]]), torch.tensor([[True, False]]))
    fused = Fused(torch.zeros(1, 4, 4), torch.zeros(1, 4))
    rows = [[0.6, 0, 0.4, 0], [9.0, 0, 0, 0], [0.2, 0, 0.8, 0], [9.0, 0, 0, 0]]
    fused.weights["attention"] = torch.tensor([rows])
    found = attention_of(fused, masks, "text")
    torch.testing.assert_close(found.words, torch.tensor([0.6, 0]))
    torch.testing.assert_close(found.regions, torch.tensor([0.2, 0]))


def test_the_fusions_say_which_modality_asks() -> None:
    asks = {name for name in FUSIONS if fusion_class(name).querying == "image"}
    assert asks == {"image_over_text", "graph_attention"}


def test_a_trained_model_is_drawn_while_it_is_measured(tmp_path: Path) -> None:
    task = FolderTask()
    training = {"epochs": 1, "log": "none"}
    sizes = {"hidden": 16, "layers": 1, "heads": 2}
    options = read_training(
        task, None, fusion="additive", image_encoder="none", sizes=sizes, training=training
    )
    train_task(task, EXAMPLE, options, tmp_path, log=str)
    file = tmp_path / "attention.png"
    assert TaskEvaluator(task, plot_attention=file)(tmp_path, EXAMPLE).figures
    assert file.is_file()
    with pytest.raises(SightGraphError, match=r"no test example 99: the last is \d"):
        TaskEvaluator(task, plot_attention=file, item=99)(tmp_path, EXAMPLE)
