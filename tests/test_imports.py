"""Imports run one way only, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOWER = {"kg": set(), "graph_fusion": {"kg"}, "pipelines": {"kg", "graph_fusion"}}
"""Each package with the packages that it may import besides itself."""
HEAVY = {
    "torch",
    "torchvision",
    "torch_geometric",
    "transformers",
    "spacy",
    "sentence_transformers",
}
MODULES = sorted(path for package in LOWER for path in (ROOT / package).rglob("*.py"))


def imported_packages(path: Path) -> set[str]:
    """Return the top-level packages that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively, line {node.lineno}"
            found.add((node.module or "").partition(".")[0])
    return found


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


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_from_pipelines_to_graph_fusion_to_kg(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    assert imported_packages(path) & set(LOWER) <= LOWER[package] | {package}


def test_kg_needs_no_torch() -> None:
    modules = [path for path in MODULES if path.is_relative_to(ROOT / "kg")]
    assert len(modules) > 5
    for path in modules:
        assert not imported_packages(path) & HEAVY, path


def test_loading_knowledge_loads_no_model_library() -> None:
    loaded = loaded_by("from kg.knowledge.memory import Knowledge; Knowledge.bundled()")
    assert "rdflib" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("program", ["import sightgraph", "import pipelines.cli"])
def test_importing_the_public_names_loads_no_model_library(program: str) -> None:
    assert not loaded_by(program) & (HEAVY | {"rdflib", "matplotlib"})


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["kg", "--help"]])
def test_help_loads_no_model_library(arguments: list[str]) -> None:
    program = (
        "from pipelines.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: assert not end.code"
    )
    assert not loaded_by(program) & (HEAVY | {"rdflib", "matplotlib"})
