"""Several knowledge graphs read as one: the bundled one, stores, endpoints."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.knowledge.facts import Concept, Fact, KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.vocabulary import RelationType, Triple, local_name

if TYPE_CHECKING:
    from rdflib import Graph


class JoinedKnowledge(KnowledgeGraph):
    """The union of several graphs; the user's facts replace bundled ones.

    The user's facts with a subject and a relation replace the bundled facts with the same two,
    as in `kg.knowledge.memory`.
    """

    def __init__(self, parts: Sequence[KnowledgeGraph]) -> None:
        self.parts = list(parts)

    @property
    def relations(self) -> Mapping[str, RelationType]:
        """All kinds of facts, by IRI; the first part that knows one describes it."""
        return ChainMap(*(part.relations for part in self.parts))  # type: ignore[arg-type]

    def concept(self, iri: str) -> Concept | None:
        """Return the concept `iri` from the first part that describes it, else that mentions it."""
        mentioned: Concept | None = None
        for part in self.parts:
            concept = part.concept(iri)
            if concept is not None and _is_described(concept):
                return concept
            mentioned = mentioned or concept
        return mentioned

    def named(self, form: str) -> list[str]:
        """Return the concepts that `form` names in any part, part by part."""
        return list(dict.fromkeys(iri for part in self.parts for iri in part.named(form)))

    def named_with(self, word: str) -> list[str]:
        """Return the concepts of any part with a name that `word` begins or ends."""
        return list(dict.fromkeys(iri for part in self.parts for iri in part.named_with(word)))

    def corrections(self, word: str) -> list[str]:
        """Return the words of names that `word` may be a misspelling of, part by part."""
        return list(dict.fromkeys(one for part in self.parts for one in part.corrections(word)))

    def stated(self, subject: str) -> list[Fact]:
        """Return what any part states of `subject`, the user's facts in place of bundled ones."""
        found = [fact for part in self.parts for fact in part.stated(subject)]
        return _without_replaced(found, _users(found))

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the facts of any part whose object is `object_`, without replaced ones."""
        found = [fact for part in self.parts for fact in part.facts_to(object_)]
        return _without_replaced(found, self._users_about(found))

    def statement(self, fact: Fact) -> Triple:
        """Return the triple from which `fact` comes, as the part that holds it states it."""
        stated = (part.statement(fact) for part in self.parts)
        return next((one for one in stated if one != fact.statement), fact.statement)

    def statistics(self) -> dict[str, int]:
        """Return the counts of all parts, added up."""
        total: Counter[str] = Counter()
        for part in self.parts:
            total.update(part.statistics())
        return dict(total)

    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[Graph] = ()
    ) -> list[dict[str, str]]:
        """Run a read-only SPARQL query over the parts on this machine together.

        Raises:
            SightGraphError: as `KnowledgeGraph.query`; or a part lies behind an endpoint, or
                more than one is a store.
        """
        from kg.knowledge.sparql import select
        from kg.knowledge.store import Store

        graphs = [part.rdf for part in self.parts if isinstance(part, Knowledge)]
        stores = [part for part in self.parts if isinstance(part, Store)]
        if len(graphs) + len(stores) < len(self.parts) or len(stores) > 1:
            raise SightGraphError(
                "one query cannot ask several stores or endpoints. Import the sources into one "
                "store, or ask one with --only-kg."
            )
        folders = [store.triples_folder for store in stores]
        return select([*graphs, *beside, *folders], sparql, seconds)

    def _facts_about_all(self, concepts: Iterable[str]) -> Iterator[tuple[str, Fact]]:
        """Yield each of `concepts` with each fact about it; each part in its own batches."""
        about: dict[str, list[Fact]] = {concept: [] for concept in concepts}
        for part in self.parts:
            for concept, fact in part._facts_about_all(list(about)):
                about[concept].append(fact)
        users = self._users_about(fact for facts in about.values() for fact in facts)
        for concept, facts in about.items():
            stated = _without_replaced((one for one in facts if one.subject == concept), users)
            to = _without_replaced((one for one in facts if one.object == concept), users)
            yield from ((concept, fact) for fact in (*stated, *to))

    def _users_about(self, facts: Iterable[Fact]) -> set[tuple[str, str]]:
        """Return the relations that the user's facts are of, with the subjects of bundled ones."""
        subjects = dict.fromkeys(fact.subject for fact in facts if not fact.own)
        stated = (fact for part in self.parts for _, fact in part._facts_about_all(subjects))
        return _users(stated)


def load_knowledge(
    sources: Sequence[str | Path], with_bundled: bool = True, language: str = "en"
) -> KnowledgeGraph:
    """Return the knowledge of RDF files and folders, stores, and SPARQL endpoints, as one graph.

    sources: paths, or URLs that begin with http:// or https://.
    language: of the names in RDF files; a store has the language that it was imported with, and
        of an endpoint English is read.

    Raises:
        SightGraphError: `language` is no tag, a path is missing or broken, or an endpoint
            cannot be reached.
    """
    if not sources and with_bundled:
        return Knowledge.bundled()
    from kg.knowledge.store import Store, is_store

    urls = [str(one) for one in sources if str(one).startswith(("http://", "https://"))]
    paths = [Path(one) for one in sources if str(one) not in urls]
    stores = [path for path in paths if is_store(path)]
    files = [path for path in paths if path not in stores]
    parts: list[KnowledgeGraph] = [Store(path) for path in stores]
    if urls:
        from kg.knowledge.remote import RemoteKnowledge

        parts += [RemoteKnowledge(url) for url in urls]
    if with_bundled or files:
        parts.insert(0, Knowledge.load(files, with_bundled, language))
    return parts[0] if len(parts) == 1 else JoinedKnowledge(parts)


def _is_described(concept: Concept) -> bool:
    """Whether a concept has a name, a definition or an alias of its own."""
    named = concept.label != identifier_words(local_name(concept.iri))
    return named or bool(concept.definition or concept.aliases)


def _users(facts: Iterable[Fact]) -> set[tuple[str, str]]:
    """Return the subjects and relations of the user's facts."""
    return {(fact.subject, fact.relation) for fact in facts if fact.own}


def _without_replaced(facts: Iterable[Fact], users: set[tuple[str, str]]) -> list[Fact]:
    """Return each fact once; no bundled one where the user's are of its subject and relation."""
    found: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        key = (fact.subject, fact.relation, fact.object)
        if fact.own or (fact.subject, fact.relation) not in users:
            found.setdefault(key, fact)
    return list(found.values())
