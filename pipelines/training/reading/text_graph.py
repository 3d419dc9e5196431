"""Training of the network that reads captions as scene graphs.

An example is a caption of FACTUAL with its graph on its words; the objective is cross-entropy of
the links between words, and of length, name and implied concept of each word. The model folder
gets model.safetensors, in eight bits and without MiniLM's embeddings, and config.json.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion import training
from graph_fusion.text_graph import Read, TextGraphConfig, TextGraphNetwork
from graph_fusion.training import Figures, Objective, TrainingConfig, TrainingOptions, save_model
from graph_fusion.weights import deterministic, shrunk
from pipelines.datasets.factual import (
    LONGEST_CAPTION,
    MIN_IMPLIED,
    MIN_LINKS,
    MIN_NAMES,
    CaptionGraph,
    WordGraph,
    learn_renamings,
    read_factual,
    word_graph,
)
from pipelines.datasets.splits import for_choosing, for_training, in_part
from pipelines.evaluate.reading.text_graph import scores
from pipelines.reading.text_graph_reader import WordPieces, minilm, read_words

TRAIN_FILE = Path("factual") / "train.csv"
NONE = "none"
IGNORED = -100
FROZEN = "encoder.embeddings."
MEASURED = ("Set Match", "SPICE F1")
"""Figures of `scores` that are measured after each epoch."""


@dataclass(frozen=True, slots=True)
class TextGraphTraining(TrainingOptions):
    """How the network is trained; the learning rate rises over `warm` steps and falls to 0."""

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    encoder_rate: float = 1.5e-4
    warm: int = 300
    average: float = 0.999


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions of similar length: the input of the network, and class numbers as targets.

    Shapes (B captions, W words), -100 where there is no target:
        links [B, W, W]; lengths, names, implied [B, W]
    """

    inputs: dict[str, Any]
    links: Tensor
    lengths: Tensor
    names: Tensor
    implied: Tensor


class ReadingObjective(Objective[TextGraphNetwork, Captions | CaptionGraph]):
    """A training example is a whole batch of captions; a validation example is one caption."""

    uses_all = True

    def __init__(
        self, config: TextGraphConfig, pieces: WordPieces, options: TextGraphTraining
    ) -> None:
        self.config, self.pieces, self.options = config, pieces, options

    def collate(
        self, examples: list[Sequence[WordGraph]] | list[CaptionGraph]
    ) -> Captions | CaptionGraph:
        (one,) = examples
        if isinstance(one, CaptionGraph):
            return one
        return _captions(self.pieces([caption.words for caption in one]), one, self.config)

    def loss(self, model: TextGraphNetwork, batch: Captions | CaptionGraph) -> Tensor:
        assert isinstance(batch, Captions)
        return _loss(model(**batch.inputs), batch)

    def measured(
        self, model: TextGraphNetwork, batch: Captions | CaptionGraph, size: int
    ) -> Figures:
        assert isinstance(batch, CaptionGraph)
        with next(model.parameters()).device:
            read = read_words(model, self.pieces, batch.caption).triples()
        found = scores([read], [batch.triples])
        return {name: (found[name], 1) for name in MEASURED}

    def groups(self, model: TextGraphNetwork, config: TrainingConfig) -> list[dict[str, Any]]:
        known = {id(parameter) for parameter in model.encoder.parameters()}
        encoder = [p for p in model.encoder.parameters() if p.requires_grad]
        heads = [p for p in model.parameters() if id(p) not in known]
        return [{"params": encoder, "lr": self.options.encoder_rate}, {"params": heads}]

    def rate(self, step: int, steps: int, config: TrainingConfig) -> float:
        return min((step + 1) / max(self.options.warm, 1), (steps - step) / steps)


@deterministic()
def train(
    data: Path,
    out: Path,
    options: TextGraphTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `data`/factual/train.csv and write the model folder `out`.

    Resumes from the checkpoint in `out`/training. Returns the figures on the captions of the part
    development.

    Raises:
        SightGraphError: the file is missing.
    """
    options = options or TextGraphTraining()
    torch.manual_seed(options.seed)
    development = for_choosing(in_part(read_factual(data / TRAIN_FILE), "development"))
    graphs = training_records(data)
    renamings = learn_renamings(graphs)
    targets = [word_graph(graph, renamings) for graph in graphs]
    config = _config(targets)
    targets = [one for one in targets if _usable(one, config)]
    out.mkdir(parents=True, exist_ok=True)
    pieces, encoder = minilm()
    network = TextGraphNetwork(config, encoder)
    batches = [
        [targets[index] for index in batch] for batch in _batches(targets, options.batch_size)
    ]
    report = training.fit(
        network,
        ReadingObjective(config, pieces, options),
        batches,
        development,
        options.config(batch_size=1, watch=None),
        out / "training",
        log,
        about=options.others() | {"captions": options.batch_size},
    )
    save_model(out, shrunk(_trained(network)), asdict(config))
    figures = {name: report.figures.get(f"validation {name}", 0.0) for name in MEASURED}
    return {"captions": float(len(development))} | figures


def training_records(data: Path) -> list[CaptionGraph]:
    """Return the captions that are trained on."""
    return for_training(in_part(read_factual(data / TRAIN_FILE), "train"))


def _config(targets: Sequence[WordGraph]) -> TextGraphConfig:
    links = Counter(label for one in targets for _, label, _ in one.links)
    names = Counter(name for one in targets for name in one.names.values())
    implied = Counter(name for one in targets for _, name in one.implied)
    return TextGraphConfig(
        _known(links, MIN_LINKS), _known(names, MIN_NAMES), _known(implied, MIN_IMPLIED)
    )


def _known(counts: Counter[str], min_count: int) -> tuple[str, ...]:
    return (NONE, *sorted(label for label, count in counts.items() if count >= min_count))


def _usable(one: WordGraph, config: TextGraphConfig) -> bool:
    """Return whether the network can output the graph of a caption."""
    return (
        one.whole
        and 0 < len(one.words) <= LONGEST_CAPTION
        and all(label in config.links for _, label, _ in one.links)
        and all(name in config.names for name in one.names.values())
        and all(name in config.implied for _, name in one.implied)
    )


def _batches(targets: Sequence[WordGraph], size: int) -> list[list[int]]:
    """Return batches of captions of similar length, as indices."""
    order = sorted(range(len(targets)), key=lambda index: len(targets[index].words))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _captions(
    inputs: dict[str, Any], graphs: Sequence[WordGraph], config: TextGraphConfig
) -> Captions:
    number = {label: index for index, label in enumerate(config.links)}
    size = inputs["words"]
    links = torch.full((len(graphs), size, size), IGNORED)
    lengths, names, implied = (torch.full((len(graphs), size), IGNORED) for _ in range(3))
    for row, one in enumerate(graphs):
        there = len(one.words)
        links[row, :there, :there] = 0
        for subject, label, target in one.links:
            links[row, subject, target] = number[label]
        for at, length in one.lengths.items():
            lengths[row, at] = length - 1
            names[row, at] = config.names.index(one.names.get(at, NONE))
            implied[row, at] = 0
        for at, name in one.implied:
            implied[row, at] = config.implied.index(name)
    return Captions(inputs, links, lengths, names, implied)


def _loss(read: Read, targets: Captions) -> Tensor:
    """Return the cross-entropy of the four outputs, summed over words, per caption."""
    parts = (
        (read.links, targets.links),
        (read.lengths, targets.lengths),
        (read.names, targets.names),
        (read.implied, targets.implied),
    )
    losses = [
        F.cross_entropy(
            logits.flatten(0, -2), target.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        for logits, target in parts
    ]
    return torch.stack(losses).sum() / len(targets.links)


def _trained(network: TextGraphNetwork) -> dict[str, Tensor]:
    state = network.state_dict()
    return {name: value for name, value in state.items() if not name.startswith(FROZEN)}
