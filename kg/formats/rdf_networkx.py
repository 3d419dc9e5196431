"""Any rdflib graph or dataset as a networkx graph of plain attributes, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx
from rdflib import RDF, BNode, ConjunctiveGraph, Dataset, Graph, Literal, URIRef

from kg.errors import SightGraphError

Term = URIRef | BNode | Literal

UNTYPED = {"iri": "resource", "blank": "blank", "literal": "literal"}
"""The class of a node that RDF gives none, by what kind of term it is."""
_NODE = frozenset({"term", "text", "datatype", "language", "class", "value"})
_EDGE = frozenset({"predicate", "relation", "graph"})
_NUMBERS = (bool, int, float)


def rdf_to_networkx(rdf: Graph) -> nx.MultiDiGraph[str]:
    """Return every triple as an edge between its subject and its object, literals too.

    A node has `term` ("iri", "blank", "literal"), `text`, and as a literal `datatype` and
    `language`, if any: exactly what rdflib holds. For use in learning it also has `class`: its
    class with the graph's prefix ("foaf:Person"; of several the first by IRI, all of them are
    edges as well), a literal's datatype; and `value`, where a literal is a number or truth
    value. An edge has `predicate`, `relation` (its short name) and in a `Dataset` `graph`,
    unless it is in the default graph. `graph.graph` keeps prefixes, base and identifier.

    >>> rdf = Graph().parse(data='@prefix ex: <http://e.org/> . ex:cat ex:legs 4 .')
    >>> graph = rdf_to_networkx(rdf)
    >>> [(edge["relation"], graph.nodes[end]["value"]) for _, end, edge in graph.edges(data=True)]
    [('ex:legs', 4)]
    >>> set(networkx_to_rdf(graph)) == set(rdf)
    True

    Raises:
        SightGraphError: a term is neither IRI, blank node nor literal, or `rdf` is rdflib's
            old `ConjunctiveGraph`.
    """
    if isinstance(rdf, ConjunctiveGraph) and not isinstance(rdf, Dataset):
        raise SightGraphError("a ConjunctiveGraph is outdated in rdflib. Load a Dataset instead.")
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.graph.update(_about(rdf))
    names = ShortNames(rdf)
    classes: dict[str, list[str]] = {}
    for named, subject, predicate, value in _statements(rdf):
        if not isinstance(predicate, URIRef):
            raise SightGraphError(f"the predicate {predicate!r} is no IRI. Remove its triple.")
        for term in (subject, value):
            if term_id(term) not in graph:
                graph.add_node(term_id(term), **_attributes(term, names))
        if predicate == RDF.type and isinstance(value, URIRef):
            classes.setdefault(term_id(subject), []).append(str(value))
        edge = {"predicate": str(predicate), "relation": names.of(predicate)}
        if named is not None:
            edge["graph"] = term_id(named)
        graph.add_edge(term_id(subject), term_id(value), **edge)
    for node, iris in classes.items():
        graph.nodes[node]["class"] = names.of(min(iris))
    return graph


def networkx_to_rdf(graph: nx.Graph[Any]) -> Graph:
    """Return the `Graph` or `Dataset` that `rdf_to_networkx` made `graph` from.

    `class` and `relation` follow from the triples and are not read.

    Raises:
        SightGraphError: a node is no term or stands in no triple, or an attribute has no place
            in RDF; says which.
    """
    if not graph.is_directed():
        raise SightGraphError("RDF is directed, and this graph is not: it came from no RDF.")
    rdf = _empty(graph.graph)
    terms = {node: _term(node, attributes) for node, attributes in graph.nodes(data=True)}
    for node in nx.isolates(graph):
        raise SightGraphError(f"RDF cannot hold {node!r}: it stands in no triple. Remove the node.")
    for subject, value, attributes in graph.edges(data=True):
        what = f"the edge {subject!r} - {value!r}"
        _check_known(attributes, _EDGE, what)
        if "predicate" not in attributes:
            raise SightGraphError(f"{what} lacks its 'predicate'. Give it an IRI.")
        triple = (terms[subject], URIRef(attributes["predicate"]), terms[value])
        named = attributes.get("graph")
        if named is None:
            rdf.add(triple)
        elif isinstance(rdf, Dataset):
            rdf.graph(_graph_name(named)).add(triple)
        else:
            raise SightGraphError(
                f"{what} is in the graph {named}. Set graph.graph['rdf'] to 'Dataset', which has "
                "named graphs."
            )
    return rdf


class ShortNames:
    """Shortens IRIs with the prefixes of a graph; the longest namespace that fits is taken."""

    def __init__(self, rdf: Graph) -> None:
        pairs = [(str(namespace), prefix) for prefix, namespace in rdf.namespaces()]
        self._prefixes = sorted(pairs, key=lambda pair: (-len(pair[0]), pair))
        self._known: dict[str, str] = {}

    def of(self, iri: str) -> str:
        """Return "prefix:name", or the IRI itself where no prefix fits."""
        text = str(iri)
        if text not in self._known:
            fitting = (
                f"{prefix}:{text[len(namespace) :]}"
                for namespace, prefix in self._prefixes
                if namespace and text.startswith(namespace) and text != namespace
            )
            self._known[text] = next(fitting, text)
        return self._known[text]


def term_id(term: Any) -> str:
    """Return a text that no two terms share: <iri>, _:blank, "text"@en, "4"^^<datatype>.

    Raises:
        SightGraphError: it is a variable or a quoted graph.
    """
    if isinstance(term, URIRef):
        return f"<{term}>"
    if isinstance(term, BNode):
        return f"_:{term}"
    if not isinstance(term, Literal):
        raise SightGraphError(f"{term!r} is neither IRI, blank node nor literal. Remove it.")
    quoted = json.dumps(str(term), ensure_ascii=False)
    if term.language is not None:
        return f"{quoted}@{term.language.lower()}"  # rdflib holds "en" and "EN" for equal
    return quoted if term.datatype is None else f"{quoted}^^<{term.datatype}>"


def _statements(rdf: Graph) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Yield (name of the graph or None, subject, predicate, object), sorted within each graph."""
    if not isinstance(rdf, Dataset):
        yield from ((None, *triple) for triple in _sorted(rdf))
        return
    yield from ((None, *triple) for triple in _sorted(rdf.default_context))
    for name in _graph_names(rdf):
        yield from ((name, *triple) for triple in _sorted(rdf.get_context(name)))


def _sorted(rdf: Graph) -> list[Any]:
    return sorted(rdf, key=lambda triple: tuple(map(term_id, triple)))


def _graph_names(dataset: Dataset) -> list[Any]:
    default = dataset.default_context.identifier
    names = {one.identifier for one in dataset.graphs()} - {default}
    return sorted(names, key=term_id)


def _about(rdf: Graph) -> dict[str, Any]:
    about: dict[str, Any] = {
        "rdf": "Dataset" if isinstance(rdf, Dataset) else "Graph",
        "prefixes": {prefix: str(namespace) for prefix, namespace in rdf.namespaces()},
        "identifier": term_id(rdf.identifier),
    }
    if rdf.base is not None:
        about["base"] = str(rdf.base)
    if isinstance(rdf, Dataset):
        about["graphs"] = [term_id(name) for name in _graph_names(rdf)]
        about["default_union"] = rdf.default_union
    return about


def _empty(about: Mapping[str, Any]) -> Graph:
    """Return a graph without triples, with the prefixes and names that `_about` kept."""
    base = about.get("base")
    rdf: Graph
    if about.get("rdf") == "Dataset":
        rdf = Dataset(default_union=about.get("default_union", False), default_graph_base=base)
        for name in about.get("graphs", []):
            rdf.graph(_graph_name(name))
    else:
        name = about.get("identifier")
        rdf = Graph(identifier=None if name is None else _graph_name(name), base=base)
    for prefix, namespace in about.get("prefixes", {}).items():
        rdf.bind(prefix, namespace, override=True, replace=True)
    return rdf


def _graph_name(text: str) -> URIRef | BNode:
    if text.startswith("<"):
        return URIRef(text[1:-1])
    if text.startswith("_:"):
        return BNode(text[2:])
    raise SightGraphError(f"{text!r} names no graph: write <an IRI> or _:a-blank-node.")


def _attributes(term: Term, names: ShortNames) -> dict[str, Any]:
    kind = "iri" if isinstance(term, URIRef) else "blank" if isinstance(term, BNode) else "literal"
    attributes: dict[str, Any] = {"term": kind, "text": str(term), "class": UNTYPED[kind]}
    if not isinstance(term, Literal):
        return attributes
    if term.datatype is not None:
        attributes |= {"datatype": str(term.datatype), "class": names.of(term.datatype)}
    if term.language is not None:
        attributes |= {"language": term.language, "class": names.of(RDF.langString)}
    if type(term.value) in _NUMBERS:
        attributes["value"] = term.value
    return attributes


def _term(node: Any, attributes: Mapping[str, Any]) -> Term:
    what = f"the node {node!r}"
    _check_known(attributes, _NODE, what)
    text = attributes.get("text")
    if attributes.get("term") not in UNTYPED or not isinstance(text, str):
        raise SightGraphError(
            f"{what} is no RDF term: give it 'text', and 'term' as one of {', '.join(UNTYPED)}."
        )
    if attributes["term"] != "literal":
        return URIRef(text) if attributes["term"] == "iri" else BNode(text)
    datatype, language = attributes.get("datatype"), attributes.get("language")
    # without `normalize=False`, rdflib writes 01 as 1
    try:
        literal = Literal(
            text, language, None if datatype is None else URIRef(datatype), normalize=False
        )
    except (TypeError, ValueError) as error:
        raise SightGraphError(f"{what} is no RDF literal: {error}.") from error
    if "value" in attributes and repr(attributes["value"]) != repr(literal.value):
        raise SightGraphError(
            f"{what} has the value {attributes['value']!r}, but its text says {text!r}. Change "
            "'text' to change a literal, or delete 'value'."
        )
    return literal


def _check_known(attributes: Mapping[Any, Any], known: frozenset[str], what: str) -> None:
    for name in attributes:
        if name not in known:
            raise SightGraphError(
                f"{what} has the attribute {name!r}, for which RDF has no place. Delete it, or "
                "keep the networkx graph, which holds it."
            )
