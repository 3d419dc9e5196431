"""The exports as other tools read them: networkx, igraph, pydot, Graphviz and PyLD."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import networkx as nx
import pytest

from kg.formats import export
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

HOSTILE = 'a "cup"; of\n<b>tea</b> & \\N é 🐈'
LABELS = Counter({"cup": 1, HOSTILE: 1, "drinking": 1})


@pytest.fixture
def graph() -> SceneGraph:
    graph = SceneGraph(PhotoInfo("kitchen.jpg", 64, 48, "a" * 64), "What is the cup used for?")
    graph.add(Node("object:0", NodeKind.OBJECT, "cup", "bundled", 0.5, (4.5, 5, 30, 40)))
    graph.add(Node("object:1", NodeKind.OBJECT, HOSTILE, "bundled", 0.25))
    graph.add(Node("https://sightgraph.org/kg/drinking", NodeKind.CONCEPT, "drinking", "x"))
    graph.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, "left of", "geometry", 0.75))
    graph.connect(Edge("object:0", "object:1", EdgeKind.SEMANTIC, "beside", "relations", 1e-7))
    target = "https://sightgraph.org/kg/drinking"
    graph.connect(Edge("object:0", target, EdgeKind.FACT, "used for", "x"))
    return graph


@pytest.mark.parametrize("ending", [".graphml", ".gexf"])
def test_networkx_reads_labels_and_weights(graph: SceneGraph, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"graph{ending}"
    export(graph, [target])
    read = nx.read_graphml(target) if ending == ".graphml" else nx.read_gexf(target)
    assert Counter(label for _, label in read.nodes(data="label")) == LABELS
    weights = sorted(float(weight) for _, _, weight in read.edges(data="weight"))
    assert weights == [1e-7, 0.75, 1.0]
    assert read.nodes["object:0"]["score"] == 0.5


def test_igraph_reads_graphml(graph: SceneGraph, tmp_path: Path) -> None:
    igraph = pytest.importorskip("igraph")
    export(graph, [tmp_path / "graph.graphml"])
    read = igraph.Graph.Read_GraphML(str(tmp_path / "graph.graphml"))
    assert (read.vcount(), read.ecount(), read.is_directed()) == (3, 3, True)
    assert Counter(read.vs["label"]) == LABELS
    assert sorted(read.es["weight"]) == [1e-7, 0.75, 1.0]
    assert read.degree(read.vs.find(label="cup").index) == 3


def test_pydot_reads_dot(graph: SceneGraph, tmp_path: Path) -> None:
    pydot = pytest.importorskip("pydot")
    export(graph, [tmp_path / "graph.dot"])
    (read,) = pydot.graph_from_dot_file(str(tmp_path / "graph.dot"), encoding="utf-8")
    named = [one for one in read.get_nodes() if one.get_name() not in ("node", '"\\n"')]
    assert {one.get_name() for one in named} == {f'"{one.id}"' for one in graph.nodes()}
    relations = sorted(one.get_label().strip('"') for one in read.get_edges())
    assert relations == ["beside", "left of", "used for"]


def test_graphviz_draws_dot(graph: SceneGraph, tmp_path: Path) -> None:
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed (apt-get install graphviz)")
    export(graph, [tmp_path / "graph.dot"])
    command = ["dot", "-Tsvg", str(tmp_path / "graph.dot")]
    drawn = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    assert drawn.count(b'class="node"') == 3
    assert drawn.count(b'class="edge"') == 3


def test_pyld_makes_the_triples_of_the_turtle(graph: SceneGraph, tmp_path: Path) -> None:
    jsonld = pytest.importorskip("pyld.jsonld")
    import rdflib

    export(graph, [tmp_path / "graph.jsonld", tmp_path / "graph.ttl"])
    document = json.loads((tmp_path / "graph.jsonld").read_text(encoding="utf-8"))
    by_pyld = rdflib.Graph().parse(
        data=jsonld.to_rdf(document, {"format": "application/n-quads"}), format="nt"
    )
    by_rdflib = rdflib.Graph().parse(tmp_path / "graph.ttl")
    assert len(by_pyld) == len(by_rdflib) > 20
    assert set(by_pyld.subjects()) == set(by_rdflib.subjects())
