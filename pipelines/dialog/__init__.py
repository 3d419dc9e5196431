"""Dialogs about a photograph: references, corrections, and turns as nodes of the graph."""

from pipelines.dialog.session import Dialog, Rules
from pipelines.dialog.turns import Reference, Turn, TurnKind

__all__ = ["Dialog", "Reference", "Rules", "Turn", "TurnKind"]
