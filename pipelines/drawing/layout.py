"""From a scene to boxes: a learned layout, moved until everything said holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graph_fusion.encoders.text import MiniLM, TextEncoder
from graph_fusion.layout_model import MIDDLE, SPREAD, LayoutGraph, LayoutModel, layout_batch
from kg.files import bundled
from kg.graph import Box
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from pipelines.drawing.projection import project
from pipelines.drawing.relations import (
    INVERSES,
    Row,
    Sides,
    Way,
    before,
    holds,
    vocabulary,
    ways_of,
    worn_on,
)
from pipelines.drawing.scene import DrawnScene, Said, pairs_apart, standing
from pipelines.drawing.tensors import LayoutReader, Stated

WIDTH, HEIGHT = 640, 480
"""Pixels of a picture."""
MIN_SIDE = 0.06
"""Of a thing, in heights of the picture."""
FIRM, LOOSE = 0.02, 0.25
"""Smallest and largest deviation with which a side is moved."""
FIXED = 0.06
"""Deviation of the edge of a background."""
LOWER = 0.14
"""How much lower a second ground begins: water before a beach."""
APART = 40.0
"""Bound of the multiplier that keeps two boxes apart: twice what a usual side resists."""
CALM = 0.4
"""Share of a Gaussian's deviation by which a middle is drawn at random around its mean."""
SHARPER = 2.0
"""Power of the chances of a mixture's components: rare ones are drawn less often than they are."""
ALIKE = 0.95
"""Correlation of width and height: a box that must shrink keeps its form."""
FILLED, MAX_ZOOM = 0.86, 2.5
"""Share of the picture that the things together fill, and how much they are enlarged for it."""
LEARNED_AS = {"beneath": "in", "sheltering": "around"}
"""What the boxes of a photograph show in place of a relation that the network has not learned."""
WORN = 0.03
"""Deviation of what is worn from its place on its wearer."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes of the things of a scene, in pixels, and the order in which they are painted.

    order: numbers of things, the farthest first.
    """

    scene: DrawnScene
    width: int
    height: int
    boxes: tuple[Box, ...]
    order: tuple[int, ...]

    def holds(self, one: Said) -> bool:
        """Return whether the boxes, and what is painted over what, show a relation."""
        first, second = self.boxes[one.subject], self.boxes[one.object]
        if not holds(one.place, first, second, self.width, self.height):
            return False
        if one.place in ("behind", "in front of"):
            earlier = self.order.index(one.subject) < self.order.index(one.object)
            return earlier == (one.place == "behind")
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the boxes as plain values, things in their order in the text."""
        things = [
            {"label": one.name, "box": [round(side, 2) for side in box]}
            for one, box in zip(self.scene.things, self.boxes, strict=True)
        ]
        relations = [
            {
                "subject": one.subject,
                "relation": one.predicate,
                "object": one.object,
                "place": one.place,
                "holds": self.holds(one),
            }
            for one in self.scene.said
        ]
        return {
            "text": self.scene.sentence.text,
            "width": self.width,
            "height": self.height,
            "things": things,
            "relations": relations,
            "order": list(self.order),
        }


class LayoutMaker:
    """Lays out scenes with the trained network; it loads on first use.

    folder: what `sightgraph train layout` wrote; the bundled one by default.
    """

    def __init__(
        self,
        knowledge: KnowledgeGraph,
        linker: Linker,
        folder: Path | None = None,
        encoder: TextEncoder | None = None,
    ) -> None:
        self.knowledge, self.linker = knowledge, linker
        self.folder = bundled("models", "layout") if folder is None else folder
        self.encoder = encoder or MiniLM()

    @cached_property
    def model(self) -> LayoutModel:
        """The network."""
        return LayoutModel.load(self.folder)

    def __call__(self, scene: DrawnScene, seed: int = 0, moved: bool = True) -> Layout:
        """Return a layout in which what is said holds, as far as it can; the same for a seed.

        moved: whether boxes are moved until it holds; without, they are as the network says.
        """
        aspect = WIDTH / HEIGHT
        start, covariance = self._proposed(scene, aspect, seed)
        count = len(scene.things)
        sides = [Sides(number, count) for number in range(count)]
        relations = [
            ways_of(one.place, sides[one.subject], sides[one.object], aspect) for one in scene.said
        ]
        always = [row for one in range(count) for row in _within(scene, sides[one], aspect)]
        desired = [(_apart(start, sides, a, b), APART) for a, b in pairs_apart(scene)]
        for thing, ground in standing(scene):
            first = ways_of("on", sides[thing], sides[ground], aspect)[0]
            desired += [(row, APART) for row in first]
        found = start
        if moved:
            found = project(start, covariance, relations, always, desired).values
        layout = laid_out(scene, found.reshape(count, 4))
        if not moved or any(one.background for one in scene.things):
            return layout
        larger = laid_out(scene, zoomed(found.reshape(count, 4), aspect))
        held = [layout.holds(one) <= larger.holds(one) for one in scene.said]
        return larger if all(held) else layout

    def _proposed(
        self, scene: DrawnScene, aspect: float, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return mean [4 n] and covariance [4 n, 4 n] of the sides, in heights of the picture."""
        plain = [at for at, one in enumerate(scene.things) if one.background is None]
        mean, deviation = np.zeros((len(scene.things), 4)), np.zeros((len(scene.things), 4))
        for at, one in enumerate(scene.things):
            if one.background is not None:
                top, bottom = vocabulary()["backgrounds"][one.background]
                earlier = [other.background for other in scene.things[:at]]
                top += LOWER * earlier.count(one.background) if one.background == "ground" else 0
                mean[at] = aspect / 2, (top + bottom) / 2, aspect, bottom - top
                deviation[at] = FIXED
        if plain:
            graph, texts = self.read(scene, plain, aspect)
            found, scales = placed_in_turn(self.model, graph, texts, seed)
            boxes = (found * torch.tensor(SPREAD) + torch.tensor(MIDDLE)).numpy()
            spread = (scales * torch.tensor(SPREAD)).numpy()
            wide = np.array([aspect, 1.0, aspect, 1.0])
            sides = np.exp(_alike(boxes[:, 2:], [scene.things[at].entity for at in plain]))
            mean[plain] = zoomed(np.hstack([boxes[:, :2], sides]) * wide, aspect)
            middles = np.clip(spread[:, :2] * wide[:2], FIRM, LOOSE)
            share = np.clip(spread[:, 2:].mean(1, keepdims=True), FIRM, LOOSE)
            deviation[plain] = np.hstack([middles, share * mean[plain, 2:]])
        for said in scene.said:
            part = worn_on(scene.things[said.object].name)
            if said.place == "around" and part is not None:
                mean[said.object] = worn(mean[said.subject], vocabulary()["worn"][part])
                deviation[said.object] = WORN
        return mean.ravel(), _covariance(deviation)

    def read(
        self, scene: DrawnScene, plain: Sequence[int], aspect: float
    ) -> tuple[LayoutGraph, Tensor]:
        """Return the graph of the things `plain`, and the vectors [R, D] of its texts."""
        reader = LayoutReader(self.knowledge, self.linker, self.model.config.without)
        place = {at: number for number, at in enumerate(plain)}
        said: list[Stated] = []
        for one in scene.said:
            if one.subject in place and one.object in place:
                ends = place[one.subject], place[one.object]
                said += [(ends[0], LEARNED_AS.get(one.place, one.place), ends[1])]
                if one.predicate != one.place:
                    said += [(ends[0], one.predicate, ends[1])]
        things = [scene.things[at] for at in plain]
        labels, sizes = [one.name for one in things], [one.size for one in things]
        graph = reader(labels, sizes, said, math.log(aspect))
        return graph, reader.vectors(self.encoder)


@torch.inference_mode()
def placed_in_turn(
    model: LayoutModel, graph: LayoutGraph, texts: Tensor, seed: int | None = None
) -> tuple[Tensor, Tensor]:
    """Place things one after another, the largest first, each where those before it make likely.

    seed: draws the component of each mixture, and the middle around its mean; None: the mean of
        the most probable component.

    Returns means and deviations [T, 4] of boxes in the network's units.
    """
    generator = torch.Generator().manual_seed(seed or 0)
    boxes, placed = torch.zeros(graph.things, 4), torch.zeros(graph.things, dtype=torch.bool)
    spread = torch.zeros(graph.things, 4)
    order: list[int] = []
    for turn in range(graph.things):
        found = model(layout_batch([graph], texts, [boxes], [placed]))
        if turn == 0:
            expected = (found.logits.softmax(1).unsqueeze(2) * found.mean).sum(1)
            order = expected[: graph.things, 2:].sum(1).argsort(descending=True).tolist()
        at = order[turn]
        chances = (SHARPER * found.logits[at]).softmax(0)
        component = int(chances.argmax())
        if seed is not None:
            component = int(torch.multinomial(chances, 1, generator=generator))
        scale = found.log_scale[at, component].exp()
        boxes[at], spread[at], placed[at] = found.mean[at, component], scale, True
        if seed is not None:
            boxes[at, :2] += CALM * scale[:2] * torch.randn(2, generator=generator)
    return boxes, spread


def laid_out(scene: DrawnScene, boxes: np.ndarray) -> Layout:
    """Return the layout of boxes [n, 4], in heights of the picture."""
    pixels = tuple(_box(row * HEIGHT, WIDTH, HEIGHT) for row in boxes)
    return Layout(scene, WIDTH, HEIGHT, pixels, painted(scene, pixels))


def _within(scene: DrawnScene, one: Sides, aspect: float) -> Way:
    """Return what holds of every box: it lies in the picture, and is not too small to be seen."""
    background = scene.things[one.number].background
    inside: list[Row] = [
        (-one.left, 0.0),
        (one.right, aspect),
        (-one.top, 0.0),
        (one.bottom, 1.0),
        (-one.width, -MIN_SIDE),
        (-one.height, -MIN_SIDE),
    ]
    if background is None:
        return inside
    filled: list[Row] = [(one.left, 0.0), (-one.right, -aspect)]
    if background != "ground":
        filled.append((one.top, 0.0))
    if background in ("ground", "everywhere"):
        filled.append((-one.bottom, -1.0))
    return [*inside, *filled]


def _apart(start: np.ndarray, sides: Sequence[Sides], a: int, b: int) -> Row:
    """Return the inequality that puts two things beside each other, in the order that they have."""
    first, second = sorted((a, b), key=lambda one: (float(sides[one].x @ start), one))
    return before(sides[first].right, sides[second].left, 0.01)


def _alike(sides: np.ndarray, entities: Sequence[int]) -> np.ndarray:
    """Return logarithms of sides [T, 2], those of "two dogs" each the mean of both."""
    groups = np.array(entities)
    return np.stack([sides[groups == one].mean(0) for one in entities])


def zoomed(boxes: np.ndarray, aspect: float) -> np.ndarray:
    """Return boxes [T, 4] that together fill the picture: texts name what is seen at once."""
    low = (boxes[:, :2] - boxes[:, 2:] / 2).min(0)
    high = (boxes[:, :2] + boxes[:, 2:] / 2).max(0)
    picture = np.array([aspect, 1.0])
    zoom = float(np.clip((FILLED * picture / (high - low)).min(), 0.5, MAX_ZOOM))
    middle = (boxes[:, :2] - (low + high) / 2) * zoom + picture / 2
    return np.hstack([middle, boxes[:, 2:] * zoom])


def worn(wearer: np.ndarray, part: Sequence[float]) -> np.ndarray:
    """Return the box [4] of what is worn; part: its middle and sides as shares of the wearer's."""
    shares = np.array(part)
    return np.hstack([wearer[:2] + (shares[:2] - 0.5) * wearer[2:], shares[2:] * wearer[2:]])


def _covariance(deviation: np.ndarray) -> np.ndarray:
    """Return the covariance [4 n, 4 n] of boxes whose width and height change together."""
    found = np.diag(deviation.ravel() ** 2)
    for at, (_, _, wide, high) in enumerate(deviation):
        both = ALIKE * wide * high
        found[4 * at + 2, 4 * at + 3] = found[4 * at + 3, 4 * at + 2] = both
    return found


def _box(row: np.ndarray, width: int, height: int) -> Box:
    x, y, wide, high = (float(one) for one in row)
    sides = (
        min(max(value, 0.0), float(limit))
        for value, limit in (
            (x - wide / 2, width),
            (y - high / 2, height),
            (x + wide / 2, width),
            (y + high / 2, height),
        )
    )
    return Box(*(round(one, 2) for one in sides))


def painted(scene: DrawnScene, boxes: Sequence[Box]) -> tuple[int, ...]:
    """Return the order of painting: backgrounds, then by depth, what ends lower later.

    What is behind, under or around something is painted before it, and what is held or sheltered
    after its holder or shelter.
    """
    earlier: dict[int, set[int]] = {at: set() for at in range(len(boxes))}
    for one in scene.said:
        place, first, second = one.place, one.subject, one.object
        if place in INVERSES:
            place, first, second = INVERSES[place], second, first
        if place == "behind":
            earlier[second].add(first)
        elif place in ("on", "in"):
            earlier[first].add(second)
        elif place in ("touching", "sheltering"):
            earlier[second].add(first)

    def depth(at: int) -> tuple[bool, float, int]:
        return scene.things[at].background is None, boxes[at].y2, at

    order: list[int] = []
    left = set(earlier)
    while left:
        free = [at for at in left if not earlier[at] & left] or list(left)
        order.append(min(free, key=depth))
        left.remove(order[-1])
    return tuple(order)
