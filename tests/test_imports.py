"""Nothing heavy is loaded before it is needed. Which way imports run: `lint-imports`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "torch",
    "torchvision",
    "torch_geometric",
    "transformers",
    "spacy",
    "sentence_transformers",
}
LATE = HEAVY | {"rdflib", "matplotlib", "networkx", "numpy", "rich"}
"""What a help page does without, too."""


def loaded_by(program: str) -> set[str]:
    """Return the top-level packages in memory after `program` ran in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_compiled_knowledge_loads_no_model_library_and_no_parser() -> None:
    program = "from kg.knowledge.memory import Knowledge; Knowledge.bundled()"
    assert not loaded_by(program) & HEAVY  # compiles it
    assert not loaded_by(program) & (HEAVY | {"rdflib", "pyoxigraph", "numpy"})


@pytest.mark.parametrize("program", ["import sightgraph", "import pipelines.cli"])
def test_importing_the_public_names_loads_no_model_library(program: str) -> None:
    assert not loaded_by(program) & LATE


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["kg", "--help"]])
def test_help_loads_no_model_library(arguments: list[str]) -> None:
    program = (
        "from pipelines.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: assert not end.code"
    )
    assert not loaded_by(program) & LATE
