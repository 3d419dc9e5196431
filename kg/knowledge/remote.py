"""Knowledge behind a SPARQL endpoint: fetched by the batch, and remembered."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

from rdflib import Graph

from kg.english import normalise
from kg.errors import SightGraphError
from kg.knowledge import remote_queries as queries
from kg.knowledge.endpoint import DEADLINE, TIMEOUT, TRIES, Endpoint, Row
from kg.knowledge.facts import MAX_CATEGORIES, Concept, Fact, KnowledgeGraph
from kg.knowledge.remote_queries import Direction, Key
from kg.knowledge.sparql import check_read_only
from kg.vocabulary import (
    BUNDLED,
    IS_A_IRI,
    SOURCE,
    RelationType,
    Triple,
    read_graph_iri,
    relation_of,
)

BATCH = 100
"""Terms in one request."""
REMEMBERED = 100_000
"""Facts, and as many names, that are remembered."""

V = TypeVar("V")
_OUT, _IN = Direction.OUT, Direction.IN


class Recent(Generic[V]):
    """A least-recently-used cache by key, of at most `most` entries and keys."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._entries: OrderedDict[object, tuple[V, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> tuple[V, ...] | None:
        """Return the entries under `key`, or None where it is unknown or forgotten."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def put(self, key: object, entries: tuple[V, ...]) -> None:
        """Remember `entries`, and evict the least recently used ones."""
        with self._lock:
            if key in self._entries:
                self.size -= 1 + len(self._entries.pop(key))
            self._entries[key] = entries
            self.size += 1 + len(entries)
            while self.size > self.most:
                self.size -= 1 + len(self._entries.popitem(last=False)[1])


class RemoteKnowledge(KnowledgeGraph):
    """The default graph of a SPARQL endpoint, read through rdflib's `SPARQLStore`.

    At most `queries.MAX_FACTS` facts of a term and direction are fetched, and cached until they
    are the least recently used. A concept without a name at the endpoint has a label, but is not
    found by `named`. Terms that are no IRIs are never sent: they have no facts.
    """

    def __init__(
        self,
        url: str,
        timeout: float = TIMEOUT,
        tries: int = TRIES,
        deadline: float = DEADLINE,
        batch: int = BATCH,
        remembered: int = REMEMBERED,
        named_graphs: bool = False,
    ) -> None:
        """Set the endpoint; no request is sent before the first query.

        url: http or https. User and password stand in it, or in the environment, as
            SIGHTGRAPH_SPARQL_USER and SIGHTGRAPH_SPARQL_PASSWORD.
        timeout: seconds for one request. deadline: seconds for all requests of one call.
        tries: how often a request is sent while the endpoint is unreachable or too busy.
        batch: terms in one request. remembered: maximum facts in the cache.
        named_graphs: learn who states a fact, and how surely, from the graph that it is in.

        Raises:
            SightGraphError: `url` is no http or https URL.
        """
        self.endpoint = Endpoint(url, timeout, tries, deadline)
        self.batch = max(1, batch)
        self.named_graphs = named_graphs
        self._relations: dict[str, RelationType] = {}
        self._facts: Recent[Fact] = Recent(remembered)
        self._concepts: Recent[Concept] = Recent(remembered)
        self._names: Recent[str] = Recent(remembered)
        self._met: deque[str] = deque(maxlen=max(self.batch, remembered // 10))

    @property
    def relations(self) -> Mapping[str, RelationType]:
        """The kinds of the facts that were met so far, by IRI."""
        return self._relations

    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, or None where the endpoint states nothing of it.

        Those that were met lately in facts are fetched in the same request.
        """
        found = self._concepts.get(iri)
        if found is None:
            lately = dict.fromkeys(reversed(self._met))
            unknown = (one for one in lately if one != iri and self._concepts.get(one) is None)
            with self.endpoint.within():
                found = self._concepts_of([iri, *islice(unknown, self.batch - 1)])[iri]
        return found[0] if found else None

    def named(self, form: str) -> list[str]:
        """Return the concepts whose label, then those whose alias is `form`.

        Labels in English or in no language; written "ice cream", "Ice cream", "Ice Cream" or
        "ICE CREAM". At most `queries.MAX_NAMED` are found.
        """
        target = normalise(form)
        known = self._names.get(target) if target else ()
        if known is not None:
            return list(known)
        with self.endpoint.within():
            rows = self.endpoint.rows(queries.names_query(target), needs=("s", "name"))
            called = {str(row["s"]) for row in rows if normalise(str(row["name"])) == target}
            concepts = [one for some in self._concepts_of(sorted(called)).values() for one in some]
        concepts.sort(key=lambda one: (normalise(one.label) != target, one.iri))
        found = [one.iri for one in concepts]
        self._names.put(target, tuple(found))
        return found

    def stated(self, subject: str) -> list[Fact]:
        """Return the facts that are stated of `subject` itself, strongest first by relation."""
        return list(self._facts_of([subject], _OUT)[subject, _OUT])

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the facts whose object is `object_`, at most `queries.MAX_FACTS`."""
        return list(self._facts_of([object_], _IN)[object_, _IN])

    def facts(self, subject: str, inherited: bool = True) -> list[Fact]:
        """Return what is known of `subject`, as `KnowledgeGraph.facts`."""
        with self.endpoint.within():
            return super().facts(subject, inherited)

    def path(self, start: str, end: str, longest: int = 6) -> list[Fact]:
        """Return the facts of a shortest path between two concepts, walked in either direction."""
        if start == end or not queries.can_be_asked(end, _IN):
            return []
        with self.endpoint.within():
            return super().path(start, end, longest)

    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[Graph] = ()
    ) -> list[dict[str, str]]:
        """Run a read-only SPARQL query at the endpoint; see `KnowledgeGraph.query`.

        seconds: the time limit; None for the usual one of a request.
        beside: must be empty: nothing of here is sent to the endpoint.
        """
        if beside:
            raise SightGraphError(
                f"a graph on this machine cannot be queried together with '{self.endpoint.shown}'. "
                "Ask one after the other."
            )
        rows = self.endpoint.rows(check_read_only(sparql, {}), seconds)
        return [{name: str(term) for name, term in row.items()} for row in rows]

    def statistics(self) -> dict[str, int]:
        """Return counts: concepts that facts are stated of, relations, facts by relation label.

        Raises:
            SightGraphError: the endpoint cannot count that much in time.
        """
        with self.endpoint.within():
            subjects = self.endpoint.rows(
                queries.count_query("(COUNT(DISTINCT ?s) AS ?n)"), needs=("n",)
            )
            facts = Counter[str]()
            by_predicate = queries.count_query("?p (COUNT(*) AS ?n)") + " GROUP BY ?p"
            for row in self.endpoint.rows(by_predicate, needs=("n",)):
                if relation := relation_of(str(row.get("p", ""))):
                    facts[relation] += self._number(row)
            self._meet(facts)
        labels = Counter[str]()
        for relation, number in facts.items():
            labels[self._relations[relation].label] += number
        totals = {"concepts": self._number(next(iter(subjects), {})), "relations": len(facts)}
        ordered = sorted(labels.items(), key=lambda one: (-one[1], one[0]))
        return {**totals, "facts": facts.total(), **dict(ordered)}

    def _number(self, row: Row) -> int:
        """Return the count in a row of an answer to `queries.count_query`."""
        try:
            return int(str(row["n"]))
        except (KeyError, ValueError):
            raise SightGraphError(
                f"the SPARQL endpoint '{self.endpoint.shown}' answered with no number where it was "
                "asked to count. It does not keep to the SPARQL protocol."
            ) from None

    def _facts_about_all(self, concepts: Iterable[str]) -> list[tuple[str, Fact]]:
        queried = list(dict.fromkeys(concepts))
        found = self._facts_of(queried, _OUT, _IN)
        return [
            (one, fact)
            for one in queried
            for direction in (_OUT, _IN)
            for fact in found[one, direction]
        ]

    def _category_paths(self, concept: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return the paths of `KnowledgeGraph`, after a request for each level of categories."""
        seen: set[str] = set()
        level = [concept]
        with self.endpoint.within():
            while level and len(seen) <= MAX_CATEGORIES:
                found = self._facts_of(level, _OUT).values()
                seen.update(level)
                facts = (fact for some in found for fact in some if fact.relation == IS_A_IRI)
                above = dict.fromkeys(fact.object for fact in facts if fact.object not in seen)
                level = list(above)[:MAX_CATEGORIES]
            return super()._category_paths(concept)

    def _facts_of(
        self, terms: Iterable[str], *directions: Direction
    ) -> dict[Key, tuple[Fact, ...]]:
        """Return the facts of each term and direction, remembered or fetched."""
        keys = [(term, direction) for term in terms for direction in directions]
        known = {key: self._facts.get(key) if queries.can_be_asked(*key) else () for key in keys}
        found = {key: facts for key, facts in known.items() if facts is not None}
        missing = [key for key in known if key not in found]
        with self.endpoint.within():
            for batch in _batches(missing, self.batch * len(directions)):
                found |= self._fetch_facts(batch)
        return found

    def _fetch_facts(self, keys: Sequence[Key]) -> dict[Key, tuple[Fact, ...]]:
        """Ask for facts; where an answer was cut off, again for the keys that it left short."""
        rows = self.endpoint.rows(queries.facts_query(keys, self.named_graphs), needs=("term", "p"))
        facts = self._facts_in(rows)
        stated = Counter(queries.read_key(row) for row in rows if "w" not in row)
        directions = Counter(direction for _, direction in stated.elements())
        cut_off = {
            direction
            for direction in directions
            if directions[direction] >= queries.max_rows(keys, direction)
        }
        found: dict[Key, tuple[Fact, ...]] = {}
        short: list[Key] = []
        for key in keys:
            if key[1] in cut_off and stated[key] < queries.MAX_FACTS and len(keys) > 1:
                short.append(key)
                continue
            found[key] = tuple(facts.get(key, ())[: queries.MAX_FACTS])
            self._facts.put(key, found[key])
        for half in _halves(short):
            found |= self._fetch_facts(half)
        return found

    def _facts_in(self, rows: Iterable[Row]) -> dict[Key, list[Fact]]:
        """Return the facts in an answer, sorted, each once."""
        strengths: dict[Triple, float] = {}
        graphs: dict[Key, dict[Triple, set[str]]] = {}
        for row in rows:
            if (triple := queries.read_triple(row)) is None:
                continue
            if "w" in row:
                strengths[triple] = queries.read_strength(str(row["w"]))
                continue
            stating = graphs.setdefault(queries.read_key(row), {}).setdefault(triple, set())
            stating |= {str(row["g"])} if "g" in row else set()
        triples = {triple for some in graphs.values() for triple in some}
        self._meet({relation for _, relation, _ in triples})
        ends = {end for subject, _, object_ in triples for end in (subject, object_)}
        self._met.extend(sorted(filter(queries.is_iri, ends)))
        return {
            key: sorted(
                (self._fact(one, some[one], strengths.get(one)) for one in some),
                key=lambda fact: (fact.relation, -fact.strength, fact.subject, fact.object),
            )
            for key, some in graphs.items()
        }

    def _fact(self, triple: Triple, graphs: set[str], stated_strength: float | None) -> Fact:
        """Return a fact with the strength stated for it, for its graph, or for its relation."""
        usual = self._relations[triple[1]].strength
        if not graphs:
            return Fact(
                *triple,
                self.endpoint.host,
                True,
                strength=usual if stated_strength is None else stated_strength,
            )
        read = [(*read_graph_iri(one), one.startswith(SOURCE)) for one in sorted(graphs)]
        names = list(dict.fromkeys(name for name, _, _ in read))
        strongest = max(strength if ours else usual for _, strength, ours in read)
        own = any(name.partition("/")[0] != BUNDLED for name in names)
        return Fact(
            *triple,
            ", ".join(names),
            own,
            strength=strongest if stated_strength is None else stated_strength,
        )

    def _concepts_of(self, iris: Iterable[str]) -> dict[str, tuple[Concept, ...]]:
        """Return, for each IRI, its concept, or () where nothing is stated of it."""
        found = {one: self._concepts.get(one) if queries.is_iri(one) else () for one in iris}
        missing = [one for one, known in found.items() if known is None]
        texts = self._rows_about(queries.texts_query, missing)
        known = set(texts) | set(self._met)
        bare = [one for one in missing if one not in known]
        known |= {term for (term, _), facts in self._facts_of(bare, _OUT, _IN).items() if facts}
        for one in missing:
            concept = queries.read_concept(one, texts.get(one, ()), self.endpoint.host)
            found[one] = (concept,) if one in known else ()
            self._concepts.put(one, found[one] or ())
        return {one: concepts or () for one, concepts in found.items()}

    def _meet(self, relations: Iterable[str]) -> None:
        """Look up, at once, the relations that no fact used before."""
        new = sorted(set(relations) - set(self._relations))
        rows = self._rows_about(queries.relations_query, list(filter(queries.is_iri, new)))
        self._relations |= {one: queries.read_relation(one, rows.get(one, ())) for one in new}

    def _rows_about(
        self, query: Callable[[Sequence[str]], str], terms: Sequence[str]
    ) -> dict[str, list[Row]]:
        """Return the rows about each term, in batches; one that is cut off is halved."""
        found: dict[str, list[Row]] = {}
        for batch in _batches(terms, self.batch):
            rows = self.endpoint.rows(query(batch), needs=("term", "p", "o"))
            if len(rows) >= queries.MAX_ROWS and len(batch) > 1:
                for half in _halves(batch):
                    found |= self._rows_about(query, half)
                continue
            for row in rows:
                found.setdefault(str(row["term"]), []).append(row)
        return found


def _batches(terms: Sequence[V], size: int) -> Iterator[Sequence[V]]:
    return (terms[start : start + size] for start in range(0, len(terms), size))


def _halves(terms: Sequence[V]) -> Iterator[Sequence[V]]:
    return _batches(terms, (len(terms) + 1) // 2 or 1)


__all__ = ["RemoteKnowledge"]
