"""Hostile texts in each place of a graph that holds text come back from every format.

`python tests/kg/formats/test_hostile_texts.py` makes a round trip for each text, place and format
by itself: 22 texts x 11 places x 5 formats.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kg.formats import IMPORTERS, export, read_graph
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

TEXTS = (
    "",
    " spaces around ",
    "NaN",
    "\x00",
    "\x1b[31mred\x07",
    "a\nb\r\nc\td",
    "\u2028\u2029\u0085",
    "\u202etxt.exe\u200b",
    "\ufeff\uffff\U0010ffff",
    "🐈‍⬛ e\u0301 漢字 قطة",
    "\\",
    r"\u005c \n \x41",
    "\"'`\"\"\"'''",
    "</script><script>alert(1)</script>",
    "]]> <!-- --> <![CDATA[ &amp; &#0;",
    "%CONTENT% %zz %00 %s",
    "${x} {{x}} {x!r}",
    '> . } ?s ?p ?o # "@en ^^<x>',
    "https://example.org/a b<c>",
    "_:b0",
    "__proto__",
    "a" * 5000,
)
PLACES = (
    "id",
    "label",
    "origin of a node",
    "relation",
    "origin of an edge",
    "via",
    "predicate",
    "implied",
    "statement",
    "source of the photograph",
    "text",
)


def graph_with(text: str, place: str) -> SceneGraph:
    """Return a graph of two nodes and a fact, with `text` in one place of them."""
    photo = PhotoInfo(text if place == "source of the photograph" else "photo.jpg", 64, 48)
    graph = SceneGraph(photo, text if place == "text" else "What is it?")
    cup = Node("cup", NodeKind.CONCEPT, "cup", "own.ttl")
    if place == "id":
        cup = replace(cup, id=text)
    elif place == "label":
        cup = replace(cup, label=text)
    elif place == "origin of a node":
        cup = replace(cup, origin=text)
    use = Node("use", NodeKind.CONCEPT, "drinking", "own.ttl")
    fact = Edge(cup.id, use.id, EdgeKind.FACT, "used for", "own.ttl", predicate="https://e.org/p")
    changed = {
        "relation": {"relation": text},
        "origin of an edge": {"origin": text},
        "via": {"via": ("dish", text)},
        "predicate": {"predicate": text},
        "implied": {"implied": (text, "https://e.org/q")},
        "statement": {"statement": (text, text, text)},
    }
    graph.add(cup)
    graph.add(use)
    graph.connect(replace(fact, **changed.get(place, {})))  # type: ignore[arg-type]
    return graph


def graph_full_of_texts() -> SceneGraph:
    """Return a graph with every text in every place."""
    graph = SceneGraph(PhotoInfo("".join(TEXTS), 64, 48), "".join(TEXTS))
    for text in TEXTS:
        graph.add(Node(text, NodeKind.CONCEPT, text, text))
    for text in TEXTS:
        fact = Edge(text, TEXTS[-1], EdgeKind.FACT, text, text, via=(text,), predicate=text)
        graph.connect(replace(fact, implied=(text, text), statement=(text, text, text)))
    return graph


@pytest.mark.parametrize("ending", sorted(IMPORTERS))
def test_every_hostile_text_comes_back_from_every_place(ending: str, tmp_path: Path) -> None:
    graph, file = graph_full_of_texts(), tmp_path / f"graph{ending}"
    export(graph, [file])
    assert read_graph(file) == graph


def main() -> None:
    """Make a round trip for each text, place and format by itself, and count those that hold."""
    whole = every = 0
    with TemporaryDirectory() as folder:
        for ending in sorted(IMPORTERS):
            file, held = Path(folder) / f"graph{ending}", 0
            for text, place in product(TEXTS, PLACES):
                graph = graph_with(text, place)
                export(graph, [file])
                if read_graph(file) == graph:
                    held += 1
                else:
                    print(f"{ending}: {text[:80]!r} as {place} is lost")
            count = len(TEXTS) * len(PLACES)
            print(f"{ending:9} {held} of {count}", flush=True)
            whole, every = whole + held, every + count
    print(f"all       {whole} of {every}")
    if whole < every:
        sys.exit(1)


if __name__ == "__main__":
    main()
