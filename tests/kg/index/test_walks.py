"""walks.py and kernels.py: the same as networkx, within bounds, from several threads."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from kg.index.build import build_index
from kg.index.kernels import FORWARD
from kg.index.open import Index
from kg.index.walks import Walker

EX = "https://example.org/"
ALL = 100_000
"""More facts than any of these graphs holds."""
SIZES = [(12, 14), (40, 60), (40, 200), (200, 260)]
"""Nodes and edges of the random graphs."""

Fact = tuple[int, str, int]


def index_of(folder: Path, facts: list[Fact], nodes: int) -> Index:
    folder.mkdir(exist_ok=True)
    quads = [(f"{EX}n{s}", EX + r, f"{EX}n{o}", False, "test", 1.0) for s, r, o in facts]
    quads += [
        (f"{EX}n{n}", "http://www.w3.org/2004/02/skos/core#prefLabel", f"n{n}", True, "test", 1.0)
        for n in range(nodes)
    ]
    build_index(folder, lambda: quads)
    return Index(folder)


def random_facts(nodes: int, edges: int, seed: int) -> list[Fact]:
    """Return random facts, some between the same two nodes, both ways, and with oneself."""
    random = np.random.default_rng(seed)
    ends = random.integers(0, nodes, (edges, 2)).tolist()
    relations = random.integers(0, 3, edges).tolist()
    facts = {(s, f"r{r}", o) for (s, o), r in zip(ends, relations, strict=True)}
    return sorted(facts)


class Case:
    """A random graph, as facts, as an index, and as networkx sees it."""

    def __init__(self, folder: Path, nodes: int, edges: int, seed: int) -> None:
        self.facts = random_facts(nodes, edges, seed)
        self.index = index_of(folder, self.facts, nodes)
        self.walker = Walker(self.index)
        self.number = [self.index.terms[f"{EX}n{n}"] for n in range(nodes)]
        self.name = {number: n for n, number in enumerate(self.number)}
        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(range(nodes))
        self.graph.add_edges_from((s, o) for s, _, o in self.facts)
        self.undirected = nx.Graph(self.graph)

    def around(self, seeds: list[int], hops: int, most: int = ALL, fanout: int = ALL) -> list[Fact]:
        found = self.walker.around([self.number[n] for n in seeds], hops, most, fanout)
        return [self.fact(*edge) for edge in zip(*(part.tolist() for part in found), strict=True)]

    def fact(self, position: int, direction: int) -> Fact:
        """Return the fact at a position of out_* or in_*."""
        arrays, forward = self.index.arrays, direction == FORWARD
        rows = arrays["out_start" if forward else "in_start"]
        node = int(rows.searchsorted(position, side="right")) - 1
        other = int(arrays["out_object" if forward else "in_subject"][position])
        relation = self.index.relations[
            arrays["out_relation" if forward else "in_relation"][position]
        ].removeprefix(EX)
        subject, object_ = (node, other) if forward else (other, node)
        return self.name[subject], relation, self.name[object_]

    def within(self, seeds: list[int], hops: int) -> dict[Fact, int]:
        """Return the facts within `hops`, each with its distance, as networkx finds them."""
        far = nx.multi_source_dijkstra_path_length(self.undirected, set(seeds), weight=None)
        distance = {(s, r, o): min(far.get(s, ALL), far.get(o, ALL)) for s, r, o in self.facts}
        return {fact: steps for fact, steps in distance.items() if steps < hops}


@pytest.fixture(params=[(*size, seed) for seed, size in enumerate(SIZES)], ids=str)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return Case(tmp_path / "index", *request.param)


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_around_finds_every_fact_within_the_hops_and_none_beyond(case: Case, hops: int) -> None:
    for seeds in ([0], [1, 2, 3], [5, 5]):
        assert set(case.around(seeds, hops)) == set(case.within(seeds, hops))


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_around_gives_no_fact_twice(case: Case, hops: int) -> None:
    for seeds in ([0], [1, 2, 3], [5, 5]):
        found = Counter(case.around(seeds, hops))
        assert [fact for fact, times in found.items() if times > 1] == []


def test_around_gives_only_facts_within_the_hops_nearest_first(case: Case) -> None:
    for seeds in ([0], [1, 2, 3]):
        within = case.within(seeds, 3)
        distances = [within[fact] for fact in dict.fromkeys(case.around(seeds, 3))]
        assert distances == sorted(distances)


@pytest.mark.parametrize("most", [0, 1, 5, 17])
def test_around_never_gives_more_than_asked_for(case: Case, most: int) -> None:
    found = case.around([0, 1], 3, most)
    assert len(found) == min(most, len(case.around([0, 1], 3)))
    assert set(found) <= set(case.within([0, 1], 3))


def test_around_takes_at_most_the_fanout_of_each_node_and_direction(case: Case) -> None:
    first = case.around([0], 1, fanout=2)
    assert sum(s == 0 for s, _, _ in first) <= 2 + 2
    assert len(first) <= 4


def test_around_nothing_is_nothing(case: Case) -> None:
    assert case.around([], 2) == []
    assert case.around([0], 0) == []


def test_shortest_paths_are_as_short_as_those_of_networkx(case: Case) -> None:
    nodes = list(case.undirected)
    lengths = dict(nx.all_pairs_shortest_path_length(case.undirected))
    random = np.random.default_rng(0)
    for start, end in random.choice(nodes, (300, 2)).tolist():
        path = [
            case.name[n]
            for n in case.walker.shortest_path(*map(case.number.__getitem__, (start, end)), ALL)
        ]
        if end not in lengths[start]:
            assert path == []
            continue
        assert len(path) == lengths[start][end] + 1
        assert (path[0], path[-1]) == (start, end)
        assert all(case.undirected.has_edge(a, b) for a, b in pairwise(path))


def test_a_path_longer_than_allowed_is_none(tmp_path: Path) -> None:
    index = index_of(tmp_path / "index", [(n, "next", n + 1) for n in range(6)], 7)
    walker, (first, last) = Walker(index), (index.terms[EX + "n0"], index.terms[EX + "n6"])
    for longest in range(6):
        assert walker.shortest_path(first, last, longest) == []
    assert len(walker.shortest_path(first, last, 6)) == 7
    assert len(walker.shortest_path(last, first, 7)) == 7


def test_two_calls_give_the_same_so_that_scratch_arrays_stay_clean(case: Case) -> None:
    walker, seeds, end = case.walker, case.number[:3], case.number[-1]
    first = [part.tolist() for part in (*walker.around(seeds, 3), *walker.pagerank(seeds))]
    path = walker.shortest_path(seeds[0], end)
    for most in (1, 3, 200):
        walker.around(seeds, 3, most)
        walker.pagerank(seeds, restart=0.5)
        walker.shortest_path(seeds[1], end, most)
    again = [part.tolist() for part in (*walker.around(seeds, 3), *walker.pagerank(seeds))]
    assert first == again
    assert walker.shortest_path(seeds[0], end) == path


def test_pagerank_is_close_to_that_of_networkx(case: Case) -> None:
    both_ways = nx.DiGraph()
    both_ways.add_nodes_from(case.graph, weight=0)
    for subject, _, object_ in case.facts:
        for a, b in ((subject, object_), (object_, subject)):
            weight = both_ways.get_edge_data(a, b, {"weight": 0})["weight"]
            both_ways.add_edge(a, b, weight=weight + 1)
    seeds = [n for n in (0, 1, 2) if case.graph.degree(n)]
    exact = nx.pagerank(
        both_ways, alpha=0.85, personalization=dict.fromkeys(seeds, 1.0), tol=1e-12, max_iter=1000
    )
    nodes, ranks = case.walker.pagerank([case.number[n] for n in seeds], most=ALL, tolerance=1e-9)
    found = {case.name[int(node)]: rank for node, rank in zip(nodes, ranks, strict=True)}
    for node, rank in exact.items():
        assert found.get(node, 0.0) == pytest.approx(rank, abs=1e-5)
    nodes, _ = case.walker.pagerank([case.number[n] for n in seeds], most=10)
    best = sorted(exact, key=exact.__getitem__, reverse=True)[: len(nodes)]
    least = exact[best[-1]]
    assert sum(exact[case.name[int(node)]] >= least - 1e-4 for node in nodes) >= 0.9 * len(nodes)


def test_pagerank_gives_the_most_that_are_asked_for_best_first(case: Case) -> None:
    nodes, ranks = case.walker.pagerank([case.number[1]], most=5)
    assert len(nodes) <= 5
    assert ranks.tolist() == sorted(ranks.tolist(), reverse=True)
    assert len(set(nodes.tolist())) == len(nodes)


def test_a_node_without_facts_keeps_all_its_rank(tmp_path: Path) -> None:
    index = index_of(tmp_path / "index", [(0, "r", 1)], 3)
    alone = index.terms[EX + "n2"]
    nodes, ranks = Walker(index).pagerank([alone])
    assert (nodes.tolist(), ranks.tolist()) == ([alone], [1.0])


def test_several_threads_walk_as_one_alone(tmp_path: Path) -> None:
    case = Case(tmp_path / "index", 2000, 9000, 7)
    walker = case.walker

    def walk(seed: int) -> list[object]:
        start, end = case.number[seed], case.number[-1 - seed]
        return [
            *(part.tolist() for part in walker.around([start], 3)),
            walker.shortest_path(start, end),
            *(part.tolist() for part in walker.pagerank([start, end], most=50)),
        ]

    alone = [walk(seed) for seed in range(200)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(walk, range(200))) == alone


MANY_SEEDS = """
import sys
from itertools import pairwise
from pathlib import Path
from kg.index.open import Index
from kg.index.walks import Walker
walker = Walker(Index(Path(sys.argv[1])))
for _ in range(20):
    nodes, ranks = walker.pagerank(range(20_000), most=20_000)
    assert abs(ranks.sum() - 1) < 0.2 and len(nodes) == 20_000, (len(nodes), ranks.sum())
"""


def test_pagerank_takes_thousands_of_seeds(tmp_path: Path) -> None:
    index_of(tmp_path / "index", [(n, "r", (n + 1) % 20_000) for n in range(20_000)], 0)
    command = [sys.executable, "-c", MANY_SEEDS, str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-500:]
