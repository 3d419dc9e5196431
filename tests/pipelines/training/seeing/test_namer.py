"""pipelines/training/seeing/namer.py and namer_data.py: tree, right names, rules learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.datasets.wordnet import Noun
from pipelines.namers.tree import HypernymTree
from pipelines.training.seeing.namer import (
    PUBLISHED_ACCURACY,
    fit_sureness,
    temperature_of,
    tree_of,
    without_their_class,
)
from pipelines.training.seeing.namer_data import RightNames, Views, inputs_of, stored

NOUNS = {
    "0": Noun(("entity",), (), 1),
    "1": Noun(("object",), ("0",), 2),
    "2": Noun(("whole",), ("1",), 3),
    "3": Noun(("animal", "beast"), ("2",), 4),
    "4": Noun(("dog",), ("3",), 5),
    "5": Noun(("placental",), ("3",), 6),
    "6": Noun(("beagle",), ("4",), 7),
    "7": Noun(("tabby",), ("5",), 8),
    "8": Noun(("cup",), ("2",), 9),
    "9": Noun(("puppy",), ("4",), 10),
}
CLASSES = {"n6": "6", "n7": "7", "n8": "8"}
FACTS = {"animal": 1000, "dog": 1000, "whole": 100, "placental": 2}


@pytest.fixture
def tree() -> HypernymTree:
    return tree_of(NOUNS, CLASSES, FACTS)


def test_what_is_stored_is_of_the_same_inputs(tmp_path: Path) -> None:
    (tmp_path / "coco_mini").mkdir()
    (tmp_path / "coco_mini" / "a.jpg").write_bytes(b"12")
    first = inputs_of(tmp_path, "hub/owl-v2.1")
    assert inputs_of(tmp_path, "hub/owl-v2.1") == first != inputs_of(tmp_path, "hub/owl-v2.2")
    found = [
        stored(tmp_path / "run", "detected", inputs, lambda n=n: views(n)).facts
        for n, inputs in enumerate([first, first, inputs_of(tmp_path, "hub/owl-v2.2")])
    ]
    assert found == [[{"photo": 0}], [{"photo": 0}], [{"photo": 2}]]
    (tmp_path / "coco_mini" / "a.jpg").write_bytes(b"123")
    assert inputs_of(tmp_path, "hub/owl-v2.1") != first


def views(number: int) -> Views:
    return Views(torch.zeros(1, 3), torch.zeros(1, 2), [{"photo": number}])


def test_names_are_classes_and_usual_words_that_are_neither_vague_nor_for_most_classes(
    tree: HypernymTree,
) -> None:
    shown = {one.label for one in tree.synsets.values() if one.named}
    assert shown == {"beagle", "tabby", "cup", "dog"}
    assert "9" not in tree.synsets


def test_a_name_is_right_if_it_is_above_or_below_what_is_meant(tree: HypernymTree) -> None:
    right = RightNames(tree, NOUNS)

    def labels(flags: np.ndarray) -> set[str]:
        return {tree.synsets[id_].label for id_, yes in zip(tree.ids, flags, strict=True) if yes}

    above = {"entity", "object", "whole", "animal"}
    assert labels(right.of_synsets(["4"])) == above | {"dog", "beagle"}
    assert labels(right.of_synsets(["9"])) == above | {"dog"}
    assert labels(right.of_captions(["Two puppys run."])) == above | {"dog"}


def test_the_temperature_gives_the_published_accuracy_as_mean_confidence() -> None:
    logits = torch.randn(500, 1000, generator=torch.Generator().manual_seed(0)) * 2
    temperature = temperature_of(logits)
    confidence = float((logits / temperature).softmax(1).max(1).values.mean())
    assert confidence == pytest.approx(PUBLISHED_ACCURACY, abs=0.01)


def test_sureness_learns_that_probable_names_are_right(tree: HypernymTree) -> None:
    random = np.random.default_rng(0)
    shares = random.dirichlet([0.4] * 3, 400).astype(np.float32)
    chosen = [random.choice(3, p=row / row.sum()) for row in shares.astype(float)]
    rights = [RightNames(tree, NOUNS).of_synsets([tree.classes[one]]) for one in chosen]
    sureness = fit_sureness(tree.sums(shares), np.zeros((400, 2)), np.stack(rights), tree)
    low, high = sureness(np.array([0.3, 0.95]), np.zeros(2))
    assert low < 0.6
    assert high > 0.85


def test_a_photograph_without_its_class_is_rightly_named_by_what_is_above(
    tree: HypernymTree,
) -> None:
    logits = torch.tensor([[5.0, 1.0, 0.0]])
    views = Views(logits, torch.zeros(1, 4), [{"synset": "6"}])
    without, right = without_their_class(views, tree, RightNames(tree, NOUNS))
    assert without[0].argmax() == 1
    assert without[0, 0] == 0.0
    names = {tree.synsets[one].label for one, yes in zip(tree.ids, right[0], strict=True) if yes}
    assert names == {"entity", "object", "whole", "animal", "dog"}
    assert views.logits[0, 0] == 5.0
