"""The classes of a classifier and what they are kinds of: synsets of Open English WordNet.

The probability of a synset is the sum of those of the classes below it. The name of a region is
the most specific synset whose probability is high enough (Deng et al., "Hedging your bets",
CVPR 2012: the reward of a name is how many classes it excludes).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from graph_fusion.weights import loading
from kg.files import write_text


@dataclass(frozen=True, slots=True)
class Synset:
    """A concept of WordNet.

    label: its first lemma. parents: the ids of its hypernyms.
    named: whether it is a name that is shown; "instrumentality" and "whole" are none.
    """

    label: str
    parents: tuple[str, ...]
    named: bool


@dataclass(frozen=True)
class HypernymTree:
    """The synsets above C classes, by id ("02086723-n"); a synset may have several parents.

    classes: the C ids, in the order of the classifier's outputs.
    """

    classes: tuple[str, ...]
    synsets: Mapping[str, Synset]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The S ids of all synsets, in the order of the columns of `sums`."""
        return tuple(self.synsets)

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The column of each synset."""
        return {id_: column for column, id_ in enumerate(self.ids)}

    @cached_property
    def class_columns(self) -> np.ndarray:
        """The column of each class: [C]."""
        return np.array([self.number[id_] for id_ in self.classes])

    @cached_property
    def members(self) -> np.ndarray:
        """Which classes are a synset or below it: [C, S], float32, 0 or 1."""
        found = np.zeros((len(self.classes), len(self.ids)), np.float32)
        for row, class_ in enumerate(self.classes):
            for id_ in self.above(class_):
                found[row, self.number[id_]] = 1.0
        return found

    @cached_property
    def shown(self) -> np.ndarray:
        """Which synsets are names that are shown: [S], bool."""
        return np.array([one.named for one in self.synsets.values()])

    @cached_property
    def specificity(self) -> np.ndarray:
        """Share of the classes that a synset excludes: [S], in [0, 1)."""
        share: np.ndarray = 1 - self.members.mean(0)
        return share

    def sums(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the probabilities [M, S] of all synsets from those [M, C] of the classes."""
        found: np.ndarray = probabilities @ self.members
        return found

    def above(self, id_: str, most: int | None = None) -> dict[str, int]:
        """Return `id_` and its ancestors with the steps up to each, at most `most`."""
        found, reached, steps = {id_: 0}, [id_], 0
        while reached and (most is None or steps < most):
            steps += 1
            parents = [p for one in reached if one in self.synsets for p in self.parents(one)]
            reached = [one for one in dict.fromkeys(parents) if one not in found]
            found |= dict.fromkeys(reached, steps)
        return found

    def parents(self, id_: str) -> tuple[str, ...]:
        """Return the ids of the synset's hypernyms."""
        return self.synsets[id_].parents

    def is_a(self, id_: str, others: Iterable[str]) -> bool:
        """Whether a synset is one of `others` or below one."""
        return not self.above(id_).keys().isdisjoint(others)

    def best(self, sums: np.ndarray, threshold: float) -> str | None:
        """Return the most specific shown synset with at least `threshold`, None if there is none.

        sums: [S]. Of several that exclude as many classes, the most probable is returned, and of
        a synset and its only class the synset: "horse" and not "sorrel", since no other horse was
        ever shown.
        """
        allowed = self.shown & (sums >= threshold)
        if not allowed.any():
            return None
        columns = np.flatnonzero(allowed)
        ancestors = np.array([len(self.above(self.ids[column])) for column in columns])
        rank = np.lexsort((ancestors, -sums[columns], -self.specificity[columns]))
        return self.ids[int(columns[rank[0]])]

    def save(self, file: Path) -> None:
        """Write the tree as JSON."""
        synsets = {
            id_: {"label": one.label, "parents": list(one.parents), "named": one.named}
            for id_, one in self.synsets.items()
        }
        content = {"classes": list(self.classes), "synsets": synsets}
        lines = json.dumps(content, ensure_ascii=False).replace("}, ", "},\n")
        write_text(file, lines + "\n")

    @classmethod
    def load(cls, file: Path) -> HypernymTree:
        """Read what `save` wrote.

        Raises:
            SightGraphError: the file is missing or of another format.
        """
        with loading("namer", file.parent):
            content = json.loads(file.read_text(encoding="utf-8"))
            synsets = {
                id_: Synset(one["label"], tuple(one["parents"]), one["named"])
                for id_, one in content["synsets"].items()
            }
            return cls(tuple(content["classes"]), synsets)
