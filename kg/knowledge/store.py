"""Knowledge on disk: triples in pyoxigraph for the standards, a compiled index for speed."""

from __future__ import annotations

import re
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kg import schema
from kg.errors import SightGraphError
from kg.files import lock
from kg.index.open import SAME_AS, STRENGTHS, Index
from kg.index.spelling import Speller
from kg.knowledge.facts import Concept, Fact, KnowledgeGraph
from kg.knowledge.integrity import check_generation, corruption_as_damage, damaged
from kg.vocabulary import (
    ALIAS_TERMS,
    BUNDLED,
    GLOSS_TERMS,
    IS_A_IRI,
    LITERAL,
    NAME_TERMS,
    SAME_TERMS,
    RelationType,
    Triple,
    relation_of,
)

if TYPE_CHECKING:
    import pyoxigraph
    import rdflib

    from kg.index.walks import Walker

FORMAT = 1
CURRENT = "current"
"""The file of a store's folder that names the generation that is in use."""
GENERATION = "generation-"
GENERATION_NAME = re.compile(rf"{GENERATION}[0-9a-f]{{12}}")
ABOUT = "store.json"
"""The file that describes a generation; a reader of the generation holds a lock on it."""
MAX_FACTS = 100
"""Facts of one subject and relation, or of one object and relation, that are listed.

A large graph may state "is a person" of thousands; `index` has them all.
"""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One import: what it is called, where it came from, and what came of it."""

    name: str
    file: str
    format: str
    statements: int
    skipped: int


class Store(KnowledgeGraph):
    """A knowledge graph in a folder that `sightgraph kg import` wrote.

    Opening costs milliseconds, whatever its size; a store that is open stays as it is while
    another import replaces it.

    index: the compiled arrays, for walks by node number. sources: the imports that made it.
    """

    def __init__(self, folder: str | Path) -> None:
        """Open the store in `folder`.

        Raises:
            SightGraphError: there is none, or it is damaged.
        """
        self.folder = Path(folder)
        while generation := current_generation(self.folder):
            try:
                return self._open(generation)
            except SightGraphError:  # unless an import has just replaced this generation
                if current_generation(self.folder) == generation:
                    raise
        if is_store(self.folder):
            raise damaged(self.folder, f"its file '{CURRENT}' names no generation")
        raise SightGraphError(
            f"'{folder}' is no store. Make one: sightgraph kg import SOURCE -o {folder}"
        )

    def _open(self, generation: Path) -> None:
        reading = _hold(generation)
        weakref.finalize(self, reading.close)
        about = read_about(generation)
        try:
            self._read(generation, about)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise damaged(self.folder, f"{type(error).__name__} {error}") from error

    def _read(self, generation: Path, about: Mapping[str, Any]) -> None:
        self.has_checksums = bool(about.get("checked"))
        if self.has_checksums:
            check_generation(generation)
        self.triples_folder = generation / "triples"
        self.sources = [SourceInfo(**source) for source in about["sources"]]
        self.index = Index(generation / "index")
        self._relations = {
            one["iri"]: RelationType(
                **one | {"asks": tuple(one["asks"]), "implies": tuple(one.get("implies", ()))}
            )
            for one in self.index.about["relations"]
        }
        self._source_names = [", ".join(names) for names in self.index.sources]
        self._own = [
            any(name.partition("/")[0] != BUNDLED for name in names) for names in self.index.sources
        ]
        self._same_as = self.index.relation(SAME_AS)

    @property
    def relations(self) -> Mapping[str, RelationType]:
        """All kinds of facts, by IRI."""
        return self._relations

    @cached_property
    def triples(self) -> pyoxigraph.Store:
        """The triples, read-only, for SPARQL and whatever else the standards offer."""
        from kg.knowledge.sparql import open_triples

        return open_triples(self.triples_folder)

    @property
    def rdf(self) -> rdflib.Dataset:
        """The store as an rdflib dataset, all named graphs read as one by default."""
        import rdflib
        from oxrdflib import OxigraphStore

        return rdflib.Dataset(store=OxigraphStore(store=self.triples), default_union=True)

    @cached_property
    def walker(self) -> Walker:
        """Walks over the index: neighbourhoods, paths, PageRank."""
        from kg.index.walks import Walker

        return Walker(self.index)

    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, with aliases and gloss, or None."""
        node = None if iri.startswith(LITERAL) else self.index.node(iri)
        if node is None:
            return None
        found = Concept(iri, self.index.label(node), self._source_of(node))
        aliases, same = set(), set()  # of several sources, each has its own statement
        for predicate, value in self._texts(iri):
            if predicate in ALIAS_TERMS or (predicate in NAME_TERMS and value != found.label):
                aliases.add(value)
            elif predicate in GLOSS_TERMS and not found.definition:
                found.definition = value
            elif predicate in SAME_TERMS:
                same.add(value)
        found.aliases, found.same = sorted(aliases), sorted(same)
        return found

    def label(self, term: str) -> str:
        """Return what a person calls `term`."""
        node = self.index.node(term)
        return super().label(term) if node is None else self.index.label(node)

    def named(self, form: str) -> list[str]:
        """Return the concepts whose label, then those whose alias is `form`."""
        return [self.index.term(node) for node in self.index.named(form).tolist()]

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.index.arrays)

    def corrections(self, word: str) -> list[str]:
        """Return the words of names that `word` may be a misspelling of, likeliest first."""
        return self._speller(word)

    def stated(self, subject: str) -> list[Fact]:
        """Return the facts that are stated of `subject`, the `MAX_FACTS` strongest by relation."""
        node = self.index.node(subject)
        if node is None:
            return []
        spans = self._spans(node)
        return [self.fact(edge, subject) for low, high in spans for edge in range(low, high)]

    def neighbours(self, concept: str, relation: str | None = None) -> list[str]:
        """Return what one fact leads to from `concept`, of one relation or of all."""
        node = self.index.node(concept)
        number = None if relation is None else self.index.relation(relation)
        if node is None or (relation is not None and number is None):
            return []
        low, high = self.index.out_span(node, number)
        others = self.index.arrays["out_object"][low:high]
        if number is None and self._same_as is not None:
            others = others[self.index.arrays["out_relation"][low:high] != self._same_as]
        return [self.index.term(other) for other in others.tolist()]

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the facts whose object is `object_`, the `MAX_FACTS` strongest by relation."""
        node = self.index.node(object_)
        if node is None:
            return []
        spans = self._spans(node, incoming=True)
        return [self.fact_to(edge, object_) for low, high in spans for edge in range(low, high)]

    def path(self, start: str, end: str, longest: int = 6) -> list[Fact]:
        """Return the facts of a shortest path between two concepts, walked in either direction."""
        first, last = self.index.node(start), self.index.node(end)
        if first is None or last is None or first == last:
            return []
        nodes = self.walker.shortest_path(first, last, longest)
        return [self._between(a, b) for a, b in pairwise(nodes)]

    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[rdflib.Graph] = ()
    ) -> list[dict[str, str]]:
        """Run a read-only SPARQL query; see `KnowledgeGraph.query`."""
        from kg.knowledge.sparql import select

        return select([self.triples_folder, *beside], sparql, seconds)

    def fact(self, edge: int, subject: str | None = None) -> Fact:
        """Return the fact at position `edge` of the index's out_* arrays."""
        arrays = self.index.arrays
        if subject is None:
            starts = arrays["out_start"]
            subject = self.index.term(int(starts.searchsorted(edge, side="right")) - 1)
        source = int(arrays["out_source"][edge])
        return Fact(
            subject,
            self.index.relations[arrays["out_relation"][edge]],
            self.index.term(int(arrays["out_object"][edge])),
            self._source_names[source],
            self._own[source],
            strength=int(arrays["out_strength"][edge]) / STRENGTHS,
        )

    def fact_to(self, edge: int, object_: str | None = None) -> Fact:
        """Return the fact at position `edge` of the index's in_* arrays."""
        arrays = self.index.arrays
        if object_ is None:
            node = int(arrays["in_start"].searchsorted(edge, side="right")) - 1
        else:
            node = self.index.terms[object_]
        subject = int(arrays["in_subject"][edge])
        return self.fact(self._out_edge(subject, int(arrays["in_relation"][edge]), node))

    def statement(self, fact: Fact) -> Triple:
        """Return the triple from which `fact` comes, as its source states it.

        The index has one relation for all category links, the triples have what was imported.
        """
        subject, predicate, object_ = fact.statement
        if fact.relation != IS_A_IRI or fact.predicate:
            return fact.statement
        import pyoxigraph

        ends = pyoxigraph.NamedNode(subject), None, pyoxigraph.NamedNode(object_), None
        with corruption_as_damage(self.folder):
            terms = {quad.predicate.value for quad in self.triples.quads_for_pattern(*ends)}
        stated = sorted(term for term in terms if relation_of(term) == fact.relation)
        return subject, stated[0] if stated else predicate, object_

    def _spans(self, node: int, incoming: bool = False) -> Iterator[tuple[int, int]]:
        """Yield for each relation where the strongest facts of `node` (or about it) stand.

        That another vocabulary calls it something else is no fact about it.
        """
        relations = self.index.arrays["in_relation" if incoming else "out_relation"]
        for low, high in self.index.relation_spans(node, incoming):
            if relations[low] != self._same_as:
                yield low, min(high, low + MAX_FACTS)

    def _out_edge(self, subject: int, relation: int, object_: int) -> int:
        low, high = self.index.out_span(subject, relation)
        objects = self.index.arrays["out_object"][low:high]
        return low + int((objects == object_).argmax())

    def _between(self, a: int, b: int) -> Fact:
        """Return the strongest fact between two neighbours, in either direction."""
        arrays = self.index.arrays
        found: list[tuple[int, int]] = []
        for subject, object_ in ((a, b), (b, a)):
            low, high = self.index.out_span(subject)
            for edge in (low + (arrays["out_object"][low:high] == object_).nonzero()[0]).tolist():
                found.append((-int(arrays["out_strength"][edge]), edge))
        return self.fact(min(found)[1])

    def _source_of(self, node: int) -> str:
        low, high = self.index.out_span(node)
        if low < high:
            return self.fact(low).source
        low, high = self.index.in_span(node)
        return self.fact_to(low).source if low < high else self.sources[0].name

    def _texts(self, iri: str) -> Iterator[tuple[str, str]]:
        """Yield the predicates and values of all that is stated of `iri`, facts too."""
        import pyoxigraph

        subject = pyoxigraph.NamedNode(iri)
        with corruption_as_damage(self.folder):
            quads = list(self.triples.quads_for_pattern(subject, None, None, None))
        for quad in quads:
            yield quad.predicate.value, getattr(quad.object, "value", "")

    def statistics(self) -> dict[str, int]:
        """Return counts: nodes, relations, facts, bytes, and facts by relation label."""
        import numpy as np

        counts = np.bincount(self.index.arrays["out_relation"], minlength=len(self.relations))
        by_relation: Counter[str] = Counter()
        for iri, count in zip(self.index.relations, counts.tolist(), strict=True):
            if iri != SAME_AS and count:
                by_relation[self.relations[iri].label] += count
        totals = {
            "concepts": int(np.count_nonzero(self.index.arrays["node_name"] >= 0)),
            "relations": len(by_relation),
            "facts": by_relation.total(),
            "bytes of the index": self.index.bytes_on_disk(),
        }
        ordered = sorted(by_relation.items(), key=lambda one: (-one[1], one[0]))
        return totals | {name: n for name, n in ordered if name not in totals}


def is_store(path: Path) -> bool:
    """Whether there is a store in the folder `path`."""
    return (path / CURRENT).is_file()


def current_generation(folder: Path) -> Path | None:
    """Return the folder of the generation that is in use, or None where there is no store."""
    try:
        name = (folder / CURRENT).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
    return folder / name if GENERATION_NAME.fullmatch(name) else None


def read_about(generation: Path) -> Mapping[str, Any]:
    """Return the description of a generation in `store.json`.

    Raises:
        SightGraphError: it is missing, broken, or of another format.
    """
    try:
        about: Mapping[str, Any] = schema.read_json(generation / ABOUT)
    except SightGraphError as error:
        raise damaged(generation.parent, str(error).removesuffix(".")) from error
    version = about.get("format") if isinstance(about, dict) else None
    if version != FORMAT:
        raise SightGraphError(
            f"the store in '{generation.parent}' has format {version}; this version reads "
            f"{FORMAT}. Import its sources again."
        )
    return about


def _hold(generation: Path) -> IO[Any]:
    """Return a file which, while it is open, keeps imports from removing `generation`."""
    try:
        about = (generation / ABOUT).open("rb")
    except OSError as error:
        raise damaged(generation.parent, error) from error
    if not lock(about, exclusive=False):
        about.close()
        raise SightGraphError(f"'{generation}' is being removed. Open the store again.")
    return about


__all__ = ["SourceInfo", "Store", "current_generation", "is_store", "read_about"]
