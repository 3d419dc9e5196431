"""A layout painted by a diffusers model, which gets the text and, if it takes them, the boxes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from PIL import Image

from kg.errors import SightGraphError
from pipelines.detectors.hub import loading_from_hub
from pipelines.drawing.layout import Layout

STEPS = 30
"""Denoising steps."""
OTHERWISE = "draw without --generator, which needs no network"
BOX_INPUTS = ("gligen_phrases", "gligen_boxes")
"""What a pipeline with grounded boxes is called with (GLIGEN: Li et al., CVPR 2023)."""


class Generator:
    """A pipeline of diffusers, by its id on the hub or its folder.

    takes_boxes: whether the layout is handed over; else the text alone says where things are.

    Raises:
        SightGraphError: diffusers is not installed, or the model cannot be loaded.
    """

    def __init__(self, name: str, steps: int = STEPS) -> None:
        try:
            import diffusers
        except ImportError as error:
            raise SightGraphError(
                "--generator needs diffusers. Run: pip install 'sightgraph[generate]'"
            ) from error
        self.name, self.steps = name, steps
        place = _downloaded(name) or name
        with loading_from_hub("picture generator", place, OTHERWISE) as options:
            self.pipeline: Any = diffusers.DiffusionPipeline.from_pretrained(
                place, use_safetensors=True, **options
            )
        self.pipeline.set_progress_bar_config(disable=True)
        takes = inspect.signature(self.pipeline.__call__).parameters
        self.takes_boxes = all(one in takes for one in BOX_INPUTS)
        if "prompt" not in takes:
            raise SightGraphError(
                f"'{name}' is a {type(self.pipeline).__name__}, which takes no text. Name a model "
                "from text to image."
            )

    def __call__(self, layout: Layout, seed: int = 0) -> Image.Image:
        """Return the picture of a layout, in the size of the layout; the same for a seed."""
        import torch

        given: dict[str, Any] = {
            "prompt": layout.scene.sentence.text,
            "generator": torch.Generator().manual_seed(seed),
            "num_inference_steps": self.steps,
        }
        if self.takes_boxes:
            given |= dict(zip(BOX_INPUTS, grounded(layout), strict=True))
        image: Image.Image = self.pipeline(**given).images[0]
        return image.convert("RGB").resize((layout.width, layout.height), Image.Resampling.LANCZOS)


def _downloaded(name: str) -> str | None:
    """Return the folder of a model of the hub that was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    if name.count("/") != 1 or Path(name).is_dir():
        return None
    found = try_to_load_from_cache(name, "model_index.json")
    return str(Path(found).parent) if isinstance(found, str) else None


def grounded(layout: Layout) -> tuple[list[str], list[list[float]]]:
    """Return what stands in each box, with its colour, and the boxes as shares of the picture."""
    phrases, boxes = [], []
    for thing, box in zip(layout.scene.things, layout.boxes, strict=True):
        phrases.append(" ".join(one for one in (thing.colour, thing.name) if one))
        wide, high = layout.width, layout.height
        boxes.append([box.x1 / wide, box.y1 / high, box.x2 / wide, box.y2 / high])
    return phrases, boxes
