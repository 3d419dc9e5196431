"""Which words people use of a photograph, foretold from its cells by ridge regression.

There are few rooms, and a model that is given raw features learns them by heart: trained on them
it answered worse than without a photograph. So it is given these scores, and for each photograph
of training those of a reader that has not seen its room (stacking; Wolpert, Neural Networks 1992).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from kg.errors import SightGraphError
from kg.files import atomic_path
from pipelines.datasets.daquar import RoomQuestion, whole_answers

FOLDS = 10
STRENGTH = 1500.0
"""λ of the ridge; 1,000 to 3,000 rank the words of held-out rooms about equally well."""
LEAST_OFTEN = 10
"""Answers that are right less often have no score of their own."""
SMALLEST = 1e-4
"""Keeps features and words that never change from being divided by zero."""


@dataclass(frozen=True, slots=True)
class WordReader:
    """scores = (x - mean) / deviation · matrix, for each cell; a photograph's is their mean.

    Shapes (F features, K words): mean, deviation [F]; matrix [F, K]
    """

    mean: Tensor
    deviation: Tensor
    matrix: Tensor

    def __call__(self, cells: Tensor) -> Tensor:
        """Return the scores [N, C, K] of `cells` [N, C, F]."""
        return ((cells.float() - self.mean) / self.deviation) @ self.matrix

    def save(self, file: Path) -> None:
        with atomic_path(file) as path:
            save_file({"mean": self.mean, "deviation": self.deviation, "matrix": self.matrix}, path)

    @classmethod
    def load(cls, file: Path) -> WordReader:
        """Read what `save` wrote.

        Raises:
            SightGraphError: the file is none of ours.
        """
        try:
            return cls(**load_file(file))
        except (OSError, TypeError, SafetensorError) as error:
            raise SightGraphError(
                f"cannot read '{file}': {error}. It stands beside the model that `sightgraph "
                "train daquar` writes."
            ) from error


def common_words(questions: Sequence[RoomQuestion]) -> list[str]:
    """Return the single answers that are right often enough, numbers left out."""
    counts = whole_answers(questions)
    return [
        answer[0]
        for answer, often in counts.items()
        if len(answer) == 1 and often >= LEAST_OFTEN and not answer[0].isdigit()
    ]


def words_said(
    questions: Sequence[RoomQuestion], words: Sequence[str], rows: Mapping[int, int]
) -> Tensor:
    """Return 1 where a question of a photograph says a word or is answered by it: [N, K].

    rows: by a photograph's number its row; questions about others are passed over.
    """
    said = torch.zeros(len(rows), len(words))
    for one in questions:
        if one.photograph in rows:
            text = f" {one.text} "
            for column, word in enumerate(words):
                if word in one.answers or f" {word.replace('_', ' ')} " in text:
                    said[rows[one.photograph], column] = 1
    return said


def fit_words(cells: Tensor, said: Tensor, fold: Sequence[int]) -> tuple[WordReader, Tensor]:
    """Return a reader fitted on all photographs, and scores by readers that have not seen each.

    Scores have deviation 1 over the photographs.

    Shapes:
        cells [N, C, F]; said [N, K]; fold: N numbers, alike for photographs of a room
        returns the reader and [N, C, K]
    """
    means = cells.float().mean(1)
    mean, deviation = means.mean(0), means.std(0) + SMALLEST
    x = (means - mean) / deviation
    parts = torch.tensor(fold)
    unseen = torch.zeros(*cells.shape[:2], said.shape[1])
    for part in sorted(set(fold)):
        others = parts != part
        reader = WordReader(mean, deviation, ridge(x[others], said[others], STRENGTH))
        unseen[~others] = reader(cells[~others])
    scale = unseen.mean(1).std(0) + SMALLEST
    return WordReader(mean, deviation, ridge(x, said, STRENGTH) / scale), unseen / scale


def ridge(x: Tensor, y: Tensor, strength: float) -> Tensor:
    """Return Xᵀ (X Xᵀ + λ I)⁻¹ (Y - mean): the dual form, for fewer rows than columns or not.

    Shapes: x [N, F]; y [N, K]; returns [F, K]
    """
    kernel = x @ x.t() + strength * torch.eye(len(x))
    found: Tensor = x.t() @ torch.linalg.solve(kernel, y - y.mean(0))
    return found
