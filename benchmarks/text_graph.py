"""Captions to scene graphs: the trained reader, our rules, and sng_parser, on the same captions.

sng_parser is no dependency; to compare with it: pip install SceneGraphParser
It runs over the spaCy pipeline that ships with SightGraph.

    python benchmarks/text_graph.py DATASETS/factual/dev.csv
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch
from rich.console import Console
from rich.table import Table

from kg.files import bundled
from pipelines.datasets.factual import read_factual
from pipelines.evaluate.reading.text_graph import scores
from pipelines.reading.parser import READERS
from pipelines.reading.triples import IS, Triple

ROUNDS = 3
"""Times that every reader reads all captions, in turn."""


def sng_parser_reader() -> Callable[[str], list[Triple]]:
    """Return sng_parser as a reader; its graphs written as FACTUAL's triples."""
    import sng_parser

    parser = sng_parser.Parser("spacy", model=str(bundled("models", "parser")))

    def read(caption: str) -> list[Triple]:
        graph = parser.parse(caption)
        names = [entity["head"].lower() for entity in graph["entities"]]
        found = [
            (names[one["subject"]], one["lemma_relation"].lower(), names[one["object"]])
            for one in graph["relations"]
        ]
        for name, entity in zip(names, graph["entities"], strict=True):
            said = [one for one in entity["modifiers"] if one["dep"] != "det"]
            found += [(name, IS, one["lemma_span"].lower()) for one in said]
        return list(dict.fromkeys(found))

    return read


def main(file: Path) -> None:
    torch.set_num_threads(1)
    graphs = read_factual(file)
    readers: dict[str, Callable[[str], list[Triple]]] = {
        name: READERS.make(name) for name in ("trained", "rules")
    }
    try:
        readers["sng_parser"] = sng_parser_reader()
    except ImportError:
        print("sng_parser is not installed: pip install SceneGraphParser")
    read: dict[str, list[list[Triple]]] = {}
    seconds = dict.fromkeys(readers, float("inf"))
    for reader in readers.values():
        reader("a dog on a sofa")
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            start = perf_counter()
            read[name] = [reader(graph.caption) for graph in graphs]
            seconds[name] = min(seconds[name], perf_counter() - start)
    table = Table("reader", "Set Match", "SPICE F1", "ms a caption", "times sng_parser's")
    peer = seconds.get("sng_parser")
    for name in readers:
        found = scores(read[name], [graph.triples for graph in graphs])
        table.add_row(
            name,
            f"{found['Set Match']:.3f}",
            f"{found['SPICE F1']:.3f}",
            f"{1000 * seconds[name] / len(graphs):.1f}",
            f"{seconds[name] / peer:.2f}" if peer else "-",
        )
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
