"""training/colours.py: the colours that captions give, and the regression on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kg.graph import Box
from pipelines.datasets.splits import PARTS, Part
from pipelines.detections import Detection
from pipelines.generate.relation_examples import CaptionNouns
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.seeing.colours import COLOURS, colour_shares
from pipelines.training.seeing import colours
from pipelines.training.seeing.colours import (
    CaptionedPhoto,
    ColourExample,
    ColourTraining,
    captioned_photos,
    colour_phrases,
    coloured,
    described,
    fit,
    logits_of,
)


@pytest.fixture(scope="module")
def nouns() -> CaptionNouns:
    return CaptionNouns()


def test_phrases_hold_one_to_three_colours_and_what_they_describe() -> None:
    (found,) = colour_phrases("A red , white and blue bus in town")
    assert found == (["red", "white", "blue"], ["bus", "in", "town"])
    (found,) = colour_phrases("the gray cat")
    assert found == (["grey"], ["cat"])
    assert not list(colour_phrases("a bus"))


def test_a_phrase_labels_the_only_box_that_fits(nouns: CaptionNouns) -> None:
    labels = ["dog", "person", "car", "car"]
    assert described(["fluffy", "dog"], labels, nouns) == 0
    assert described(["shirt", "jumps"], labels, nouns) == 1  # what a person wears
    assert described(["car"], labels, nouns) is None  # one of two
    assert described(["sky"], labels, nouns) is None


def test_examples_are_boxes_with_the_colours_of_captions(tmp_path: Path) -> None:
    Image.new("RGB", (60, 60), (200, 20, 30)).save(tmp_path / "1.png")

    class OneBus:
        name = "test"

        def __call__(self, photo: Photo) -> list[Detection]:
            return [Detection("bus", 0.9, "test", Box(5, 5, 50, 50))]

    photo = CaptionedPhoto("1.png", "train", ["a red bus", "a bus", "a red and white bus"], None)
    (one,) = coloured(tmp_path, [photo], OneBus(), EfficientNetNamer())
    assert one.named[COLOURS.index("red")] == 1.5
    assert one.named[COLOURS.index("white")] == 0.5
    assert one.shares.shape == (3, len(COLOURS))
    assert one.feature.shape == (1280,)


def test_the_regression_corrects_what_pixels_take_for_another_colour() -> None:
    chance = np.random.default_rng(0)
    examples = []
    for number in range(60):
        colour = number % 3
        picture = np.full((30, 30, 3), [(15, 15, 15), (245, 245, 245), (128, 128, 128)][colour])
        noisy = Image.fromarray((picture + chance.integers(0, 9, (30, 30, 3))).astype(np.uint8))
        shares = colour_shares(Photo.open(noisy), Box(2, 2, 28, 28))
        named = np.zeros(len(COLOURS))
        named[{0: 0, 1: 1, 2: COLOURS.index("blue")}[colour]] = 1  # greys are called blue
        examples.append(ColourExample(f"{number}.jpg", "train", shares, np.zeros(4), named))
    weights = fit(examples, ColourTraining(penalty=0.001))
    best = logits_of(weights, examples).argmax(1).tolist()
    assert [COLOURS[one] for one in best[:3]] == ["black", "white", "blue"]


def test_what_is_labelled_by_hand_counts_more_in_train_and_once_in_development(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def example(part: Part) -> ColourExample:
        return ColourExample("1.jpg", part, np.full((3, 11), 0.1), np.zeros(4), np.eye(11)[0])

    stated, by_hand = [example("train")], [example("train"), example("development")]
    replaced = {"coloured": stated, "labelled": by_hand, "captioned_photos": []}
    for name, found in replaced.items():
        monkeypatch.setattr(colours, name, lambda *_, found=found: found)
    for name in ("make_detector", "EfficientNetNamer"):
        monkeypatch.setattr(colours, name, lambda *_, **__: None)
    lines: list[str] = []
    colours.train(tmp_path, tmp_path, ColourTraining(labelled=3), lines.append)
    assert lines == ["4 objects in train, 1 in development"]


def test_nothing_held_out_is_learnt_from(datasets: Path) -> None:
    photos = captioned_photos(datasets)
    assert {one.part for one in photos} == set(PARTS) - {"held-out"}
    assert not any("val2017" in one.name for one in photos)
