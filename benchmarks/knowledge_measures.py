"""What `knowledge.py` asks of the index and of its peers, and how long they take to answer.

Half of the queries are about nodes drawn uniformly, half about nodes drawn by their number of
facts. Times are the process's own (what else runs on the machine is left out), medians over rounds
in turn.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
from knowledge_graph import FRAMES, Graph, make_sentences, misspelt_names
from knowledge_peers import BEST, PEERS, Ours, Peer, phrase_matcher, power_iteration
from numpy.typing import NDArray

from kg.english import normalise
from kg.index.mentions import MentionFinder
from kg.index.open import Index

FEWEST_ROUNDS, MOST_ROUNDS, ENOUGH_SECONDS = 3, 15, 30.0
ASKED = {"hops": 1000, "labels": 200, "around": 100, "path": 40, "ranks": 24}
"""Queries of each kind; half about any node, half by degree."""
DRAWN, SEEDS = 2000, 5
TOLERANCES = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
OVERLAP = 0.9
COMPARED, UNCAPPED = 20, 100_000
"""Answers of each kind that are compared; neighbourhoods of more facts are not."""

Queries = Sequence[Sequence[tuple[Any, ...]]]
"""Arguments of each query: [2][Q], about any node, and about nodes drawn by degree."""
Ask = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    ours, theirs: in `unit`, the mean over queries of medians over rounds; None for no peer.
    any_node, by_degree: theirs / ours by kind of query, None for one kind.
    most: the goal of `ours`. least: the goal of theirs / ours.
    """

    what: str
    peer: str
    ours: float
    theirs: float | None = None
    unit: str = "µs"
    any_node: float | None = None
    by_degree: float | None = None
    most: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.theirs / self.ours if self.theirs else None

    @property
    def met(self) -> str:
        """Whether the goals are reached; "" for none."""
        reached = [] if self.most is None else [self.ours <= self.most]
        if self.least is not None and self.ratio is not None:
            reached.append(self.ratio >= self.least)
        return ("yes" if all(reached) else "NO") if reached else ""


class DisagreementError(Exception):
    """The index and a peer answer differently, so that their times mean nothing."""


def race(sides: Sequence[tuple[Ask, Queries]]) -> list[NDArray[np.float64]]:
    """Ask all sides in turn, round by round; return each one's µs a query, by kind."""
    rounds: list[list[list[float]]] = []
    begun = perf_counter()
    while len(rounds) < FEWEST_ROUNDS or (
        len(rounds) < MOST_ROUNDS and perf_counter() - begun < ENOUGH_SECONDS
    ):
        seconds = [[0.0] * len(queries) for _, queries in sides]
        for kind in range(len(sides[0][1])):
            for side, (ask, queries) in enumerate(sides):
                start = process_time()
                for query in queries[kind]:
                    ask(*query)
                seconds[side][kind] = (process_time() - start) / len(queries[kind])
        rounds.append(seconds)
    return list(1e6 * np.median(rounds, axis=0))


def row_of(
    what: str,
    peer: str,
    times: Sequence[NDArray[np.float64]],
    most: float | None = None,
    least: float | None = None,
) -> Row:
    """Return the row of what `race` measured for the index and, where there is one, a peer."""
    means = [float(side.mean()) for side in times]
    kinds = (times[1] / times[0]).tolist() if len(times) == 2 else []
    any_node, by_degree = kinds if len(kinds) == 2 else (None, None)
    return Row(what, peer, *means, any_node=any_node, by_degree=by_degree, most=most, least=least)


class GeneratedQuestion(NamedTuple):
    """What is asked of the index and of the peers.

    ask: the name of their method. drawn: of its queries.
    most: the goal of the index's µs. least: the goal of the ratio to pyoxigraph.
    """

    what: str
    ask: str
    drawn: str
    most: float | None = None
    least: float | None = None


QUESTIONS = (
    GeneratedQuestion("1-hop of one relation, in ids", "objects", "hops", 3),
    GeneratedQuestion("1-hop of one relation, by label", "objects_by_label", "labels", 6),
    GeneratedQuestion("the same, answers as labels", "labels_by_label", "labels"),
    GeneratedQuestion("2-hop of 5 seeds, <= 200 edges", "around", "around", 40, 100),
    GeneratedQuestion("path between two", "path", "path", 100),
)


class Draws:
    """Queries by the graph's numbers, always the same, as arguments for a system's methods."""

    def __init__(self, graph: Graph, index: Index) -> None:
        self._labels = labels = graph.labels
        random = np.random.default_rng(1)
        _, first = np.unique(graph.subject, return_index=True)
        facts = (random.choice(first, DRAWN), random.integers(0, len(graph.subject), DRAWN))
        hops = [np.stack((graph.subject[one], graph.relation[one]), 1).tolist() for one in facts]
        ends = np.concatenate((graph.subject, graph.object))
        nodes = (random.choice(np.unique(ends), DRAWN), random.choice(ends, DRAWN))
        seeds = [one.reshape(-1, SEEDS).tolist() for one in nodes]
        self._drawn: dict[str, list[list[list[int]]]] = {
            "hops": hops,
            "labels": [[hop for hop in kind if is_plain(index, labels[hop[0]])] for kind in hops],
            "path": [one.reshape(-1, 2).tolist() for one in nodes],
            "around": seeds,
            "ranks": seeds,
        }

    def __call__(self, name: str, system: Ours | Peer) -> Queries:
        """Return the queries of `ASKED` that are called `name`."""
        node, relations = system.node, system.relations

        def arguments(numbers: list[int]) -> tuple[Any, ...]:
            first, second, *_ = numbers
            if name == "hops":
                return node(first), relations[second]
            if name == "labels":
                return system.text(self._labels[first]), relations[second]
            if name == "path":
                return node(first), node(second)
            return ([node(number) for number in numbers],)

        kinds = (kind[: ASKED[name] // 2] for kind in self._drawn[name])
        return [[arguments(numbers) for numbers in kind] for kind in kinds]


def is_plain(index: Index, label: str) -> bool:
    """Whether only one node is called so, and the label is written as it is looked up."""
    return normalise(label) == label and len(index.named(label)) == 1


def walks(folder: Path, name: str) -> list[Row]:
    """Race the index against the peer called `name`, or alone for ""."""
    graph = Graph.load(folder)
    ours = Ours(graph, folder)
    systems: list[Ours | Peer] = [ours]
    draws = Draws(graph, ours.index)
    if name:
        before, start = memory("VmRSS"), process_time()
        peer = PEERS[name](graph, folder)
        seconds, more = process_time() - start, memory("VmRSS") - before
        log(f"{name}: opened or loaded in {seconds:.1f} s, {more:.2f} GiB of memory")
        compare(ours, peer, draws)
        systems.append(peer)
    _without_gc()
    rows = []
    for one in QUESTIONS:
        sides = [(getattr(system, one.ask), draws(one.drawn, system)) for system in systems]
        ask, queries = sides[0]
        ask(*queries[0][0])  # compiles
        times = race(sides)
        least = one.least if name == "pyoxigraph" else None
        rows.append(row_of(one.what, name, times, one.most, least))
    return rows


def compare(ours: Ours, peer: Peer, draws: Draws) -> None:
    """Compare answers of the index and a peer.

    Raises:
        DisagreementError: they differ.
    """
    answers: dict[str, tuple[str, Ask]] = {
        "objects": ("hops", lambda one, *hop: sorted(map(one.iri, one.objects(*hop)))),
        "objects by label": (
            "labels",
            lambda one, *hop: sorted(map(one.iri, one.objects_by_label(*hop))),
        ),
        "labels": ("labels", lambda one, *hop: sorted(one.labels_by_label(*hop))),
        "facts and nodes around": ("around", _reached),
        "length of the path": ("path", lambda one, *ends: len(one.path(*ends))),
    }
    counts = dict.fromkeys(answers, 0)
    for what, (drawn, answer) in answers.items():
        for our_kind, their_kind in zip(draws(drawn, ours), draws(drawn, peer), strict=True):
            both = zip(our_kind, their_kind, strict=True)
            for our_query, their_query in islice(both, COMPARED):
                mine, theirs = answer(ours, *our_query), answer(peer, *their_query)
                if mine is None or theirs is None:
                    continue
                counts[what] += 1
                if mine != theirs:
                    raise DisagreementError(f"{what} {their_query}: {mine}, peer: {theirs}")
    if not all(counts.values()):
        raise DisagreementError(f"some answers could not be compared: {counts}")
    log(f"the same answers: {counts}")


def _reached(system: Ours | Peer, seeds: Sequence[Any]) -> tuple[int, set[str]] | None:
    """Return how many facts and which IRIs are around two seeds, or None for too many."""
    seeds = seeds[:2]
    found = system.others(seeds, UNCAPPED)
    return None if len(found) == UNCAPPED else (len(found), set(map(system.iri, [*seeds, *found])))


def ranks(folder: Path, peer: str) -> list[Row]:
    """Race forward push, by tolerance, against power iteration with scipy, or alone for ""."""
    graph = Graph.load(folder)
    ours = Ours(graph, folder)
    queries = Draws(graph, ours.index)("ranks", ours)
    pushes: list[Ask] = [
        lambda seeds, bound=bound: ours.walker.pagerank(seeds, BEST, tolerance=bound)
        for bound in TOLERANCES
    ]
    pushes[0](*queries[0][0])
    exact = power_iteration(ours.index) if peer else None
    _without_gc()
    times = race([(push, queries) for push in [*pushes, *([exact] if exact else [])]])
    overlaps = _overlaps(pushes, exact, queries) if exact else []
    enough = [number for number, share in enumerate(overlaps) if share >= OVERLAP]
    rows = []
    for number, bound in enumerate(TOLERANCES):
        overlap = f", overlap {overlaps[number]:.1%}" if exact else ""
        goal = 30 if enough and number == enough[0] else None
        both = [times[number], times[-1]] if exact else [times[number]]
        rows.append(row_of(f"PageRank, tolerance {bound:.0e}{overlap}", peer, both, least=goal))
    return rows


def _overlaps(pushes: Sequence[Ask], exact: Ask, queries: Queries) -> list[float]:
    """Return the mean share of the nodes that each push finds which are among the exact best."""
    shares = np.zeros(len(pushes))
    each = [query for kind in queries for query in kind]
    for (seeds,) in each:
        best = exact(seeds)
        shares += [len(np.intersect1d(push(seeds)[0], best)) / BEST for push in pushes]
    return (shares / len(each)).tolist()  # type: ignore[no-any-return]


def links(folder: Path, peers: bool) -> list[Row]:
    """Race the finding of names in sentences against spaCy, and of misspelt ones, rapidfuzz."""
    graph = Graph.load(folder)
    index = Index(folder / "index")
    finder, random = MentionFinder(index), Random(2)
    means = (np.diff(index.arrays["name_start"]) > 0).tolist()
    names = [name for name, number in index.names.iteritems() if means[number]]
    sentences = make_sentences(random, graph)
    misspelt = misspelt_names(random, names, index.names)
    _without_gc()
    return [
        _link_exact(finder, names, sentences, peers),
        *_link_misspelt(finder, names, misspelt, peers),
    ]


def _link_exact(finder: MentionFinder, names: list[str], sentences: Queries, peers: bool) -> Row:
    for (sentence,) in sentences[0]:
        finder(sentence)
    what, sides = f"link a sentence, {len(names):,} names", [(finder, sentences)]
    if not peers:
        return row_of(what, "", race(sides), most=30)
    matcher = phrase_matcher(names)
    for (sentence,) in (query for kind in sentences for query in kind):
        found = ((one.name, one.start, one.end) for one in finder(sentence))
        ours = {(start, end) for name, start, end in found if sentence[start:end].lower() == name}
        if not ours <= (theirs := set(matcher(sentence))):
            raise DisagreementError(f"{sentence}: {ours}, spaCy: {theirs}")
    return row_of(what, "spaCy", race([*sides, (matcher, sentences)]), most=30)


def _link_misspelt(
    finder: MentionFinder, names: list[str], misspelt: list[str], peers: bool
) -> list[Row]:
    what, typos = "link one with a typo", [[(FRAMES[0].format(one, "dog"),) for one in misspelt]]
    for (sentence,) in typos[0]:
        finder(sentence)
    if not peers:
        return [row_of(what, "", race([(finder, typos)]), most=100)]
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    def one_edit(word: str) -> Any:
        return process.extractOne(word, names, scorer=OSA.distance, score_cutoff=1)

    def as_it_comes(word: str) -> Any:
        return process.extractOne(word, names)

    for (sentence,), word in zip(typos[0], misspelt, strict=True):
        found, theirs = [one.name for one in finder(sentence) if one.typo], one_edit(word)
        if len(found) != 1 or OSA.distance(found[0], word) != 1 or theirs[1] != 1:
            raise DisagreementError(f"{word}: {found}, rapidfuzz: {theirs}")
    words = [[(one,) for one in misspelt]]
    scorers = {"rapidfuzz, one OSA edit": one_edit, "rapidfuzz, as it comes": as_it_comes}
    return [
        row_of(what, name, race([(finder, typos), (ask, words)]), most=100)
        for name, ask in scorers.items()
    ]


def memory(what: str) -> float:
    """Return this process's memory in GiB: "VmRSS" now, "VmHWM" at most."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) / 2**20


def log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _without_gc() -> None:
    """Keep the collector from walking over millions of objects while a clock runs."""
    gc.collect()
    gc.freeze()
    gc.disable()
