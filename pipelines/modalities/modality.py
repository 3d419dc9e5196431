"""A modality beside the photograph: a name, and feature vectors with where they are from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np

from kg.errors import SightGraphError
from kg.graph import Interval, Recording
from kg.schema import MAX_SECONDS
from pipelines.detections import Name

MAX_ROWS, MAX_FEATURES = 100_000, 16_384
"""Vectors of one modality, and numbers of one vector; more is refused."""
MAX_NUMBERS = 25_000_000
"""Numbers of one modality: 100 MB in float32."""
TAKEN = frozenset({"photograph", "photo", "image", "text", "question"})
"""Names of what is given in another way."""
_NAME = re.compile(r"[^\W\d_][\w -]{0,39}")
IN_MEMORY = "vectors in memory"


@dataclass(frozen=True, slots=True)
class Modality:
    """Feature vectors of one modality: a sound, depth, readings of a sensor.

    Shapes (T vectors of D numbers): vectors [T, D], float32, finite

    source: the file's name. sha256: of the file, in hexadecimal.
    rate: vectors a second, the first at `start` seconds; None where they have no time.
    seconds: how long it lasts, where that is not T / rate.
    names: what it may be, the most probable first; empty where nothing names it.
    origin: the part that named it.
    """

    name: str
    vectors: np.ndarray = field(compare=False, repr=False)
    source: str = IN_MEMORY
    sha256: str = ""
    rate: float | None = None
    start: float = 0.0
    seconds: float | None = None
    names: tuple[Name, ...] = ()
    origin: str = "given"

    @classmethod
    def of(
        cls,
        name: str,
        values: Any,
        source: str = IN_MEMORY,
        digest: str = "",
        rate: float | None = None,
        start: float = 0.0,
    ) -> Modality:
        """Return the modality of an array or tensor of shape [D] or [T, D].

        digest: SHA-256 of the file; of the numbers themselves if there is none.

        Raises:
            SightGraphError: the name cannot be used, the array is no set of finite vectors, or it
                lasts too long.
        """
        check_name(name)
        vectors = vectors_of(values, f"the modality '{name}' ({source})")
        digest = digest or sha256(f"{vectors.shape}\n".encode() + vectors.tobytes()).hexdigest()
        if rate is not None and start + len(vectors) / rate > MAX_SECONDS:
            raise SightGraphError(
                f"the modality '{name}' ({source}) lasts longer than {MAX_SECONDS:.0f} s at {rate} "
                "vectors a second. Give another rate."
            )
        return cls(name, vectors, source, digest, rate, start)

    @property
    def label(self) -> str:
        """What a person calls it: its most probable name, or the modality's."""
        return self.names[0].label if self.names else self.name

    @property
    def score(self) -> float:
        """The probability of `label`; 1 where nothing names it."""
        return self.names[0].probability if self.names else 1.0

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """From when to when it lasts; () where the vectors have no time."""
        if self.rate is None:
            return ()
        lasts = len(self.vectors) / self.rate if self.seconds is None else self.seconds
        return (Interval(self.start, self.start + lasts),)

    @property
    def recording(self) -> Recording:
        """What the graph holds of it."""
        rows, features = self.vectors.shape
        return Recording(self.name, self.source, self.sha256, rows, features, self.rate)


def check_name(name: str) -> None:
    """Refuse a name that is no short word, or that means something else.

    Raises:
        SightGraphError: it begins with no letter, is longer than 40 characters, holds others than
            letters, digits, spaces, '-' and '_', or is the photograph's or the text's.
    """
    if name.lower() in TAKEN:
        raise SightGraphError(
            f"a modality cannot be named '{name}', which is given as an argument of its own. Name "
            "it after what was recorded, e.g. sound."
        )
    if not _NAME.fullmatch(name) or name != name.strip():
        raise SightGraphError(
            f"'{name}' is no name of a modality. Begin with a letter; take letters, digits, "
            "spaces, '-' and '_', at most 40."
        )


def vectors_of(values: Any, what: str) -> np.ndarray:
    """Return an array or tensor of shape [D] or [T, D] as [T, D] in float32.

    Raises:
        SightGraphError: it has another shape or type, is too large, or has a number that is not
            finite in float32.
    """
    if hasattr(values, "detach"):  # a tensor, which this module need not import torch for
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise SightGraphError(f"{what} is no array of numbers: {error}.") from error
    check_array(array.shape, array.dtype, what)
    with np.errstate(over="ignore"):
        vectors = np.ascontiguousarray(np.atleast_2d(array), dtype=np.float32)
    if not np.isfinite(vectors).all():
        row, column = np.argwhere(~np.isfinite(vectors))[0].tolist()
        raise SightGraphError(
            f"{what} has a number that is not finite, in row {row}, column {column}. Leave out or "
            "fill in what is missing."
        )
    return vectors


def check_array(shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> None:
    """Refuse an array by its shape and type, before its numbers are read.

    Raises:
        SightGraphError: it is no set of vectors of numbers, or it is too large.
    """
    if dtype.hasobject:
        raise SightGraphError(
            f"{what} holds Python objects, which are read by pickle and could run code. Save it "
            "as numbers, e.g. with array.astype('float32')."
        )
    if dtype.kind not in "fiub" or dtype.names is not None:
        raise SightGraphError(f"{what} is of type {dtype}. Give real numbers.")
    if len(shape) not in (1, 2) or 0 in shape:
        raise SightGraphError(
            f"{what} has the shape {list(shape)}. Give one vector [D], or [T, D] for T of them."
        )
    rows, features = (1, *shape) if len(shape) == 1 else shape
    if rows > MAX_ROWS or features > MAX_FEATURES or rows * features > MAX_NUMBERS:
        raise SightGraphError(
            f"{what} has the shape {list(shape)}. At most {MAX_ROWS} vectors of {MAX_FEATURES} "
            f"numbers, and {MAX_NUMBERS} numbers in all, are read."
        )
