"""Trained classifiers of perception: relations between detected objects, and the scene."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from graph_fusion.encoders.text import MiniLM, TextEncoder
from graph_fusion.perception import RelationNetwork, SceneNetwork, pair_geometry
from graph_fusion.weights import loading, read_weights
from kg.files import bundled
from kg.graph import Box
from pipelines.detections import Detection, PerceivedRelation, PerceivedScene, Support
from pipelines.reading.triples import canonical

SEMANTIC = (
    "riding",
    "holding",
    "wearing",
    "eating",
    "sitting on",
    "sitting at",
    "standing on",
    "lying on",
    "carrying",
    "driving",
    "looking at",
    "using",
    "playing with",
    "drinking from",
    "flying",
    "throwing",
    "hitting",
    "swinging",
    "leaning on",
    "hanging on",
    "parked on",
    "covered with",
    "filled with",
    "attached to",
)
"""Predicates that a scene graph may contain; geometry gives the spatial ones."""
GEOMETRIC = ("on", "in", "under", "above", "behind", "in front of", "next to", "near", "with", "at")
"""Predicates that compete with these, so that a pair that is only adjacent gets none."""
MAX_RELATIONS = 10
"""Relations of one photograph: chosen by hand."""
PLACE_WEIGHT = 0.3
"""Weight of boxes beside labels when all predicates of a photograph are ranked: few captions have
boxes. Chosen, like the next two, on photographs of the train part that training held out."""
FAR, SMALL = 6.0, 0.5
"""Penalties on the gap of a pair (as a share of the photograph) and on small size (logarithm of
the shares of its area)."""
UNUSUAL = 0.5
"""Penalty on a synonym of the predicate: chosen by hand."""
Evidence = Literal["both", "words", "places"]
"""The inputs by which a relation is scored."""


class RelationClassifier:
    """Scores predicates between objects by their labels and boxes.

    folder: a folder that `sightgraph train relations` wrote; the bundled one by default.
    encoder: reads labels and predicates.

    Raises:
        SightGraphError: the folder does not hold a relation model.
    """

    def __init__(self, folder: Path | None = None, encoder: TextEncoder | None = None) -> None:
        folder = bundled("models", "relations") if folder is None else folder
        with loading("relations", folder):
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self.threshold: float = config["threshold"]
            self.taught: frozenset[str] = frozenset(config["taught"])
            self.network = RelationNetwork()
            self.network.load_state_dict(read_weights(folder / "model.safetensors"))
        self.network.eval()
        self.encoder = encoder or MiniLM()

    def __call__(
        self, objects: Sequence[Detection], width: int, height: int
    ) -> list[PerceivedRelation]:
        """Return at most `MAX_RELATIONS` semantic relations, one a pair, by falling score.

        width, height: of the photograph, in pixels. Objects without a box have none.
        """
        placed = [index for index, one in enumerate(objects) if one.box is not None]
        boxes = [objects[index].box for index in placed]
        labels = [objects[index].label for index in placed]
        pairs = list(permutations(range(len(placed)), 2))
        if not pairs:
            return []
        names = [*SEMANTIC, *GEOMETRIC]
        predicates, related = self._scores(
            labels, [box for box in boxes if box is not None], width, height, pairs, names
        )
        confidence = predicates.softmax(1) * related.sigmoid()[:, None]
        best = confidence[:, : len(SEMANTIC)].max(1)
        found = [
            PerceivedRelation(
                placed[s],
                SEMANTIC[int(number)],
                placed[o],
                round(float(score) * _pair_confidence(objects[placed[s]], objects[placed[o]]), 3),
            )
            for (s, o), score, number in zip(pairs, best.values, best.indices, strict=True)
        ]
        found = [one for one in found if one.score >= self.threshold]
        return _without_rivals(objects, sorted(found, key=lambda one: -one.score))[:MAX_RELATIONS]

    def supports(self, objects: Sequence[Detection]) -> dict[tuple[int, int], Support]:
        """Return for each ordered pair of objects with boxes how likely it is in or on the other.

        The names decide, by what captions say of objects of such names; the boxes do not.
        """
        placed = [index for index, one in enumerate(objects) if one.box is not None]
        labels = [objects[index].label for index in placed]
        names = sorted(set(labels))
        pairs = [(names.index(a), names.index(b)) for a, b in permutations(labels, 2)]
        if not pairs:
            return {}
        anywhere = [Box(0.0, 0.0, 1.0, 1.0)] * len(names)
        logits, _ = self._scores(names, anywhere, 1.0, 1.0, pairs, GEOMETRIC, "words")
        found = logits.softmax(1)[:, [GEOMETRIC.index("in"), GEOMETRIC.index("on")]].tolist()
        return {
            pair: Support(*chances)
            for pair, chances in zip(permutations(placed, 2), found, strict=True)
        }

    def score(
        self,
        labels: Sequence[str],
        boxes: Sequence[Box],
        width: float,
        height: float,
        pairs: Sequence[tuple[int, int]],
        predicates: Sequence[str],
        by: Evidence = "both",
    ) -> Tensor:
        """Return log scores [pairs, predicates], comparable over the whole photograph.

        Synonyms ("wears", "wearing") have the score of their canonical form; all but the most
        usual one are lowered by `UNUSUAL`, so that they do not displace other predicates.
        """
        logits, related = self._scores(labels, boxes, width, height, pairs, predicates, by)
        if by == "both":
            words, _ = self._scores(labels, boxes, width, height, pairs, predicates, "words")
            logits = words + PLACE_WEIGHT * (logits - words)
        relatedness = torch.nn.functional.logsigmoid(related)
        if by != "words":
            relatedness = relatedness + _prominence(boxes, width, height, pairs)
        first, less = _alike(predicates)
        whole = logits[:, sorted(set(first))].logsumexp(1, keepdim=True)
        return logits - whole - torch.tensor(less) + relatedness[:, None]

    @torch.inference_mode()
    def _scores(
        self,
        labels: Sequence[str],
        boxes: Sequence[Box],
        width: float,
        height: float,
        pairs: Sequence[tuple[int, int]],
        predicates: Sequence[str],
        by: Evidence = "both",
    ) -> tuple[Tensor, Tensor]:
        """Return logits [pairs, predicates] and of being related [pairs]."""
        texts = self.encoder([label.lower() for label in labels])
        places = torch.tensor(boxes, dtype=torch.float32)
        subject, target = torch.tensor(pairs).unbind(1)
        forward = self._one_way(texts, places, subject, target, width, height, predicates, by)
        backward = self._one_way(texts, places, target, subject, width, height, predicates, by)
        exchanged = torch.tensor([canonical(name).exchanged for name in predicates])
        logits = torch.where(exchanged, backward[0], forward[0])
        return logits, torch.maximum(forward[1], backward[1] - 1) if exchanged.any() else forward[1]

    def _one_way(
        self,
        texts: Tensor,
        places: Tensor,
        subject: Tensor,
        target: Tensor,
        width: float,
        height: float,
        predicates: Sequence[str],
        by: Evidence,
    ) -> tuple[Tensor, Tensor]:
        forms = self.encoder([canonical(name).text for name in predicates])
        geometry = pair_geometry(places[subject], places[target], width, height)
        first, second = texts[subject], texts[target]
        if by == "places":
            first, second = torch.zeros_like(first), torch.zeros_like(second)
        scores = self.network(first, second, None if by == "words" else geometry, forms)
        return scores.predicates, scores.related


def _alike(predicates: Sequence[str]) -> tuple[list[int], list[float]]:
    """Return for each predicate its most usual synonym, and a penalty.

    The penalty of the most usual synonym is 0, that of the others `UNUSUAL`.
    """
    chosen: dict[object, int] = {}
    for index in sorted(range(len(predicates)), key=lambda i: (_rarity(predicates[i]), i)):
        chosen.setdefault(canonical(predicates[index]), index)
    first = [chosen[canonical(name)] for name in predicates]
    return first, [0.0 if index == at else UNUSUAL for index, at in enumerate(first)]


def _rarity(name: str) -> int:
    """Return the rank of a name among its synonyms; 0 is the most usual (wearing, of, above)."""
    if name == "of" or (name.split()[0].endswith("ing") and not canonical(name).exchanged):
        return 0
    return 1 if name == canonical(name).text else 2


def _pair_confidence(first: Detection, second: Detection) -> float:
    """Return the geometric mean of the detection scores."""
    return math.sqrt(first.score * second.score)


def _without_rivals(
    objects: Sequence[Detection], relations: Sequence[PerceivedRelation]
) -> list[PerceivedRelation]:
    """Return the relations without those that differ from an earlier one only in an end of the
    same label: one rider to a horse, one horse to a rider."""
    remaining: list[PerceivedRelation] = []
    taken: set[tuple[object, str, object]] = set()
    for one in relations:
        ends: set[tuple[object, str, object]] = {
            (one.subject, one.predicate, objects[one.object].label),
            (objects[one.subject].label, one.predicate, one.object),
        }
        if not ends & taken:
            taken |= ends
            remaining.append(one)
    return remaining


def _prominence(
    boxes: Sequence[Box], width: float, height: float, pairs: Sequence[tuple[int, int]]
) -> Tensor:
    """Return the log-likelihood that a caption mentions each pair: [pairs]."""
    places = torch.tensor(boxes, dtype=torch.float32) / torch.tensor([width, height] * 2)
    subject, target = torch.tensor(pairs).unbind(1)
    a, b = places[subject], places[target]
    gap = (torch.maximum(a[:, :2], b[:, :2]) - torch.minimum(a[:, 2:], b[:, 2:])).clamp_min(0)
    areas = (a[:, 2:] - a[:, :2]).prod(1) * (b[:, 2:] - b[:, :2]).prod(1)
    distance = gap.square().sum(1).sqrt()
    return SMALL * areas.clamp_min(1e-8).log() / 2 - FAR * distance


MAX_SCENES = 2
"""Scenes of one photograph: chosen by hand."""


class SceneClassifier:
    """Classifies the scene of a photograph; scenes below the threshold are left out.

    folder: a folder that `sightgraph train scenes` wrote; the bundled one by default.

    Raises:
        SightGraphError: the folder does not hold a scene model.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = bundled("models", "scenes") if folder is None else folder
        with loading("scenes", folder):
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self.scenes: list[str] = config["scenes"]
            self.threshold: float = config["threshold"]
            self.network = SceneNetwork(config["features"], len(self.scenes))
            self.network.load_state_dict(read_weights(folder / "model.safetensors"))
        self.network.eval()

    @torch.inference_mode()
    def __call__(self, look: np.ndarray) -> tuple[PerceivedScene, ...]:
        """Return the scenes above the threshold, the most probable first.

        look: [F], the whole photograph's features (`EfficientNetNamer.look`).
        """
        found = torch.sigmoid(self.network(torch.from_numpy(look)[None])[0])
        best = found.argsort(descending=True)[:MAX_SCENES].tolist()
        return tuple(
            PerceivedScene(self.scenes[index], round(float(found[index]), 3))
            for index in best
            if found[index] >= self.threshold
        )
