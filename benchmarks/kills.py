"""Killing a process at a moment of its own time, for the benchmarks of kills."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import P_PID, WEXITED, WNOHANG, WNOWAIT, waitid
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


def in_child(work: Callable[[], object]) -> int:
    """Do something in a forked process, which has all that is imported here; return its id."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    return child


def is_running(child: int) -> bool:
    """Whether a child has not ended; one that has is left to be waited for."""
    return waitid(P_PID, child, WEXITED | WNOHANG | WNOWAIT) is None


def killed(child: int) -> bool:
    """Kill a child and wait for it; return whether it was still running."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def processor_seconds(process: int) -> float:
    """Return the processor time of all threads of a process that was not yet waited for (Linux).

    The clock of a process is numbered by its id (clock_getcpuclockid(3)).
    """
    return clock_gettime((~process << 3) | 2)
