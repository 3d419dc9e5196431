"""Options of what is given beside the photograph: named feature vectors and sounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.options import FILE, as_one_argument

if TYPE_CHECKING:
    from pipelines.modalities import Modality
    from pipelines.sightgraph import SightGraph


@dataclass(frozen=True, slots=True)
class Beside:
    """The values of the options that `modality_options` adds."""

    modality: tuple[str, ...] = ()
    signal_namer: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.modality or self.signal_namer)

    def open(self) -> dict[str, Modality]:
        """Read the files; this takes no model, so that a mistake is told before one is loaded.

        Raises:
            SightGraphError: one is not NAME=FILE, a name is given twice, or a file cannot be used.
        """
        from pipelines.modalities import modalities_of

        files: dict[str, str] = {}
        for one in self.modality:
            name, equals, file = one.partition("=")
            if not equals or not file:
                raise SightGraphError(
                    f"--modality '{one}' is not NAME=FILE. Write, for example, sound=bark.wav."
                )
            if name in files:
                raise SightGraphError(f"--modality names '{name}' twice.")
            files[name] = file
        return {one.name: one for one in modalities_of(files)}

    def added_to(self, sightgraph: SightGraph) -> SightGraph:
        """Return the same models with the namers of signals that --signal-namer names.

        Raises:
            SightGraphError: a folder holds none.
        """
        if not self.signal_namer:
            return sightgraph
        from pipelines.modalities.naming import SignalNamer

        namers = [SignalNamer.load(folder) for folder in self.signal_namer]
        own = {one.modality: one for one in namers}
        return replace(sightgraph, signal_namers={**sightgraph.signal_namers, **own})


OPTIONS = (
    click.option(
        "--modality",
        multiple=True,
        metavar="NAME=FILE",
        help="What was recorded beside the photograph, or without one: feature vectors (.npy, "
        ".npz, .safetensors, .json, .csv) or a sound (.wav, .flac, .ogg, .mp3, .aiff). May be "
        "repeated.",
    ),
    click.option(
        "--signal-namer",
        multiple=True,
        type=FILE,
        metavar="DIR",
        help="A folder that `train signals` wrote, which names the modality it was trained on. May "
        "be repeated.",
    ),
)
modality_options = as_one_argument("beside", Beside, OPTIONS)
"""Adds the options; the command takes them as one argument, `beside`."""
