"""SightGraph's public names: `from sightgraph import SightGraph`.

They are imported when they are first asked for, so that `import sightgraph` loads no
model library. `python -m sightgraph` runs the command line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kg.errors import SightGraphError
    from kg.graph import Edge, Node, SceneGraph
    from kg.knowledge.edits import Edits
    from kg.knowledge.memory import Knowledge
    from pipelines.answering.evidence import Answer, Evidence
    from pipelines.detections import Detection
    from pipelines.dialog.session import Dialog
    from pipelines.photo import Photo
    from pipelines.sightgraph import SightGraph

__all__ = [
    "Answer",
    "Detection",
    "Dialog",
    "Edge",
    "Edits",
    "Evidence",
    "Knowledge",
    "Node",
    "Photo",
    "SceneGraph",
    "SightGraph",
    "SightGraphError",
]

_HOMES = {
    "Answer": "pipelines.answering.evidence",
    "Detection": "pipelines.detections",
    "Dialog": "pipelines.dialog.session",
    "Edge": "kg.graph",
    "Edits": "kg.knowledge.edits",
    "Evidence": "pipelines.answering.evidence",
    "Knowledge": "kg.knowledge.memory",
    "Node": "kg.graph",
    "Photo": "pipelines.photo",
    "SceneGraph": "kg.graph",
    "SightGraph": "pipelines.sightgraph",
    "SightGraphError": "kg.errors",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'sightgraph' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sightgraph")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


if __name__ == "__main__":
    from pipelines.cli import main

    main()
