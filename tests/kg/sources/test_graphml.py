"""Property graphs as GraphML."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.graphml import read_graphml
from kg.sources.tsv import OWN, OWN_RELATIONS
from kg.vocabulary import ALIAS_IRI, IS_A_IRI, LABEL_IRI, ONTOLOGY, RDFS

HERE = OWN + "zoo/"
XSD = "http://www.w3.org/2001/XMLSchema#"
KEYS = """<key id="d0" for="node" attr.name="name" attr.type="string"/>
<key id="d1" for="node" attr.name="bodyWeight" attr.type="double"/>
<key id="d2" for="edge" attr.name="weight" attr.type="double"><default>0.5</default></key>
<key id="d3" for="node" attr.name="tame" attr.type="boolean"><default>true</default></key>
"""


def read(
    folder: Path, graph: str, keys: str = KEYS, report: ReadReport | None = None
) -> list[ImportedTriple]:
    return read_text(
        folder,
        f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n{keys}<graph>\n{graph}\n'
        "</graph></graphml>",
        report,
    )


def read_text(folder: Path, text: str, report: ReadReport | None = None) -> list[ImportedTriple]:
    (path := folder / "zoo.graphml").write_text(text, encoding="utf-8")
    return list(read_graphml(path, Choice(), report or ReadReport()))


def facts(statements: list[ImportedTriple]) -> list[tuple[str, str, str]]:
    return [tuple(s[:3]) for s in statements if s.predicate not in (LABEL_IRI, RDFS + "label")]


def test_attributes_become_values_with_the_declared_type(tmp_path: Path) -> None:
    node = '<node id="n1"><data key="d0">Rex</data><data key="d1">30.5</data></node>'
    statements = read(tmp_path, node)
    assert statements[0] == ImportedTriple(HERE + "n1", LABEL_IRI, "Rex", True, "en")
    assert [s[1:6] for s in statements if s.subject == HERE + "n1"][1:] == [
        (OWN_RELATIONS + "tame", "true", True, "", XSD + "boolean"),
        (OWN_RELATIONS + "body_weight", "30.5", True, "", XSD + "double"),
    ]
    weight = ImportedTriple(
        OWN_RELATIONS + "body_weight", RDFS + "label", "body weight", True, "en"
    )
    assert weight in statements


def test_a_value_that_is_not_of_its_type_is_text(tmp_path: Path) -> None:
    statements = read(tmp_path, '<node id="n1"><data key="d1">heavy</data></node>')
    assert next(s for s in statements if s.object == "heavy").datatype == ""


def test_neo4j_labels_are_categories(tmp_path: Path) -> None:
    nodes = (
        '<node id="n1" labels=":Person:FilmActor"><data key="labels">:Person:FilmActor</data>'
        '<data key="name">Keanu</data></node><node id="n2"><data key="name">Matrix</data></node>'
        '<edge id="e0" source="n1" target="n2" label="ACTED_IN"><data key="label">ACTED_IN</data>'
        "</edge>"
    )
    statements = read(tmp_path, nodes, keys="")
    assert facts(statements) == [
        (HERE + "n1", IS_A_IRI, OWN + "person"),
        (HERE + "n1", IS_A_IRI, OWN + "filmactor"),
        (HERE + "n1", OWN_RELATIONS + "acted_in", HERE + "n2"),
    ]
    assert ImportedTriple(OWN + "filmactor", LABEL_IRI, "film actor", True, "en") in statements
    assert (
        ImportedTriple(OWN_RELATIONS + "acted_in", RDFS + "label", "acted in", True, "en")
        in statements
    )


def test_label_names_before_name_and_the_id_names_what_has_no_name(tmp_path: Path) -> None:
    statements = read(tmp_path, '<node id="a b" label="Rex" name="dog"/><node id="x/y"/>', keys="")
    assert statements == [
        ImportedTriple(HERE + "a%20b", LABEL_IRI, "Rex", True, "en"),
        ImportedTriple(HERE + "a%20b", ALIAS_IRI, "dog", True, "en"),
        ImportedTriple(HERE + "x%2Fy", LABEL_IRI, "x/y", True, "en"),
    ]


def test_iris_as_ids_stay(tmp_path: Path) -> None:
    edge = '<edge source="http://e/a" target="http://e/b" relation="used for"/>'
    assert facts(read(tmp_path, edge)) == [("http://e/a", ONTOLOGY + "usedFor", "http://e/b")]


@pytest.mark.parametrize(
    ("attributes", "relation", "strength"),
    [
        ('label="is a"', IS_A_IRI, 0.5),
        ('type="usedFor" weight="0.25"', ONTOLOGY + "usedFor", 0.25),
        ('relation="bites" weight="7"', OWN_RELATIONS + "bites", 1.0),
        ('weight="nan"', OWN_RELATIONS + "related_to", 1.0),
        ('label="number of legs"', OWN_RELATIONS + "number_of_legs", 0.5),
    ],
)
def test_edges_are_relations_with_strength(
    tmp_path: Path, attributes: str, relation: str, strength: float
) -> None:
    edge = read(tmp_path, f'<edge source="a" target="b" {attributes}/>')[-1]
    assert edge == ImportedTriple(HERE + "a", relation, HERE + "b", strength=strength)


def test_a_group_of_yed_is_called_what_it_shows_and_its_drawing_is_no_fact(tmp_path: Path) -> None:
    def look(label: str) -> str:
        return f"<y:GroupNode><y:NodeLabel>{label}</y:NodeLabel></y:GroupNode>"

    for active, label in (("0", "kitchen things"), ("1", "Folder 1")):
        text = (
            '<graphml xmlns:y="y"><key for="node" id="d6" yfiles.type="nodegraphics"/><graph>'
            '<node id="n0" yfiles.foldertype="group"><data key="d6"><y:ProxyAutoBoundsNode>'
            f'<y:Realizers active="{active}">{look("kitchen things")}{look("Folder 1")}'
            "</y:Realizers></y:ProxyAutoBoundsNode></data></node></graph></graphml>"
        )
        assert [one.object for one in read_text(tmp_path, text)] == [label]


@pytest.mark.parametrize("attribute", ["title", "caption", "displayName"])
def test_other_attributes_that_name_a_node_are_understood(tmp_path: Path, attribute: str) -> None:
    text = (
        '<graphml><graph><node id="n1" labels=":Movie"><data key="labels">:Movie</data>'
        f'<data key="{attribute}">Old Film</data></node></graph></graphml>'
    )
    names = [one.object for one in read_text(tmp_path, text) if one.subject.endswith("/n1")]
    assert names[0] == "Old Film"


def test_labels_of_yed_are_found(tmp_path: Path) -> None:
    node = (
        '<node id="n0"><data key="d5"><y:ShapeNode><y:Fill color="#FF"/><y:NodeLabel>Rex'
        "</y:NodeLabel></y:ShapeNode></data></node>"
    )
    (statement,) = read(tmp_path, node, keys='<key for="node" id="d5" yfiles.type="nodegraphics"/>')
    assert statement.object == "Rex"


def test_how_many_nodes_have_only_an_id_is_told(tmp_path: Path) -> None:
    graph = '<node id="n1"/><node id="n2"><data key="d">Rex</data></node><node id="n3"/>'
    keys = '<key id="d" for="node" attr.name="title"/>'
    read(tmp_path, graph, keys=keys, report=(report := ReadReport()))
    assert report.left_out == "names of 2 nodes, which are called by their id, such as 'n1'"
    read(tmp_path, '<node id="n2"><data key="d">Rex</data></node>', keys, report := ReadReport())
    assert not report.left_out


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('<node label="Rex"/>', "the element has no id"),
        ('<edge source="a"/>', "the element has no target"),
        ('<edge source=" " target="b"/>', "the element has no source"),
        ('<node id="http://e/%zz"/>', "is no IRI"),
    ],
)
def test_bad_elements_are_skipped_with_their_line(tmp_path: Path, bad: str, reason: str) -> None:
    graph = f'<node id="n1"/>\n{bad}\n<node id="n2"/>'
    statements = read(tmp_path, graph, keys="", report=(report := ReadReport()))
    assert [s.subject for s in statements] == [HERE + "n1", HERE + "n2"]
    assert "zoo.graphml, line 4: " in report.problems[0]
    assert reason in report.problems[0]
    with pytest.raises(SightGraphError, match=r"line 4: .*Nothing was imported"):
        read(tmp_path, graph, keys="", report=ReadReport(strict=True))


@pytest.mark.parametrize(
    "declared", ['<!ENTITY a "x">', '<!ENTITY a SYSTEM "file:///etc/passwd">', "<!ELEMENT a ANY>"]
)
def test_document_types_are_refused(tmp_path: Path, declared: str) -> None:
    text = f"<!DOCTYPE graphml [{declared}]><graphml><graph><node id='a'/></graph></graphml>"
    with pytest.raises(SightGraphError, match="declares a document type"):
        read_text(tmp_path, text)


def test_half_a_file_and_other_xml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"line 2: broken XML: no element found"):
        read_text(tmp_path, '<graphml><graph><node id="a"/>\n')
    with pytest.raises(SightGraphError, match="is no GraphML: it begins with <svg>"):
        read_text(tmp_path, "<svg/>")


@pytest.mark.parametrize("encoding", ["UTF-null", "idna", "rot13"])
def test_an_encoding_that_nobody_knows_is_refused(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><graphml/>'
    with pytest.raises(SightGraphError, match=r"Nothing was imported"):
        read_text(tmp_path, text)


@pytest.mark.parametrize("form", ['<data key="k">{}</data>', '<data k="{}"/>'])
def test_a_value_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, form: str
) -> None:
    text = "<graphml><graph><node id='a'>" + form.format("x" * (40 << 20))
    with pytest.raises(SightGraphError, match="longer than 16 MB"):
        read_text(tmp_path, text)


@given(
    st.dictionaries(
        st.text("abcXYZ 019äß&<>\"'/%", min_size=1, max_size=6).filter(str.strip),
        st.text("abc &<>\"'äß", max_size=9),
        max_size=5,
    )
)
def test_what_networkx_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, notes: dict[str, str]
) -> None:
    graph = nx.DiGraph()
    for name, note in notes.items():
        graph.add_node(name, note=note)
        graph.add_edge(name, "end", relation="used for", weight=0.25)
    path = tmp_path_factory.mktemp("nx") / "zoo.graphml"
    nx.write_graphml(graph, path)
    statements = list(read_graphml(path, Choice(), ReadReport(strict=True)))
    edges = [s for s in statements if s.predicate == ONTOLOGY + "usedFor"]
    assert [edge.strength for edge in edges] == [0.25] * graph.number_of_edges()
    said = sorted(s.object for s in statements if s.predicate == OWN_RELATIONS + "note")
    assert said == sorted(note.strip() for note in notes.values() if note.strip())
