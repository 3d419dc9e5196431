"""training/__init__.py: every training has the same signature, and options with defaults."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import MISSING, fields, is_dataclass

import pytest

from pipelines.cli.train import command_of_model
from pipelines.training import TRAININGS

REQUIRED = {"mixing": {"questions", "images"}, "retrieval": {"kg"}}
"""Options without a default."""


@pytest.mark.parametrize("name", TRAININGS)
def test_every_training_has_one_signature(name: str) -> None:
    training = TRAININGS[name]
    parameters = list(inspect.signature(training.function()).parameters)
    assert parameters == ["data", "out", "options", "log"]
    options = training.options()
    assert is_dataclass(options)
    required = {
        field.name
        for field in fields(options)
        if field.default is MISSING and field.default_factory is MISSING
    }
    assert required == REQUIRED.get(name, set())


@pytest.mark.parametrize("name", TRAININGS)
def test_every_common_option_is_one_of_the_training(name: str) -> None:
    options = {field.name for field in fields(TRAININGS[name].options())}
    offered = {str(one.name) for one in command_of_model(name, TRAININGS[name]).params}
    assert offered <= options | {"data", "out", "config"}


def test_the_list_of_trainings_imports_no_model() -> None:
    code = "import sys, pipelines.training; print('torch' in sys.modules, 'spacy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
