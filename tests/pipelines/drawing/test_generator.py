"""pipelines/drawing/generator: tiny random pipelines of diffusers, made here, paint layouts."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from pipelines.drawing.drawer import Drawer
from pipelines.drawing.generator import Generator, grounded

needs_diffusers = pytest.mark.skipif(
    find_spec("diffusers") is None, reason="the extra `generate` is not installed"
)

SIDE = 16
"""Features of the tiny networks."""


def saved(folder: Path, boxes: bool) -> Path:
    """A pipeline with random weights: Stable Diffusion, or GLIGEN, which takes boxes."""
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionGLIGENPipeline,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    letters = [chr(one) for one in range(33, 127)]
    words = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: at for at, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=SIDE,
            intermediate_size=SIDE,
            num_hidden_layers=1,
            num_attention_heads=2,
            projection_dim=SIDE,
            bos_token_id=len(words) - 2,
            eos_token_id=len(words) - 1,
        )
    )
    sizes: dict[str, Any] = {"block_out_channels": (SIDE, SIDE), "norm_num_groups": 4}
    unet = UNet2DConditionModel(
        sample_size=8,
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=SIDE,
        attention_head_dim=4,
        attention_type="gated" if boxes else "default",
        **sizes,
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        **sizes,
    )
    kind = StableDiffusionGLIGENPipeline if boxes else StableDiffusionPipeline
    pipeline = kind(
        vae,
        text,
        tokenizer,
        unet,
        DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder / "model")
    return folder / "model"


@needs_diffusers
@pytest.mark.parametrize("boxes", [False, True])
def test_a_pipeline_paints_the_layout_and_gets_boxes_where_it_takes_them(
    drawer: Drawer, tmp_path: Path, boxes: bool
) -> None:
    generator = Generator(str(saved(tmp_path, boxes)), steps=1)
    assert generator.takes_boxes == boxes
    given: dict[str, Any] = {}
    painted = generator.pipeline

    class Watched:
        def __call__(self, **options: Any) -> Any:
            given.update(options)
            return painted(**options)

    generator.pipeline = Watched()
    found = drawer("a red cat on a sofa", 0, generator=generator)
    assert given["prompt"] == "a red cat on a sofa"
    assert ("gligen_boxes" in given) == boxes
    if boxes:
        assert given["gligen_phrases"] == ["red cat", "sofa"]
    assert found.image.size == (640, 480)
    assert found.svg.count("<image") == 1
    assert found.png() == drawer("a red cat on a sofa", 0, generator=generator).png()


def test_boxes_are_handed_over_as_shares(drawer: Drawer) -> None:
    phrases, boxes = grounded(drawer("a red cat on a sofa").layout)
    assert phrases == ["red cat", "sofa"]
    assert all(0 <= side <= 1 for box in boxes for side in box)


@needs_diffusers
def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"cannot be loaded.*draw without --generator"):
        Generator(str(tmp_path))


def test_without_diffusers_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(SightGraphError, match=r"sightgraph\[generate\]"):
        Generator("some/model")


@needs_diffusers
def test_a_model_that_is_not_here_is_told_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.detectors.hub._reach", _offline)
    with pytest.raises(SightGraphError, match="Go online once, give the folder of a copy"):
        Generator("nobody/nothing")


def _offline(name: str) -> None:
    raise OSError("no network")
