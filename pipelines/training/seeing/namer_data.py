"""What the namer's training looks at: photographs and regions, and their right names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from kg.files import write_text
from kg.graph import Box
from pipelines.datasets.coco import CocoPhoto, read_coco
from pipelines.datasets.flickr8k import read_flickr8k
from pipelines.datasets.splits import file_part, for_training, in_part
from pipelines.datasets.wordnet import Noun
from pipelines.detections import Detection
from pipelines.detectors import Detector
from pipelines.namers.looking import Looker
from pipelines.namers.tree import HypernymTree
from pipelines.photo import Photo

SAMPLES = "imagenet_1k_samples"
"""One photograph a class."""
FOLDERS = ("coco_mini", "flickr8k", SAMPLES)
MIN_SIDE = 32
"""Pixels of a box's sides, geometric mean, from which it is looked at: by hand."""
MAX_DETECTIONS = 8
"""Detections of a photograph that are looked at, by falling score: for speed."""
FILLS = 0.35
"""Share of the photograph's area from which a box is judged by the class of the photograph."""
CAPTIONED = 800
"""Photographs of Flickr8k that are looked at, evenly over its list: for speed."""
PICTURES = 120
"""Pictures without any thing that are looked at."""
SPECIFIC = 0.85
"""Specificity from which a caption's more general word confirms a name: "dog" a "beagle"."""
SAME_OBJECT = 0.5
"""Min intersection over union of a right detection with a box that people drew, as in COCO."""
NO_OBJECT = 0.3
"""Intersection over union with every such box below which a detection is on none of them."""
WORDS = 3
"""Longest name in words that is looked for in a caption."""


@dataclass(frozen=True, slots=True)
class Views:
    """N regions or photographs: logits [N, 1000] and features [N, 1280] of each, and facts.

    features: of length 1. facts: `photo`, a number that views of one photograph share; `label` and
    `score` of a detector, whether that label is `right`, and whether the box is on `nothing` that
    people drew a box around; or the `label` that people gave; the `synset` of a sample; `captions`.
    """

    logits: Tensor
    features: Tensor
    facts: list[dict[str, object]]

    @classmethod
    def of(cls, looked: Sequence[tuple[Tensor, Tensor]], facts: list[dict[str, object]]) -> Views:
        """Put together what `Looker` returned: features and logits."""
        features = F.normalize(torch.cat([one for one, _ in looked]), dim=1)
        return cls(torch.cat([one for _, one in looked]), features, facts)


def inputs_of(data: Path, *others: object) -> str:
    """Return a digest of what is looked at: names and sizes of the files, and `others`."""
    files = sorted(one for folder in FOLDERS for one in (data / folder).rglob("*"))
    sizes = [(one.relative_to(data).as_posix(), one.stat().st_size) for one in files]
    return hashlib.blake2b(repr((sizes, others)).encode(), digest_size=8).hexdigest()


def stored(run: Path, name: str, inputs: str, compute: Callable[[], Views]) -> Views:
    """Return the views of a stopped training in `run`, or computed and stored there.

    inputs: what they are made of, as `inputs_of` gives it; of others, they are computed anew.
    """
    weights, about = (run / f"{name}-{inputs}.{ending}" for ending in ("safetensors", "json"))
    if not about.is_file():
        views = compute()
        run.mkdir(parents=True, exist_ok=True)
        save_file({"logits": views.logits.half(), "features": views.features.half()}, weights)
        write_text(about, json.dumps(views.facts))
    facts = json.loads(about.read_text(encoding="utf-8"))
    found = load_file(weights)
    return Views(found["logits"].float(), found["features"].float(), facts)


def boxes_of_people(data: Path, looker: Looker) -> Views:
    """Return the boxes that people drew in the part train of coco_mini, with their labels."""
    parts, facts = [], []
    for number, (one, photo) in enumerate(_photographs(data)):
        boxes = [(label, Box(*corners)) for label, _, corners in one.boxes]
        boxes = [(label, box) for label, box in boxes if box.area >= MIN_SIDE**2]
        if boxes:
            parts.append(looker.regions(photo, [box for _, box in boxes]))
            facts += [{"photo": number, "label": label} for label, _ in boxes]
    return Views.of(parts, facts)


def detected(data: Path, looker: Looker, detector: Detector) -> Views:
    """Return what the detector finds in the part train of coco_mini, and what of it is right."""
    parts, facts = [], []
    for number, (one, photo) in enumerate(_photographs(data)):
        found = [each for each in detector(photo) if each.box is not None][:MAX_DETECTIONS]
        if found:
            parts.append(looker.regions(photo, [each.box for each in found if each.box]))
            facts += [{"photo": number, **_judged(each, one)} for each in found]
    return Views.of(parts, facts)


def detected_samples(
    data: Path, looker: Looker, detector: Detector, classes: Sequence[str]
) -> Views:
    """Return what the detector finds in the samples' part train, each with its class's synset.

    Most of these things are none that the detector knows: from them the rule learns to let the
    namer overrule it. Only boxes that fill the photograph are judged, and no people, who are in
    the photographs of many things. classes: as in `samples`.
    """
    parts, facts = [], []
    for number, (file, synset) in enumerate(_samples(data, classes)):
        photo = Photo.open(file)
        area = FILLS * photo.width * photo.height
        found = [one for one in detector(photo) if one.box and one.box.area >= area]
        found = [one for one in found if one.label != "person"]
        if found:
            parts.append(looker.regions(photo, [one.box for one in found if one.box]))
            facts += [
                {"photo": number, "synset": synset, "label": one.label, "score": one.score}
                for one in found
            ]
    return Views.of(parts, facts)


def _photographs(data: Path) -> Iterator[tuple[CocoPhoto, Photo]]:
    photos = for_training(in_part(read_coco(data / "coco_mini"), "train"))
    for one in track(photos, "looking at coco_mini"):
        yield one, Photo.open(data / "coco_mini" / one.file_name)


def _judged(found: Detection, photo: CocoPhoto) -> dict[str, object]:
    """Return a detection with whether its label is right, and whether it is on nothing."""
    assert found.box is not None
    overlaps = {label: 0.0 for label, *_ in photo.boxes}
    for label, _, corners in photo.boxes:
        overlaps[label] = max(overlaps[label], found.box.iou(Box(*corners)))
    right = overlaps.get(found.label, 0.0) >= SAME_OBJECT
    nothing = max(overlaps.values(), default=0.0) < NO_OBJECT
    return {"label": found.label, "score": found.score, "right": right, "nothing": nothing}


def captioned(data: Path, looker: Looker) -> Views:
    """Return photographs of Flickr8k's part train, whole, with their captions."""
    photos = for_training(in_part(read_flickr8k(data / "flickr8k"), "train"))
    photos = photos[:: max(len(photos) // CAPTIONED, 1)][:CAPTIONED]
    return _whole(
        [(data / "flickr8k" / one.file_name, {"captions": one.captions}) for one in photos], looker
    )


def samples(data: Path, looker: Looker, classes: Sequence[str]) -> Views:
    """Return imagenet_1k_samples' part train, whole, each with its class's synset.

    classes: the synsets in the order of the WordNet 3.0 ids, as the photographs are.
    """
    return _whole([(file, {"synset": one}) for file, one in _samples(data, classes)], looker)


def _samples(data: Path, classes: Sequence[str]) -> list[tuple[Path, str]]:
    """Return the part train of imagenet_1k_samples, one photograph of a class, with synsets."""
    files = sorted((data / SAMPLES / "images").iterdir())
    names = [f"{SAMPLES}/images/{file.name}" for file in files]
    every = zip(files, classes, names, strict=True)
    return [(file, one) for file, one, name in every if file_part(name) == "train"]


def _whole(photos: Sequence[tuple[Path, dict[str, object]]], looker: Looker) -> Views:
    looked = [
        looker.whole(Photo.open(file)) for file, _ in track(photos, "looking at whole photographs")
    ]
    facts = [{"photo": number, **about} for number, (_, about) in enumerate(photos)]
    return Views.of([(one.pooled, one.logits) for one in looked], facts)


def no_things(looker: Looker, seed: int = 0) -> Views:
    """Return `PICTURES` pictures without any thing in them: noise, spots and plain colours."""
    random = np.random.default_rng(seed)
    looked = []
    for number in range(PICTURES):
        side = int(2 ** random.uniform(0, 8))  # of the spots: from a plain colour to noise
        middle, spread = random.uniform(40, 215, 3), random.uniform(0, 80)
        spots = random.normal(middle, spread, (side, side, 3)).clip(0, 255).astype(np.uint8)
        if number % 4 == 0:
            spots[:] = spots.mean(2, keepdims=True)
        image = Image.fromarray(spots).resize((256, 256), Image.Resampling.BICUBIC)
        seen = looker.whole(Photo.open(image))
        looked.append((seen.pooled, seen.logits))
    return Views.of(looked, [{} for _ in looked])


def captions_of(facts: Mapping[str, object]) -> list[str]:
    """Return the captions of a captioned view."""
    captions = facts["captions"]
    assert isinstance(captions, list)
    return captions


@dataclass(frozen=True)
class RightNames:
    """Which synsets of a tree are right names, by a synset or by captions.

    A name is right if it is the synset that is meant, or a kind of it, or what it is a kind of.
    nouns: all synsets, those too that the tree lacks.
    """

    tree: HypernymTree
    nouns: Mapping[str, Noun]

    def of_synsets(self, synsets: Iterable[str]) -> np.ndarray:
        """Return which names [S] are right for a thing that is of one of `synsets`."""
        meant = set(synsets)
        above = {one for id_ in meant for one in self._above(id_)}
        return np.array(
            [id_ in above or not meant.isdisjoint(self.tree.above(id_)) for id_ in self.tree.ids]
        )

    def of_captions(self, captions: Sequence[str]) -> np.ndarray:
        """Return which names [S] the captions confirm: by a word for it, or for a kind of it.

        They also confirm what is below a specific enough synset with a word in the captions.
        """
        phrases = {phrase for caption in captions for phrase in _phrases(caption)}
        said = [not phrases.isdisjoint(words) for words in self._words]
        specific = self.tree.shown & (self.tree.specificity >= SPECIFIC)
        own = [
            not phrases.isdisjoint(_lemmas(self.nouns[id_])) and bool(enough)
            for id_, enough in zip(self.tree.ids, specific, strict=True)
        ]
        general = {id_ for id_, yes in zip(self.tree.ids, own, strict=True) if yes}
        return np.array(
            [
                yes or not general.isdisjoint(self.tree.above(id_))
                for id_, yes in zip(self.tree.ids, said, strict=True)
            ]
        )

    def _above(self, id_: str) -> set[str]:
        found, reached = {id_}, [id_]
        while reached:
            reached = [p for one in reached for p in self.nouns[one].parents if p not in found]
            found.update(reached)
        return found

    @cached_property
    def _words(self) -> list[set[str]]:
        """The words for each synset of the tree and for all kinds of it."""
        found: dict[str, set[str]] = {id_: set() for id_ in self.tree.ids}
        for id_, noun in self.nouns.items():
            for above in self._above(id_):
                if above in found:
                    found[above] |= _lemmas(noun)
        return [found[id_] for id_ in self.tree.ids]


def _lemmas(noun: Noun) -> set[str]:
    return {lemma.lower() for lemma in noun.lemmas}


def _phrases(caption: str) -> Iterator[str]:
    """Yield the phrases of up to `WORDS` words, as they are and without a plural's ending."""
    words = re.findall(r"[a-z]+", caption.lower())
    for start in range(len(words)):
        for end in range(start + 1, min(start + WORDS, len(words)) + 1):
            phrase = " ".join(words[start:end])
            yield phrase
            if phrase.endswith("s"):
                yield phrase[:-1]
            if phrase.endswith("es"):
                yield phrase[:-2]
