"""What a benchmark needs beside SightGraph, checked before it measures anything."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def check_needs(*modules: str) -> None:
    """End with one line if one of `modules` is not installed; they are not imported."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        sys.exit(
            f"this benchmark needs {', '.join(missing)}, and nothing was measured. "
            "Run: pip install 'sightgraph[bench]'"
        )
