"""Training of the relation model, which names the relation between two objects.

Examples are pairs of nouns from captions and pairs of boxes in captioned photographs; the
objective is whether two objects are related (binary) and by which predicate (softmax). The model
folder gets model.safetensors and config.json.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion import training
from graph_fusion.encoders.text import MiniLM
from graph_fusion.perception import RelationNetwork, pair_geometry
from graph_fusion.training import BESIDE, Objective, TrainingOptions, save_model
from graph_fusion.weights import deterministic
from kg.files import write_text
from pipelines.datasets.relations import RelatedPhoto, as_json
from pipelines.datasets.splits import Divided
from pipelines.generate.relation_examples import (
    caption_triples,
    captioned,
    captioned_photos,
    placed,
    placed_photos,
    taught_predicates,
    training_captions,
    with_general_names,
)
from pipelines.reading.text_graph_reader import TrainedReader
from pipelines.reading.triples import Triple

MIN_NOUNS = 2
THRESHOLD = 0.25
"""Minimum probability of a relation in a graph: about four of five were right at this value on
40 train photographs."""
IGNORED = -100
PLACED_SHARE = 0.3
"""Weight of the loss on relations that only the geometry of the boxes names."""


@dataclass(frozen=True, slots=True)
class RelationTraining(TrainingOptions):
    """How the relation model is trained; each step uses words and a batch of photographs.

    photos: photographs per step. said_share: weight of the loss on their captions' relations.
    held_out: file that gets the relations of the val parts, for `evaluate relations`.
    """

    epochs: int = 6
    batch_size: int = 256
    photos: int = 8
    said_share: float = 0.5
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    held_out: Path | None = field(default=None, metadata=BESIDE)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Ordered pairs for training; rows of `texts` for labels, predicate number or -100.

    Shapes (P pairs):
        subject, object, predicate [P]; geometry [P, G] or None; related [P] in {0, 1}
    """

    subject: Tensor
    object: Tensor
    predicate: Tensor
    geometry: Tensor | None
    related: Tensor


@dataclass(frozen=True, slots=True)
class RelationBatch:
    """Pairs of one step, each with its weight in the loss; rows point into texts [T, D].

    forms [R, D]: vectors of the names of the predicates.
    """

    parts: tuple[tuple[Pairs, float], ...]
    texts: Tensor
    forms: Tensor


class RelationObjective(Objective[RelationNetwork, RelationBatch]):
    """The loss on pairs of `words` and on pairs in some photographs, drawn for each step."""

    def __init__(
        self,
        words: Pairs,
        stated: Sequence[Pairs],
        placed: Sequence[Pairs],
        texts: Tensor,
        forms: Tensor,
        options: RelationTraining,
    ) -> None:
        self.words, self.texts, self.forms = words, texts, forms
        self.photographs = ((stated, options.said_share), (placed, PLACED_SHARE))
        self.photos = options.photos

    def collate(self, examples: list[int]) -> RelationBatch:
        parts = [(_rows(self.words, torch.tensor(examples)), 1.0)]
        for photographs, share in self.photographs:
            some = torch.randint(len(photographs), (self.photos,)).tolist()
            parts.append((_joined([photographs[i] for i in some]), share))
        return RelationBatch(tuple(parts), self.texts, self.forms)

    def loss(self, model: RelationNetwork, batch: RelationBatch) -> Tensor:
        losses = [
            share * _loss(model, pairs, batch.texts, batch.forms) for pairs, share in batch.parts
        ]
        return torch.stack(losses).sum()


@deterministic()
def train(
    data: Path,
    out: Path,
    options: RelationTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on FACTUAL's train captions and on captioned photographs; write the folder `out`.

    Resumes from the checkpoint in `out`/training.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or RelationTraining()
    if options.held_out is not None:
        write_held_out(data, options.held_out)
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)
    captions = caption_triples(data)
    taught = taught_predicates(captions)
    captions = with_general_names(captions)
    photos = captioned_photos(data, True, TrainedReader())
    geometry = placed_photos(data)
    log(f"{len(captions)} captions, {len(taught)} predicates, {len(photos)} photographs")
    nouns = _nouns(captions, [*photos, *geometry])
    encoder = MiniLM()
    texts, forms = encoder(nouns), encoder(taught)
    row = {noun: index for index, noun in enumerate(nouns)}
    words = _word_pairs(captions, row, taught, chance)
    stated = [_photo_pairs(photo, row, taught) for photo in photos]
    placed = [_photo_pairs(photo, row, taught) for photo in geometry]
    network = RelationNetwork()
    report = training.fit(
        network,
        RelationObjective(words, stated, placed, texts, forms, options),
        range(len(words.subject)),
        [],
        options.config(clip=None),
        out / "training",
        log,
        about=options.others(),
    )
    mean = report.figures["train loss"]
    save_model(out, network.state_dict(), {"taught": taught, "threshold": THRESHOLD})
    return {"mean loss": mean, "photographs": float(len(photos)), "threshold": THRESHOLD}


def training_records(data: Path) -> list[Divided]:
    """Return the captions and photographs that are trained on."""
    return [*training_captions(data), *captioned(data, True), *placed(data)]


def write_held_out(data: Path, file: Path) -> None:
    """Write the relations of the val parts of COCO and Flickr8k, for `evaluate relations`.

    Raises:
        SightGraphError: a data set is missing, or the file cannot be written.
    """
    reader = TrainedReader()
    photos = captioned_photos(data, False, reader)
    predicates = taught_predicates(caption_triples(data))
    write_text(file, json.dumps(as_json(photos, predicates)) + "\n")


def _nouns(captions: Sequence[Sequence[Triple]], photos: Sequence[RelatedPhoto]) -> list[str]:
    counts: dict[str, int] = {}
    for caption in captions:
        for subject, _, target in caption:
            for noun in (subject, target):
                counts[noun] = counts.get(noun, 0) + 1
    frequent = {noun for noun, count in counts.items() if count >= MIN_NOUNS}
    return sorted(frequent | {label for photo in photos for label in photo.labels})


def _word_pairs(
    captions: Sequence[Sequence[Triple]],
    row: dict[str, int],
    taught: Sequence[str],
    chance: random.Random,
) -> Pairs:
    """Related pairs of nouns; unrelated are each pair reversed, and a random pair."""
    number = {name: index for index, name in enumerate(taught)}
    stated = [
        triple
        for caption in captions
        for triple in caption
        if triple[0] in row and triple[2] in row and triple[1] in number
    ]
    true = {(s, o) for s, _, o in stated}
    rows = []
    for subject, predicate, target in stated:
        rows.append((row[subject], row[target], number[predicate], 1.0))
        if (target, subject) not in true:
            rows.append((row[target], row[subject], IGNORED, 0.0))
        stranger = chance.choice(stated)[chance.choice((0, 2))]
        other = (subject, stranger) if chance.random() < 0.5 else (stranger, target)
        if other not in true and other[0] != other[1]:
            rows.append((row[other[0]], row[other[1]], IGNORED, 0.0))
    subject_rows, object_rows, predicates, related = zip(*rows, strict=True)
    return Pairs(
        torch.tensor(subject_rows),
        torch.tensor(object_rows),
        torch.tensor(predicates),
        None,
        torch.tensor(related),
    )


def _photo_pairs(photo: RelatedPhoto, row: dict[str, int], taught: Sequence[str]) -> Pairs:
    """All ordered pairs of a photograph's objects; pairs that no caption relates are unrelated."""
    number = {name: index for index, name in enumerate(taught)}
    stated = {(s, o): number.get(p, IGNORED) for s, p, o in photo.relations}
    pairs = list(permutations(range(len(photo.labels)), 2))
    subject, target = torch.tensor(pairs).unbind(1)
    rows = torch.tensor([row[label] for label in photo.labels])
    boxes = torch.tensor(photo.boxes)
    return Pairs(
        rows[subject],
        rows[target],
        torch.tensor([stated.get(pair, IGNORED) for pair in pairs]),
        pair_geometry(boxes[subject], boxes[target], photo.width, photo.height),
        torch.tensor([float(pair in stated) for pair in pairs]),
    )


def _rows(pairs: Pairs, chosen: Tensor) -> Pairs:
    return Pairs(
        pairs.subject[chosen],
        pairs.object[chosen],
        pairs.predicate[chosen],
        None,
        pairs.related[chosen],
    )


def _joined(parts: Sequence[Pairs]) -> Pairs:
    geometry = [one.geometry for one in parts if one.geometry is not None]
    return Pairs(
        torch.cat([one.subject for one in parts]),
        torch.cat([one.object for one in parts]),
        torch.cat([one.predicate for one in parts]),
        torch.cat(geometry),
        torch.cat([one.related for one in parts]),
    )


def _loss(network: RelationNetwork, pairs: Pairs, texts: Tensor, forms: Tensor) -> Tensor:
    subjects, objects = texts[pairs.subject], texts[pairs.object]
    words = network.read(subjects, objects)
    related = F.binary_cross_entropy_with_logits(
        network.relatedness(words, pairs.geometry), pairs.related
    )
    taught = pairs.predicate != IGNORED
    if not taught.any():
        return related
    geometry = None if pairs.geometry is None else pairs.geometry[taught]
    logits = network.predicates(words[taught], geometry, forms)
    return related + F.cross_entropy(logits, pairs.predicate[taught])
