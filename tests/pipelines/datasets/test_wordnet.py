"""pipelines/datasets/wordnet.py: nouns, and ImageNet's classes among them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.datasets.wordnet import Noun, imagenet_classes, read_nouns, word_counts

YAML = b"""
02000110-n:
  members:
  - crane
  ili: i11
  hypernym:
  - 02000001-n
03000120-n:
  members:
  - crane
  - derrick
  ili: i12
02000001-n:
  members:
  - bird
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "oewn").mkdir()
    with tarfile.open(tmp_path / "oewn" / "yaml.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("yaml/noun.animal.yaml")
        entry.size = len(YAML)
        archive.addfile(entry, io.BytesIO(YAML))
    return tmp_path


def classes(data: Path, *listed: tuple[str, str]) -> None:
    (data / "imagenet_1k_samples").mkdir()
    content = {"categories": [{"wnid": wnid, "name": name} for wnid, name in listed]}
    (data / "imagenet_1k_samples" / "annotations.json").write_text(json.dumps(content))


def test_nouns_have_lemmas_hypernyms_and_their_number(data: Path) -> None:
    nouns = read_nouns(data)
    assert nouns["02000110-n"] == Noun(("crane",), ("02000001-n",), 11, "animal")
    assert nouns["02000001-n"] == Noun(("bird",), (), 0, "animal")


def test_an_ambiguous_class_is_the_synset_that_moved_as_its_neighbours(data: Path) -> None:
    classes(data, ("n03000020", "crane"), ("n01999900", "bird"), ("n02000010", "crane"))
    found = imagenet_classes(data, read_nouns(data))
    assert list(found.items()) == [
        ("n01999900", "02000001-n"),
        ("n02000010", "02000110-n"),
        ("n03000020", "03000120-n"),
    ]


def test_a_class_in_no_synset_is_an_error(data: Path) -> None:
    classes(data, ("n01999900", "bird"), ("n05000000", "spoon"))
    with pytest.raises(SightGraphError, match="'spoon'"):
        imagenet_classes(data, read_nouns(data))


def test_words_are_counted_as_subject_and_as_object(data: Path) -> None:
    with gzip.open(data / "conceptnet_en.tsv.gz", "wt") as file:
        file.write("dog\tIsA\tmammal\t1.0\tx\ncat\tIsA\tmammal\t1.0\tx\n")
    assert word_counts(data) == {"mammal": 2, "dog": 1, "cat": 1}
    with pytest.raises(SightGraphError, match="ConceptNet"):
        word_counts(data / "oewn")
