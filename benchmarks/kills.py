"""Killing a process at a moment of its own time, for the benchmarks of kills."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import clock_gettime, sleep

ROOT = Path(__file__).parent.parent
PAUSE = 0.01
"""Seconds between two looks at a process."""


@dataclass(frozen=True)
class Ended:
    """seconds: the processor time it took. lines: what it printed. killed: whether it was."""

    seconds: float
    lines: list[str]
    killed: bool


def run(command: Sequence[str], seconds: float = float("inf")) -> Ended:
    """Run a command in the checkout, and kill it after so many seconds of its processor time.

    Of its processor time, so that a moment is the same one on a busy machine.
    """
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT)
        used = 0.0
        while process.poll() is None and used < seconds:
            used = processor_seconds(process.pid)
            sleep(PAUSE)
        process.kill()
        killed = process.wait() < 0
        said.seek(0)
        return Ended(used, said.read().splitlines(), killed)


def processor_seconds(process: int) -> float:
    """Return the processor time of all threads of a process that was not yet waited for (Linux).

    The clock of a process is numbered by its id (clock_getcpuclockid(3)).
    """
    return clock_gettime((~process << 3) | 2)
