"""Several knowledge graphs read as one: the bundled one, stores, endpoints."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rdflib import Graph

from kg.errors import SightGraphError
from kg.facts import Concept, Fact, KnowledgeGraph, Relation
from kg.knowledge import Knowledge
from kg.store import Store, is_store


class JoinedKnowledge(KnowledgeGraph):
    """The union of several graphs; the user's facts take the place of bundled ones.

    What the user's graphs say about a subject and a relation replaces what the bundled one says
    about the two, as in `kg.knowledge`.
    """

    def __init__(self, parts: Sequence[KnowledgeGraph]) -> None:
        self.parts = list(parts)

    @property
    def relations(self) -> Mapping[str, Relation]:
        """All kinds of facts, by IRI; the first part that knows one describes it."""
        return ChainMap(*(part.relations for part in self.parts))  # type: ignore[arg-type]

    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, as the first part that knows it says."""
        found = (part.concept(iri) for part in self.parts)
        return next((concept for concept in found if concept is not None), None)

    def label(self, term: str) -> str:
        """Return what a person calls `term`."""
        concept = self.concept(term)
        return super().label(term) if concept is None else concept.label

    def named(self, form: str) -> list[str]:
        """Return the concepts that `form` names in any part, part by part."""
        return list(dict.fromkeys(iri for part in self.parts for iri in part.named(form)))

    def stated(self, subject: str) -> list[Fact]:
        """Return what any part states of `subject`, the user's facts in place of bundled ones."""
        facts = _once(fact for part in self.parts for fact in part.stated(subject))
        own = {fact.relation for fact in facts if fact.own}
        return [fact for fact in facts if fact.own or fact.relation not in own]

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the facts of any part whose object is `object_`."""
        return _once(fact for part in self.parts for fact in part.facts_to(object_))

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
        from kg.sparql import select

        graphs = [part.rdf for part in self.parts if isinstance(part, Knowledge)]
        stores = [part for part in self.parts if isinstance(part, Store)]
        if len(graphs) + len(stores) < len(self.parts) or len(stores) > 1:
            raise SightGraphError(
                "one query cannot ask several stores or endpoints. Import the sources into one "
                "store, or ask one with --only-kg."
            )
        folders = [store.triples_folder for store in stores]
        return select([*graphs, *beside, *folders], sparql, seconds)


def load_knowledge(sources: Sequence[str | Path], with_bundled: bool = True) -> KnowledgeGraph:
    """Return the knowledge of RDF files and folders, stores, and SPARQL endpoints, as one graph.

    sources: paths, or URLs that begin with http:// or https://.

    Raises:
        SightGraphError: a path is missing or broken, or an endpoint cannot be reached.
    """
    urls = [str(one) for one in sources if str(one).startswith(("http://", "https://"))]
    paths = [Path(one) for one in sources if str(one) not in urls]
    stores = [path for path in paths if is_store(path)]
    files = [path for path in paths if path not in stores]
    parts: list[KnowledgeGraph] = [Store(path) for path in stores]
    if urls:
        from kg.remote import RemoteKnowledge

        parts += [RemoteKnowledge(url) for url in urls]
    if with_bundled or files:
        parts.insert(0, Knowledge.load(files, with_bundled))
    return parts[0] if len(parts) == 1 else JoinedKnowledge(parts)


def _once(facts: Iterable[Fact]) -> list[Fact]:
    """Drop facts that another part has stated already."""
    found: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        found.setdefault((fact.subject, fact.relation, fact.object), fact)
    return list(found.values())
