"""Names made from the content of photographs: graphs merge, and each can be read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import RDFS, Graph, URIRef

from kg.errors import SightGraphError
from kg.formats import export, read_graph
from kg.formats.rdf import TERMS, Names, as_rdf, scene_of
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import KNOWLEDGE, EdgeKind, NodeKind

SHA = "0123456789abcdef" * 4


def scene(label: str, sha256: str = "", text: str | None = None) -> SceneGraph:
    """Return a graph of one object, its concept, and the words of a text."""
    graph = SceneGraph(PhotoInfo(f"{label}.jpg", 64, 48, sha256), text)
    graph.add(Node("object:0", NodeKind.OBJECT, label, "bundled", 0.9, (4, 5, 30, 40)))
    graph.add(Node(KNOWLEDGE + "thing", NodeKind.CONCEPT, "thing", "kitchen.ttl"))
    graph.connect(Edge("object:0", KNOWLEDGE + "thing", EdgeKind.LINK, "means", "linker"))
    if text is not None:
        graph.add(Node("entity:0", NodeKind.ENTITY, text[:4], "parser", span=(0, 4)))
        graph.connect(Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder"))
    return graph


def graphs_of(rdf: Graph) -> list[str]:
    return sorted(str(one) for one in rdf.subjects(None, TERMS.SceneGraph))


def test_two_photographs_merge_without_sharing_an_object_and_are_read_again(
    tmp_path: Path,
) -> None:
    scenes = [scene("cup", SHA), scene("person", SHA[::-1]), scene("dog")]
    merged = Graph()
    for number, one in enumerate(scenes):
        export(one, [tmp_path / f"{number}.ttl"])
        merged.parse(tmp_path / f"{number}.ttl")
    labels = {str(label) for label in merged.objects(None, RDFS.label)}
    assert {"cup", "person", "dog", "thing"} <= labels
    objects = list(merged.subjects(None, TERMS.Object))
    assert len(objects) == len(scenes)
    assert len(list(merged.subjects(None, TERMS.Concept))) == 1
    again = [scene_of(merged, tmp_path, whole) for whole in graphs_of(merged)]
    assert all(one in again for one in scenes)


def test_two_questions_about_a_photograph_share_what_was_seen_and_not_the_words() -> None:
    first, second = scene("cup", SHA, "what is it?"), scene("cup", SHA, "whom is it of?")
    merged = as_rdf(first) + as_rdf(second)
    assert len(list(merged.subjects(None, TERMS.Object))) == 1
    assert len(list(merged.subjects(None, TERMS.Entity))) == 2
    both = [scene_of(merged, Path("x"), whole) for whole in graphs_of(merged)]
    assert first in both
    assert second in both


def test_a_file_of_several_graphs_says_so(tmp_path: Path) -> None:
    (as_rdf(scene("cup")) + as_rdf(scene("dog"))).serialize(tmp_path / "two.ttl")
    with pytest.raises(SightGraphError, match="holds 2 scene graphs"):
        read_graph(tmp_path / "two.ttl")


def test_turtle_is_readable(tmp_path: Path) -> None:
    export(scene("cup", SHA), [tmp_path / "cup.ttl"])
    text = (tmp_path / "cup.ttl").read_text()
    assert "photo:object-0 a sgo:Object" in text
    assert "rel:means sg:thing" in text
    assert f"@prefix photo: <https://sightgraph.org/scene/{SHA}/>" in text


@pytest.mark.parametrize("name", ["object:0", "object-0", "object%3A0", "object:x", "o/0", "é", ""])
def test_no_two_ids_of_a_graph_have_one_name(name: str) -> None:
    names = Names.of(scene("cup", SHA))
    others = {"object:0", "object-0", "object%3A0", "object:x", "o/0", "é", ""} - {name}
    resource = names.node(Node(name, NodeKind.OBJECT, "x", "x"))
    assert resource not in {names.node(Node(one, NodeKind.OBJECT, "x", "x")) for one in others}
    assert resource.startswith(names.photo)


OLD = """
@prefix scene: <https://sightgraph.org/scene/> . @prefix sgo: <https://sightgraph.org/ontology#> .
scene:graph a sgo:SceneGraph ; sgo:photo "[\\"cup.jpg\\", 64, 48]" .
scene:object%3A0 sgo:node
  "[\\"object:0\\", \\"object\\", \\"cup\\", \\"bundled\\", 0.9, null, null, 0]" .
<https://sightgraph.org/scene/edge/0> sgo:edge
  "[\\"object:0\\", \\"object:0\\", \\"spatial\\", \\"on\\", \\"x\\", 1, null, []]" .
"""


def test_files_whose_names_were_the_same_for_all_photographs_are_read(tmp_path: Path) -> None:
    (tmp_path / "old.ttl").write_text(OLD)
    graph = read_graph(tmp_path / "old.ttl")
    assert graph.photo == PhotoInfo("cup.jpg", 64, 48)
    assert [(edge.relation, graph.node(edge.source).label) for edge in graph.edges()] == [
        ("on", "cup")
    ]


def test_the_hash_of_the_photograph_is_in_every_format(tmp_path: Path) -> None:
    for ending in ("json", "graphml", "ttl", "jsonld"):
        export(scene("cup", SHA), [tmp_path / f"a.{ending}"])
        assert read_graph(tmp_path / f"a.{ending}").photo == PhotoInfo("cup.jpg", 64, 48, SHA)


def test_an_objects_photograph_is_stated() -> None:
    rdf = as_rdf(scene("cup", SHA))
    base = f"https://sightgraph.org/scene/{SHA}/"
    stated = (URIRef(base + "object-0"), TERMS.inPhotograph, URIRef(base + "photograph"))
    assert stated in rdf
