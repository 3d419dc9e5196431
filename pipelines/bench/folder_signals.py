"""The further modalities of a folder's questions, as vectors of one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import pad
from kg.errors import SightGraphError
from pipelines.datasets.folder import FolderQuestion
from pipelines.modalities import open_modality

MAX_VECTORS = 8
"""Vectors of a modality that become tokens; longer ones are means over stretches of time."""
MIN_SPREAD = 1e-5


@dataclass(frozen=True, slots=True)
class KnownModality:
    """What of a modality is determined when training begins: mean and deviation, D numbers each."""

    name: str
    mean: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FolderSignals:
    """The vectors of all files, standardised. Shapes: vectors [K, D] of each file, K <= 8"""

    known: tuple[KnownModality, ...] = ()
    vectors: Mapping[Path, Tensor] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        questions: Sequence[FolderQuestion],
        chosen: Sequence[str] | None,
        known: Sequence[KnownModality] | None,
    ) -> FolderSignals:
        """Read the files of the questions.

        chosen: names of the modalities that are read; None for all.
        known: as determined before; None: determined from the questions of training.

        Raises:
            SightGraphError: a file cannot be read, a modality has vectors of several sizes, or
                none of the questions has a modality that is chosen.
        """
        files = {
            (name, file): one.part
            for one in questions
            for name, file in one.modalities.items()
            if chosen is None or name in chosen
        }
        for name in chosen or ():
            if name not in {one for one, _ in files}:
                raise SightGraphError(f"no question has the modality '{name}'.")
        raw = {key: _shortened(open_modality(*key).vectors) for key in files}
        if known is None:
            training = [key for key, part in files.items() if part == "train"]
            names = sorted({name for name, _ in training})
            known = [
                _known(name, [raw[key] for key in training if key[0] == name]) for name in names
            ]
        of_name = {one.name: one for one in known}
        return cls(
            tuple(known),
            {
                file: _standardised(of_name[name], vectors, file)
                for (name, file), vectors in raw.items()
                if name in of_name
            },
        )

    def batch(
        self, questions: Sequence[FolderQuestion]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return vectors [B, K, D] and masks [B, K] of each modality."""
        values, masks = {}, {}
        for one in self.known:
            nothing = torch.zeros(0, len(one.mean))
            rows = [
                self.vectors[question.modalities[one.name]]
                if one.name in question.modalities
                else nothing
                for question in questions
            ]
            tokens = pad(rows)
            values[one.name], masks[one.name] = tokens.values, tokens.mask
        return values, masks


def as_known(values: Sequence[Mapping[str, Any]]) -> tuple[KnownModality, ...]:
    """Return what `dataclasses.asdict` made of known modalities."""
    return tuple(
        KnownModality(one["name"], tuple(one["mean"]), tuple(one["spread"])) for one in values
    )


def _shortened(vectors: Any) -> Tensor:
    """Return [T, D] vectors as at most `MAX_VECTORS` means over stretches of time."""
    found = torch.from_numpy(vectors)
    if len(found) <= MAX_VECTORS:
        return found
    means: Tensor = nn.functional.adaptive_avg_pool1d(found.T.unsqueeze(0), MAX_VECTORS)
    return means[0].T


def _known(name: str, vectors: Sequence[Tensor]) -> KnownModality:
    if len({one.shape[1] for one in vectors}) > 1:
        raise SightGraphError(f"the files of the modality '{name}' have vectors of several sizes.")
    every = torch.cat(list(vectors))
    spread = every.std(0, unbiased=False).clamp_min(MIN_SPREAD)
    return KnownModality(name, tuple(every.mean(0).tolist()), tuple(spread.tolist()))


def _standardised(known: KnownModality, vectors: Tensor, file: Path) -> Tensor:
    if vectors.shape[1] != len(known.mean):
        raise SightGraphError(
            f"'{file}' has vectors of {vectors.shape[1]} numbers; the modality '{known.name}' had "
            f"{len(known.mean)} in training."
        )
    return (vectors - torch.tensor(known.mean)) / torch.tensor(known.spread)


__all__ = ["MAX_VECTORS", "FolderSignals", "KnownModality", "as_known"]
