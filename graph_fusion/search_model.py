"""Two towers in one space: photographs by their fused tokens, texts by MiniLM trained further."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.encoders.bert import load_bert, own
from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.encoders.word_pieces import WordPieceTokenizer
from graph_fusion.fusion import Fused, FusionConfig
from graph_fusion.fusion.base import cover, masked_mean
from graph_fusion.fusion_model import FusionModel
from graph_fusion.heads.choice import MatchingHead
from graph_fusion.scene_model import SceneBatch, SceneFront
from graph_fusion.tensors import EDGE_FEATURES
from graph_fusion.weights import loading, read_weights

LONGEST = 48
"""Word pieces of a text that are read."""


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """Sizes and choices of the two towers.

    trained: MiniLM's last layers, which are trained with the rest; the others are its own.
    fusion, control, reads: as in `graph_fusion.caption_model.CaptionConfig`.
    """

    features: int = 1280
    text_features: int = 384
    hidden: int = 256
    layers: int = 2
    trained: int = 3
    heads: int = 8
    dropout: float = 0.2
    fusion: str = "graph_attention"
    control: str | None = None
    reads: str = "knowledge"


class TextTower(nn.Module):
    """Mean of MiniLM's token vectors, to H features."""

    def __init__(self, hidden: int, trained: int) -> None:
        super().__init__()
        self.encoder = own(load_bert(bundled_minilm()))
        layers = list(self.encoder.encoder.layer)  # type: ignore[union-attr, arg-type]
        self.trained = [f"encoder.layer.{n}." for n in range(len(layers) - trained, len(layers))]
        for layer in layers[len(layers) - trained :]:
            layer.requires_grad_(True)
        self.out = nn.Linear(self.encoder.config.hidden_size, hidden)

    def train(self, mode: bool = True) -> TextTower:
        """Leave dropout off in MiniLM, where it takes a third of the time; pieces are dropped."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, ids: Tensor, there: Tensor) -> Fused:
        """Encode texts. Shapes: ids [N, L], word pieces; there [N, L]: bool"""
        tokens = self.encoder(input_ids=ids, attention_mask=there).last_hidden_state
        h = self.out(tokens)
        return Fused(cover(h, there), masked_mean(h, there))


class SearchModel(FusionModel):
    """Photographs and texts as vectors whose cosine says how well they fit."""

    head: MatchingHead

    def __init__(self, config: SearchConfig) -> None:
        fusion = FusionConfig(
            hidden=config.hidden,
            layers=config.layers,
            heads=config.heads,
            dropout=0.0,  # the front drops channels
            relation_features=config.text_features,
            edge_features=EDGE_FEATURES,
        )
        super().__init__(
            SceneFront(
                config.features, config.text_features, config.hidden, dropout=config.dropout
            ),
            config.fusion,
            fusion,
            MatchingHead(config.hidden),
            control=config.control,
        )
        self.config = config
        self.text = TextTower(config.hidden, config.trained)

    def forward(  # type: ignore[override]  # photographs and texts
        self, photographs: SceneBatch, ids: Tensor, there: Tensor
    ) -> Tensor:
        """Return logits [M, N] of M photographs and N texts (ids, there: [N, L])."""
        fused, _ = self.fuse(photographs)
        logits: Tensor = self.head(fused, self.text(ids, there))
        return logits

    @torch.no_grad()
    def photograph_vectors(self, photographs: SceneBatch) -> Tensor:
        """Return vectors of length 1: [M, H]."""
        fused, _ = self.fuse(photographs)
        return F.normalize(self.head.likeness.query(fused.pooled), dim=1)

    @torch.no_grad()
    def text_vectors(self, ids: Tensor, there: Tensor) -> Tensor:
        """Return vectors of length 1: [N, H]."""
        return F.normalize(self.head.likeness.key(self.text(ids, there).pooled), dim=1)

    def trained_state(self) -> dict[str, Tensor]:
        """Return the weights without those that are MiniLM's own."""
        kept = tuple(f"text.encoder.{name}" for name in self.text.trained)
        return {
            name: value
            for name, value in self.state_dict().items()
            if not name.startswith("text.encoder.") or name.startswith(kept)
        }

    @classmethod
    def load(cls, folder: Path) -> SearchModel:
        """Read what `sightgraph train search` wrote, in evaluation mode.

        Raises:
            SightGraphError: a file is missing or does not fit.
        """
        with loading("search", folder):
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            model = cls(SearchConfig(**values["towers"]))
            state = read_weights(folder / "model.safetensors")
            if state.keys() != model.trained_state().keys():
                raise ValueError("its weights are not those of the towers that its config names")
            model.load_state_dict(state, strict=False)  # the others are MiniLM's own
        return model.eval()

    def as_json(self) -> dict[str, object]:
        """Return the sizes for config.json."""
        return asdict(self.config)


class TextPieces:
    """Texts as word pieces, padded."""

    def __init__(self) -> None:
        self._tokenizer = WordPieceTokenizer(bundled_minilm())

    def rows(self, texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        """Return the numbers of the pieces of each text, at most `LONGEST`."""
        read = (self._tokenizer(text, truncation=True, max_length=LONGEST) for text in texts)
        return tuple(tuple(one["input_ids"]) for one in read)

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return ids [N, L] and which are there [N, L]."""
        return padded(self.rows(texts))


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return rows of numbers as [N, L], filled up with 0, and which are there [N, L]."""
    longest = max(map(len, rows), default=1)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    there = torch.zeros(len(rows), longest, dtype=torch.bool)
    for row, numbers in enumerate(rows):
        ids[row, : len(numbers)] = torch.tensor(numbers)
        there[row, : len(numbers)] = True
    return ids, there
