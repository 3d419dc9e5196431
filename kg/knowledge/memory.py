"""What is known, in memory: concepts, relations and facts, read from RDF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kg.english import normalise
from kg.knowledge.compiled import bundled_files, bundled_stated
from kg.knowledge.facts import Concept, Fact, KnowledgeGraph
from kg.knowledge.stated import Stated
from kg.vocabulary import LITERAL, RelationType

if TYPE_CHECKING:
    from rdflib import Graph

    from kg.index.spelling import Speller
    from kg.knowledge.rdf_reading import Replaced


class Knowledge(KnowledgeGraph):
    """A knowledge graph in memory.

    >>> knowledge = Knowledge.bundled()
    >>> motorcycle = next(c for c in knowledge.concepts.values() if c.label == "motorcycle")
    >>> "vehicle" in {knowledge.label(iri) for iri in knowledge.categories(motorcycle.iri)}
    True
    """

    def __init__(
        self,
        stated: Stated | None = None,
        files: Iterable[Path] = (),
        own: Iterable[tuple[Graph, Replaced]] = (),
    ) -> None:
        """Take over what is stated, and where its triples are.

        files: bundled files, which are parsed only where `rdf` is used.
        own: the triples of the user's files, with what each of them replaces.
        """
        self._files, self._own = list(files), list(own)
        self._all: dict[str, list[Fact]] = {}
        self._index(stated or Stated())

    @classmethod
    def bundled(cls) -> Knowledge:
        """Return the everyday knowledge that ships with SightGraph."""
        return cls.load([])

    @classmethod
    def load(
        cls, paths: Sequence[str | Path], with_bundled: bool = True, language: str = "en"
    ) -> Knowledge:
        """Read RDF files, or folders of them, beside or in place of the bundled knowledge.

        The facts of these files with a subject and a relation replace the bundled facts with
        the same two, stated or inherited.

        language: of the names in these files; a concept without one in it is called by what it
            has.

        Raises:
            SightGraphError: `language` is no tag, a path is missing, or a file is broken (with its
                line).
        """
        stated = bundled_stated() if with_bundled else Stated()
        own = list(_read_own(stated, paths, language)) if paths else []
        return cls(stated, bundled_files() if with_bundled else (), own)

    @property
    def is_bundled(self) -> bool:
        """Whether this is the bundled knowledge and nothing else."""
        return bool(self._files) and not self._own

    @cached_property
    def rdf(self) -> Graph:
        """The triples of all files as an rdflib graph, parsed at first use."""
        from rdflib import Graph

        from kg.knowledge.rdf_files import parse_file
        from kg.knowledge.rdf_reading import without_replaced

        found = Graph()
        for file in self._files:
            found += parse_file(file)
        for triples, replaced in self._own:
            without_replaced(found, replaced)
            found += triples
        return found

    @property
    def relations(self) -> dict[str, RelationType]:
        """All kinds of facts, by IRI."""
        return self._relations

    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, or None where nothing is known of it."""
        return self.concepts.get(iri)

    def named(self, form: str) -> list[str]:
        """Return the concepts whose label, then those whose alias is `form`."""
        return self._named.get(form, [])

    @cached_property
    def _named_with(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, concepts in self._named.items():
            words = name.split()
            if len(words) > 1:
                for word in (words[0], words[-1]):
                    found.setdefault(word, []).extend(concepts)
        return found

    def named_with(self, word: str) -> list[str]:
        """Return the concepts with a longer name that `word` begins or ends: "drinking glass"."""
        return self._named_with.get(word, [])

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for concept in self.concepts.values():
            found.setdefault(normalise(concept.label), []).append(concept.iri)
        for concept in self.concepts.values():
            for alias in concept.aliases:
                known = found.setdefault(normalise(alias), [])
                if concept.iri not in known:
                    known.append(concept.iri)
        return found

    @cached_property
    def _speller(self) -> Speller:
        from kg.index.spelling import Speller, word_arrays

        return Speller(word_arrays(self._named))

    def corrections(self, word: str) -> list[str]:
        """Return the words of names that `word` may be a misspelling of, likeliest first."""
        return [] if word in self._speller.words else self._speller(word)

    def stated(self, subject: str) -> list[Fact]:
        """Return the facts that are stated of `subject` itself."""
        return self._from.get(subject, [])

    def facts(self, subject: str, inherited: bool = True) -> list[Fact]:
        """Return what is known of `subject`, as `KnowledgeGraph.facts`; worked out once."""
        if not inherited:
            return super().facts(subject, inherited)
        if subject not in self._all:
            self._all[subject] = super().facts(subject)
        return list(self._all[subject])

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the stated facts whose object is `object_`."""
        return list(self._to.get(object_, []))

    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[Graph] = ()
    ) -> list[dict[str, str]]:
        """Run a read-only SPARQL query; see `KnowledgeGraph.query`."""
        from kg.knowledge.sparql import select

        return select([self.rdf, *beside], sparql, seconds)

    def statistics(self) -> dict[str, int]:
        """Return counts: concepts, aliases, relations, facts, and facts by relation label."""
        by_relation = Counter(
            self.relations[fact.relation].label for facts in self._from.values() for fact in facts
        )
        totals = {
            "concepts": len(self.concepts),
            "aliases": sum(len(concept.aliases) for concept in self.concepts.values()),
            "relations": len(by_relation),
            "facts": by_relation.total(),
        }
        return totals | dict(sorted(by_relation.items(), key=lambda one: (-one[1], one[0])))

    def _index(self, stated: Stated) -> None:
        """Sort everything, so that the order in which files state it never shows."""
        self._relations = {
            iri: relation._replace(
                strength=stated.strengths.get(iri, relation.strength),
                implies=tuple(sorted(stated.implies.get(iri, ()))),
            )
            for iri, relation in sorted(stated.relations.items())
        }
        self._from: dict[str, list[Fact]] = {}
        self._to: dict[str, list[Fact]] = {}
        for subject, facts in sorted(stated.facts.items()):
            ordered = sorted(facts, key=lambda fact: (fact.relation, fact.object))
            self._from[subject] = [self._with_strength(fact, stated) for fact in ordered]
            for fact in self._from[subject]:
                if not fact.object.startswith(LITERAL):
                    stated.concept(fact.object, fact.source)
                self._to.setdefault(fact.object, []).append(fact)
        self.concepts: dict[str, Concept] = dict(sorted(stated.concepts.items()))
        for concept in self.concepts.values():
            concept.aliases.sort()
            concept.same.sort()

    def _with_strength(self, fact: Fact, stated: Stated) -> Fact:
        usual = self._relations[fact.relation].strength
        own = stated.strengths.get((fact.subject, fact.relation, fact.object), usual)
        return fact if own == fact.strength else replace(fact, strength=own)


def _read_own(
    stated: Stated, paths: Iterable[str | Path], language: str
) -> Iterator[tuple[Graph, Replaced]]:
    """Add what the user's files state, and yield the triples of each with what it replaces."""
    from kg.knowledge.rdf_files import parse_file, rdf_files
    from kg.knowledge.rdf_reading import read_triples
    from kg.sources import Choice

    tag = Choice(language).language
    for path in paths:
        for file in rdf_files(Path(path)):
            triples = parse_file(file)
            yield (
                triples,
                read_triples(stated, triples, file.name, own=True, language=tag),
            )
