"""kg/formats/rdf_networkx.py: any RDF through networkx comes back with exactly its terms."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, XSD, BNode, Dataset, Graph, Literal, Namespace, URIRef, Variable
from rdflib.term import Identifier

from kg.errors import SightGraphError
from kg.formats.rdf_networkx import networkx_to_rdf, rdf_to_networkx

EX = Namespace("http://example.org/")
EXAMPLES = settings(max_examples=30)


@pytest.fixture(autouse=True)
def _without_complaints_about_wrong_literals() -> Iterator[None]:
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


texts = st.text(max_size=5) | st.sampled_from(["4", "04", '"', "\\", "a\n", '"@en', "true", "NaN"])
languages = st.sampled_from(["en", "EN", "de-AT"])
datatypes = st.sampled_from(
    [XSD.integer, XSD.double, XSD.boolean, XSD.string, XSD.decimal, XSD.date, RDF.JSON, EX.own]
)
literals = (
    st.builds(Literal, texts)
    | st.builds(Literal, texts, lang=languages)
    | st.builds(Literal, texts, datatype=datatypes, normalize=st.booleans())
    | st.builds(Literal, st.integers() | st.floats() | st.booleans() | st.dates())
)
iris = st.sampled_from([EX.a, EX.b, EX["b/c"], URIRef("a"), URIRef(""), RDF.type, URIRef("_:x")])
blanks = st.builds(BNode, st.sampled_from(["a", "b", "N1"]))
predicates = st.sampled_from([EX.p, EX.q, RDF.type, URIRef("urn:p"), URIRef("http://example.org/")])
triples = st.tuples(iris | blanks, predicates, iris | blanks | literals)


@st.composite
def rdf_graphs(draw: st.DrawFn) -> Graph:
    rdf = Graph(identifier=draw(st.none() | iris | blanks), base=draw(st.none() | st.just(str(EX))))
    if draw(st.booleans()):
        rdf.bind("ex", EX)
    for triple in draw(st.lists(triples, max_size=8)):
        rdf.add(triple)
    return rdf


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    dataset = Dataset(default_union=draw(st.booleans()))
    for triple in draw(st.lists(triples, max_size=3)):
        dataset.add(triple)
    for name in draw(st.lists(st.sampled_from([EX.g, BNode("g"), EX.empty]), unique=True)):
        named = dataset.graph(name)
        for triple in draw(st.lists(triples, max_size=3)):
            named.add(triple)
    return dataset


def exact(term: Identifier) -> tuple[object, ...]:
    """The term with all that rdflib holds of it: more than `==` compares."""
    return (
        type(term),
        str(term),
        getattr(term, "datatype", None),
        getattr(term, "language", None),
    )


def exact_triples(rdf: Graph) -> set[tuple[object, ...]]:
    return {tuple(map(exact, triple)) for triple in rdf}


def exact_graphs(dataset: Dataset) -> dict[object, set[tuple[object, ...]]]:
    return {exact(one.identifier): exact_triples(one) for one in dataset.graphs()}


@EXAMPLES
@given(rdf=rdf_graphs())
def test_a_graph_comes_back_with_its_terms_prefixes_base_and_name(rdf: Graph) -> None:
    plain = rdf_to_networkx(rdf)
    again = networkx_to_rdf(plain)
    assert type(again) is Graph
    assert exact_triples(again) == exact_triples(rdf) or has_languages_that_differ_in_case(rdf)
    assert set(again) == set(rdf)
    assert len(again) == len(rdf) == len(plain.edges)
    assert dict(again.namespaces()) == dict(rdf.namespaces())
    assert (again.identifier, again.base) == (rdf.identifier, rdf.base)


def has_languages_that_differ_in_case(rdf: Graph) -> bool:
    """rdflib holds "a"@en and "a"@EN for one node, and so does the graph."""
    found = {(str(term), term.language) for term in rdf.objects() if isinstance(term, Literal)}
    tagged = [(text, language.lower()) for text, language in found if language]
    return len(set(tagged)) != len(tagged)


@EXAMPLES
@given(dataset=datasets())
def test_a_dataset_comes_back_with_every_named_graph_also_empty_ones(dataset: Dataset) -> None:
    again = networkx_to_rdf(rdf_to_networkx(dataset))
    assert isinstance(again, Dataset)
    assert again.default_union == dataset.default_union
    assert {name: len(one) for name, one in exact_graphs(again).items()} == {
        name: len(one) for name, one in exact_graphs(dataset).items()
    }
    assert set(again.quads()) == set(dataset.quads())


@EXAMPLES
@given(rdf=rdf_graphs())
def test_every_attribute_is_plain_so_that_other_tools_can_use_it(rdf: Graph) -> None:
    plain = rdf_to_networkx(rdf)
    for attributes in [*plain.nodes.values(), *plain.edges.values()]:
        assert {type(value) for value in attributes.values()} <= {str, int, float, bool}
    assert all(type(node) is str for node in plain)


def museum() -> Graph:
    return Graph().parse(
        data="""
        @prefix ex: <http://example.org/> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        ex:sunflowers a ex:Painting, ex:Artwork ; ex:by ex:vincent ; ex:likes ex:vincent ;
            ex:year 1888 ; ex:title "Sunflowers"@en, "Sunflowers" ; ex:seen [ ex:by ex:me ] .
        """
    )


def test_classes_datatypes_and_predicates_are_named_with_prefixes() -> None:
    plain = rdf_to_networkx(museum())
    sunflowers = "<http://example.org/sunflowers>"
    assert plain.nodes[sunflowers]["class"] == "ex:Artwork"
    assert plain.nodes["<http://example.org/vincent>"]["class"] == "resource"
    year = plain.nodes['"1888"^^<http://www.w3.org/2001/XMLSchema#integer>']
    assert (year["class"], year["value"]) == ("xsd:integer", 1888)
    assert plain.nodes['"Sunflowers"@en']["class"] == "rdf:langString"
    assert plain.nodes['"Sunflowers"']["class"] == "literal"
    between = plain.get_edge_data(sunflowers, "<http://example.org/vincent>").values()
    assert {edge["relation"] for edge in between} == {"ex:by", "ex:likes"}
    types = [end for _, end, edge in plain.edges(data=True) if edge["relation"] == "rdf:type"]
    assert len(types) == 2


def test_the_lexical_form_of_a_number_is_kept() -> None:
    rdf = Graph().add((EX.a, EX.p, Literal("007", datatype=XSD.integer, normalize=False)))
    assert [str(value) for value in networkx_to_rdf(rdf_to_networkx(rdf)).objects()] == ["007"]


def test_what_rdf_has_no_place_for_is_refused_and_not_dropped() -> None:
    plain = rdf_to_networkx(museum())
    plain.nodes["<http://example.org/vincent>"]["score"] = 0.5
    with pytest.raises(SightGraphError, match="has the attribute 'score'"):
        networkx_to_rdf(plain)
    alone = nx.MultiDiGraph()
    alone.add_node("<http://a>", term="iri", text="http://a")
    with pytest.raises(SightGraphError, match="stands in no triple"):
        networkx_to_rdf(alone)
    alone.add_edge("<http://a>", "<http://a>")
    with pytest.raises(SightGraphError, match="lacks its 'predicate'"):
        networkx_to_rdf(alone)
    with pytest.raises(SightGraphError, match="is no RDF term"):
        networkx_to_rdf(nx.MultiDiGraph([(1, 2)]))
    with pytest.raises(SightGraphError, match="is directed"):
        networkx_to_rdf(nx.Graph())


def test_a_changed_number_that_the_text_contradicts_is_refused() -> None:
    plain = rdf_to_networkx(museum())
    plain.nodes['"1888"^^<http://www.w3.org/2001/XMLSchema#integer>']["value"] = 1889
    with pytest.raises(SightGraphError, match="value 1889, but its text says '1888'"):
        networkx_to_rdf(plain)


def test_terms_that_are_no_rdf_are_refused() -> None:
    with pytest.raises(SightGraphError, match="neither IRI, blank node nor literal"):
        rdf_to_networkx(Graph().add((EX.a, EX.p, Variable("x"))))
    with pytest.raises(SightGraphError, match="is no IRI"):
        rdf_to_networkx(Graph().add((EX.a, BNode("p"), EX.b)))


@pytest.mark.parametrize("language", ["e%n", 7])
def test_a_language_that_is_none_is_refused(language: object) -> None:
    graph = rdf_to_networkx(Graph().add((EX.a, EX.p, Literal("text", lang="en"))))
    (name,) = (name for name, one in graph.nodes(data=True) if one["term"] == "literal")
    graph.nodes[name]["language"] = language
    with pytest.raises(SightGraphError, match="is no RDF literal"):
        networkx_to_rdf(graph)
