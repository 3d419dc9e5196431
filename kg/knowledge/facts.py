"""The interface of every knowledge graph, local or remote: names, facts, categories, paths."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from math import inf, log
from typing import TYPE_CHECKING

from kg.english import identifier_words
from kg.vocabulary import IS_A_IRI, LITERAL, RelationType, Triple, local_name

if TYPE_CHECKING:
    import rdflib

STEP_COST, WEAKEST = 0.25, 0.01
"""Cost of a fact of a path in addition to -log(strength); the minimum strength in that formula."""
MAX_CATEGORIES = 30
"""Maximum categories to inherit from; in noisy knowledge, long chains reach nearly everything."""


@dataclass(slots=True)
class Concept:
    """Something with a name; `source` is the file that named it first."""

    iri: str
    label: str
    source: str
    aliases: list[str] = field(default_factory=list)
    definition: str = ""
    same: list[str] = field(default_factory=list)
    """IRIs under which other vocabularies know it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """subject - relation - object, by IRI (or `literal:VALUE` for a plain value).

    source: the file that states it. own: it comes from the user's file.
    via: IRIs of the categories that it was inherited through, nearest first.
    strength: how usually it holds, in [0, 1].
    predicate: what the source calls the relation, where that is something else: a category
        link may be stated as rdfs:subClassOf.
    """

    subject: str
    relation: str
    object: str
    source: str
    own: bool = False
    via: tuple[str, ...] = ()
    strength: float = 1.0
    predicate: str = ""

    @property
    def statement(self) -> Triple:
        """The triple that `source` states; of an inherited fact, the one about the category."""
        stated_of = self.via[-1] if self.via else self.subject
        return stated_of, self.predicate or self.relation, self.object


class KnowledgeGraph(ABC):
    """Names, relations and stated facts, and all that follows from them.

    In memory (`memory`), on disk (`store`), behind a SPARQL endpoint (`remote`), or several of
    them joined (`joined`): `kg.linking` and `kg.retrieval` read each alike.
    """

    @property
    @abstractmethod
    def relations(self) -> Mapping[str, RelationType]:
        """All kinds of facts, by IRI."""

    @abstractmethod
    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, or None where nothing is known of it."""

    @abstractmethod
    def named(self, form: str) -> Sequence[str]:
        """Return the concepts with the label or alias `form` (see `kg.english.normalise`).

        Those whose label it is come first.
        """

    def named_with(self, word: str) -> Sequence[str]:
        """Return the concepts with a longer name that `word` begins or ends: "drinking glass"."""
        return ()

    def corrections(self, word: str) -> Sequence[str]:
        """Return the words of names that `word` may be a misspelling of, likeliest first."""
        return ()

    @abstractmethod
    def stated(self, subject: str) -> Sequence[Fact]:
        """Return the facts that are stated of `subject` itself."""

    @abstractmethod
    def facts_to(self, object_: str) -> list[Fact]:
        """Return the stated facts whose object is `object_`."""

    @abstractmethod
    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[rdflib.Graph] = ()
    ) -> list[dict[str, str]]:
        """Run a read-only SPARQL query; one dictionary of variable -> text for each row.

        seconds: the time limit; None for no limit.
        beside: graphs that are queried together with the knowledge, such as a photograph's.

        Raises:
            SightGraphError: the query is broken, would change or fetch something, or takes
                longer than `seconds`.
        """

    @abstractmethod
    def statistics(self) -> dict[str, int]:
        """Return counts: concepts, relations, facts and whatever else can be counted."""

    def facts(self, subject: str, inherited: bool = True) -> list[Fact]:
        """Return what is known of `subject`: stated facts first, then those of its categories.

        The nearest statement wins: a denial ("cannot fly") rules out the farther fact that it
        denies, and a number (of legs) the farther number.
        """
        found = list(self.stated(subject))
        return self._with_inherited(subject, found) if inherited else found

    def implied(self, relation: str) -> tuple[str, ...]:
        """Return the relations whose facts follow from each fact of `relation`, sorted.

        Those that it declares itself part of or equal to, and theirs; and what denies the same.
        """
        found: dict[str, None] = {relation: None}
        waiting = [relation]
        while waiting:
            one = self.relations.get(waiting.pop())
            if one is None:
                continue
            alike = one.denies and (
                iri for iri, other in self.relations.items() if other.denies == one.denies
            )
            new = [iri for iri in (*one.implies, *(alike or ())) if iri not in found]
            found |= dict.fromkeys(new)
            waiting += new
        return tuple(sorted(found.keys() - {relation}))

    def statement(self, fact: Fact) -> Triple:
        """Return the triple from which `fact` comes, as its source states it."""
        return fact.statement

    def facts_about(self, concept: str) -> list[Fact]:
        """Return the stated facts that `concept` is the subject or the object of."""
        return [*self.stated(concept), *self.facts_to(concept)]

    def neighbours(self, concept: str, relation: str | None = None) -> list[str]:
        """Return what one fact leads to from `concept`, of one relation or of all."""
        return [
            fact.object
            for fact in self.stated(concept)
            if relation is None or fact.relation == relation
        ]

    def categories(self, concept: str) -> list[str]:
        """Return the IRIs of all categories of `concept`, nearest first."""
        return [category for category, _ in self._category_paths(concept)]

    def path(self, start: str, end: str, longest: int = 6) -> list[Fact]:
        """Return the facts of a shortest path between two concepts, walked in either direction.

        [] when there is none of at most `longest` facts, or the two are the same.
        """
        came: dict[str, tuple[str, Fact]] = {}
        seen, frontier = {start}, [start]
        for _ in range(longest):
            following = []
            for node, fact in self._facts_about_all(frontier):
                other = fact.object if fact.subject == node else fact.subject
                if other not in seen:
                    seen.add(other)
                    came[other] = (node, fact)
                    following.append(other)
            if end in came:
                return _walked_back(came, start, end)
            frontier = following
        return []

    def best_path(self, start: str, end: str, most: int = 500) -> list[Fact]:
        """Return the facts of the cheapest path between two concepts, walked in either direction.

        A path costs `STEP_COST` - log(strength) for each fact, so that a short path of weak facts
        loses against a longer path of strong facts. [] when there is none among the `most`
        concepts that are reached at the lowest costs.
        """
        came: dict[str, tuple[str, Fact]] = {}
        costs = {start: 0.0}
        done: set[str] = set()
        waiting = [(0.0, start)]
        while waiting and len(done) < most:
            cost, node = heappop(waiting)
            if node == end:
                return _walked_back(came, start, end)
            if node in done:
                continue
            done.add(node)
            for fact in self.facts_about(node):
                other = fact.object if fact.subject == node else fact.subject
                total = cost + STEP_COST - log(max(fact.strength, WEAKEST))
                if total < costs.get(other, inf):
                    costs[other] = total
                    came[other] = (node, fact)
                    heappush(waiting, (total, other))
        return []

    def label(self, term: str) -> str:
        """Return what a person calls `term`: a concept's label, or a literal's text."""
        if term.startswith(LITERAL):
            return term.removeprefix(LITERAL)
        concept = self.concept(term)
        return concept.label if concept else identifier_words(local_name(term))

    def _facts_about_all(self, concepts: Iterable[str]) -> Iterable[tuple[str, Fact]]:
        """Yield each of `concepts` with each fact about it; a remote graph sends batches."""
        return ((concept, fact) for concept in concepts for fact in self.facts_about(concept))

    def _with_inherited(self, subject: str, found: list[Fact]) -> list[Fact]:
        known = {(fact.relation, fact.object) for fact in found}
        own = {fact.relation for fact in found if fact.own}
        for category, via in self._category_paths(subject):
            numbers = {fact.relation for fact in found if fact.object.startswith(LITERAL)}
            for fact in self.stated(category):
                key = (fact.relation, fact.object)
                replaced = fact.relation in numbers or (fact.relation in own and not fact.own)
                inherits = self.relations[fact.relation].inherits
                inherits = inherits and self._passes_on(subject, via, *key)
                if inherits and key not in known and not replaced and not self._denied(fact, known):
                    known.add(key)
                    found.append(replace(fact, subject=subject, via=via))
        return found

    def _category_paths(self, concept: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return (category, categories on the path to it and itself), breadth first."""
        paths: list[tuple[str, tuple[str, ...]]] = []
        seen = {concept}
        frontier: list[tuple[str, tuple[str, ...]]] = [(concept, ())]
        while frontier and len(paths) < MAX_CATEGORIES:
            following = []
            for node, via in frontier:
                for category in self.neighbours(node, IS_A_IRI):
                    passed = self._passes_on(concept, via, IS_A_IRI, category)
                    if category not in seen and passed:
                        seen.add(category)
                        following.append((category, (*via, category)))
            paths.extend(following)
            frontier = following
        return paths[:MAX_CATEGORIES]

    def _passes_on(self, subject: str, via: tuple[str, ...], relation: str, object_: str) -> bool:
        """Whether what the last of the categories `via` states may hold for `subject` at all."""
        return True

    def _denied(self, fact: Fact, known: Iterable[tuple[str, str]]) -> bool:
        return any(
            object_ == fact.object
            and (
                self.relations[relation].denies == fact.relation
                or self.relations[fact.relation].denies == relation
            )
            for relation, object_ in known
        )


def _walked_back(came: Mapping[str, tuple[str, Fact]], start: str, end: str) -> list[Fact]:
    facts: list[Fact] = []
    node = end
    while node != start:
        node, fact = came[node]
        facts.append(fact)
    return facts[::-1]
