"""Layouts of texts: relations said that hold, and things that are found again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph_fusion.layout_model import LayoutModel
from kg import schema
from kg.errors import SightGraphError
from kg.files import bundled
from kg.knowledge.memory import Knowledge
from pipelines.build.builder import GraphBuilder
from pipelines.datasets.coco import TRAIN_SPLIT, read_coco
from pipelines.datasets.flickr8k import read_flickr8k
from pipelines.datasets.splits import in_part
from pipelines.drawing.drawer import Drawer, Drawing
from pipelines.drawing.layout import Layout
from pipelines.drawing.patches import Patches, read_patches
from pipelines.drawing.scene import Said
from pipelines.evaluate.drawing.layout_boxes import likelihoods
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.layout_examples import LayoutPhoto, read_layouts
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.reading.parser import Parser

PRIMARY = "relations that hold"
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
        for caption in track(captions, "drawing captions"):
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
        for one in track(sentences, "drawing"):
            row: dict[str, Any] = {"text": one.text, "relations": [], "things": 0, "read": []}
            rows.append(row)
            row["stated"], row["named"] = len(one.relations), sum(one.things.values())
            try:
                drawing = drawer(one.text, self.seed, patches)
            except SightGraphError as error:
                row["error"] = str(error)
                continue
            layout = drawing.layout
            row["relations"] = [
                [a, place, b, shows(layout, a, drawer.meant(a, place, b), b)]
                for a, place, b in one.relations
            ]
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
