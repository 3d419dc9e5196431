"""Time of each step of a warm `ask` on one thread, and what each step adds to the peak memory.

    python benchmarks/ask_steps.py [--rounds 10]

Three questions about three photographs take turns; the first round warms up and is not counted.
Memory is measured before, as each step runs for the first time and loads what it needs.
"""

from __future__ import annotations

import argparse
import resource
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sightgraph import SightGraph

QUESTIONS = (
    ("example:motorcycle", "What does this vehicle need to run?"),
    ("example:coffee", "What is the object next to the cup used for?"),
    ("example:cat", "Is this animal a mammal?"),
)


def peak() -> float:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_by_step() -> tuple[SightGraph, dict[str, float]]:
    """Return the parts, and by how many MiB each first step raises the peak."""
    found: dict[str, float] = {"python": peak()}

    def raised(step: str) -> None:
        found[step] = peak() - sum(found.values())

    import torch

    torch.set_num_threads(1)
    raised("import torch")
    from pipelines.photo import Photo
    from sightgraph import SightGraph

    sightgraph = SightGraph.from_pretrained()
    raised("load")
    photo, question = Photo.open(QUESTIONS[0][0]), QUESTIONS[0][1]
    sentence = sightgraph.parser(question)
    raised("parse")
    detections = sightgraph.detect(photo, sentence)
    raised("detect")
    sightgraph.perception(photo, detections)
    raised("look")
    inputs = sightgraph.read(photo, question, detections)
    raised("build")
    sightgraph.answer(sightgraph.answerer.fuse(*inputs))
    raised("answer")
    if sightgraph.text_reader is not None:
        sightgraph.text_reader(photo)
        raised("text (only where a question asks for it)")
    return sightgraph, found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=10)
    rounds = arguments.parse_args().rounds
    start = perf_counter()
    sightgraph, memory = memory_by_step()
    print(f"loaded, and first answer after {perf_counter() - start:.1f} s")
    for step, size in memory.items():
        print(f"{step:12} adds {size:6.0f} MiB")
    times: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for photo, question in QUESTIONS:
            for step, milliseconds in sightgraph.ask(photo, question).timings_ms.items():
                if number:
                    times.setdefault(step, []).append(milliseconds)
    for step, found in times.items():
        print(f"{step:8} median {median(found):7.1f} ms   worst {max(found):7.1f} ms")
    print(f"peak memory {peak():.0f} MiB")


if __name__ == "__main__":
    main()
