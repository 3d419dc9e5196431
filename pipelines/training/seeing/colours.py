"""Training of the colour classifier, on the colours that captions give to detected objects.

A phrase such as "a brown and white dog" labels the only box of a photograph that fits its noun;
what a person wears counts as the person's colour. Objects whose colours are labelled by hand are
learnt from as well. The model folder gets model.safetensors and config.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from graph_fusion.training import save_model
from graph_fusion.weights import deterministic
from kg.files import bundled
from kg.graph import Box
from pipelines.datasets.coco import Labelled, read_coco
from pipelines.datasets.flickr8k import FlickrPhoto, read_flickr8k
from pipelines.datasets.splits import Part, coco_part, for_choosing, for_training, in_part
from pipelines.detectors import Detector, make_detector
from pipelines.evaluate.seeing.colours import FOLDER, read_colours
from pipelines.generate.relation_examples import CaptionNouns
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.reading.lexicon import listed
from pipelines.seeing.colours import COLOURS, colour_shares, evidence
from pipelines.training.minimise import minimise

SAME_COLOUR = {"gray": "grey", "tan": "brown"}
WORDS = "|".join([*COLOURS, *SAME_COLOUR])
PHRASE = re.compile(
    rf"\b({WORDS})(?: ?, ({WORDS}))?(?:,? (?:and|or) ({WORDS}))?((?: [a-z'-]+){{1,3}})"
)
"""One to three colours, and the words after them, of which one may be the noun."""
WORN = listed(
    "shirt t-shirt jacket coat dress sweater uniform outfit suit jersey top hoodie sweatshirt "
    "clothes clothing"
)
MIN_SCORE = 0.4
"""Min score of a detection that a caption may describe."""
STEPS = 60
SMALLEST = 1e-3
"""Keeps inputs that never change from being divided by zero."""
ORDER = (1.0, 0.5, 0.3)
"""Weights of the colours labelled by hand, the main one first."""


@dataclass(frozen=True, slots=True)
class ColourTraining:
    """How the regression is fitted.

    penalty, region_penalty: on the squared weights of the pixels' words and of the namer's
        features. labelled: how often one counts that is labelled by hand, when trained on. All were
        chosen by cross-validation on the objects labelled by hand in train and development.
    """

    penalty: float = 0.005
    region_penalty: float = 0.1
    labelled: int = 3


@dataclass(frozen=True, slots=True)
class ColourExample:
    """An object with what its pixels show [3, 11] and how often each colour is named [11].

    feature: the namer's of its box, [F].
    """

    name: str
    part: Part
    shares: np.ndarray
    feature: np.ndarray
    named: np.ndarray


@dataclass(frozen=True, slots=True)
class CaptionedPhoto:
    """A photograph, by its path in the folder of data sets; boxes: None if none are known."""

    name: str
    part: Part
    captions: list[str]
    boxes: Labelled | None


@deterministic()
def train(
    data: Path,
    out: Path,
    options: ColourTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Fit the regression and write the folder `out`; return figures on the part development.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or ColourTraining()
    photos = captioned_photos(data)
    namer = EfficientNetNamer()
    detector = make_detector("bundled", threshold=MIN_SCORE)
    stated = list(coloured(data, photos, detector, namer))
    by_hand = labelled(data, namer)
    repeated = in_part(by_hand, "train") * options.labelled
    train_on = for_training([*in_part(stated, "train"), *repeated])
    chosen_on = for_choosing(in_part([*stated, *by_hand], "development"))
    log(f"{len(train_on)} objects in train, {len(chosen_on)} in development")
    weights = fit(train_on, options)
    save_model(out, weights, {"colours": list(COLOURS)})
    pixels = torch.from_numpy(np.stack([one.shares[0] for one in chosen_on]))
    return {
        "top-1": right(logits_of(weights, chosen_on), chosen_on),
        "largest share of the pixels: top-1": right(pixels, chosen_on),
    }


def training_records(data: Path) -> list[CaptionedPhoto]:
    """Return the photographs whose captions are trained on."""
    return for_training(in_part(captioned_photos(data), "train"))


def captioned_photos(data: Path) -> list[CaptionedPhoto]:
    """Return the photographs of train and development, the boxes of COCO's with them."""
    coco = [
        CaptionedPhoto(f"coco_mini/{one.file_name}", one.part, one.captions, one.boxes)
        for one in read_coco(data / "coco_mini")
    ]
    flickr: list[tuple[str, FlickrPhoto]] = [
        (folder, one)
        for folder in ("flickr8k", "flickr8k_1k")
        for one in read_flickr8k(data / folder)
    ]
    others = [
        CaptionedPhoto(f"{folder}/{one.file_name}", one.part, one.captions, None)
        for folder, one in flickr
    ]
    return [one for one in [*coco, *others] if one.part != "held-out"]


def labelled(data: Path, namer: EfficientNetNamer) -> list[ColourExample]:
    """Return the objects of coco_mini's train2017 whose colours were labelled by hand.

    The first colour counts most.

    Raises:
        SightGraphError: coco_mini is missing.
    """
    examples = []
    for one in read_colours(bundled("questions", "colours.json"), data / FOLDER, "training"):
        photo, named = Photo.open(one.photo), np.zeros(len(COLOURS))
        named[[COLOURS.index(colour) for colour in one.colours]] = ORDER[: len(one.colours)]
        (feature,) = namer.regions(photo, [one.box])
        shares = colour_shares(photo, one.box)
        part = coco_part(one.photo.name, one.photo.parent.name)
        examples.append(ColourExample(one.photo.name, part, shares, feature, named))
    return examples


def coloured(
    data: Path,
    photos: Sequence[CaptionedPhoto],
    detector: Detector,
    namer: EfficientNetNamer,
) -> Iterator[ColourExample]:
    """Yield the objects whose colour the captions of a photograph name."""
    nouns = CaptionNouns()
    for one in track(photos, "looking"):
        phrases = [phrase for caption in one.captions for phrase in colour_phrases(caption)]
        if not phrases:
            continue
        photo = Photo.open(data / one.name)
        boxes = one.boxes
        if boxes is None:
            found = [each for each in detector(photo) if each.box is not None]
            boxes = [(each.label, each.score, list(each.box or ())) for each in found]
        labels = [label for label, _, _ in boxes]
        named: dict[int, np.ndarray] = {}
        for colours, words in phrases:
            if (index := described(words, labels, nouns)) is not None:
                counts = named.setdefault(index, np.zeros(len(COLOURS)))
                counts[[COLOURS.index(colour) for colour in colours]] += 1 / len(colours)
        for index, counts in named.items():
            x1, y1, x2, y2 = boxes[index][2]
            box = Box(max(x1, 0.0), max(y1, 0.0), min(x2, photo.width), min(y2, photo.height))
            (feature,) = namer.regions(photo, [box])
            yield ColourExample(one.name, one.part, colour_shares(photo, box), feature, counts)


def colour_phrases(caption: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the colours of a phrase and the words after them.

    >>> list(colour_phrases("A brown and white dog runs ."))
    [(['brown', 'white'], ['dog', 'runs'])]
    """
    for found in PHRASE.finditer(caption.lower()):
        colours = [SAME_COLOUR.get(word, word) for word in found.groups()[:3] if word]
        yield list(dict.fromkeys(colours)), found[4].split()


def described(words: Sequence[str], labels: Sequence[str], nouns: CaptionNouns) -> int | None:
    """Return which of the labels the first noun among `words` names, None if several or none."""
    for start in range(len(words)):
        for name in (" ".join(words[start : start + 2]), words[start]):
            fitting = nouns("person" if name in WORN else name, labels)
            if fitting:
                return fitting[0] if len(fitting) == 1 else None
    return None


def fit(examples: Sequence[ColourExample], options: ColourTraining) -> dict[str, Tensor]:
    """Return the weights of a logistic regression over `evidence` and the namer's features.

    The penalties hold it near a multiple of the first shares, which the pixels give.

    Shapes:
        matrix [33, 11]; regions [F, 11]; mean [F], of the features; bias [11]
    """
    words, features = _words(examples), _features(examples)
    targets = torch.from_numpy(np.stack([one.named / one.named.sum() for one in examples])).float()
    centre, deviation = words.mean(0), words.std(0) + SMALLEST
    mean, spread = features.mean(0), features.std() + SMALLEST
    scaled, seen = (words - centre) / deviation, (features - mean) / spread
    pixels = words[:, : len(COLOURS)]
    matrix = torch.zeros(words.shape[1], len(COLOURS))
    regions = torch.zeros(features.shape[1], len(COLOURS))
    bias, gain = torch.zeros(len(COLOURS)), torch.ones(())

    def loss() -> Tensor:
        logs = (gain * pixels + scaled @ matrix + seen @ regions + bias).log_softmax(1)
        of_words = options.penalty * (matrix.square().sum() + bias.square().sum())
        of_regions = options.region_penalty * regions.square().sum()
        return -(targets * logs).sum(1).mean() + of_words + of_regions

    minimise(loss, [matrix, regions, bias, gain], STEPS, line_search=False)
    whole = matrix / deviation[:, None]
    offset = bias - centre @ whole
    whole[: len(COLOURS)] += gain * torch.eye(len(COLOURS))
    return {"matrix": whole, "regions": regions / spread, "mean": mean, "bias": offset}


def logits_of(weights: Mapping[str, Tensor], examples: Sequence[ColourExample]) -> Tensor:
    """Return the logits [N, 11] of the examples' colours."""
    seen = (_features(examples) - weights["mean"]) @ weights["regions"]
    return _words(examples) @ weights["matrix"] + seen + weights["bias"]


def right(scores: Tensor, examples: Sequence[ColourExample]) -> float:
    """Return the share of examples whose highest score is a colour that is named."""
    named = torch.from_numpy(np.stack([one.named for one in examples]))
    return float((named.gather(1, scores.argmax(1, keepdim=True)) > 0).float().mean())


def _words(examples: Sequence[ColourExample]) -> Tensor:
    return torch.from_numpy(evidence(np.stack([one.shares for one in examples]))).float()


def _features(examples: Sequence[ColourExample]) -> Tensor:
    return torch.from_numpy(np.stack([one.feature for one in examples])).float()
