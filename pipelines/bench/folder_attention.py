"""Draws the attention of a model of a folder: over the regions of an image, and over words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graph_fusion.fusion import Fused, Masks
from kg.files import atomic_path
from kg.formats import ACCENT
from kg.formats.png import INK, PALEST, THIN, WIDE
from pipelines.bench.folder_model import FolderInputs, SeenImage

OPAQUEST = 0.75
"""Opacity of the cell with the largest weight."""
COLUMNS, PANEL, DPI = 4, 3.0, 110
"""Panels in a row, side of a panel in inches, and pixels an inch."""
MAX_WORDS = 10
"""Words that get a panel of their own."""
WHOLE_TEXT = "the text"
"""Name of a token that stands for all words."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Attention of one sample; what a fusion does not have is None.

    Shapes (I image and T text tokens, M modalities):
        regions [I]: over the image tokens; words [T]: over the text tokens
        pairs [T, I]: between each word and each image token
        shares [M]: how much each modality counts in a prediction
    """

    regions: Tensor | None = None
    words: Tensor | None = None
    pairs: Tensor | None = None
    shares: Tensor | None = None


def attention_of(fused: Fused, masks: Masks, querying: str, row: int = 0) -> Attention:
    """Return the attention of sample `row` from `Fused.weights`, the mean over all heads.

    querying: of the fusion: which modality gives the queries of a matrix [text, image] or
        [image, text]. Of a matrix over all tokens, words and regions are means over all queries.
    """
    found = {name: one[row].detach() for name, one in fused.weights.items() if name != "gates"}
    regions, words = found.get("readout", found.get("image")), found.get("text")
    image, text = masks.image[row], masks.text[row]
    matrix, pairs = found.get("attention"), None
    if matrix is not None:
        matrix = matrix.mean(0) if matrix.dim() == 3 else matrix
        if len(matrix) == len(image) + len(text):
            pairs = matrix[len(image) :, : len(image)]
            words = matrix[masks.all[row]].mean(0)[len(image) :]
            regions = pairs[text].mean(0) if regions is None else regions
        elif querying == "text":
            pairs = matrix
            regions = pairs[text].mean(0) if regions is None else regions
        else:
            pairs = matrix.T
            words = matrix[image].mean(0)
    return Attention(regions, words, pairs, found.get("shares"))


def draw_attention(
    file: Path, inputs: FolderInputs, image: SeenImage, attention: Attention, title: str
) -> None:
    """Draw the attention of the first sample of `inputs` into the PNG `file`.

    The first panels are the image, the regions, the words and the shares of the modalities; then
    each word has a panel with what it is paired with.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    words = [
        (place, word or WHOLE_TEXT)
        for place, word in enumerate(inputs.words[0])
        if inputs.masks.text[0, place]
    ]
    shown = words[:MAX_WORDS] if attention.pairs is not None else []
    numbers = (attention.regions, attention.words, attention.shares)
    panels = 1 + sum(one is not None for one in numbers) + len(shown)
    rows = -(-panels // COLUMNS)
    columns = min(panels, COLUMNS)
    figure = Figure(figsize=(PANEL * columns, PANEL * rows), dpi=DPI, layout="constrained")
    figure.suptitle(title, color=INK)
    axes = iter([figure.add_subplot(rows, columns, place + 1) for place in range(panels)])
    regions = _Regions(image, inputs)
    regions.draw(next(axes), None, "image")
    if attention.regions is not None:
        regions.draw(next(axes), attention.regions, "regions")
    if attention.words is not None:
        of_words = [float(attention.words[place]) for place, _ in words]
        _bars(next(axes), [word for _, word in words], of_words, "words")
    if attention.shares is not None:
        names = ("image", "text", "both")[: len(attention.shares)]
        _bars(next(axes), names, attention.shares.tolist(), "shares")
    for place, word in shown:
        assert attention.pairs is not None
        regions.draw(next(axes), attention.pairs[place], word)
    with atomic_path(file) as path:
        FigureCanvasAgg(figure).print_png(path)


@dataclass(frozen=True, slots=True)
class _Regions:
    """The cells and objects of an image, drawn with weights."""

    image: SeenImage
    inputs: FolderInputs

    def draw(self, axes: Any, weights: Tensor | None, title: str) -> None:
        """Draw the image; a cell is the more opaque and an object's box the wider, the more."""
        from matplotlib.patches import Rectangle

        axes.imshow(self.image.pixels.permute(1, 2, 0).numpy())
        axes.axis("off")
        axes.set_title(title, color=INK, fontsize=10)
        if weights is None:
            return
        largest = max(float(weights.max()), torch.finfo(weights.dtype).tiny)
        for weight, place, label in zip(
            weights.tolist(), self.inputs.places[0].tolist(), self.inputs.labels[0], strict=True
        ):
            x1, y1, x2, y2 = place
            if x2 <= x1:
                continue
            share = weight / largest
            corner, width, height = (x1, y1), x2 - x1, y2 - y1
            if label is None:
                cell = {"facecolor": ACCENT, "alpha": OPAQUEST * share, "linewidth": 0}
                axes.add_patch(Rectangle(corner, width, height, **cell))
                continue
            line = {"edgecolor": ACCENT, "linewidth": THIN + (WIDE - THIN) * share}
            alpha = max(PALEST, share)
            axes.add_patch(Rectangle(corner, width, height, fill=False, alpha=alpha, **line))
            axes.text(x1, y1, f"{label} {weight:.2f}", fontsize=7, color=INK, va="bottom")


def _bars(axes: Any, names: Sequence[str], weights: Sequence[float], title: str) -> None:
    axes.barh(range(len(names)), weights, color=ACCENT)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_title(title, color=INK, fontsize=10)
