"""Training of the namer: its tree of names, and when it is sure of one.

The network itself is not trained. The model folder gets tree.json and config.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from kg.knowledge.memory import Knowledge
from pipelines.datasets.coco import CocoPhoto, read_coco
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.splits import for_training, in_part
from pipelines.datasets.wordnet import Noun, imagenet_classes, read_nouns, word_counts
from pipelines.detectors import make_detector
from pipelines.namers.labels import SynsetLabels
from pipelines.namers.looking import Looker
from pipelines.namers.rules import (
    NamerConfig,
    Sureness,
    doubts_of,
    logit,
)
from pipelines.namers.tree import HypernymTree, Synset
from pipelines.training.minimise import logistic_regression
from pipelines.training.seeing import namer_data
from pipelines.training.seeing.namer_agreement import KEEP, SHRINKAGE, AgreementTraining
from pipelines.training.seeing.namer_data import (
    RightNames,
    Views,
    boxes_of_people,
    captioned,
    captions_of,
    detected,
    detected_samples,
    inputs_of,
    no_things,
    stored,
)

PUBLISHED_ACCURACY = 0.776
"""Top-1 of EfficientNet-Lite2 on ImageNet's validation part, as its authors publish it."""
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Probabilities of the names by which `Sureness` is learned."""
MIN_FACTS = 20
"""Facts of ConceptNet about a word from which people use it for a kind of things: "mammal" has 262,
"placental" 2. By hand."""
MAX_SHARE = 0.4
"""Share of the classes up to which a kind says something: "animal" has 0.398, "artifact" 0.52."""
PLACES = "object"
"""WordNet's file of natural places."""
MIN_DEPTH = 4
"""Longest path to the root from which a kind is concrete enough: "matter" has 2. By hand."""


@dataclass(frozen=True, slots=True)
class NamerTraining:
    """sure: as in `NamerConfig`; set by hand. detector: whose labels the rule judges."""

    sure: float = 0.6
    detector: str = "bundled"


def tree_of(
    nouns: Mapping[str, Noun], classes: Mapping[str, str], facts: Mapping[str, int]
) -> HypernymTree:
    """Return the tree above the classes.

    facts: how many facts ConceptNet has of each word; they tell which synsets are names that
    people use. A class is always one, except mountains, shores and the like: they are no things.
    """
    parents = {id_: noun.parents for id_, noun in nouns.items()}
    leaves = set(classes.values())
    share = _shares(classes, parents)

    def named(id_: str) -> bool:
        usual = facts.get(nouns[id_].lemmas[0].lower(), 0) >= MIN_FACTS
        concrete = share[id_] <= MAX_SHARE and _depth(id_, parents) >= MIN_DEPTH
        return nouns[id_].field != PLACES and (id_ in leaves or (usual and concrete))

    synsets = {id_: Synset(nouns[id_].lemmas[0], parents[id_], named(id_)) for id_ in sorted(share)}
    return HypernymTree(tuple(classes.values()), synsets)


def _shares(classes: Mapping[str, str], parents: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Return the share of the classes that each synset above one has below it."""
    count: dict[str, int] = {}
    for class_ in classes.values():
        above, reached = {class_}, [class_]
        while reached:
            reached = [one for id_ in reached for one in parents[id_] if one not in above]
            above.update(reached)
        for id_ in above:
            count[id_] = count.get(id_, 0) + 1
    return {id_: number / len(classes) for id_, number in count.items()}


def _depth(id_: str, parents: Mapping[str, tuple[str, ...]]) -> int:
    """Return the length of the longest path from a synset to the root."""
    return max((1 + _depth(parent, parents) for parent in parents[id_]), default=0)


def train(
    data: Path,
    out: Path,
    options: NamerTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Derive the tree, learn the rules on photographs of the part train, and write both to `out`.

    What the network sees is stored in `out`/training, so that a stopped training goes on.
    Returns figures on the same photographs.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or NamerTraining()
    out.mkdir(parents=True, exist_ok=True)
    nouns = read_nouns(data)
    classes = imagenet_classes(data, nouns)
    tree = tree_of(nouns, classes, word_counts(data))
    tree.save(out / "tree.json")
    log(f"{len(tree.ids)} synsets, {int(tree.shown.sum())} of them are names")
    looker, run = Looker(), out / "training"
    detector = make_detector(options.detector)
    names = tuple(getattr(detector, "labels", ()))
    kept = partial(stored, run)
    inputs = inputs_of(data, tree.classes)
    shots = kept("samples", inputs, lambda: namer_data.samples(data, looker, tree.classes))
    scenes = kept("captioned", inputs, lambda: captioned(data, looker))
    boxes = kept("boxes", inputs, lambda: boxes_of_people(data, looker))
    nothing = kept("nothing", inputs, lambda: no_things(looker))
    inputs = inputs_of(data, tree.classes, detector.name, names)
    found = kept("detected", inputs, lambda: detected(data, looker, detector))
    found_samples = kept(
        "detected-samples", inputs, lambda: detected_samples(data, looker, detector, tree.classes)
    )
    labels = SynsetLabels(tree, Knowledge.bundled())
    temperature = temperature_of(shots.logits)
    right = RightNames(tree, nouns)
    shots_unknown, above = without_their_class(shots, tree, right)
    rights = [
        np.stack([right.of_synsets([str(one["synset"])]) for one in shots.facts]),
        above,
        np.stack([right.of_captions(captions_of(one)) for one in scenes.facts]),
        np.zeros((len(nothing.facts), len(tree.ids)), bool),
        np.stack([right.of_synsets(labels.meant(str(one["label"]))) for one in boxes.facts]),
    ]
    views = [one.logits for one in (shots, scenes, nothing, boxes)]
    views.insert(1, shots_unknown)
    sums = [tree.sums((one / temperature).softmax(1).numpy()) for one in views]
    doubts = [doubts_of(one.numpy()) for one in views]
    of_whole, of_region = slice(0, 4), slice(3, 5)
    parts = [
        [np.concatenate(part[some]) for part in (sums, doubts, rights)]
        for some in (of_whole, of_region)
    ]
    sure_whole, sure_region = (fit_sureness(a, b, c, tree) for a, b, c in parts)
    agreed = AgreementTraining(
        tree, labels, temperature, names, boxes, shots, found, found_samples
    )()
    NamerConfig(temperature, sure_whole, sure_region, agreed.rule, options.sure, KEEP, names).save(
        out
    )
    agreed.verifier.save(out)
    figures = dict(agreed.figures)
    for place, name in enumerate(("samples", "unknown", "captioned", "nothing", "boxes")):
        sureness = sure_region if name == "boxes" else sure_whole
        some = [sureness(row, doubt) for row, doubt in zip(sums[place], doubts[place], strict=True)]
        figures |= named_figures(name, np.stack(some), rights[place], tree, options.sure)
    return figures


def training_records(data: Path) -> list[CocoPhoto | FlickrPhoto]:
    """Return the photographs of coco_mini and Flickr8k from which the rules are learned."""
    coco = for_training(in_part(read_coco(data / "coco_mini"), "train"))
    flickr = for_training(in_part(read_flickr8k(data / "flickr8k"), "train"))
    return [*coco, *flickr]


def temperature_of(logits: Tensor) -> float:
    """Return the temperature at which the mean best probability is the published accuracy.

    The photographs may be among those that the network was trained on, so their own accuracy says
    too much.
    """
    low, high = 0.2, 2.0
    for _ in range(30):
        middle = (low + high) / 2
        confidence = float((logits / middle).softmax(1).max(1).values.mean())
        low, high = (middle, high) if confidence > PUBLISHED_ACCURACY else (low, middle)
    return round((low + high) / 2, 3)


def without_their_class(
    samples: Views, tree: HypernymTree, right: RightNames
) -> tuple[Tensor, np.ndarray]:
    """Return samples' logits [N, C] without the class of each, and the names [N, S] right of it.

    So they look as photographs of what the network has no class for: half of what people show it.
    The logit of the class becomes the lowest; right is only what lies above the class.
    """
    logits, rights = samples.logits.clone(), []
    for row, fact in zip(logits, samples.facts, strict=True):
        class_ = str(fact["synset"])
        row[tree.classes.index(class_)] = row.min()
        above = right.of_synsets([class_])
        above[tree.number[class_]] = False
        rights.append(above)
    return logits, np.stack(rights)


def fit_sureness(
    sums: np.ndarray, doubts: np.ndarray, right: np.ndarray, tree: HypernymTree
) -> Sureness:
    """Return the regression of right names on their probability.

    The examples are the names that are given at each of `THRESHOLDS`, since it is these whose
    probability matters: most synsets are much more general.

    Shapes:
        sums [N, S]: the probability of each synset; right [N, S]: whether it is a right name
        doubts [N, 2]: as `doubts_of` gives them
    """
    features, targets = [], []
    for row, doubt, rights in zip(sums, doubts, right, strict=True):
        for best in {tree.best(row, threshold) for threshold in THRESHOLDS} - {None}:
            column = tree.number[str(best)]
            features.append([float(logit(row[column])), *doubt, 1.0])
            targets.append(float(rights[column]))
    return Sureness(*logistic_regression(np.array(features), np.array(targets), SHRINKAGE))


def named_figures(
    name: str, sure: np.ndarray, right: np.ndarray, tree: HypernymTree, threshold: float
) -> dict[str, float]:
    """Return the share of views that get a name, and the share of these names that are right.

    Shapes:
        sure [N, S]: the calibrated probability of each synset; right [N, S]: whether it is right
    """
    best = [tree.best(one, threshold) for one in sure]
    judged = [row[tree.number[id_]] for row, id_ in zip(right, best, strict=True) if id_]
    return {
        f"{name}: named": len(judged) / len(best),
        f"{name}: right where named": float(np.mean(judged)) if judged else 0.0,
    }
