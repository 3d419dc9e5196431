"""Modalities from files, bytes and arrays, with size limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from kg.errors import SightGraphError
from pipelines.detections import Name
from pipelines.modalities.arrays import READERS
from pipelines.modalities.modality import Modality, check_name
from pipelines.modalities.sound import RATE, SOUNDS, decode

MAX_BYTES = 200_000_000
"""Larger files are refused."""
MAX_MODALITIES = 16
"""Modalities beside one photograph."""
SILENCE = "silence"
"""The name of a sound in which nothing can be heard."""
ModalitySource: TypeAlias = "str | Path | Modality | Any"
"""What `open_modality` takes; Any stands for arrays and tensors."""


def modalities_of(given: Mapping[str, ModalitySource] | None) -> tuple[Modality, ...]:
    """Open every modality, by name.

    Raises:
        SightGraphError: there are too many, or one cannot be used (`open_modality`).
    """
    if given and len(given) > MAX_MODALITIES:
        raise SightGraphError(
            f"{len(given)} modalities are given; at most {MAX_MODALITIES} are read."
        )
    return tuple(open_modality(name, source) for name, source in (given or {}).items())


def open_modality(name: str, source: ModalitySource) -> Modality:
    """Return the modality `name` of a file, an array [D] or [T, D], or one that is open already.

    A file is a sound (`pipelines.modalities.sound`) or numbers (`pipelines.modalities.arrays`),
    by its ending.

    Raises:
        SightGraphError: the name or the content cannot be used.
    """
    if isinstance(source, Modality):
        check_name(name)
        return source if source.name == name else replace(source, name=name)
    if not isinstance(source, str | os.PathLike):
        return Modality.of(name, source)
    check_name(name)
    path = Path(source)
    if not os.path.isfile(path):
        raise SightGraphError(f"there is no file '{source}' for the modality '{name}'.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SightGraphError(f"'{source}' is larger than {MAX_BYTES // 1_000_000} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise SightGraphError(f"'{source}' cannot be read: {error.strerror}.") from error
    return of_bytes(name, content, str(source))


def of_bytes(name: str, content: bytes, source: str) -> Modality:
    """Return the modality `name` of a file's content; `source` is its name, with the ending.

    Raises:
        SightGraphError: the name or the content cannot be used.
    """
    check_name(name)
    ending, digest = Path(source).suffix.lower(), sha256(content).hexdigest()
    if not content:
        raise SightGraphError(f"'{source}' is empty (0 bytes).")
    if ending in SOUNDS:
        sound = decode(content, source)
        heard = Modality.of(name, sound.features(), source, digest, RATE)
        names = (Name(SILENCE, 1.0),) if sound.is_silent else ()
        return replace(heard, seconds=sound.seconds, names=names)
    if ending not in READERS:
        raise SightGraphError(
            f"'{source}' has an ending that is not known. Vectors: {', '.join(READERS)}; sounds: "
            f"{', '.join(SOUNDS)}."
        )
    numbers = READERS[ending](content, name, source)
    return Modality.of(name, numbers.values, source, digest, numbers.rate, numbers.start)
