"""Training of the tagger, which says what captions would mention of a photograph.

An example is the namer's grid of a photograph with the things, or the activities, that its
captions name; the objective is cross-entropy of "some cell shows it" (`graph_fusion.tag_model`).
Half of the photographs are mirrored. The model folder gets model.safetensors and config.json.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from graph_fusion.tag_model import TagNetwork, presence, presence_loss
from graph_fusion.training import Objective, TrainingOptions, fit, save_model
from graph_fusion.weights import deterministic, shrunk
from kg.files import atomic_path
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.datasets.captioned import Captioned
from pipelines.datasets.mentioned import (
    Mentioned,
    above,
    captioned_photographs,
    is_stuff,
    mentioned_in,
)
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.evaluate.seeing.tags import tag_figures
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.namers.rules import logit, sigmoid
from pipelines.photo import Photo
from pipelines.training.minimise import logistic_regression
from pipelines.training.seeing.threshold import least_precise

SURE = 2
"""Captions of five that name a concept, from which it is there for sure; one is half a target."""
OWN_NAME = 0.2
"""Share of the photographs that show a concept, or a kind of it, that call it by its own name: with
less it is no word that people use for what they see (cf. Rosch et al., Basic objects in natural
categories, 1976). By hand."""
PRECISION = {"things": 0.75, "activities": 0.4}
"""Min share, on the part development, of the tags above the threshold that a caption confirms. Of
activities captions name one or two, where several are right: a boy who plays runs, too; and they
answer only what asks for them, the most probable first."""
MEASURED = 500
"""Photographs whose cells give the mean and the deviation of the features."""


@dataclass(frozen=True, slots=True)
class TagTraining(TrainingOptions):
    """How the tagger is trained.

    of: what it learns to see. least: photographs of the part train that two captions (or the only
        one) call by a concept's own name, from which the concept is learned.
    """

    of: Literal["things", "activities"] = "things"
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.1
    hidden: int = 256
    least: int = 10


@dataclass(frozen=True, slots=True)
class TagBatch:
    """grids [B, P, F] and targets [B, C] in [0, 1]."""

    grids: Tensor
    targets: Tensor


class TagObjective(Objective[TagNetwork, TagBatch]):
    """An example is the file of a grid [Y, X, F] and its targets [C]."""

    uses_all = True

    def collate(self, examples: list[tuple[Path, Tensor]]) -> TagBatch:
        grids = [torch.from_numpy(np.load(file)).float() for file, _ in examples]
        turned = [one.flip(1) if random.random() < 0.5 else one for one in grids]
        targets = torch.stack([target for _, target in examples])
        return TagBatch(torch.stack(turned).flatten(1, 2), targets)

    def loss(self, model: TagNetwork, batch: TagBatch) -> Tensor:
        return presence_loss(model(batch.grids), batch.targets)


@deterministic()
def train(
    data: Path,
    out: Path,
    options: TagTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the captions in `data` and write the model folder `out`.

    Resumes from `out`/training, and looks at no photograph twice. Returns figures on the part
    development.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or TagTraining()
    knowledge = Knowledge.bundled()
    learned = mentioned_in(training_records(data), knowledge, options.of)
    chosen_by = for_choosing(in_part(captioned_photographs(data), "development"))
    development = mentioned_in(chosen_by, knowledge, options.of)
    known = known_to(EfficientNetNamer(tags=None).config.labels, knowledge)
    concepts = [one for one in learnable(learned, options.least) if one not in known]
    log(f"{len(learned)} photographs in train, {len(development)} in development")
    log(f"{len(concepts)} concepts")
    seen = examples(data, learned, concepts, out / "training")
    chosen_on = examples(data, development, concepts, out / "training")
    network = train_network(seen, chosen_on, out, options, log)
    scores, said = presences(network, chosen_on), targets_of(development, concepts) > 0
    slope, bias = calibration(scores.numpy(), said.numpy())
    sure = torch.from_numpy(sigmoid(slope * logit(scores.numpy()) + bias))
    limit = least_precise(sure, said.float(), PRECISION[options.of])
    config = {
        "of": options.of,
        "features": network.mean.shape[0],
        "hidden": options.hidden,
        "slope": slope,
        "bias": bias,
        "threshold": limit,
        "above": {
            knowledge.label(one): sorted(map(knowledge.label, above(one, knowledge)))
            for one in concepts
        },
        "stuff": [knowledge.label(one) for one in concepts if is_stuff(one, knowledge)],
    }
    save_model(out, shrunk(network.state_dict()), config)
    return tag_figures(sure, said.float(), limit)


def training_records(data: Path) -> list[Captioned]:
    """Return the photographs that are trained on."""
    return for_training(in_part(captioned_photographs(data), "train"))


def learnable(photographs: Sequence[Mentioned], least: int) -> list[str]:
    """Return the concepts that enough photographs are said to show, by their own names.

    What people mostly call by the name of a kind of it is left out: nobody calls the sea a drink.
    """
    named, said = Counter[str](), Counter[str]()
    for one in photographs:
        sure = min(SURE, one.captions)
        named.update(concept for concept, count in one.named.items() if count >= sure)
        said.update(concept for concept, count in one.said.items() if count >= sure)
    usual = {one for one, count in named.items() if count >= OWN_NAME * said[one]}
    return sorted(one for one in usual if named[one] >= least)


def known_to(labels: Iterable[str], knowledge: KnowledgeGraph) -> set[str]:
    """Return the concepts of a detector's labels, and what they are kinds of.

    A detector that was taught by boxes knows these better than captions tell: every second
    photograph of Flickr8k shows people or dogs, so that its tagger sees them everywhere.
    """
    linker = Linker(knowledge)
    own = {link.concept for label in labels for link in linker.best(label)[:1]}
    return own.union(*(knowledge.categories(one) for one in own))


def targets_of(photographs: Sequence[Mentioned], concepts: Sequence[str]) -> Tensor:
    """Return how sure the captions of each photograph are of each concept: [N, C] in [0, 1]."""
    return torch.tensor(
        [
            [min(1.0, one.said[concept] / min(SURE, one.captions)) for concept in concepts]
            for one in photographs
        ]
    )


def examples(
    data: Path, photographs: Sequence[Mentioned], concepts: Sequence[str], run: Path
) -> list[tuple[Path, Tensor]]:
    """Return the file of each photograph's grid, in half precision, and its targets.

    What is not in the folder `run` yet is looked at.
    """
    namer, files = EfficientNetNamer(tags=None), []
    (run / "grids").mkdir(parents=True, exist_ok=True)
    for one in track(photographs, "looking"):
        file = run / "grids" / (one.name.replace("/", " ") + ".npy")
        if not file.is_file():
            grid = namer.grid(Photo.open(data / one.name)).astype(np.float16)
            with atomic_path(file) as path, path.open("wb") as content:
                np.save(content, grid)
        files.append(file)
    return list(zip(files, targets_of(photographs, concepts), strict=True))


def train_network(
    learned: Sequence[tuple[Path, Tensor]],
    development: Sequence[tuple[Path, Tensor]],
    out: Path,
    options: TagTraining,
    log: Callable[[str], None],
) -> TagNetwork:
    """Return a network trained on the examples `learned`."""
    stride = max(1, len(learned) // MEASURED)
    grids = [np.load(file) for file, _ in learned[::stride]]
    cells = np.concatenate([one.reshape(-1, one.shape[-1]) for one in grids])
    torch.manual_seed(options.seed)
    network = TagNetwork(cells.shape[1], len(learned[0][1]), options.hidden)
    measured = torch.from_numpy(cells.astype(np.float32))
    network.mean.copy_(measured.mean(0))
    network.spread.copy_(measured.std(0).clamp_min(1e-3))
    config = options.config(clip=None)
    run = out / "training"
    fit(network, TagObjective(), learned, development, config, run, log, about=options.others())
    return network.eval()


@torch.inference_mode()
def presences(network: TagNetwork, photographs: Sequence[tuple[Path, Tensor]]) -> Tensor:
    """Return the noisy-OR of each concept [N, C]."""
    rows = []
    for file, _ in photographs:
        grid = torch.from_numpy(np.load(file)).float().flatten(0, 1)
        rows.append(presence(network(grid[None]))[0])
    return torch.stack(rows)


def calibration(scores: np.ndarray, said: np.ndarray) -> tuple[float, float]:
    """Return slope and bias of the logistic regression of "a caption says so" on logit scores."""
    inputs = np.stack([logit(scores.ravel()), np.ones(scores.size)], 1)
    slope, bias = logistic_regression(inputs.astype(float), said.ravel().astype(float), 0.0)
    return slope, bias
