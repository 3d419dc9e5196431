"""pipelines/namers/tree.py: probabilities summed up the hypernyms, and the most specific name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.namers.tree import HypernymTree, Synset


@pytest.fixture
def tree() -> HypernymTree:
    """A beagle and a poodle are dogs, a tabby is a cat; all are animals."""
    synsets = {
        "animal": Synset("animal", (), named=True),
        "canine": Synset("canine", ("animal",), named=False),
        "dog": Synset("dog", ("canine",), named=True),
        "cat": Synset("cat", ("animal",), named=True),
        "beagle": Synset("beagle", ("dog",), named=True),
        "poodle": Synset("poodle", ("dog",), named=True),
        "tabby": Synset("tabby", ("cat", "animal"), named=True),
    }
    return HypernymTree(("beagle", "poodle", "tabby"), synsets)


def test_a_synset_has_the_probability_of_the_classes_below_it_each_once(
    tree: HypernymTree,
) -> None:
    sums = tree.sums(np.array([[0.5, 0.3, 0.2]], np.float32))[0]
    found = {id_: round(float(value), 3) for id_, value in zip(tree.ids, sums, strict=True)}
    assert found["dog"] == found["canine"] == 0.8
    assert found["cat"] == 0.2
    assert found["animal"] == 1.0


def test_the_name_is_the_most_specific_one_that_is_probable_enough(tree: HypernymTree) -> None:
    sums = tree.sums(np.array([[0.5, 0.3, 0.2]], np.float32))[0]
    assert tree.best(sums, 0.4) == "beagle"
    assert tree.best(sums, 0.6) == "dog"
    assert tree.best(sums, 0.9) == "animal"
    assert tree.best(sums, 1.1) is None


def test_of_a_kind_with_one_class_the_kind_is_the_name(tree: HypernymTree) -> None:
    sums = tree.sums(np.array([[0.1, 0.1, 0.8]], np.float32))[0]
    assert tree.best(sums, 0.5) == "cat"


def test_ancestors_come_with_their_steps(tree: HypernymTree) -> None:
    assert tree.above("beagle") == {"beagle": 0, "dog": 1, "canine": 2, "animal": 3}
    assert tree.above("beagle", most=1) == {"beagle": 0, "dog": 1}
    assert tree.above("tabby")["animal"] == 1
    assert tree.is_a("beagle", ["dog"])
    assert not tree.is_a("dog", ["beagle"])


def test_a_tree_is_read_as_it_was_written(tree: HypernymTree, tmp_path: Path) -> None:
    tree.save(tmp_path / "tree.json")
    assert HypernymTree.load(tmp_path / "tree.json") == tree
    with pytest.raises(SightGraphError, match="sightgraph train namer"):
        HypernymTree.load(tmp_path / "none.json")


def test_the_bundled_tree_has_a_thousand_classes_and_only_names_that_people_use() -> None:
    tree = HypernymTree.load(bundled("models", "namer") / "tree.json")
    assert len(tree.classes) == 1000
    assert all(parent in tree.synsets for one in tree.synsets.values() for parent in one.parents)
    names = {one.label for one in tree.synsets.values() if one.named}
    assert {"dog", "bird", "vehicle", "musical instrument", "golden retriever"} <= names
    assert not {"whole", "instrumentality", "matter", "entity", "placental"} & names
