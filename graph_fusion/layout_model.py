"""Where the things of a scene graph lie in a picture: boxes by graph layers over the graph.

The network gives p(box of one thing | graph, boxes that are placed already), so that
p(layout | graph) is a product of these, in any order of the things. What is placed is masked anew
at each step of the training, as in order-agnostic autoregressive models (Uria et al., ICML 2014).
Each factor is a mixture of Gaussians (Bishop, 1994) over centre, log width and log height.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from graph_fusion.layers.edges import Edges
from graph_fusion.layers.rgcn import RGCN
from graph_fusion.scene_model import scaled
from graph_fusion.weights import loading, read_weights

MIDDLE = (0.5, 0.5, -1.3, -1.1)
SPREAD = (0.25, 0.25, 0.8, 0.8)
"""Mean and deviation of centre x, centre y, log width and log height of the training's boxes,
rounded: the network and its likelihood use boxes in these units."""
SIDES = 4
BOX_FEATURES = 9
"""Of a placed box: itself, its corners, and that it is placed."""
MIN_SIDE = 1e-3
LOG_SCALES = (-4.0, 2.0)
IS_A, BESIDES = "is a", "in the same picture"
"""Relations of a thing to its categories, and of all things to each other."""
WITHOUT = ("said", "edges", "knowledge", "words")
"""What of the graph a network can do without, to measure its worth: the said relations; all edges
between things; the categories of things; and vectors of words (random ones take their place)."""


@dataclass(frozen=True, slots=True)
class LayoutConfig:
    """Sizes of the network; components: Gaussians of a mixture; without: of `WITHOUT`."""

    text_features: int = 384
    hidden: int = 96
    layers: int = 3
    bases: int = 4
    components: int = 4
    dropout: float = 0.1
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutGraph:
    """A scene graph as numbers. N nodes: first the T things, then categories. E edges.

    text [N]: row of each node's label in a table of vectors; size [N]: 1 for what is called
    large, -1 for small, else 0; senders, receivers, relation [E]: nodes, and the row of the
    relation's text, from subject to object; aspect: log(width / height) of the picture.
    """

    text: tuple[int, ...]
    size: tuple[float, ...]
    things: int
    senders: tuple[int, ...]
    receivers: tuple[int, ...]
    relation: tuple[int, ...]
    aspect: float


@dataclass(frozen=True, slots=True)
class LayoutBatch:
    """Graphs one after another, with the boxes of some things.

    Shapes (N nodes, E messages, both ways along each edge; M relations):
        texts [N, D]; features [N, 3]: is a thing, size, aspect
        senders, receivers, relation [E], backward [E]: bool; relations [M, D]
        boxes [N, 4]: in the units of `MIDDLE` and `SPREAD`; placed [N]: whether it is given
        target [N]: whether it is to be learned
    """

    texts: Tensor
    features: Tensor
    senders: Tensor
    receivers: Tensor
    relation: Tensor
    backward: Tensor
    relations: Tensor
    boxes: Tensor
    placed: Tensor
    target: Tensor


@dataclass(frozen=True, slots=True)
class Mixture:
    """Mixtures of K Gaussians for N boxes. Shapes: logits [N, K]; mean, log_scale [N, K, 4]."""

    logits: Tensor
    mean: Tensor
    log_scale: Tensor

    def log_likelihood(self, boxes: Tensor) -> Tensor:
        """Return the log density [N] of `boxes` [N, 4]."""
        off = (boxes.unsqueeze(1) - self.mean) * (-self.log_scale).exp()
        each = -0.5 * off.square() - self.log_scale - 0.5 * math.log(2 * math.pi)
        return (self.logits.log_softmax(1) + each.sum(2)).logsumexp(1)


def in_units(boxes: Tensor) -> Tensor:
    """Return boxes [N, 4] (x1, y1, x2, y2 as shares of the picture) in the network's units."""
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp_min(MIN_SIDE)
    raw = torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, sides.log()], dim=1)
    return (raw - raw.new_tensor(MIDDLE)) / raw.new_tensor(SPREAD)


def as_shares(boxes: Tensor) -> Tensor:
    """Return the inverse of `in_units`."""
    raw = boxes * boxes.new_tensor(SPREAD) + boxes.new_tensor(MIDDLE)
    half = raw[:, 2:].exp() / 2
    return torch.cat([raw[:, :2] - half, raw[:, :2] + half], dim=1)


def layout_batch(
    graphs: Sequence[LayoutGraph],
    table: Tensor,
    boxes: Sequence[Tensor],
    placed: Sequence[Tensor],
) -> LayoutBatch:
    """Put graphs together.

    Shapes: table [R, D]; for each graph of T things, boxes [T, 4] in units, placed [T] bool
    """
    size = sum(len(one.text) for one in graphs)
    all_boxes = torch.zeros(size, SIDES)
    given, target = torch.zeros(size, dtype=torch.bool), torch.zeros(size, dtype=torch.bool)
    features = torch.zeros(size, 3)
    senders: list[int] = []
    receivers: list[int] = []
    relation: list[int] = []
    start = 0
    for graph, own, known in zip(graphs, boxes, placed, strict=True):
        things = slice(start, start + graph.things)
        all_boxes[things], given[things], target[things] = own, known, ~known
        features[things, 0] = 1.0
        features[start : start + len(graph.text), 1] = torch.tensor(graph.size)
        features[start : start + len(graph.text), 2] = graph.aspect
        senders += [start + one for one in graph.senders]
        receivers += [start + one for one in graph.receivers]
        relation += graph.relation
        start += len(graph.text)
    used, row = torch.unique(torch.tensor(relation, dtype=torch.long), return_inverse=True)
    there = torch.tensor(senders, dtype=torch.long), torch.tensor(receivers, dtype=torch.long)
    back = torch.arange(2 * len(row)) >= len(row)
    texts = torch.tensor([row for one in graphs for row in one.text])
    return LayoutBatch(
        texts=table[texts],
        features=features,
        senders=torch.cat(there),
        receivers=torch.cat(there[::-1]),
        relation=row.repeat(2),
        backward=back,
        relations=table[used],
        boxes=all_boxes,
        placed=given,
        target=target,
    )


class LayoutModel(nn.Module):
    """label, size and placed box of each node -> graph layers -> a mixture for each node.

    The layers are RGCNs: each relation, known by its text, mixes a few shared matrices, and has
    another mixture against its direction.
    """

    def __init__(self, config: LayoutConfig) -> None:
        super().__init__()
        self.config = config
        hidden = config.hidden
        self.label = nn.Linear(config.text_features, hidden)
        self.more = nn.Linear(3, hidden)
        self.place = nn.Linear(BOX_FEATURES, hidden, bias=False)
        self.along = nn.Linear(config.text_features, config.bases)
        self.against = nn.Linear(config.text_features, config.bases)
        self.norm = nn.LayerNorm(hidden)
        self.drop = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(
            RGCN(
                hidden,
                hidden,
                residual=True,
                layer_norm=True,
                dropout=config.dropout,
                bases=config.bases,
            )
            for _ in range(config.layers)
        )
        self.out = nn.Sequential(
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, config.components * (1 + 2 * SIDES)),
        )

    def forward(self, batch: LayoutBatch) -> Mixture:
        h = self.label(self.drop(scaled(batch.texts))) + self.more(batch.features)
        h = self.norm(h + self.place(_placed_features(batch)))
        relations = scaled(batch.relations)
        coefficients = torch.cat([self.along(relations), self.against(relations)])
        relation = batch.relation + batch.backward.long() * len(relations)
        edges = Edges(batch.senders, batch.receivers, len(h), relation=relation)
        for layer in self.layers:
            h = layer(h, edges, coefficients)
        out = self.out(h).unflatten(1, (self.config.components, 1 + 2 * SIDES))
        logits, mean, log_scale = out.split([1, SIDES, SIDES], dim=2)
        return Mixture(logits.squeeze(2), mean, log_scale.clamp(*LOG_SCALES))

    def loss(self, batch: LayoutBatch) -> Tensor:
        """Return the mean negative log likelihood of the boxes that are not placed, []."""
        likelihood: Tensor = self(batch).log_likelihood(batch.boxes)
        return -likelihood[batch.target].mean()

    @classmethod
    def load(cls, folder: Path) -> LayoutModel:
        """Read what `sightgraph train layout` wrote, in evaluation mode.

        Raises:
            SightGraphError: a file is missing or does not fit.
        """
        with loading("layout", folder):
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            config = LayoutConfig(**{**values, "without": tuple(values["without"])})
            model = cls(config)
            model.load_state_dict(read_weights(folder / "model.safetensors"))
        return model.eval()

    def as_json(self) -> dict[str, object]:
        """Return the content of config.json."""
        return asdict(self.config)


def _placed_features(batch: LayoutBatch) -> Tensor:
    """Return what is known of placed boxes [N, 9]; zeros of those that are not placed."""
    corners = (as_shares(batch.boxes) - MIDDLE[0]) / SPREAD[0]
    ones = torch.ones_like(corners[:, :1])
    features = torch.cat([batch.boxes, corners, ones], dim=1)
    return torch.where(batch.placed.unsqueeze(1), features, 0.0)
