"""Ranks facts of a store for a question, around the nodes of question and photograph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from kg.english import stems
from kg.errors import SightGraphError
from kg.index.open import STRENGTHS
from kg.knowledge.facts import Fact
from kg.knowledge.store import Store
from kg.schema import arrays_in_range
from kg.vocabulary import IS_A_IRI

FloatArray = NDArray[np.float32]

MAX_FACTS_OF_SEED = 1_500
"""Maximum facts considered of one seed in one direction; hubs have more."""
FEATURES = (
    "asked",
    "outgoing",
    "strength",
    "other end asked",
    "other end seen",
    "asked seeds beside",
    "seen seeds beside",
    "strengths beside",
    "log facts of seed",
    "log facts of other end",
    "log facts about other end",
    "pagerank",
    "words of other end",
    "words of other end that were said",
    "share of them",
    "category",
)
"""Features of a candidate other than its relation; see `Retriever.candidates`."""
MAX_FACTS_TO_CONCEPT = 2
"""Maximum facts with the same other end among the best: more add little information."""
MAX_CACHED = 200_000
"""Maximum nodes whose words are cached."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """K facts around the seeds, as columns.

    seed, other: node at either end [K]. relation: its number [K]. outgoing: whether the seed is
    the subject [K]. edge: position in out_* or in_* of the index [K]. features: [K, FEATURES].
    """

    seed: NDArray[np.int32]
    other: NDArray[np.int32]
    relation: NDArray[np.int32]
    outgoing: NDArray[np.bool_]
    edge: NDArray[np.int64]
    features: FloatArray

    def __len__(self) -> int:
        return len(self.seed)


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights of a two-layer network over the features, and of a match of question and relation.

    hidden [F, H], hidden_bias [H], output [H]: over the features, brought to mean 0 and deviation
    1 with mean [F] and deviation [F].
    asking, told [D, R]: a question's embedding [D] and a relation's (its label's) meet in R
    dimensions; outgoing and incoming facts of a relation differ by their prefix.
    """

    mean: FloatArray
    deviation: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    output: FloatArray
    asking: FloatArray
    told: FloatArray

    @classmethod
    def load(cls, file: Path) -> Ranker:
        """Read the weights that `sightgraph train retrieval` wrote.

        Raises:
            SightGraphError: the file is missing or holds something else.
        """
        try:
            found = load_file(file)
            arrays_in_range(found)
            return cls(**found)
        except (OSError, TypeError, ValueError, SafetensorError) as error:
            raise SightGraphError(f"cannot read the ranker '{file}': {error}.") from error

    def __call__(
        self, candidates: Candidates, question: FloatArray, relations: FloatArray
    ) -> FloatArray:
        """Return a score for each candidate [K].

        question: [D]. relations: the embedding of each relation's wording, [2, relations, D]:
        outgoing first.
        """
        scaled = (candidates.features - self.mean) / self.deviation
        scores = np.maximum(scaled @ self.hidden + self.hidden_bias, 0) @ self.output
        relation_scores = relations @ self.told @ (self.asking.T @ question)
        found: FloatArray = (
            scores + relation_scores[1 - candidates.outgoing.astype(int), candidates.relation]
        )
        return found


class Retriever:
    """Facts of `store` around seed nodes, and the best of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.index = store.index
        self._stems: dict[int, frozenset[str]] = {}
        self._category = np.array([iri == IS_A_IRI for iri in self.index.relations], np.float32)

    def wordings(self) -> list[str]:
        """Return how each relation reads from its subject, then how each reads back."""
        relations = [self.store.relations[iri] for iri in self.index.relations]
        return [one.label for one in relations] + [one.inverse for one in relations]

    def candidates(self, text: str, asked: Sequence[int], seen: Sequence[int]) -> Candidates:
        """Return all facts of the seeds, in both directions, with their features.

        text: the question. asked: nodes that it names. seen: nodes of what the photograph shows.
        """
        seeds = list(dict.fromkeys([*asked, *seen]))
        parts = [self._facts_of(seed, outgoing) for seed in seeds for outgoing in (True, False)]
        columns = [np.concatenate([part[i] for part in parts]) for i in range(5)] if parts else []
        if not parts or not len(columns[0]):
            empty = np.empty(0, np.int32)
            features = np.empty((0, len(FEATURES)), np.float32)
            return Candidates(empty, empty, empty, empty.astype(bool), empty.astype(int), features)
        seed, other, relation, outgoing, edge = columns
        features = self._features(stems(text), set(asked), set(seen), seeds, columns)
        return Candidates(seed, other, relation, outgoing, edge, features)

    def best(self, candidates: Candidates, scores: FloatArray, most: int) -> NDArray[np.intp]:
        """Return the best candidates' numbers, at most `most`, best first.

        Each fact comes once; no concept is the other end of more than `MAX_FACTS_TO_CONCEPT`.
        """
        subject = np.where(candidates.outgoing, candidates.seed, candidates.other).tolist()
        object_ = np.where(candidates.outgoing, candidates.other, candidates.seed).tolist()
        relation, other = candidates.relation.tolist(), candidates.other.tolist()
        chosen: list[int] = []
        known: set[tuple[int, int, int]] = set()
        leading: Counter[int] = Counter()
        for i in np.argsort(-scores, kind="stable").tolist():
            if len(chosen) == most:
                break
            triple = subject[i], relation[i], object_[i]
            if triple not in known and leading[other[i]] < MAX_FACTS_TO_CONCEPT:
                known.add(triple)
                leading[other[i]] += 1
                chosen.append(i)
        return np.array(chosen, np.intp)

    def fact(self, candidates: Candidates, number: int) -> Fact:
        """Return a candidate as a fact."""
        edge = int(candidates.edge[number])
        seed = self.index.term(int(candidates.seed[number]))
        if candidates.outgoing[number]:
            return self.store.fact(edge, seed)
        return self.store.fact_to(edge, seed)

    def _stems_of(self, node: int) -> frozenset[str]:
        if node not in self._stems:
            if len(self._stems) >= MAX_CACHED:
                self._stems.clear()
            self._stems[node] = stems(self.index.label(node))
        return self._stems[node]

    def _facts_of(self, seed: int, outgoing: bool) -> tuple[NDArray[np.generic], ...]:
        arrays = self.index.arrays
        low, high = self.index.out_span(seed) if outgoing else self.index.in_span(seed)
        edge = np.arange(low, high)
        side = "out" if outgoing else "in"
        if high - low > MAX_FACTS_OF_SEED:
            strongest = np.argsort(-arrays[f"{side}_strength"][low:high].astype(int), kind="stable")
            edge = low + np.sort(strongest[:MAX_FACTS_OF_SEED])
        other = arrays["out_object" if outgoing else "in_subject"][edge]
        relation = arrays[f"{side}_relation"][edge].astype(np.int32)
        size = len(edge)
        return np.full(size, seed, np.int32), other, relation, np.full(size, outgoing), edge

    def _features(
        self,
        question_stems: frozenset[str],
        asked: set[int],
        seen: set[int],
        seeds: list[int],
        columns: Sequence[NDArray[np.generic]],
    ) -> FloatArray:
        seed, other, relation, outgoing, edge = columns
        arrays = self.index.arrays
        strength = np.where(
            outgoing,
            arrays["out_strength"][np.where(outgoing, edge, 0)],
            arrays["in_strength"][np.where(outgoing, 0, edge)],
        ) / np.float32(STRENGTHS)
        is_query = np.isin(seed, list(asked))
        nodes, place = np.unique(other, return_inverse=True)
        pairs = np.unique(np.stack([place, seed]), axis=1)
        beside_query = np.bincount(pairs[0], np.isin(pairs[1], list(asked)), len(nodes))
        beside_seen = np.bincount(pairs[0], np.isin(pairs[1], list(seen)), len(nodes))
        beside = np.bincount(place, strength, len(nodes))
        near, rank = self.store.walker.pagerank(seeds, most=20_000, tolerance=1e-5)
        ranks = np.zeros(len(nodes))
        found = np.searchsorted(near_sorted := np.sort(near), nodes)
        found = np.minimum(found, max(len(near) - 1, 0))
        if len(near):
            hit = near_sorted[found] == nodes
            ranks[hit] = rank[np.argsort(near)][found[hit]]
        out_start, in_start = arrays["out_start"], arrays["in_start"]
        words = [self._stems_of(node) for node in nodes.tolist()]
        lengths = np.array([max(len(one), 1) for one in words], np.float32)
        common = np.array([len(one & question_stems) for one in words], np.float32)
        return np.stack(
            [
                is_query,
                outgoing,
                strength,
                np.isin(other, list(asked)),
                np.isin(other, list(seen)),
                beside_query[place],
                beside_seen[place],
                np.log1p(beside[place]),
                np.log1p(
                    out_start[seed + 1] - out_start[seed] + in_start[seed + 1] - in_start[seed]
                ),
                np.log1p(out_start[other + 1] - out_start[other]),
                np.log1p(in_start[other + 1] - in_start[other]),
                np.log(ranks[place] + 1e-6),
                lengths[place],
                common[place],
                (common / lengths)[place],
                self._category[relation],
            ],
            1,
        ).astype(np.float32)
