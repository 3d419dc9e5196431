"""Kills exports at random moments, and looks what is left each time: the old file, or the new one.

A file of an earlier export stands where the new one is to go. The export is killed (SIGKILL)
anywhere between its first and its last moment; then the file must be the old or the new one, byte
for byte, and after the next export, a minute later, nothing else may lie beside it.

    python benchmarks/export_kills.py [--kills 50] [--seed 0]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

from kg.formats import EXPORTERS, export
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

FACTS = 1_500


def graph_about(subject: str) -> SceneGraph:
    """Return a graph that takes a while to write."""
    graph = SceneGraph(PhotoInfo("killed.jpg", 640, 480), f"What has the {subject}?")
    graph.add(Node("object:0", NodeKind.OBJECT, subject, "test", 0.9, (10, 20, 300, 400)))
    for number in range(FACTS):
        part = graph.add(Node(f"test:{number}", NodeKind.CONCEPT, f"part {number}", "test"))
        graph.connect(Edge("object:0", part.id, EdgeKind.FACT, "has part", "test"))
    return graph


def killed(graph: SceneGraph, target: Path, after: float) -> bool:
    """Export in a process that is killed `after` so many seconds; return whether it was."""
    child = os.fork()
    if not child:
        export(graph, [target])
        os._exit(0)
    sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def kills_of(ending: str, kills: int, moments: random.Random, folder: Path) -> tuple[int, int]:
    """Return how many kills left a whole file and nothing else, and how many the old file."""
    before, after = graph_about("cup"), graph_about("vase")
    target = folder / f"graph{ending}"
    start = perf_counter()
    export(after, [target])
    length = perf_counter() - start
    new = target.read_bytes()
    export(before, [target])
    old = target.read_bytes()
    whole = kept = count = 0
    while count < kills:
        if not killed(after, target, length * moments.random()):
            export(before, [target])
            continue
        count += 1
        found = target.read_bytes()
        kept += found == old
        for left in folder.iterdir():
            os.utime(left, (0, 0))
        export(before, [target])
        alone = [one.name for one in folder.iterdir()] == [target.name]
        whole += found in (old, new) and alone
    return whole, kept


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    moments = random.Random(chosen.seed)
    broken = 0
    for ending in EXPORTERS:
        with tempfile.TemporaryDirectory() as folder:
            whole, kept = kills_of(ending, chosen.kills, moments, Path(folder))
        print(f"{ending:9} {whole} of {chosen.kills} whole, {kept} the old file", flush=True)
        broken += chosen.kills - whole
    if broken:
        sys.exit(f"{broken} kills left something else")


if __name__ == "__main__":
    main()
