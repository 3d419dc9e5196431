"""kg/formats: every format, one shared case; exact round trips."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kg.errors import SightGraphError
from kg.formats import EXPORTERS, IMPORTERS, Highlights, export, read_graph
from kg.graph import Edge, Node, PhotoInfo, Recording, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
scores = st.floats(0, 1)

coordinates = st.floats(-1e6, 1e6)
boxes = st.none() | st.tuples(coordinates, coordinates, coordinates, coordinates)
seconds = st.floats(0, 1e5)
intervals = st.lists(st.tuples(seconds, seconds).map(sorted).map(tuple), max_size=2).map(tuple)
recordings = st.none() | st.builds(
    Recording,
    *(texts.filter(str.strip), texts, texts, st.integers(1, 9999), st.integers(1, 9999)),
    st.none() | st.floats(0.01, 1e6),
)
ids = texts | st.builds("https://example.org/{}".format, texts)


@st.composite
def graphs(draw: st.DrawFn) -> SceneGraph:
    photo = draw(
        st.none()
        | st.builds(PhotoInfo, texts, st.integers(1, 9999), st.integers(1, 9999), texts, seconds)
    )
    graph = SceneGraph(photo, draw(st.none() | texts))
    place = st.integers(0, 99 if graph.text is None else len(graph.text))
    spans = st.none() | st.tuples(place, place).map(sorted).map(tuple)
    kinds = st.sampled_from(NodeKind)
    names = draw(st.lists(ids, unique=True, max_size=5))
    for name in names:
        fields = (st.just(name), kinds, texts, texts, scores, boxes, spans, intervals, recordings)
        graph.add(draw(st.builds(Node, *fields)))
    if names:
        ends = st.sampled_from(names)
        via = st.lists(texts, max_size=3).map(tuple)
        edge = st.builds(
            Edge,
            *(ends, ends, st.sampled_from(EdgeKind), texts, texts, scores, spans, via),
            predicate=ids,
            implied=st.lists(ids, max_size=2).map(tuple),
            statement=st.none() | st.tuples(ids, ids, ids),
            intervals=intervals,
        )
        for one in draw(st.lists(edge, max_size=6)):
            graph.connect(one)
    return graph


@pytest.mark.parametrize("ending", sorted(IMPORTERS))
def test_files_from_before_facts_had_predicates_are_read(
    graph: SceneGraph, tmp_path: Path, ending: str
) -> None:
    target = tmp_path / f"graph{ending}"
    export(graph, [target])
    text = target.read_text(encoding="utf-8")
    old = re.sub(r', (?:""|\\"\\"), \[\], null\]', "]", text)
    assert (old != text) == (ending in (".ttl", ".jsonld"))
    target.write_text(old, encoding="utf-8")
    assert read_graph(target) == graph


@pytest.fixture
def graph() -> SceneGraph:
    graph = SceneGraph(PhotoInfo("kitchen.jpg", 64, 48), "What is the cup used for?")
    cup = graph.add(Node("object:0", NodeKind.OBJECT, "cup", "bundled", 0.9, (4.5, 5, 30, 40)))
    word = graph.add(Node("entity:0", NodeKind.ENTITY, "cup", "parser", span=(12, 15)))
    concept = graph.add(
        Node("https://sightgraph.org/kg/cup", NodeKind.CONCEPT, "cup", "kitchen.ttl")
    )
    use = graph.add(Node("https://sightgraph.org/kg/drinking", NodeKind.CONCEPT, "drinking", "x"))
    graph.connect(Edge(word.id, cup.id, EdgeKind.MENTION, "means", "grounder", 0.8))
    graph.connect(Edge(cup.id, concept.id, EdgeKind.LINK, "means", "linker"))
    graph.connect(Edge(concept.id, use.id, EdgeKind.FACT, "used for", "kitchen.ttl", via=("dish",)))
    return graph


@pytest.fixture
def view(graph: SceneGraph) -> Highlights:
    nodes = frozenset(node.id for node in graph.nodes())
    weights: dict[str | Edge, float] = {"object:0": 0.75, graph.edges()[0]: 0.5}
    return Highlights(
        "What is the cup used for?", "drinking", nodes, frozenset(graph.edges()), weights
    )


CHECKS = {
    ".json": lambda data: json.loads(data)["format"] == "sightgraph/1",
    ".graphml": lambda data: b"<graphml" in data and b"used for" in data,
    ".dot": lambda data: data.startswith(b"digraph") and b"penwidth=3" in data,
    ".gv": lambda data: data.startswith(b"digraph"),
    ".ttl": lambda data: b"wasAttributedTo" in data and b"sgo:Edge" in data,
    ".jsonld": lambda data: "@context" in json.loads(data),
    ".svg": lambda data: b"<svg" in data and b"used for" in data and b"<script" not in data,
    ".gexf": lambda data: b"<gexf" in data and b'weight="0.8"' in data,
    ".cypher": lambda data: data.startswith(b"CREATE CONSTRAINT") and b"[r:USED_FOR" in data,
    ".zip": lambda data: data.startswith(b"PK") and b"nodes.csv" in data,
    ".png": lambda data: data.startswith(b"\x89PNG"),
    ".html": lambda data: b"data:image/jpeg;base64," in data and b"drinking" in data,
}


def test_every_registered_exporter_is_covered_here() -> None:
    assert set(CHECKS) == set(EXPORTERS)


@pytest.mark.parametrize("ending", sorted(CHECKS))
def test_every_exporter_writes_its_format(
    graph: SceneGraph, view: Highlights, tmp_path: Path, ending: str
) -> None:
    target = tmp_path / f"graph{ending}"
    export(graph, [target], Image.new("RGB", (64, 48), "grey"), view)
    assert CHECKS[ending](target.read_bytes())
    assert [file.name for file in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("ending", sorted(CHECKS))
def test_every_exporter_writes_an_empty_graph(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"empty{ending}"
    export(SceneGraph(), [target])
    assert target.stat().st_size > 0


@pytest.mark.parametrize("ending", sorted(IMPORTERS))
@given(graph=graphs())
@settings(max_examples=40)
def test_round_trip_keeps_every_node_edge_and_attribute(
    tmp_path: Path, ending: str, graph: SceneGraph
) -> None:
    target = tmp_path / f"graph{ending}"
    export(graph, [target])
    assert read_graph(target) == graph


def test_json_keeps_the_order(graph: SceneGraph, tmp_path: Path) -> None:
    export(graph, [tmp_path / "graph.json"])
    again = read_graph(tmp_path / "graph.json")
    assert again.nodes() == graph.nodes()
    assert again.edges() == graph.edges()


def test_nothing_is_written_when_one_target_is_wrong(graph: SceneGraph, tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"\.xyz"):
        export(graph, [tmp_path / "a.json", tmp_path / "b.xyz"])
    with pytest.raises(SightGraphError, match="missing"):
        export(graph, [tmp_path / "a.json", tmp_path / "missing" / "b.json"])
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_old_file(tmp_path: Path, graph: SceneGraph) -> None:
    target = tmp_path / "graph.html"
    target.write_text("old")
    broken = Image.new("RGB", (4, 4))
    broken.close()
    broken.im = None  # a picture whose pixels are gone cannot be encoded
    with pytest.raises(Exception, match=r".*"):
        export(graph, [target], broken)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_page_carries_the_weights_of_what_is_highlighted(
    graph: SceneGraph, view: Highlights, tmp_path: Path
) -> None:
    export(graph, [tmp_path / "page.html"], view=view)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert '"node_weights": {"object:0": 0.75}' in page
    assert '"edge_weights": {"0": 0.5}' in page


def test_what_counted_more_is_drawn_wider(graph: SceneGraph, tmp_path: Path) -> None:
    pixels = {}
    for weight in (0.1, 1.0):
        target = tmp_path / f"{weight}.png"
        view = Highlights(nodes=frozenset({"object:0"}), weights={"object:0": weight})
        export(graph, [target], Image.new("RGB", (64, 48), "grey"), view)
        picture = np.asarray(Image.open(target).convert("RGB")).astype(int)
        left = picture[:, : picture.shape[1] * 2 // 5]  # the photograph
        pixels[weight] = int(((left[..., 0] - left[..., 1]) > 60).sum())
    assert pixels[1.0] > 1.2 * pixels[0.1]


HOSTILE = "</script><img src=x onerror=alert(1)><!--"


def test_hostile_labels_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    graph = SceneGraph(text=HOSTILE)
    graph.add(Node(HOSTILE, NodeKind.CONCEPT, HOSTILE, HOSTILE))
    export(graph, [tmp_path / "page.html"], view=Highlights(HOSTILE, HOSTILE))
    page = (tmp_path / "page.html").read_text()
    assert "<img" not in page
    assert page.count("</script>") == 3  # the licences, the content, the script


def test_a_label_like_a_mark_of_the_page_stays_a_label(tmp_path: Path) -> None:
    export(SceneGraph(), [tmp_path / "page.html"], view=Highlights("%SCRIPT%", "%CONTENT%"))
    page = (tmp_path / "page.html").read_text()
    assert "<title>%SCRIPT%</title>" in page
    assert '<span id="answer">%CONTENT%</span>' in page


def test_the_page_loads_nothing_from_elsewhere(
    tmp_path: Path, graph: SceneGraph, view: Highlights
) -> None:
    export(graph, [tmp_path / "page.html"], Image.new("RGB", (64, 48)), view)
    page = (tmp_path / "page.html").read_text()
    assert "default-src 'none'; script-src 'sha256-" in page
    assert "connect-src 'none'" in page
    assert not re.search(r"<[a-z]+[^>]*\s(?:src|href)\s*=", page)
    assert not re.search(r"@import|url\(", page.partition("<style>")[2].partition("</style>")[0])


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", "{", "line 1"),
        ("b.json", "[]", "no SightGraph JSON"),
        ("c.json", '{"format": "sightgraph/1", "nodes": [{"id": "x"}]}', r"nodes\[0\].*kind"),
        ("d.graphml", "<graphml><node", "line 1"),
        ("e.graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml/>', "document type"),
        ("f.ttl", "@prefix : <https://example.org/> .\n:a :b", "line 2"),
        ("g.ttl", "@prefix : <https://example.org/> .\n:a :b :c .", "no scene graph"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SightGraphError, match=reason):
        read_graph(tmp_path / name)


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"\.graphml, \.json"):
        read_graph(tmp_path / "graph.doc")


WRONG: list[Any] = [
    None, True, "x", "\ud800", [], [1], [1, 2, 3], ["a", "b", "c", "d"], {}, [{}], 7, -1, 1e300,
    10**400, float("nan"), float("inf"),
]  # fmt: skip


def leaves(part: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values in a JSON document."""
    items = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in items:
        yield (*place, key)
        if isinstance(value, dict | list):
            yield from leaves(value, (*place, key))


@given(data=st.data())
def test_a_hostile_value_anywhere_is_refused_or_gives_a_graph_that_can_be_written(
    tmp_path: Path, graph: SceneGraph, data: st.DataObject
) -> None:
    target = tmp_path / "graph.json"
    export(graph, [target])
    document = json.loads(target.read_text(encoding="utf-8"))
    *path, last = data.draw(st.sampled_from(sorted(leaves(document), key=repr)))
    part = document
    for key in path:
        part = part[key]
    part[last] = data.draw(st.sampled_from(WRONG))
    target.write_text(json.dumps(document), encoding="utf-8")
    try:
        read = read_graph(target)
    except SightGraphError:
        return
    assert all(0 <= one.score <= 1 for one in [*read.nodes(), *read.edges()])
    again = [tmp_path / f"again{ending}" for ending in IMPORTERS]
    export(read, again)
    assert all(read_graph(one) == read for one in again)


def test_graphml_from_before_the_description_is_read(graph: SceneGraph, tmp_path: Path) -> None:
    target = tmp_path / "graph.graphml"
    export(graph, [target])
    lines = target.read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if "<desc>" in line)
    keys = [
        f'<key id="{name}" for="graph" attr.name="{name}" attr.type="string"/>'
        for name in ("photo", "text")
    ]
    lines[place] = (
        '<data key="photo">["kitchen.jpg", 64, 48]</data>'
        '<data key="text">What is the cup used for?</data>'
    )
    lines[place - 1 : place - 1] = keys
    target.write_text("\n".join(lines), encoding="utf-8")
    assert read_graph(target) == graph


def test_other_tools_find_numbers_weights_and_plain_text_in_graphml(tmp_path: Path) -> None:
    graph = SceneGraph()
    for name in ("a", "b"):
        graph.add(Node(name, NodeKind.OBJECT, "two\nlines of C:\\data", "bundled", 0.5))
    graph.connect(Edge("a", "b", EdgeKind.SEMANTIC, "beside", "parser", 0.25))
    target = tmp_path / "graph.graphml"
    export(graph, [target])
    plain = nx.read_graphml(target)
    assert plain.nodes["a"]["score"] == 0.5
    assert plain.nodes["a"]["label"] == "two\nlines of C:\\data"
    assert plain.edges["a", "b"]["weight"] == 0.25
    assert plain.graph.keys() == {"edge_default", "node_default"}
