"""Kills a training that has epochs behind it, goes on, and compares with a training of one piece.

The training is `sightgraph train --task examples.own_task:PlacedColours`. Each time it is killed
(SIGKILL) at another moment after its first epoch; the same command then goes on, and must end with
the same weights, bit for bit, and the same figures of every epoch.

    python benchmarks/training_kills.py [--kills 10] [--epochs 20] [--seed 0]
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from time import sleep
from typing import NamedTuple

from kills import (  # type: ignore[import-not-found]
    PAUSE,
    in_child,
    is_running,
    killed,
    processor_seconds,
)

from pipelines.cli import main as cli


class Trained(NamedTuple):
    """What a training leaves: its weights, and the figures of its epochs without their seconds."""

    weights: bytes
    epochs: list[dict[str, str]]


def train(out: Path, epochs: int) -> None:
    """Run the training here, as the command line does, and say nothing."""
    task = ["--task", "examples.own_task:PlacedColours", "--epochs", str(epochs)]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        cli(["train", *task, "--out", str(out)], standalone_mode=False)


def train_killed(out: Path, epochs: int, moment: float) -> bool:
    """Train in a process that is killed after so many seconds of its processor time, if it runs."""
    child = in_child(lambda: train(out, epochs))
    while is_running(child) and processor_seconds(child) < moment:
        sleep(PAUSE)
    return killed(child)


def left_by(out: Path) -> Trained:
    """Read what a whole training left."""
    return Trained((out / "model.safetensors").read_bytes(), rows_of(out))


def rows_of(out: Path) -> list[dict[str, str]]:
    """Return the epochs that are behind a training, without the time that they took."""
    file = out / "training" / "metrics.csv"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    return [{name: row[name] for name in row if "seconds" not in name} for row in rows]


def length_of(epochs: int, out: Path) -> float:
    """Return the processor time of a training in a child, in seconds."""
    child = in_child(lambda: train(out, epochs))
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    moments = random.Random(chosen.seed)
    equal = kills = 0
    with tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "whole"
        train(Path(temporary) / "warm up", 1)  # what imports take is not what is timed
        train(whole, chosen.epochs)
        expected = left_by(whole)
        length = length_of(chosen.epochs, Path(temporary) / "timed")
        print(f"in one piece: {length:.1f} s of processor time, {len(expected.epochs)} epochs")
        attempt, earliest = 0, 0.0
        while kills < chosen.kills:
            attempt += 1
            out = Path(temporary) / f"killed-{attempt}"
            # One moment in each of equal parts of the time after the first epoch.
            share = (kills + moments.random()) / chosen.kills
            moment = earliest + (length - earliest) * share
            if not train_killed(out, chosen.epochs, moment):
                length = moment
                continue
            behind = len(rows_of(out))
            if not behind:
                earliest = max(earliest, moment)
                continue
            kills += 1
            train(out, chosen.epochs)
            same = left_by(out) == expected
            equal += same
            print(
                f"{kills:3}  killed at {moment:5.1f} s with {behind:2} epochs behind it: "
                f"{'equal' if same else 'ANOTHER RESULT'}",
                flush=True,
            )
    print(f"{equal} of {chosen.kills} killed trainings ended as the one in one piece")
    if equal < chosen.kills:
        sys.exit(1)


if __name__ == "__main__":
    main()
