"""Kills exports at random moments, and looks what is left each time: the old file, or the new one.

A file of an earlier export stands where the new one is to go. The export is killed (SIGKILL)
anywhere between its first and its last moment, half of the times while it writes the new file;
then the file must be the old or the new one, byte for byte, and after the next write, a minute
later, nothing else may lie beside it. Kills go on until enough of them came before the new file
was in its place.

    python benchmarks/export_kills.py [--kills 50] [--seed 0] [--only .ttl]
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import sleep

from kills import in_child, is_running, killed, processor_seconds  # type: ignore[import-not-found]

from kg.files import atomic_path
from kg.formats import EXPORTERS, export
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

FACTS = 300
PAUSE = 1e-4
"""Seconds between two looks at a child."""
WRITING = 0.02
"""Share of an export's processor time, from the first byte of the file on."""


def graph_about(subject: str) -> SceneGraph:
    """Return a graph that takes a while to write."""
    graph = SceneGraph(PhotoInfo("killed.jpg", 640, 480), f"What has the {subject}?")
    graph.add(Node("object:0", NodeKind.OBJECT, subject, "test", 0.9, Box(10, 20, 300, 400)))
    for number in range(FACTS):
        part = graph.add(Node(f"test:{number}", NodeKind.CONCEPT, f"part {number}", "test"))
        graph.connect(Edge("object:0", part.id, EdgeKind.FACT, "has part", "test"))
    return graph


def export_killed(graph: SceneGraph, target: Path, after: float, written: bool) -> bool:
    """Export in a process that is killed; return whether it was still running.

    after: seconds of its processor time, so that a moment is the same one on a busy machine.
    written: count them from when the new file has its first bytes.
    """
    child = in_child(lambda: export(graph, [target]))
    start = None if written else 0.0
    while is_running(child):
        sleep(PAUSE)
        if start is None and any(map(is_begun, target.parent.iterdir())):
            start = processor_seconds(child)
        if start is not None and processor_seconds(child) >= start + after:
            break
    return killed(child)


def is_begun(file: Path) -> bool:
    """Whether a file is a new one that has bytes, but is not yet in its place."""
    try:
        return file.name.startswith(".") and file.stat().st_size > 0
    except OSError:  # it has just taken its place
        return False


@dataclass
class Counts:
    """Kills before the new file was in its place, and after; what they left."""

    landed: int = 0
    late: int = 0
    within: int = 0
    whole: int = 0


def kills_of(ending: str, kills: int, moments: random.Random, folder: Path) -> Counts:
    """Kill exports until `kills` have landed before the new file was in its place."""
    before, after = graph_about("cup"), graph_about("vase")
    target = folder / f"graph{ending}"
    export(after, [target])
    new = target.read_bytes()
    export(before, [target])
    old = target.read_bytes()
    child = in_child(lambda: export(after, [target]))
    _, _, used = os.wait4(child, 0)
    length = used.ru_utime + used.ru_stime
    counts = Counts()
    put_back(target, old)
    for number in count():
        if counts.landed == kills:
            break
        written = number % 2 == 1
        share = moments.random() * (WRITING if written else 1)
        if not export_killed(after, target, length * share, written):
            put_back(target, old)
            continue
        found = target.read_bytes()
        counts.within += any(map(is_begun, folder.iterdir()))
        landed = found != new
        counts.landed += landed
        counts.late += not landed
        for left in folder.iterdir():
            os.utime(left, (0, 0))
        put_back(target, old)
        alone = [one.name for one in folder.iterdir()] == [target.name]
        counts.whole += found in (old, new) and alone
    return counts


def put_back(target: Path, content: bytes) -> None:
    """Write a file as every export does, which removes what killed ones left."""
    with atomic_path(target) as path:
        path.write_bytes(content)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(EXPORTERS))
    chosen = parser.parse_args()
    moments = random.Random(chosen.seed)
    broken = 0
    for ending in [chosen.only] if chosen.only else EXPORTERS:
        with tempfile.TemporaryDirectory() as folder:
            found = kills_of(ending, chosen.kills, moments, Path(folder))
        every = found.landed + found.late
        print(
            f"{ending:9} {found.whole} of {every} whole: {found.landed} killed before the new file "
            f"was in its place ({found.within} while it was written), {found.late} after",
            flush=True,
        )
        broken += every - found.whole
    if broken:
        sys.exit(f"{broken} kills left something else")


if __name__ == "__main__":
    main()
