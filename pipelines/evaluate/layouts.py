"""Layouts of texts: relations said that hold, and boxes against those of real photographs."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor

from graph_fusion.encoders.text import MiniLM
from graph_fusion.layout_model import LayoutModel, as_shares, in_units, layout_batch
from kg import schema
from kg.errors import SightGraphError
from kg.files import bundled
from kg.graph import Box
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.build.builder import GraphBuilder
from pipelines.datasets.coco import TRAIN_SPLIT, read_coco
from pipelines.datasets.flickr8k import read_flickr8k
from pipelines.datasets.splits import concept_part, in_part
from pipelines.drawing.drawer import Drawer, Drawing
from pipelines.drawing.layout import Layout, placed_in_turn
from pipelines.drawing.patches import Patches, read_patches
from pipelines.drawing.tensors import LayoutReader
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.layout_examples import LayoutPhoto, read_layouts, said_at_random
from pipelines.photo import Photo
from pipelines.reading.parser import Parser

PRIMARY = "relations that hold"
TOGETHER = 64
"""Graphs in a batch."""
FOUND = 0.5
"""Overlap from which a detected object is the one that was drawn."""
PARTS = ("development", "held-out")


@dataclass(frozen=True, slots=True)
class Stated:
    """A sentence with the relations that a person reads in it: (name, place, name)."""

    text: str
    part: str
    relations: tuple[tuple[str, str, str], ...]
    things: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LayoutData:
    """What is measured on: sentences by a person, captions, and photographs with boxes."""

    sentences: tuple[Stated, ...] = ()
    captions: tuple[str, ...] = ()
    photographs: tuple[LayoutPhoto, ...] = ()
    learned: tuple[LayoutPhoto, ...] = ()


@dataclass(frozen=True)
class LayoutsEvaluator:
    """Draws sentences and captions, and compares learned boxes with real ones.

    limit: captions that are drawn; None: the first one of each photograph. seed: of the layouts.
    caption_reader: reads the texts. patches: a folder with boxes from whose photographs the
    sentences' things are cut, and found again by the bundled detector.
    """

    limit: int | None = None
    seed: int = 0
    caption_reader: str = "rules"
    patches: Path | None = None

    def dataset(self, source: Source) -> LayoutData:
        """Return the sentences of a file, or the captions and photographs of the data sets.

        Of a folder, the part that --split names, held out by default: photographs with boxes, and
        captions of coco_mini; the captions of Flickr8k are those of its dev list.

        Raises:
            SightGraphError: the data are missing or of another format.
        """
        if source.data.is_file():
            read = read_sentences(source.data)
            chosen = [one for one in read if source.split in (None, one.part)]
            if not chosen:
                raise SightGraphError(f"'{source.data}' has no part '{source.split}'.")
            return LayoutData(sentences=tuple(chosen))
        part = source.split or PARTS[-1]
        photographs = read_layouts(source.data)
        captions = tuple(held_out_captions(source.data))
        return LayoutData(
            captions=captions[: self.limit],
            photographs=tuple(one for one in photographs if one.part == part),
            learned=tuple(in_part(photographs, "train")),
        )

    def system(self, model: Path | None = None) -> Drawer:
        knowledge = Knowledge.bundled()
        return Drawer(GraphBuilder(knowledge), Parser(reader=self.caption_reader), model)

    def __call__(self, drawer: Drawer, data: LayoutData) -> Report:
        figures: dict[str, float] = {}
        rows: list[dict[str, Any]] = []
        if data.sentences:
            figures, rows = self._sentences(drawer, data.sentences)
        if data.captions:
            figures |= self._captions(drawer, data.captions)
        if data.photographs:
            folder = drawer.layouts.folder
            figures |= likelihoods(LayoutModel.load(folder), data.photographs, data.learned)
        return Report(PRIMARY, figures, rows)

    def _captions(self, drawer: Drawer, captions: Sequence[str]) -> dict[str, float]:
        """Return shares of what the parser reads in captions that holds in their layouts."""
        said, held, before, whole, refused = 0, 0, 0, 0, 0
        for caption in track(captions, "drawing captions", console=Console(stderr=True)):
            try:
                scene = drawer.scene(caption)
            except SightGraphError:
                refused += 1
                continue
            layout, plain = (drawer.layouts(scene, self.seed, moved) for moved in (True, False))
            right = [layout.holds(one) for one in scene.said]
            said, held, whole = said + len(right), held + sum(right), whole + all(right)
            before += sum(plain.holds(one) for one in scene.said)
        drawn = len(captions) - refused
        return {
            "captions": float(len(captions)),
            "captions that name nothing to draw": float(refused),
            "relations said": float(said),
            PRIMARY: held / max(said, 1),
            "relations that hold before boxes are moved": before / max(said, 1),
            "captions of which all relations hold": whole / max(drawn, 1),
        }

    def _sentences(
        self, drawer: Drawer, sentences: Sequence[Stated]
    ) -> tuple[dict[str, float], list[dict[str, Any]]]:
        """Return shares of what a person reads in sentences that the pictures show."""
        patches, detector = None, None
        if self.patches is not None:
            from pipelines.detectors import make_detector

            pieces = [one for one in read_patches(self.patches) if TRAIN_SPLIT in str(one.file)]
            patches = Patches(pieces, drawer.builder.knowledge, drawer.linker)
            detector = make_detector("bundled")
        rows, again, cut = [], 0, 0
        for one in track(sentences, "drawing", console=Console(stderr=True)):
            row: dict[str, Any] = {"text": one.text, "relations": [], "things": 0, "read": []}
            rows.append(row)
            row["stated"], row["named"] = len(one.relations), sum(one.things.values())
            try:
                drawing = drawer(one.text, self.seed, patches)
            except SightGraphError as error:
                row["error"] = str(error)
                continue
            layout = drawing.layout
            row["relations"] = [[*each, shows(layout, *each)] for each in one.relations]
            row["read"] = [layout.holds(each) for each in layout.scene.said]
            names = [each.name for each in layout.scene.things]
            row["things"] = sum(min(names.count(name), n) for name, n in one.things.items())
            row["drawn"] = len(names)
            if detector is not None:
                found = detector(Photo.open(drawing.image))
                cut += len(drawing.patches)
                again += found_again(drawing, found)
        stated = sum(row["stated"] for row in rows)
        read = [held for row in rows for held in row["read"]]
        figures = {
            "sentences": float(len(rows)),
            "relations stated": float(stated),
            PRIMARY: sum(each[-1] for row in rows for each in row["relations"]) / max(stated, 1),
            "sentences of which all relations hold": sum(
                len(row["relations"]) == row["stated"]
                and all(each[-1] for each in row["relations"])
                for row in rows
            )
            / len(rows),
            "relations read by the parser that hold": sum(read) / max(len(read), 1),
            "things drawn of those named": sum(row["things"] for row in rows)
            / max(sum(row["named"] for row in rows), 1),
        }
        if detector is not None:
            figures |= {"patches": float(cut), "patches found again": again / max(cut, 1)}
        return figures, rows


def shows(layout: Layout, subject: str, place: str, other: str) -> bool:
    """Return whether a relation holds of some thing of each name, for each of the subject's name.

    A picture in which one of two dogs is on the sofa does not show "two dogs on a sofa".
    """
    from pipelines.drawing.scene import Said

    names = [one.name for one in layout.scene.things]
    firsts = [at for at, name in enumerate(names) if name == subject]
    seconds = [at for at, name in enumerate(names) if name == other]
    return bool(firsts) and all(
        any(a != b and layout.holds(Said(a, place, b, place)) for b in seconds) for a in firsts
    )


def found_again(drawing: Drawing, found: Iterable[Any]) -> int:
    """Return how many pieces the detector finds at their place, by the label of the piece."""
    several = list(found)
    return sum(
        any(
            one.label == patch.label
            and one.box is not None
            and one.box.iou(drawing.layout.boxes[at]) >= FOUND
            for one in several
        )
        for at, patch in drawing.patches.items()
    )


def held_out_captions(data: Path) -> list[str]:
    """Return the first caption of each photograph of Flickr8k's dev list and coco_mini's held-out.

    COCO's val2017 and Flickr8k's test list are left out.
    """
    found = [
        one.captions[0]
        for one in read_flickr8k(data / "flickr8k")
        if one.split == "val" and one.captions
    ]
    return found + [
        one.captions[0]
        for one in read_coco(data / "coco_mini")
        if one.part == "held-out" and one.split == TRAIN_SPLIT and one.captions
    ]


def read_sentences(file: Path) -> list[Stated]:
    """Return the sentences of a file like data/drawing/sentences.json.

    Raises:
        SightGraphError: it is of another format.
    """
    try:
        content = schema.mapping(schema.read_json(file), "the file")
        return [
            Stated(
                schema.text(one["text"], "text", empty=False),
                schema.text(one.get("part", ""), "part"),
                tuple(
                    (str(a), str(place), str(b))
                    for a, place, b in schema.sequence(one["relations"], "relations")
                ),
                {str(name): int(number) for name, number in one["things"].items()},
            )
            for one in schema.sequence(content["sentences"], "sentences")
        ]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as sentences: {error!r}. Write it like "
            f"{bundled('drawing', 'sentences.json').name}."
        ) from error


def likelihoods(
    model: LayoutModel, photographs: Sequence[LayoutPhoto], learned: Sequence[LayoutPhoto]
) -> dict[str, float]:
    """Return the likelihood of real boxes and their overlap with expected ones, for each thing.

    Beside them stands the baseline, a Gaussian for each kind. What is said of a photograph is
    drawn at random, as many relations as it has things.
    """
    knowledge = Knowledge.bundled()
    reader = LayoutReader(knowledge, Linker(knowledge), model.config.without)
    graphs, boxes, labels = [], [], []
    for one in photographs:
        chance = random.Random(one.name)
        said = said_at_random(one, chance, len(one.labels))
        graphs.append(reader(one.labels, (0,) * len(one.labels), said, math.log(one.aspect)))
        boxes.append(in_units(torch.tensor(one.boxes)))
        labels += list(one.labels)
    texts = reader.vectors(MiniLM())
    nats = -torch.cat(_in_turn(model, graphs, boxes, texts, [one.name for one in photographs]))
    expected = [
        as_shares(placed_in_turn(model, graph, texts)[0])
        for graph in track(graphs, "laying out", console=Console(stderr=True))
    ]
    mean = MeanBoxes(learned)
    plain = torch.cat([mean.nats(a.labels, b) for a, b in zip(photographs, boxes, strict=True)])
    usual = [as_shares(mean.mean(one.labels)) for one in photographs]
    real = [as_shares(one) for one in boxes]
    unseen = torch.tensor([concept_part(label) != "train" for label in labels])
    figures = {"photographs": float(len(photographs)), "things": float(len(labels))}
    for name, likelihood, guess in (("", nats, expected), (", mean box", plain, usual)):
        overlap = torch.cat([_overlaps(a, b) for a, b in zip(guess, real, strict=True)])
        figures |= {
            f"nats per thing{name}": float(likelihood.mean()),
            f"nats per thing, kinds held out{name}": float(likelihood[unseen].mean()),
            f"IoU{name}": float(overlap.mean()),
            f"IoU, kinds held out{name}": float(overlap[unseen].mean()),
            f"R@0.3{name}": float((overlap >= 0.3).float().mean()),
            f"R@0.5{name}": float((overlap >= 0.5).float().mean()),
        }
    return figures


@torch.inference_mode()
def _in_turn(
    model: LayoutModel,
    graphs: Sequence[Any],
    boxes: Sequence[Tensor],
    texts: Tensor,
    names: Sequence[str],
) -> list[Tensor]:
    """Return the log likelihood [T] of each graph's boxes, in a random order for each graph."""
    found = [torch.zeros(len(one)) for one in boxes]
    steps = []
    for number, name in enumerate(names):
        order = list(range(len(boxes[number])))
        random.Random(name).shuffle(order)
        for turn, at in enumerate(order):
            placed = torch.zeros(len(order), dtype=torch.bool)
            placed[order[:turn]] = True
            steps.append((number, at, placed))
    for start in range(0, len(steps), TOGETHER):
        some = steps[start : start + TOGETHER]
        own = [graphs[number] for number, _, _ in some]
        batch = layout_batch(
            own, texts, [boxes[number] for number, _, _ in some], [placed for _, _, placed in some]
        )
        likelihood = model(batch).log_likelihood(batch.boxes)
        first = 0
        for graph, (number, at, _) in zip(own, some, strict=True):
            found[number][at] = likelihood[first + at]
            first += len(graph.text)
    return found


class MeanBoxes:
    """The baseline: a Gaussian of the boxes of each kind; of all boxes for an unknown kind."""

    FEW = 5
    """Boxes below which a kind counts as unknown."""
    LEAST = 0.05
    """Smallest deviation."""

    def __init__(self, photographs: Sequence[LayoutPhoto]) -> None:
        several: dict[str, list[Box]] = defaultdict(list)
        for one in photographs:
            for label, box in zip(one.labels, one.boxes, strict=True):
                several[label].append(box)
        every = in_units(torch.tensor([box for boxes in several.values() for box in boxes]))
        self.all = every.mean(0), every.std(0).clamp_min(self.LEAST)
        self.of = {}
        for label, own in several.items():
            if len(own) >= self.FEW:
                values = in_units(torch.tensor(own))
                self.of[label] = values.mean(0), values.std(0).clamp_min(self.LEAST)

    def mean(self, labels: Sequence[str]) -> Tensor:
        """Return the mean boxes [T, 4] in units."""
        return torch.stack([self.of.get(one, self.all)[0] for one in labels])

    def nats(self, labels: Sequence[str], boxes: Tensor) -> Tensor:
        """Return the negative log likelihood [T] of `boxes` [T, 4] in units."""
        scale = torch.stack([self.of.get(one, self.all)[1] for one in labels])
        off = (boxes - self.mean(labels)) / scale
        return (off.square() / 2 + scale.log() + math.log(2 * math.pi) / 2).sum(1)


def _overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of each pair of boxes [T, 4], [T]."""
    sides = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp_min(0)
    shared = sides.prod(1)
    areas = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    return shared / (areas - shared).clamp_min(1e-9)
