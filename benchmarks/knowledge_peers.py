"""How the index and each peer hold the graph of `knowledge_graph.py`, and walk over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from knowledge_graph import Graph
from numpy.typing import NDArray

from kg.index import kernels
from kg.index.open import Index
from kg.index.walks import FANOUT, RESTART, Walker
from kg.vocabulary import LABEL_IRI

EDGES, LONGEST_PATH = 200, 6
"""Facts of a neighbourhood, and of a path, at most."""
BEST = 100
"""Nodes that PageRank returns."""
CONVERGED, MOST_ITERATIONS = 1e-8, 50


class Ours:
    """The index under the peers' names; nothing stands between a question and its answer."""

    text = str

    def __init__(self, graph: Graph, folder: Path) -> None:
        self.index = Index(folder / "index")
        self.walker = Walker(self.index)
        self.relations = [self.index.relation(iri) for iri in graph.relations]
        self.node: Callable[[int], int] = lambda number: self.index.terms[graph.iris[number]]
        self.iri: Callable[[Any], str] = lambda node: self.index.term(int(node))
        self.objects = self.index.neighbours
        self.objects_by_label = self.index.neighbours_by_label
        self.around = self.walker.around
        self.path = self.walker.shortest_path

    def labels_by_label(self, label: str, relation: int) -> list[str]:
        found = self.index.neighbours_by_label(label, relation)
        return [self.index.label(node) for node in found.tolist()]

    def others(self, seeds: Sequence[int], most: int) -> list[int]:
        """Return where each fact within two hops leads, of at most `most`."""
        edges, directions = self.around(seeds, 2, most, most)
        arrays, forward = self.index.arrays, directions == kernels.FORWARD
        ends = arrays["out_object"][edges[forward]], arrays["in_subject"][edges[~forward]]
        return [node for one in ends for node in one.tolist()]


class Peer(ABC):
    """A system that holds the graph, in whose own terms the questions are put and answered.

    node: the node of a number of the graph. relations: by number. text: a label as it is stored.
    """

    node: Any
    relations: list[Any]
    text: Any = str

    @abstractmethod
    def objects(self, node: Any, relation: Any) -> list[Any]:
        """Return what one fact of `relation` leads to."""

    @abstractmethod
    def called(self, label: Any) -> Any:
        """Return the node with this label."""

    @abstractmethod
    def label(self, node: Any) -> str:
        """Return the label of `node`."""

    @abstractmethod
    def out(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        """Yield the facts of `node`, and their objects."""

    @abstractmethod
    def back(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        """Yield the facts about `node`, and their subjects."""

    def iri(self, node: Any) -> str:
        """Return what all systems call `node`."""
        return str(node)

    def objects_by_label(self, label: Any, relation: Any) -> list[Any]:
        """Return what one fact of `relation` leads to from the node with this label."""
        return self.objects(self.called(label), relation)

    def labels_by_label(self, label: Any, relation: Any) -> list[str]:
        """Return the same as labels."""
        return [self.label(node) for node in self.objects(self.called(label), relation)]

    def others(self, seeds: Sequence[Any], most: int) -> list[Any]:
        """Return where each fact within two hops leads, of at most `most`."""
        return [other for _, other in self.around(seeds, 2, most, most)]

    def around(
        self, seeds: Sequence[Any], hops: int = 2, most: int = EDGES, fanout: int = FANOUT
    ) -> list[tuple[Hashable, Any]]:
        """Return the facts within `hops`, each once, and where they lead, as `Walker.around`."""
        border = list(dict.fromkeys(seeds))
        seen = set(border)
        expanded: set[Any] = set()
        found: list[tuple[Hashable, Any]] = []
        for _ in range(hops):
            following = []
            for node in border:
                for fact, other in chain(
                    islice(self.out(node), fanout), islice(self.back(node), fanout)
                ):
                    if other in expanded:
                        continue
                    found.append((fact, other))
                    if len(found) == most:
                        return found
                    if other not in seen:
                        seen.add(other)
                        following.append(other)
                expanded.add(node)
            border = following
        return found

    def path(self, start: Any, end: Any) -> list[Any]:
        """Return the nodes of a shortest way, searched from both ends at once; [] for none."""
        before: tuple[dict[Any, Any], dict[Any, Any]] = ({start: None}, {end: None})
        borders = [[start], [end]]
        for _ in range(LONGEST_PATH):
            side = int(len(borders[0]) > len(borders[1]))
            mine, theirs, following = before[side], before[1 - side], []
            for node in borders[side]:
                for _, other in chain(self.out(node), self.back(node)):
                    if other in theirs:
                        first, last = (node, other) if side == 0 else (other, node)
                        return [*reversed([*_way(before[0], first)]), *_way(before[1], last)]
                    if other not in mine:
                        mine[other] = node
                        following.append(other)
            borders[side] = following
        return []


def _way(before: dict[Any, Any], node: Any) -> Iterator[Any]:
    while node is not None:
        yield node
        node = before[node]


class Oxigraph(Peer):
    """pyoxigraph on disk, all facts and names in the default graph, where it is fastest."""

    def __init__(self, graph: Graph, folder: Path) -> None:
        import pyoxigraph as ox

        self.store = ox.Store.read_only(str(folder / "pyoxigraph"))
        self.node = lambda number: ox.NamedNode(graph.iris[number])
        self.relations = [ox.NamedNode(iri) for iri in graph.relations]
        self.text = self._literal = ox.Literal
        self._label, self._default = ox.NamedNode(LABEL_IRI), ox.DefaultGraph()

    def _find(self, subject: Any, relation: Any, object_: Any) -> Iterator[Any]:
        return self.store.quads_for_pattern(subject, relation, object_, self._default)

    def objects(self, node: Any, relation: Any) -> list[Any]:
        return [quad.object for quad in self._find(node, relation, None)]

    def called(self, label: Any) -> Any:
        return next(self._find(None, self._label, label)).subject

    def label(self, node: Any) -> str:
        return str(next(self._find(node, self._label, None)).object.value)

    def out(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        for quad in self._find(node, None, None):
            if type(other := quad.object) is not self._literal:
                yield quad, other

    def back(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        for quad in self._find(None, None, node):
            yield quad, quad.subject

    def iri(self, node: Any) -> str:
        return str(node.value)


def fill_oxigraph(graph: Graph, folder: Path) -> None:
    """Write the graph into the store that `Oxigraph` reads."""
    import pyoxigraph as ox

    store = ox.Store(str(folder / "pyoxigraph"))
    relations = {iri: ox.NamedNode(iri) for iri in (LABEL_IRI, *graph.relations)}
    store.bulk_extend(
        ox.Quad(
            ox.NamedNode(subject),
            relations[relation],
            ox.Literal(value) if literal else ox.NamedNode(value),
        )
        for subject, relation, value, literal, _, _ in graph.quads()
    )
    store.flush()
    store.optimize()


class Rdflib(Peer):
    """rdflib's store in memory, the one without named graphs."""

    def __init__(self, graph: Graph, folder: Path) -> None:
        import rdflib

        nodes = list(map(rdflib.URIRef, graph.iris))
        self.node = nodes.__getitem__
        self.relations = list(map(rdflib.URIRef, graph.relations))
        self.text = self._literal = rdflib.Literal
        self._label = rdflib.URIRef(LABEL_IRI)
        self.triples = rdflib.Graph(store="SimpleMemory")
        for node, label in zip(nodes, graph.labels, strict=True):
            self.triples.add((node, self._label, rdflib.Literal(label)))
        for subject, relation, object_, _ in graph.facts():
            self.triples.add((nodes[subject], self.relations[relation], nodes[object_]))

    def objects(self, node: Any, relation: Any) -> list[Any]:
        return list(self.triples.objects(node, relation))

    def called(self, label: Any) -> Any:
        return next(self.triples.subjects(self._label, label))

    def label(self, node: Any) -> str:
        return str(next(self.triples.objects(node, self._label)))

    def out(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        for triple in self.triples.triples((node, None, None)):
            if type(triple[2]) is not self._literal:
                yield triple, triple[2]

    def back(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        for triple in self.triples.triples((None, None, node)):
            yield triple, triple[0]


class Networkx(Peer):
    """networkx.MultiDiGraph, read past its slow views, as its own algorithms do."""

    def __init__(self, graph: Graph, folder: Path) -> None:
        import networkx

        edges = networkx.MultiDiGraph()
        edges.add_edges_from((one[0], one[2], one[1], {}) for one in graph.facts())
        self._successors, self._predecessors = edges._succ, edges._pred
        self.node, self.relations = int, list(range(len(graph.relations)))
        self._called = {label: number for number, label in enumerate(graph.labels)}
        self._labels, self._iris = graph.labels, graph.iris

    def objects(self, node: Any, relation: Any) -> list[Any]:
        return [other for other, keys in self._successors[node].items() if relation in keys]

    def called(self, label: Any) -> Any:
        return self._called[label]

    def label(self, node: Any) -> str:
        return self._labels[node]

    def out(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        for other, keys in self._successors[node].items():
            for relation in keys:
                yield (node, relation, other), other

    def back(self, node: Any) -> Iterator[tuple[Hashable, Any]]:
        for other, keys in self._predecessors[node].items():
            for relation in keys:
                yield (other, relation, node), other

    def iri(self, node: Any) -> str:
        return self._iris[node]


PEERS: dict[str, type[Peer]] = {
    "pyoxigraph": Oxigraph,
    "networkx": Networkx,
    "rdflib in memory": Rdflib,
}


def power_iteration(index: Index) -> Callable[[Sequence[int]], NDArray[np.intp]]:
    """Return the best nodes of personalised PageRank by power iteration, to convergence."""
    from scipy.sparse import csr_matrix

    arrays, shape = index.arrays, (index.nodes, index.nodes)
    ones = np.ones(index.edges)
    out = csr_matrix((ones, arrays["out_object"], arrays["out_start"]), shape)
    back = csr_matrix((ones, arrays["in_subject"], arrays["in_start"]), shape)
    both = csr_matrix(out + back)
    degree = np.maximum(both.sum(axis=1).A1, 1.0)
    both.data /= degree[both.indices]

    def ask(seeds: Sequence[int]) -> NDArray[np.intp]:
        start = np.zeros(index.nodes)
        np.add.at(start, seeds, 1 / len(seeds))
        rank = start
        for _ in range(MOST_ITERATIONS):
            before, rank = rank, (1 - RESTART) * (both @ rank) + RESTART * start
            if np.abs(rank - before).sum() < CONVERGED:
                break
        return np.argpartition(-rank, BEST)[:BEST]

    return ask


def phrase_matcher(names: Iterable[str]) -> Callable[[str], list[tuple[int, int]]]:
    """Return spaCy's PhraseMatcher of `names`, with the blank English tokenizer."""
    import spacy
    from spacy.matcher import PhraseMatcher

    blank = spacy.blank("en")
    matcher = PhraseMatcher(blank.vocab, attr="LOWER")
    matcher.add("NAME", blank.tokenizer.pipe(names))

    def ask(sentence: str) -> list[tuple[int, int]]:
        found = matcher(blank.make_doc(sentence), as_spans=True)
        return [(span.start_char, span.end_char) for span in found]

    return ask
