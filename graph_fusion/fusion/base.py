"""What every fusion takes and gives: tokens, a graph over them, masks; fused tokens, weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn

from graph_fusion.parts import Part, name_and_options
from kg.errors import SightGraphError, unknown_name
from kg.schema import share, whole


@dataclass(frozen=True, slots=True)
class Masks:
    """Which tokens are there: True where one is, False for padding and missing modalities.

    Shapes: image [B, I], text [B, T]; bool.

    others: of each further modality by name, its image tokens from (inclusive) to (exclusive).
    """

    image: Tensor
    text: Tensor
    others: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def modalities(self) -> tuple[str, ...]:
        """The names of all modalities: image, text, and the others."""
        return ("image", "text", *self.others)

    def there(self) -> Tensor:
        """Return which modalities each sample has, in the order of `modalities`: [B, M], bool."""
        own = self.image.clone()
        for start, end in self.others.values():
            own[:, start:end] = False
        further = [self.image[:, start:end].any(1) for start, end in self.others.values()]
        return torch.stack([own.any(1), self.text.any(1), *further], dim=1)

    def without(self, name: str, samples: Tensor | None = None) -> Masks:
        """Mask out one modality of all `samples` [B] (bool), or of every sample.

        Raises:
            UnknownNameError: there is no such modality.
        """
        if name not in self.modalities:
            raise unknown_name("modality", name, self.modalities)
        none = torch.zeros(len(self.text), dtype=torch.bool, device=self.text.device)
        kept = none if samples is None else ~samples
        if name == "text":
            return replace(self, text=self.text & kept.unsqueeze(1))
        chosen = torch.zeros_like(self.image[0])
        if name == "image":
            chosen[:] = True
            for start, end in self.others.values():
                chosen[start:end] = False
        else:
            chosen[slice(*self.others[name])] = True
        return replace(self, image=self.image & (kept.unsqueeze(1) | ~chosen))

    @property
    def all(self) -> Tensor:
        """Both, image first: [B, I + T]."""
        return torch.cat([self.image, self.text], dim=1)


@dataclass(frozen=True, slots=True)
class TokenGraph:
    """Edges among the tokens of a batch; a message goes from its sender to its receiver.

    Tokens are counted through the batch: token l of sample b is b * (I + T) + l, image first.

    Shapes (E messages, R relations, D relation features, F edge features):
        senders, receivers [E]: token numbers
        weights [E]: how sure each edge is, in [0, 1]
        relation [E]: row in `relations`; backward [E]: whether it runs against its edge, bool
        relations [R, D]: a vector for each relation, e.g. of its text
        features [E, F]: whatever else is known of a message
    """

    senders: Tensor
    receivers: Tensor
    weights: Tensor
    relation: Tensor
    backward: Tensor
    relations: Tensor
    features: Tensor

    def __len__(self) -> int:
        return len(self.senders)

    def among(self, there: Tensor) -> TokenGraph:
        """Return the graph without edges at tokens that are not `there` [B * (I + T)]."""
        kept = there[self.senders] & there[self.receivers]
        return self if bool(kept.all()) else self.chosen(kept)

    def chosen(self, kept: Tensor) -> TokenGraph:
        """Return the graph of the `kept` [E] messages only."""
        return replace(
            self,
            senders=self.senders[kept],
            receivers=self.receivers[kept],
            weights=self.weights[kept],
            relation=self.relation[kept],
            backward=self.backward[kept],
            features=self.features[kept],
        )


@dataclass(frozen=True, slots=True)
class Fused:
    """What a fusion gives.

    Shapes (B samples, I image and T text tokens, P parts, H features):
        tokens [B, I + T, H]: fused tokens, image first; zeros where no token is
        pooled [B, H]: one vector for each sample
        weights: by name, what can be drawn: attention [B, ...], rows of which sum to 1 over the
            tokens that are there; gates [E, layers] of the E messages that are left between
            tokens that are there, as `TokenGraph.among` gives them
        parts [B, P, H], shares [B, P]: where predictions are made from several vectors and
            then combined (late fusion), those vectors, and how much each counts
    """

    tokens: Tensor
    pooled: Tensor
    weights: dict[str, Tensor] = field(default_factory=dict)
    parts: Tensor | None = None
    shares: Tensor | None = None


SIZES = (
    ("hidden", 1, 16_384),
    ("layers", 1, 1_000),
    ("heads", 1, 1_024),
    ("relation_features", 0, 65_536),
    ("edge_features", 0, 65_536),
    ("gate_width", 1, 16_384),
)
"""Ranges of the sizes of a fusion; larger ones take more memory than machines have."""


Pooling = Literal["mean", "max"]


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """Sizes that all fusions share, so that a config compares them under one budget.

    relation_features, edge_features: D and F of the token graph (0: the task has no graph).
    layer, residual, layer_norm: the graph layer by name (with options if need be:
        `{name: pyg, conv: SAGEConv}`), and its form, for fusions over the graph.
    gate_width: of the edge gate.
    language_model: a folder of a Hugging Face encoder for [IMG] tokens; None: MiniLM.
    scaled: divide the products of queries and keys by √d before the softmax.
    pooling: how a modality's tokens become one vector, in the fusions that concatenate.

    Raises:
        SightGraphError: a size is out of its range, `hidden` is no multiple of `heads`, or `layer`
            is rgcn.
    """

    hidden: int = 128
    layers: int = 2
    heads: int = 4
    dropout: float = 0.1
    relation_features: int = 0
    edge_features: int = 0
    layer: Part = "gcn"
    residual: bool = True
    layer_norm: bool = True
    gate_width: int = 48
    language_model: str | None = None
    scaled: bool = True
    pooling: Pooling = "mean"

    def __post_init__(self) -> None:
        try:
            for name, least, most in SIZES:
                whole(getattr(self, name), name, least, most)
            share(self.dropout, "dropout")
        except ValueError as error:
            raise SightGraphError(f"{error}.") from error
        if self.hidden % self.heads:
            raise SightGraphError(
                f"hidden ({self.hidden}) must be a multiple of heads ({self.heads})."
            )
        if name_and_options(self.layer, "graph layer")[0] == "rgcn":
            raise SightGraphError(
                "layer rgcn tells relations apart, which gates do already. Take the fusion rgcn."
            )


class Fusion(nn.Module, ABC):
    """Fuses image and text tokens; made from a `FusionConfig`, chosen by name in `FUSIONS`.

    Image tokens are all that is seen and known: grid cells, objects, concepts, and feature
    vectors of any other modality (`graph_fusion.fusion.named`). A sample may lack modalities
    (their masks all False), never all: weights then share out over what is there.

    querying: which modality gives the queries where one attends to the other; the other one
        gives the keys.
    reads_graph: whether the edges count; without, only the tokens do. Edges at tokens that are
        not there never do: a fusion that reads the graph leaves them out (`TokenGraph.among`).
    reads_words: whether its tokens are word vectors of its own language model.
    reads_spelling: whether its image tokens are the word pieces of names, in order, without
        a graph; only if `reads_words`.
    """

    querying: str = "text"
    reads_graph = False
    reads_words = False
    reads_spelling = False

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        """Fuse `image` [B, I, H] and `text` [B, T, H] over `graph`."""


def no_graph(image: Tensor, relation_features: int = 0, edge_features: int = 0) -> TokenGraph:
    """Return a graph without edges, for tasks that have none."""
    none = torch.zeros(0, dtype=torch.long, device=image.device)
    return TokenGraph(
        senders=none,
        receivers=none,
        weights=image.new_zeros(0),
        relation=none,
        backward=none.bool(),
        relations=image.new_zeros(0, relation_features),
        features=image.new_zeros(0, edge_features),
    )


def drop_modalities(masks: Masks, share: float) -> Masks:
    """Leave one modality out of a `share` of the samples, x̃_i = x_i ⊙ m_i; never all.

    Each that a sample has is as likely; a sample that has only one keeps it. Draws from torch's
    global generator.
    """
    there = masks.there()
    drawn = torch.rand(len(there), 2, device=there.device)
    counts = there.sum(1)
    dropped = (drawn[:, 0] < share) & (counts > 1)
    rank = (drawn[:, 1] * counts).long()  # among those that are there
    chosen = there & (there.cumsum(1) - 1 == rank.unsqueeze(1)) & dropped.unsqueeze(1)
    for place, name in enumerate(masks.modalities):
        masks = masks.without(name, chosen[:, place])
    return masks


def cover(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return `tokens` [B, L, H] with zeros where the mask [B, L] has none."""
    return tokens * mask.unsqueeze(2)


def masked_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the mean [B, H] of the `tokens` [B, L, H] that are there; zeros where none is."""
    weights = mask.to(tokens.dtype).unsqueeze(2)
    mean: Tensor = (tokens * weights).sum(1) / weights.sum(1).clamp_min(1.0)
    return mean


def masked_max(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the largest value of each feature [B, H] among the `tokens` [B, L, H] that are there.

    Zeros where none is.
    """
    lowest = torch.finfo(tokens.dtype).min
    largest = tokens.masked_fill(~mask.unsqueeze(2), lowest).amax(1)
    return largest * mask.any(1, keepdim=True)


def pooled(tokens: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Return one vector for each sample, [B, H]: the mean or the maximum of its tokens."""
    return masked_max(tokens, mask) if pooling == "max" else masked_mean(tokens, mask)


def pooling_shares(tokens: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Return how much each token counts in the pooled vector, [B, L]; rows sum to 1.

    In a mean all count alike; in a maximum a token has the share of the features in which it is
    the largest.
    """
    there = mask.to(tokens.dtype)
    if pooling == "mean":
        return there / there.sum(1, keepdim=True).clamp_min(1.0)
    lowest = torch.finfo(tokens.dtype).min
    winner = tokens.detach().masked_fill(~mask.unsqueeze(2), lowest).argmax(1)  # [B, H]
    each = torch.full_like(tokens[:, 0], 1 / tokens.shape[2])
    return torch.zeros_like(there).scatter_add(1, winner, each) * there


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension among what is there; all zeros where nothing is.

    Shapes: logits [..., L]; mask: bool, broadcast to them.
    """
    lowest = torch.finfo(logits.dtype).min
    weights = torch.softmax(logits.masked_fill(~mask, lowest), dim=-1)
    return weights * mask.to(weights.dtype)


class Readout(nn.Module):
    """Attention of the text over the image tokens; then both, and their product, to one vector.

    Without text the attention asks with a learnt bias alone; without an image only the text
    counts.

    Shapes:
        image [B, I, H], text [B, T, H], masks [B, I], [B, T]
        returns pooled [B, H] and attention [B, I]
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.key = nn.Linear(hidden, hidden)
        self.query = nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)
        self.out = nn.Linear(3 * hidden, hidden)

    def forward(
        self, image: Tensor, text: Tensor, image_mask: Tensor, text_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        query = masked_mean(text, text_mask)
        joint = torch.tanh(self.key(image) + self.query(query).unsqueeze(1))
        attention = masked_softmax(self.score(joint).squeeze(2), image_mask)
        seen = (attention.unsqueeze(1) @ image).squeeze(1)
        pooled: Tensor = torch.relu(self.out(torch.cat([seen, query, seen * query], dim=1)))
        return pooled, attention
