"""Time of each step of a warm `ask` on one thread, and peak memory.

    python benchmarks/ask_steps.py [--rounds 10]

Three questions about three photographs take turns; the first round warms up and is not counted.
"""

from __future__ import annotations

import argparse
import resource
from statistics import median
from time import perf_counter

QUESTIONS = (
    ("example:motorcycle", "What does this vehicle need to run?"),
    ("example:coffee", "What is the object next to the cup used for?"),
    ("example:cat", "Is this animal a mammal?"),
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=10)
    rounds = arguments.parse_args().rounds
    start = perf_counter()
    import torch

    from sightgraph import SightGraph

    torch.set_num_threads(1)
    sightgraph = SightGraph.from_pretrained()
    loaded = perf_counter() - start
    times: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for photo, question in QUESTIONS:
            for step, milliseconds in sightgraph.ask(photo, question).timings_ms.items():
                if number:
                    times.setdefault(step, []).append(milliseconds)
    print(f"load {loaded:.1f} s")
    for step, found in times.items():
        print(f"{step:8} median {median(found):7.1f} ms   worst {max(found):7.1f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
