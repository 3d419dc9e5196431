"""How many threads torch uses: the only place that decides it."""

from __future__ import annotations

import os

import torch

from kg.errors import SightGraphError

VARIABLE = "SIGHTGRAPH_THREADS"
ALL = "all"
"""The value that leaves torch's own default: a thread for each core."""
CHOSEN_BEFORE = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that torch itself reads; where one is set, somebody has chosen already."""


def use_threads() -> None:
    """Let torch use $SIGHTGRAPH_THREADS threads: a number or "all"; one if it is not set.

    A single question is too little work for several threads, and on a machine that others use
    too, threads that wait for each other make it ten times slower. `torch.set_num_threads`
    afterwards has the last word.

    Raises:
        SightGraphError: the value is neither a number above 0 nor "all".
    """
    asked = os.environ.get(VARIABLE, "").strip()
    if asked == ALL or (not asked and any(name in os.environ for name in CHOSEN_BEFORE)):
        return
    if asked and not (asked.isascii() and asked.isdigit() and int(asked)):
        raise SightGraphError(
            f"{VARIABLE} is '{asked}'. Set it to a number of threads, or to '{ALL}'."
        )
    torch.set_num_threads(int(asked or 1))
