"""Folders of sounds or feature vectors: a folder for each name, as `dog/1.wav`, `cat/2.wav`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets.splits import Part, file_part
from pipelines.modalities.sound import SOUNDS

ENDINGS = (*SOUNDS, ".npy", ".npz", ".safetensors")
"""JSON and CSV may be about the recordings, and are no recordings themselves."""


@dataclass(frozen=True, slots=True)
class SignalFile:
    """A file and the name of what it is a recording of: the folder that it lies in."""

    file: Path
    name: str
    part: Part


def read_signals(folder: Path) -> list[SignalFile]:
    """Return the files below `folder`, in the order of their names; [] where there are none.

    Files whose names are the same up to the first "-" are of one recording and lie in one part, as
    `dog/3-a.wav` and `dog/3-b.wav`.
    """
    found = sorted(one for one in folder.glob("*/*") if one.suffix.lower() in ENDINGS)
    return [
        SignalFile(
            one,
            one.parent.name.replace("_", " "),
            file_part(f"{one.parent.name}/{one.stem.partition('-')[0]}"),
        )
        for one in found
    ]
