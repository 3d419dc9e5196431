"""Evaluations by name: each measures a system on a data set, and returns a `Report`."""

from __future__ import annotations

from kg.registry import Registry
from pipelines.evaluate import of_answering, of_seeing
from pipelines.evaluate.protocol import Evaluator, Option, Options, Report, Source

EVALUATORS: Registry[Evaluator] = Registry("evaluation")
"""Evaluators by name; `resolve` also takes "module:Class". Listing them imports nothing."""
OPTIONS: dict[str, Options] = {}
"""The command line's options of each evaluator."""

for _entry in (*of_seeing.ENTRIES, *of_answering.ENTRIES):
    EVALUATORS.add(_entry.name, f"pipelines.{_entry.target}", _entry.about)
    OPTIONS[_entry.name] = _entry.options

__all__ = ["EVALUATORS", "OPTIONS", "Evaluator", "Option", "Options", "Report", "Source"]
