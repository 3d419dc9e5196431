"""Open English WordNet's nouns, and the classes of ImageNet among them."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import median
from typing import Any

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError
from kg.sources.open_english_wordnet import KNOWN_RELATIONS
from kg.vocabulary import IS_A_IRI

NEIGHBOURS = 5
"""Classes before and after, by whose shift of ids an ambiguous class is resolved."""
_NOUNS = re.compile(r"noun\.(\w+)\.yaml")
_IS_A = [name for name, relation in KNOWN_RELATIONS.items() if relation == IS_A_IRI]
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Noun:
    """A synset of nouns: its lemmas, the first the usual one, and the ids of its hypernyms.

    number: its id in the interlingual index, which grows with the offsets of WordNet 3.0.
    field: WordNet's file of it: "animal", "artifact", "object" (mountains and shores), ...
    """

    lemmas: tuple[str, ...]
    parents: tuple[str, ...]
    number: int
    field: str = ""


def read_nouns(data: Path) -> dict[str, Noun]:
    """Return the nouns of `data`/oewn/yaml.tar.gz by id, such as "02086723-n".

    Raises:
        SightGraphError: the archive is missing, or is no WordNet.
    """
    file = data / "oewn" / "yaml.tar.gz"
    found: dict[str, Noun] = {}
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                content = archive.extractfile(member)
                name = _NOUNS.fullmatch(PurePosixPath(member.name).name)
                if content and name:
                    entries = yaml.load(content, _LOADER)  # a base loader: plain text only
                    found |= {id_: _noun(entry, name[1]) for id_, entry in entries.items()}
    except (OSError, tarfile.TarError, yaml.YAMLError, KeyError) as error:
        raise SightGraphError(f"'{file}' cannot be read as WordNet's YAML: {error!r}.") from error
    return found


def _noun(entry: Mapping[str, Any], field: str) -> Noun:
    parents = [one for name in _IS_A for one in entry.get(name, [])]
    number = int(entry.get("ili", "i0").removeprefix("i") or 0)
    return Noun(tuple(entry["members"]), tuple(parents), number, field)


def imagenet_classes(data: Path, nouns: Mapping[str, Noun]) -> dict[str, str]:
    """Return the id in Open English WordNet of each class of ImageNet, by sorted WordNet 3.0 id.

    The classes are named with the byte offsets of WordNet 3.0, and Open English WordNet keeps those
    of 3.1, which lie a little further on. A class is the synset with its name whose offset has
    moved as far as those of its neighbours.

    Raises:
        SightGraphError: the list of classes is missing, or a class is in no synset.
    """
    file = data / "imagenet_1k_samples" / "annotations.json"
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))["categories"]
        names = {one["wnid"]: one["name"] for one in sorted(listed, key=lambda one: one["wnid"])}
    except (OSError, ValueError, KeyError) as error:
        raise SightGraphError(f"'{file}' has no list of classes: {error!r}.") from error
    by_name: dict[str, list[str]] = {}
    for id_, noun in nouns.items():
        for lemma in noun.lemmas:
            by_name.setdefault(_plain(lemma), []).append(id_)
    found = {
        wnid: by_name.get(_plain(name), []) + by_name.get(_plain(name) + "s", [])
        for wnid, name in names.items()
    }
    return _matched(found, names)


def _matched(candidates: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> dict[str, str]:
    clear = [(_offset(wnid), ids[0]) for wnid, ids in candidates.items() if len(ids) == 1]
    offsets = [offset for offset, _ in clear]
    shifts = [_offset(id_) - offset for offset, id_ in clear]
    found: dict[str, str] = {}
    used: set[str] = set()
    for wnid, ids in candidates.items():
        free = [one for one in ids if one not in used]
        if not free:
            raise SightGraphError(f"'{names[wnid]}' ({wnid}) is in no synset of WordNet.")
        at = bisect(offsets, _offset(wnid))
        shift = median(shifts[max(at - NEIGHBOURS, 0) : at + NEIGHBOURS])
        found[wnid] = min(free, key=lambda id_: abs(_offset(id_) - _offset(wnid) - shift))
        used.add(found[wnid])
    return found


def _offset(id_: str) -> int:
    """Return the byte offset in an id such as "n02084071" or "02086723-n"."""
    return int(id_.strip("n-"))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def word_counts(data: Path) -> Counter[str]:
    """Return how many facts of ConceptNet are about each word: a measure of how usual it is.

    Raises:
        SightGraphError: ConceptNet is missing.
    """
    file = data / "conceptnet_en.tsv.gz"
    found: Counter[str] = Counter()
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                subject, _, object_, *_ = line.rstrip("\n").split("\t")
                found.update((subject, object_))
    except (OSError, ValueError) as error:
        raise SightGraphError(f"'{file}' cannot be read as ConceptNet: {error!r}.") from error
    return found
