"""Training of a namer of signals: which sound, or other modality, it is.

An example is a file of a folder that is named after what it is a recording of; the objective is
cross-entropy. Stretches of time and bands are masked at random (Park et al., SpecAugment,
Interspeech 2019). The model folder is read by `--signal-namer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.base import pad
from graph_fusion.signal_model import SignalNetwork
from graph_fusion.training import Figures, Objective, TrainingOptions, fit
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError
from pipelines.datasets.signals import SignalFile, read_signals
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.modalities import check_name, open_modality
from pipelines.modalities.naming import save

MAX_STRETCH = 300
"""Vectors of one example of training: of longer signals a stretch is drawn."""
MASKED_TIME, MASKED_BANDS = 0.2, 0.15
"""Largest shares of the vectors and of their numbers that are masked."""
FACTORS = tuple(1.1**power for power in range(-24, 13))
"""Inverse temperatures among which calibration chooses (Guo et al., ICML 2017)."""


@dataclass(frozen=True, slots=True)
class SignalTraining(TrainingOptions):
    """How a namer of signals is trained.

    modality: the name under which signals are given to `--modality`. hidden: H of the network.
    """

    epochs: int = 40
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    modality: str = "sound"
    hidden: int = 64


@dataclass(frozen=True, slots=True)
class SignalBatch:
    """Shapes (T vectors of D numbers): vectors [B, T, D], mask [B, T], targets [B]"""

    vectors: Tensor
    mask: Tensor
    targets: Tensor


class SignalObjective(Objective[SignalNetwork, SignalBatch]):
    """Cross-entropy; an example is the vectors [T, D] of a file and the number of its name."""

    def collate(self, examples: list[tuple[Tensor, int]]) -> SignalBatch:
        tokens = pad([vectors for vectors, _ in examples])
        return SignalBatch(
            tokens.values, tokens.mask, torch.tensor([target for _, target in examples])
        )

    def loss(self, model: SignalNetwork, batch: SignalBatch) -> Tensor:
        shown = masked(batch, model.mean) if model.training else batch
        return F.cross_entropy(model(shown.vectors, shown.mask), batch.targets)

    def figures(self, model: SignalNetwork, batch: SignalBatch) -> Figures:
        right = model(batch.vectors, batch.mask).argmax(1) == batch.targets
        return {"top-1": (right.sum(), len(right))}


def masked(batch: SignalBatch, mean: Tensor) -> SignalBatch:
    """Return a stretch of each signal, in which time and bands are replaced by the mean [D]."""
    longest = batch.vectors.shape[1]
    start = int(torch.randint(max(1, longest - MAX_STRETCH + 1), ()))
    vectors = batch.vectors[:, start : start + MAX_STRETCH].clone()
    mask = batch.mask[:, start : start + MAX_STRETCH]
    if not mask.any(1).all():  # a stretch in which a shorter signal has ended
        vectors, mask = batch.vectors[:, :MAX_STRETCH].clone(), batch.mask[:, :MAX_STRETCH]
    for row in vectors:
        for axis, share in ((0, MASKED_TIME), (1, MASKED_BANDS)):
            size = row.shape[axis]
            length = int(torch.randint(int(share * size) + 1, ()))
            begin = int(torch.randint(size - length + 1, ()))
            if axis == 0:
                row[begin : begin + length] = mean
            else:
                row[:, begin : begin + length] = mean[begin : begin + length]
    return SignalBatch(vectors, mask, batch.targets)


@deterministic()
def train(
    data: Path,
    out: Path,
    options: SignalTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the part train of the files below `data` and write the model folder `out`.

    Resumes from the checkpoint in `out`/training. Returns the shares of the parts development and
    held out that are named rightly.

    Raises:
        SightGraphError: there are fewer than two names with files in the part train, a file cannot
            be read, or files have vectors of several sizes.
    """
    options = options or SignalTraining()
    check_name(options.modality)
    files = read_signals(data)
    train_files = training_records(data)
    names = tuple(sorted({one.name for one in train_files}))
    if len(names) < 2:
        raise SightGraphError(
            f"'{data}' needs a folder with files for each of at least two names, as dog/1.wav."
        )
    development = for_choosing(in_part(files, "development"))
    learned, chosen_on, held_out = (
        examples(part, names, options.modality)
        for part in (train_files, development, in_part(files, "held-out"))
    )
    sizes = {vectors.shape[1] for part in (learned, chosen_on, held_out) for vectors, _ in part}
    if len(sizes) > 1:
        raise SightGraphError(f"the files in '{data}' have vectors of several sizes.")
    log(
        f"{len(names)} names; {len(learned)} files in train, {len(chosen_on)} in development, "
        f"{len(held_out)} held out"
    )
    torch.manual_seed(options.seed)
    network = SignalNetwork(sizes.pop(), len(names), options.hidden)
    network.standardise(torch.cat([vectors for vectors, _ in learned]))
    validation = chosen_on or learned
    fit(
        network,
        SignalObjective(),
        learned,
        validation,
        options.config(watch=None),
        out / "training",
        log,
        about=options.others(),
    )
    network.eval()
    network.sharpen(best_factor(network, validation))
    save(out, options.modality, names, network)
    found = {"development": chosen_on, "held-out": held_out}
    return {f"top-1 {part}": top_1(network, listed) for part, listed in found.items() if listed}


def training_records(data: Path) -> list[SignalFile]:
    """Return the files that are trained on."""
    return for_training(in_part(read_signals(data), "train"))


def examples(
    files: Sequence[SignalFile], names: Sequence[str], modality: str
) -> list[tuple[Tensor, int]]:
    """Return the vectors [T, D] of each file, and the number of its name; others are left out."""
    number = {name: at for at, name in enumerate(names)}
    return [
        (torch.from_numpy(open_modality(modality, one.file).vectors), number[one.name])
        for one in files
        if one.name in number
    ]


@torch.inference_mode()
def best_factor(network: SignalNetwork, chosen_on: Sequence[tuple[Tensor, int]]) -> float:
    """Return the factor on the logits with the least cross-entropy."""
    logits, targets = _logits(network, chosen_on)
    losses = [F.cross_entropy(one * logits, targets) for one in FACTORS]
    return FACTORS[int(torch.stack(losses).argmin())]


@torch.inference_mode()
def top_1(network: SignalNetwork, listed: Sequence[tuple[Tensor, int]]) -> float:
    """Return the share that is named rightly."""
    logits, targets = _logits(network, listed)
    return float((logits.argmax(1) == targets).float().mean())


def _logits(network: SignalNetwork, listed: Sequence[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
    """Return logits [M, N], one signal after another, and targets [M]."""
    rows = [
        network(vectors.unsqueeze(0), torch.ones(1, len(vectors), dtype=torch.bool))
        for vectors, _ in listed
    ]
    return torch.cat(rows), torch.tensor([target for _, target in listed])
