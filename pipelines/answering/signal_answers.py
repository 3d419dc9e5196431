"""Answers that are the name of a modality: what is heard, which animal makes a sound.

The networks were trained on photographs. Where a question asks what a sound or another modality
is, the name that it was given takes precedence over them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graph_fusion.tensors import Query
from kg.english import normalise, singulars
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import IS_A_IRI, EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Candidate, Evidence, completed
from pipelines.answering.prediction import Prediction
from pipelines.build.context import LINKER
from pipelines.build.signals import HEARD, words_for

YES = 0.5
"""Something is heard if the names that say so have at least this probability together."""
ASKED = "(what|which|who|whose)( [\\w'-]+){0,3}"
NO_THING = frozenset({"it", "this", "that", "hear", "heard", "hearing", "listen", "listening"})
"""Labels of words that name nothing which could be heard."""
HEARING = "(hear(d|ing)?|listen(ing)? to|audible)"
"""Words of questions about sounds."""


def signal_answer(graph: SceneGraph, query: Query) -> Prediction | None:
    """Return the answer to a question about what a signal is; None if it is no such question."""
    for signal in graph.nodes(NodeKind.SIGNAL):
        assert signal.recording is not None
        name = signal.recording.modality
        words = words_for(name)
        hearing = words >= HEARD
        if query.answer_type == "yes/no":
            if _speaks_of(query.text, words, hearing) and (
                found := _presence(graph, signal, words)
            ):
                return found
        elif asks_what(query.text, words, hearing):
            return _identity(graph, query, signal)
    return None


def asks_what(text: str, words: frozenset[str], hearing: bool) -> bool:
    """Whether a question asks what a signal is, by its `words`.

    >>> asks_what("Which animal makes this sound?", frozenset({"sound"}), True)
    True
    >>> asks_what("What does the animal in this sound eat?", frozenset({"sound"}), True)
    False
    """
    word = f"({'|'.join(map(re.escape, sorted(words)))})s?"
    this = f"(this|that|the|these|those|such an?|an?) ([\\w'-]+ )?{word}"
    patterns = [
        f"{ASKED} (makes?|made|(is|are|was) making|produces?|causes?|gives?) {this}$",
        f"{ASKED} (is|are|was) {this}( of| from)?$",
        f"(what|which|whose) {word} (is|was|are) (this|that|it|here)$",
        f"{ASKED} (shows?|is (shown|recorded) (by|in)|is in) {this}$",
    ]
    if hearing:
        patterns += [
            f"{ASKED} (do|can|could|did) (you|we|i|one|they) {HEARING}( here| now)?$",
            f"{ASKED} (is|are|was|were|can|could) (be |being )?{HEARING}( here| in {this})?$",
        ]
    plain = " ".join(text.lower().rstrip("?!. ").split())
    return any(re.match(pattern, plain) for pattern in patterns)


def _speaks_of(text: str, words: frozenset[str], hearing: bool) -> bool:
    found = set(re.findall(r"[\w-]+", text.lower()))
    spoken = any({word, f"{word}s"} & found for word in words)
    return spoken or (hearing and bool({"hear", "heard", "audible"} & found))


def _identity(graph: SceneGraph, query: Query, signal: Node) -> Prediction:
    """Return the most probable name that is of the kind asked for."""
    kind = "" if query.focus is None else query.text[slice(*query.focus)]
    names = [
        (label, probability, edge)
        for label, probability, edge in names_of(graph, signal)
        if not kind or edge is None or kind_path(graph, edge.target, kind) is not None
    ]
    if not names:
        evidence = Evidence.from_path(graph, (), signal)
        return Prediction(DONT_KNOW, completed(()), evidence)
    candidates = completed([Candidate(label, probability) for label, probability, _ in names])
    label, _, edge = names[0]
    return Prediction(
        label, candidates, Evidence.from_path(graph, _path(graph, edge, kind), signal)
    )


def _presence(graph: SceneGraph, signal: Node, words: frozenset[str]) -> Prediction | None:
    """Return whether the signal is what another word of the question names; None if none does."""
    names = list(names_of(graph, signal))
    asked = [
        word
        for word in graph.nodes(NodeKind.ENTITY)
        if normalise(word.label) not in words | NO_THING
    ]
    if not names or len(asked) != 1:
        return None
    kind = asked[0].label
    fitting = [
        (probability, edge)
        for label, probability, edge in names
        if normalise(label) in _forms(kind)
        or (edge is not None and kind_path(graph, edge.target, kind) is not None)
    ]
    probability = min(1.0, sum(one for one, _ in fitting))
    text, other = ("yes", "no") if probability >= YES else ("no", "yes")
    share = probability if text == "yes" else 1.0 - probability
    candidates = completed([Candidate(text, share), Candidate(other, 1.0 - share)])
    path = _path(graph, fitting[0][1] if fitting else None, kind)
    return Prediction(text, candidates, Evidence.from_path(graph, path, signal, asked[0]))


def names_of(graph: SceneGraph, signal: Node) -> Iterator[tuple[str, float, Edge | None]]:
    """Yield the names of a signal with probability and link to the concept, where there is one.

    The first is that by which it is called; a signal without a name has none.
    """
    assert signal.recording is not None
    links = [one for one in graph.edges_from(signal.id) if one.kind == EdgeKind.LINK]
    called = next((one for one in links if one.origin == LINKER), None)
    if signal.label != signal.recording.modality:
        yield signal.label, signal.score, called
    for one in sorted(links, key=lambda edge: -edge.score):
        label = graph.node(one.target).label
        if one.origin != LINKER and label != signal.label:
            yield label, one.score, one


def kind_path(graph: SceneGraph, concept: str, kind: str) -> tuple[Edge, ...] | None:
    """Return the "is a" facts from a concept to the category `kind`; None if it is no such."""
    forms = _forms(kind)
    paths: dict[str, tuple[Edge, ...]] = {concept: ()}
    queue = [concept]
    while queue:
        one = queue.pop(0)
        label = normalise(graph.node(one).label)
        if label in forms or label.split(" ")[-1] in forms:  # a musical instrument
            return paths[one]
        for edge in graph.edges_from(one):
            if edge.states(IS_A_IRI) and edge.target not in paths:
                paths[edge.target] = (*paths[one], edge)
                queue.append(edge.target)
    return None


def _path(graph: SceneGraph, link: Edge | None, kind: str) -> tuple[Edge, ...]:
    """Return the link from a signal to a concept, and the facts from there to `kind`."""
    return () if link is None else (link, *(kind_path(graph, link.target, kind) or ()))


def _forms(word: str) -> set[str]:
    """Return a word in lower case, and what it may be the plural of."""
    plain = normalise(word)
    return {plain, *singulars(plain)}
