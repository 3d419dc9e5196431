"""The bundled namer: EfficientNet-Lite2 over the hypernyms of WordNet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.weights import loading, sha256_of
from kg.files import bundled
from kg.graph import Box
from kg.knowledge.facts import KnowledgeGraph
from pipelines.detections import PROPOSAL, Detection, Name
from pipelines.namers.labels import SynsetLabels
from pipelines.namers.looking import Looker
from pipelines.namers.rules import NamerConfig, best_other, doubts_of
from pipelines.namers.tagger import Tag, Tagger
from pipelines.namers.tree import HypernymTree
from pipelines.namers.verifier import FILE, Verifier
from pipelines.photo import Photo

FILLS = 0.35
"""Share of the photograph's area from which the calibration of whole photographs holds."""
MIN_NAME = 0.15
"""Min probability of a further name of a region: by hand."""
MAX_NAMES = 6
"""Names of a region: each adds concepts to the graph. By hand."""


class EfficientNetNamer:
    """Names regions and the whole photograph; also gives the features that it saw them by.

    Each region keeps its detector's label, gets a more specific name, gets the namer's own name
    or is dropped, by the rules of `pipelines.namers.rules`. What fills the photograph and is in
    no region becomes an object of its own.

    knowledge: gives the labels of synsets. weights: a folder that `sightgraph train namer` wrote;
    the bundled one by default. tags: a folder that `sightgraph train tags` wrote, likewise; None
    for no tags.

    Raises:
        SightGraphError: a folder does not hold what the training wrote.
    """

    name = "efficientnet_lite2"

    def __init__(
        self,
        knowledge: KnowledgeGraph | None = None,
        weights: str | Path | None = None,
        tags: str | Path | None = "bundled",
    ) -> None:
        self.folder = bundled("models", "namer") if weights is None else Path(weights)
        self.config = NamerConfig.load(self.folder)
        self.tree = HypernymTree.load(self.folder / "tree.json")
        self.labels = SynsetLabels(self.tree, knowledge)
        with loading("namer", self.folder):
            self.verifier = Verifier.load(self.folder, self.config.labels)
        tagged = bundled("models", "tags") if tags == "bundled" else tags
        self.tagger = None if tagged is None else Tagger(Path(tagged))
        self.looker = Looker()

    @property
    def version(self) -> str:
        """What the names depend on beside the photograph, the knowledge and the code.

        The network's own weights are pinned by a hash in the code.
        """
        files = [self.folder / name for name in ("config.json", "tree.json", FILE)]
        if self.tagger is not None:
            files += [self.tagger.folder / name for name in ("config.json", "model.safetensors")]
        return " ".join(sha256_of(file) for file in files)

    def __call__(self, photo: Photo, detections: Sequence[Detection]) -> list[Detection]:
        located = [one for one in detections if one.box is not None]
        named = [one for one in detections if one.box is None and one.label != PROPOSAL]
        if located:
            features, logits = self.looker.regions(photo, [one.box for one in located if one.box])
            sums, doubts = self.sums(logits), doubts_of(logits.numpy())
            verified = self.verifier(F.normalize(features, dim=1)).numpy()
            for one, some, doubt, feature, labels in zip(
                located, sums, doubts, unit(features), verified, strict=True
            ):
                sureness = self.config.whole if _fills(one, photo) else self.config.region
                sure = sureness(some, doubt)
                seen = replace(one, feature=feature, feature_origin=self.name)
                found = self._named(seen, some, sure, labels)
                named += [found] if found else []
        main = self._main_object(photo, named)
        named += [main] if main else []
        if self.tagger is not None:
            named = self._with_tags(photo, named, self.tagger)
        return sorted(named, key=lambda one: -one.score)

    def regions(self, photo: Photo, boxes: Sequence[Box]) -> np.ndarray:
        """Return features [M, 1280] of M > 0 boxes, in pixels, scaled to length 1."""
        return unit(self.looker.regions(photo, boxes)[0])

    def grid(self, photo: Photo) -> np.ndarray:
        """Return features [9, 9, 1280], float32: rows from the top, columns from the left.

        They are kept for the last photograph.
        """
        found: np.ndarray = self.looker.whole(photo).grid[0].permute(1, 2, 0).numpy()
        return found

    def look(self, photo: Photo) -> np.ndarray:
        """Return features [1280] of the whole photograph, scaled to length 1."""
        found: np.ndarray = unit(self.looker.whole(photo).pooled)[0]
        return found

    def sums(self, logits: Tensor) -> np.ndarray:
        """Return the probability of each synset [M, S] from logits [M, 1000]."""
        return self.tree.sums((logits / self.config.temperature).softmax(1).numpy())

    def _named(
        self, one: Detection, sums: np.ndarray, sure: np.ndarray, verified: np.ndarray
    ) -> Detection | None:
        """Return the detection with its names, or None where nobody is sure of one.

        Shapes:
            sums, sure [S]: the probability of each synset, as the network has it and calibrated
            verified [L + 1]: that of each of the detector's labels (`Verifier`)
        """
        if one.label == PROPOSAL:
            return self._renamed(one, sums, sure)
        own = self.labels.synsets(one.label)
        right = self.agreement(one, sums, own, verified)
        rival = Name(one.label, round(right, 4))
        if right < self.config.keep:
            return self._renamed(one, sums, sure, rival)
        label = Name(one.label, round(right, 4), own[0] if own else None)
        known = [label]
        best = self.tree.best(sure, self.config.sure)
        if best is not None and not self._in_line(best, own):
            known.append(_bounded(self._name(best, sure), label))
        names = self._names(label, sums, sure, known)
        return replace(one, score=label.probability, names=names)

    def agreement(
        self, one: Detection, sums: np.ndarray, own: Sequence[str], verified: np.ndarray
    ) -> float:
        """Return the probability that the detector's label is right.

        Of a label that the verifier does not know, it is what the detector says.
        """
        row = self.verifier.number.get(one.label)
        if row is None:
            return one.score
        other = best_other(self.tree, sums, own)
        return self.config.agreement(one.score, verified[row], verified[-1], other)

    def _renamed(
        self, one: Detection, sums: np.ndarray, sure: np.ndarray, rival: Name | None = None
    ) -> Detection | None:
        """Return the detection with the namer's own name, or None where it is not sure of one."""
        best = self.tree.best(sure, self.config.sure)
        if best is None:
            return None
        name = self._name(best, sure)
        names = self._names(name, sums, sure, [name, *([rival] if rival else [])])
        return replace(one, label=name.label, score=name.probability, names=names)

    def _names(
        self, label: Name, sums: np.ndarray, sure: np.ndarray, known: Sequence[Name]
    ) -> tuple[Name, ...]:
        """Return the known names and the namer's others, the most probable first.

        Others are the kinds that the label is one of, and the most probable classes. What is
        neither a kind of the label nor the reverse cannot be more probable than that the label
        is wrong.
        """
        above = self.tree.above(label.synset) if label.synset else {}
        allowed = self.tree.shown & (sure >= MIN_NAME)
        allowed[[c for c in range(len(allowed)) if not self._is_candidate(c, above)]] = False
        columns = sorted(np.flatnonzero(allowed), key=lambda column: -sure[column])
        own = [label.synset] if label.synset else []
        others = []
        for column in columns:
            name = self._name(self.tree.ids[column], sure)
            if not own or not self._in_line(self.tree.ids[column], own):
                name = _bounded(name, label)
            if name.probability >= MIN_NAME:
                others.append(name)
        taken = {one.label for one in known}
        found = [*known, *[one for one in others if one.label not in taken]][:MAX_NAMES]
        return tuple(sorted(found, key=lambda one: -one.probability))

    def _name(self, id_: str, sure: np.ndarray) -> Name:
        probability = round(float(sure[self.tree.number[id_]]), 4)
        return Name(self.labels.of_synset(id_), probability, id_)

    def _is_candidate(self, column: int, above: dict[str, int]) -> bool:
        return self.tree.ids[column] in above or self._is_class[column]

    @cached_property
    def _is_class(self) -> np.ndarray:
        found = np.zeros(len(self.tree.ids), bool)
        found[self.tree.class_columns] = True
        return found

    def _main_object(self, photo: Photo, named: Sequence[Detection]) -> Detection | None:
        """Return what fills the photograph, if the namer is sure and no detection is it."""
        looked = self.looker.whole(photo)
        sums = self.sums(looked.logits)[0]
        sure = self.config.whole(sums, doubts_of(looked.logits.numpy())[0])
        best = self.tree.best(sure, self.config.sure)
        if best is None or any(self._is_same(best, one) for one in named):
            return None
        name = self._name(best, sure)
        return Detection(
            name.label,
            name.probability,
            self.name,
            self._box(photo, sums, best),
            unit(looked.pooled)[0],
            self._names(name, sums, sure, [name]),
            self.name,
        )

    def _with_tags(
        self, photo: Photo, named: Sequence[Detection], tagger: Tagger
    ) -> list[Detection]:
        """Return the detections and what else captions would mention.

        A tag that may be one of the detections ("woman", a person) is a further name of the one
        that it overlaps most. A kind of what the detector knows is no object of its own: the
        detector would have found it. Snow and the like have no box, so that nothing is said to
        be larger than them, or beside them.
        """
        found, grid = list(named), self.grid(photo)
        for tag in tagger(grid):
            box = tag.box(photo.width, photo.height)
            same = [at for at, one in enumerate(found) if tagger.is_same(tag.label, one)]
            if same:
                at = max(same, key=lambda at: _overlap(found[at], box))
                found[at] = tagger.tagged(found[at], tag, MAX_NAMES)
            elif tagger.above[tag.label].isdisjoint(self.config.labels):
                found.append(self._tag_object(tag, box, grid))
        return found

    def _tag_object(self, tag: Tag, box: Box, grid: np.ndarray) -> Detection:
        return Detection(
            tag.label,
            tag.probability,
            self.name,
            None if tag.is_stuff else box,
            unit(torch.from_numpy(grid[tag.cells].mean(0, keepdims=True)))[0],
            (Name(tag.label, tag.probability),),
            self.name,
        )

    def _is_same(self, synset: str, one: Detection) -> bool:
        """Whether a detection may be the thing that `synset` names, or is below or above it."""
        return self._in_line(synset, [name.synset for name in one.names if name.synset])

    def _in_line(self, synset: str, others: Sequence[str]) -> bool:
        """Whether a synset is one of `others`, or below or above one."""
        return self.tree.is_a(synset, others) or any(
            self.tree.is_a(other, [synset]) for other in others
        )

    def _box(self, photo: Photo, sums: np.ndarray, synset: str) -> Box:
        """Return where in the photograph the classes below a synset are seen."""
        classes = sums[self.tree.class_columns] * self.tree.members[:, self.tree.number[synset]]
        return self.looker.located(photo, classes / classes.sum())


def _bounded(rival: Name, label: Name) -> Name:
    """Return a name that excludes the label: at most as probable as that the label is wrong."""
    return replace(rival, probability=min(rival.probability, round(1 - label.probability, 4)))


def _overlap(one: Detection, box: Box) -> float:
    return one.box.iou(box) if one.box is not None else 0.0


def _fills(one: Detection, photo: Photo) -> bool:
    """Whether a box is so large that its view is like one of the whole photograph."""
    return one.box is not None and one.box.area >= FILLS * photo.width * photo.height


def unit(features: Tensor) -> np.ndarray:
    """Return features [M, F] scaled to length 1."""
    found: np.ndarray = F.normalize(features, dim=1).numpy()
    return found
