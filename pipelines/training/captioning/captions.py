"""Training of the captioner, which writes a sentence about a photograph.

An example is a photograph with its captions; the objective is cross-entropy of each next word,
with a smoothed target. In training, half of the photographs are mirrored. The model folder gets
model.safetensors, in eight bits, and config.json.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from graph_fusion.caption_model import STYLES, CaptionBatch, CaptionConfig, CaptionModel, Vocabulary
from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.encoders.text import encode_once
from graph_fusion.heads.decoder import PAD
from graph_fusion.scene_model import Scene, scene_batch
from graph_fusion.tensors import TextTable
from graph_fusion.training import BESIDE, Figures, Objective, TrainingOptions, fit, save_model
from graph_fusion.weights import deterministic, shrunk
from pipelines.datasets.captioned import Captioned
from pipelines.training.captioning.scene_examples import (
    development_records,
    training_records,
    two_sides,
)

WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
SIDES = re.compile(r"\b(?:left|right)\b")
"""Words that are wrong of the mirror image."""
CAPTIONS = 5
"""Of a photograph; more are not used."""
STYLED = 0.2
"""Share of the photographs of which only the shortest captions are learned, as "short", and of
those of which only the longest are, as "detailed"."""
EXTREMES = 2
"""Number of these captions."""


@dataclass(frozen=True, slots=True)
class CaptionTraining(TrainingOptions):
    """How the captioner is trained; the learning rate rises, then falls to 0.

    smoothing: share of the target that all words have alike. least: a word that fewer captions
        hold is not learned. seen: where the looked-at photographs are kept, which several
        trainings share; None: in the model folder. photographs: so many are trained on; 0: all.
    fusion, control, reads, hidden, dropout: as in `CaptionConfig`.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 6e-4
    weight_decay: float = 0.05
    warmup: float = 0.05
    average: float = 0.999
    smoothing: float = 0.1
    least: int = 5
    hidden: int = 256
    dropout: float = 0.3
    fusion: str = "graph"
    control: str | None = None
    reads: Literal["knowledge", "seen", "cells"] = "knowledge"
    seen: Path | None = field(default=None, metadata=BESIDE)
    photographs: int = 0


@dataclass(frozen=True, slots=True)
class CaptionExample:
    """A photograph and its captions [K, S], shortest first.

    mirror: its mirror image; None if the example is measured on, and therefore never varied.
    """

    scene: Scene
    mirror: Scene | None
    captions: Tensor


class CaptionObjective(Objective[CaptionModel, CaptionBatch]):
    """Cross-entropy of the next word; "right words" is its accuracy."""

    def __init__(self, texts: Tensor, smoothing: float) -> None:
        self.texts, self.smoothing = texts, smoothing

    def collate(self, examples: list[CaptionExample]) -> CaptionBatch:
        scenes, rows, styles = [], [], []
        for one in examples:
            style, scene = STYLES[0], one.scene
            if one.mirror is not None:
                scene = one.mirror if random.random() < 0.5 else one.scene
                style = random.choices(STYLES, (1 - 2 * STYLED, STYLED, STYLED))[0]
            scenes.append(scene)
            captions = one.captions.clone()
            if style == "short":
                captions[EXTREMES:] = PAD
            elif style == "detailed":
                captions[:-EXTREMES] = PAD
            rows.append(captions)
            styles.append(STYLES.index(style))
        captions = torch.stack(rows)
        used = int((captions != PAD).flatten(0, 1).any(0).nonzero().max()) + 1
        batch = scene_batch(scenes, self.texts, torch.tensor(styles))
        return CaptionBatch(batch, captions[:, :, :used])

    def loss(self, model: CaptionModel, batch: CaptionBatch) -> Tensor:
        return model.loss(batch, self.smoothing)

    def measured(self, model: CaptionModel, batch: CaptionBatch, size: int) -> Figures:
        logs = model(batch)
        loss = model.head.loss(logs, batch.captions)
        following = batch.captions[..., 1:]
        there = following != PAD
        right = (logs[..., :-1, :].argmax(-1) == following)[there].sum()
        return {"loss": (loss * size, size), "right words": (right, int(there.sum()))}


@deterministic()
def train(
    data: Path,
    out: Path,
    options: CaptionTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on Flickr8k's train list and coco_mini's, and write the model folder `out`.

    Resumes from the checkpoint in `out`/training, and looks at no photograph twice. Returns
    figures on Flickr8k's dev list.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or CaptionTraining()
    learned, development = training_records(data, options.photographs), development_records(data)
    words = vocabulary(learned, options.least)
    config = CaptionConfig(
        words,
        hidden=options.hidden,
        dropout=options.dropout,
        fusion=options.fusion,
        control=options.control,
        reads=options.reads,
    )
    table = TextTable()
    seen, known = options.seen or out / "seen", Vocabulary(words)
    torch.manual_seed(options.seed)
    model = CaptionModel(config)  # before the photographs are looked at: it knows wrong options
    parts = [
        [
            example(*sides, known, config.longest)
            for sides in two_sides(photographs, seen, table, config.reads)
        ]
        for photographs in (learned, development)
    ]
    parts[1] = [replace(one, mirror=None) for one in parts[1]]
    log(f"{len(learned)} photographs in train, {len(development)} in development")
    log(f"{len(words)} words, {len(table)} labels and relations")
    texts = encode_once(table.texts(), TEXT_ENCODERS.make("minilm"))
    objective = CaptionObjective(texts, options.smoothing)
    training = options.config(watch=None)
    report = fit(
        model,
        objective,
        parts[0],
        parts[1],
        training,
        out / "training",
        log,
        about=options.others(),
    )
    save_model(out, shrunk(model.state_dict()), model.as_json())
    return {name: value for name, value in report.figures.items() if isinstance(value, float)}


def words_of(caption: str) -> list[str]:
    """Return the words of a caption as they are learned: in lower case, without signs."""
    return WORD.findall(caption.lower())


def vocabulary(photographs: Iterable[Captioned], least: int) -> tuple[str, ...]:
    """Return the words that at least so many captions hold, in alphabetical order."""
    held = (set(words_of(caption)) for one in photographs for caption in one.captions)
    counts = Counter(word for words in held for word in words)
    return tuple(sorted(word for word, count in counts.items() if count >= least))


def example(
    photograph: Captioned, scene: Scene, mirror: Scene, known: Vocabulary, longest: int
) -> CaptionExample:
    """Return an example; where a caption names a side, the mirror image is not used.

    longest: words of a caption that are learned, `START` and `END` counted.
    """
    captions = chosen(photograph.captions)
    rows = known.rows([words_of(one) for one in captions], longest)
    return CaptionExample(scene, scene if SIDES.search(" ".join(captions)) else mirror, rows)


def chosen(captions: Sequence[str]) -> list[str]:
    """Return `CAPTIONS` captions, the shortest first; where there are fewer, some come again."""
    several = [captions[number % len(captions)] for number in range(CAPTIONS)]
    return sorted(several, key=lambda one: len(words_of(one)))
