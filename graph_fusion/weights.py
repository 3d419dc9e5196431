"""Reading a folder of config.json and model.safetensors, with one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from kg.errors import SightGraphError


@contextmanager
def loading(model: str, folder: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a model folder is read into a SightGraphError.

    model: what is loaded, by the name of its training command ("answerer").
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise SightGraphError(
            f"the {model} in '{folder}' cannot be loaded: {error}. It needs the config.json "
            f"and model.safetensors that `sightgraph train {model}` writes."
        ) from error
