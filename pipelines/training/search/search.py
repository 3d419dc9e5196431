"""Training of the two towers, which bring photographs and texts into one space.

An example is a photograph with its captions; the objective is InfoNCE both ways within a batch.
The model folder gets model.safetensors, in eight bits and without what is MiniLM's own, and
config.json.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.encoders.text import encode_once
from graph_fusion.scene_model import Scene, SceneBatch, scene_batch
from graph_fusion.search_model import SearchConfig, SearchModel, TextPieces, padded
from graph_fusion.tensors import TextTable
from graph_fusion.training import (
    BESIDE,
    Figures,
    Objective,
    TrainingConfig,
    TrainingOptions,
    fit,
    save_model,
)
from graph_fusion.weights import deterministic, shrunk
from kg.errors import SightGraphError
from kg.files import atomic_path, write_text
from kg.knowledge.memory import Knowledge
from pipelines.datasets.captioned import Captioned
from pipelines.evaluate.search.search import encode
from pipelines.reading.parser import Parser
from pipelines.search.agreement import AgreementFinder, Frequencies
from pipelines.search.towers import (
    BANK,
    CONFIG,
    WEIGHTS,
    Bank,
    Towers,
    Weights,
    read_bank,
    write_bank,
    write_frequencies,
)
from pipelines.training.captioning.scene_examples import (
    development_records,
    training_records,
    two_sides,
)
from pipelines.training.search.search_agreement import fit_weights

BANKED = 5
"""Every so many photographs of the training stand in the bank."""
DROPPED = 0.1
"""Share of the word pieces that are not read in training, drawn anew each time."""


@dataclass(frozen=True, slots=True)
class SearchTraining(TrainingOptions):
    """How the towers are trained; MiniLM's layers learn at `encoder_rate`.

    each: captions of a photograph in a batch. seen, photographs: as in
    `pipelines.training.captioning.captions.CaptionTraining`. fusion, control, reads, hidden,
    dropout: as in `SearchConfig`. towers: a folder that this training wrote, whose towers are
    kept: only what the agreement of the graphs is worth is learned again.
    """

    epochs: int = 15
    batch_size: int = 128
    learning_rate: float = 5e-4
    encoder_rate: float = 5e-5
    weight_decay: float = 0.05
    warmup: float = 0.05
    average: float = 0.99
    each: int = 2
    hidden: int = 256
    dropout: float = 0.2
    fusion: str = "graph_attention"
    control: str | None = None
    reads: Literal["knowledge", "seen", "cells"] = "knowledge"
    seen: Path | None = field(default=None, metadata=BESIDE)
    photographs: int = 0
    towers: Path | None = None

    def __post_init__(self) -> None:
        TrainingOptions.__post_init__(self)
        if self.each < 1:
            raise SightGraphError(f"'each' is {self.each}; it must be at least 1.")


@dataclass(frozen=True, slots=True)
class SearchExample:
    """A photograph and the word pieces of its captions.

    mirror: its mirror image; None if the example is measured on, and therefore never varied.
    """

    scene: Scene
    mirror: Scene | None
    captions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class SearchBatch:
    """M photographs and N texts: ids, there [N, L]; together [M, N]: which belong together."""

    scenes: SceneBatch
    ids: Tensor
    there: Tensor
    together: Tensor


class SearchObjective(Objective[SearchModel, SearchBatch]):
    """InfoNCE; "found" is the share of texts whose photograph is the nearest of the batch."""

    def __init__(self, texts: Tensor, options: SearchTraining) -> None:
        self.texts, self.options = texts, options

    def collate(self, examples: list[SearchExample]) -> SearchBatch:
        scenes = [
            one.scene if one.mirror is None or random.random() < 0.5 else one.mirror
            for one in examples
        ]
        varied = torch.tensor([one.mirror is not None for one in examples])
        captions, owners = [], []
        for row, one in enumerate(examples):
            some = random.sample(one.captions, min(self.options.each, len(one.captions)))
            captions += some
            owners += [row] * len(some)
        ids, there = padded(captions)
        there &= (torch.rand(there.shape) >= DROPPED) | ~varied[owners].unsqueeze(1)
        there[:, 0] = True
        together = torch.tensor(owners) == torch.arange(len(examples)).unsqueeze(1)
        styles = torch.zeros(len(examples), dtype=torch.long)
        return SearchBatch(scene_batch(scenes, self.texts, styles), ids, there, together)

    def loss(self, model: SearchModel, batch: SearchBatch) -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):  # quicker than the fused one on a CPU, backwards
            logits = model(batch.scenes, batch.ids, batch.there)
        return model.head.loss(logits.float(), batch.together)

    def figures(self, model: SearchModel, batch: SearchBatch) -> Figures:
        best = model(batch.scenes, batch.ids, batch.there).argmax(0, keepdim=True)
        return {"found": (batch.together.gather(0, best).sum(), batch.together.shape[1])}

    def groups(self, model: SearchModel, config: TrainingConfig) -> list[dict[str, Any]]:
        inside = {id(one) for one in model.text.encoder.parameters()}
        trained = [one for one in model.parameters() if one.requires_grad]
        encoder = [one for one in trained if id(one) in inside]
        others = [one for one in trained if id(one) not in inside]
        return [{"params": encoder, "lr": self.options.encoder_rate}, {"params": others}]


@deterministic()
def train(
    data: Path,
    out: Path,
    options: SearchTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on Flickr8k's train list and coco_mini's, and write the model folder `out`.

    Resumes from the checkpoint in `out`/training, and looks at no photograph twice. Returns
    figures on Flickr8k's dev list.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or SearchTraining()
    learned, development = training_records(data, options.photographs), development_records(data)
    log(f"{len(learned)} photographs in train, {len(development)} in development")
    seen = options.seen or out / "seen"
    if options.towers is None:
        figures = _train_towers(learned, development, seen, out, options, log)
    else:
        copy_search(options.towers, out)
        figures = {}
    write_frequencies(out, frequencies_of(learned))
    if len(development) > 1:  # its halves are fitted and measured on
        weights, figures = fit_weights(encode(Towers(out), development, seen))
        save_weights(out, weights)
    return figures


def _train_towers(
    learned: Sequence[Captioned],
    development: Sequence[Captioned],
    seen: Path,
    out: Path,
    options: SearchTraining,
    log: Callable[[str], None],
) -> dict[str, float]:
    """Train the towers, write them and their bank to `out`, and return the last figures."""
    config = SearchConfig(
        hidden=options.hidden,
        dropout=options.dropout,
        fusion=options.fusion,
        control=options.control,
        reads=options.reads,
    )
    table, pieces = TextTable(), TextPieces()
    torch.manual_seed(options.seed)
    model = SearchModel(config)  # before the photographs are looked at: it knows wrong options
    parts = [
        [
            SearchExample(scene, mirror, pieces.rows(photograph.captions))
            for photograph, scene, mirror in two_sides(photographs, seen, table, config.reads)
        ]
        for photographs in (learned, development)
    ]
    parts[1] = [replace(one, mirror=None) for one in parts[1]]
    texts = encode_once(table.texts(), TEXT_ENCODERS.make("minilm"))
    report = fit(
        model,
        SearchObjective(texts, options),
        parts[0],
        parts[1],
        options.config(watch=None),
        out / "training",
        log,
        about=options.others(),
    )
    save_search(out, model, Weights())
    write_bank(out, bank_of(model.eval(), parts[0], texts))
    return {name: value for name, value in report.figures.items() if isinstance(value, float)}


def bank_of(model: SearchModel, examples: Sequence[SearchExample], texts: Tensor) -> Bank:
    """Return the vectors of every `BANKED`th photograph, and of one caption of each."""
    seen, read = [], []
    for place, one in enumerate(examples[::BANKED]):
        batch = scene_batch([one.scene], texts, torch.zeros(1, dtype=torch.long))
        seen.append(model.photograph_vectors(batch))
        read.append(model.text_vectors(*padded([one.captions[place % len(one.captions)]])))
    return Bank(torch.cat(seen).numpy(), torch.cat(read).numpy())


def frequencies_of(photographs: Sequence[Captioned]) -> Frequencies:
    """Return how often the captions of the bank name what: one of every `BANKED`th photograph."""
    finder, parser = AgreementFinder(Knowledge.bundled()), Parser()
    texts = [
        one.captions[place % len(one.captions)] for place, one in enumerate(photographs[::BANKED])
    ]
    return Frequencies.of([finder.described(parser(text)) for text in texts])


def save_search(out: Path, model: SearchModel, weights: Weights) -> None:
    """Write the model folder."""
    config = {"towers": model.as_json(), "agreement": weights.as_json()}
    save_model(out, shrunk(model.trained_state()), config)


def save_weights(out: Path, weights: Weights) -> None:
    """Write the weights of the agreement into a model folder."""
    file = out / CONFIG
    config = {**json.loads(file.read_text(encoding="utf-8")), "agreement": weights.as_json()}
    write_text(file, json.dumps(config, indent=1) + "\n")


def copy_search(folder: Path, out: Path) -> None:
    """Copy a model folder that this training wrote.

    Raises:
        SightGraphError: `folder` is none.
    """
    SearchModel.load(folder)  # tells what is missing
    read_bank(folder)
    if folder.resolve() == out.resolve():
        return
    out.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, BANK, CONFIG):
        with atomic_path(out / name) as path:
            shutil.copyfile(folder / name, path)
