"""The captioner's network: a photograph's tokens, fused by name, and a decoder over them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from graph_fusion.fusion import FusionConfig
from graph_fusion.fusion_model import FusionModel
from graph_fusion.heads.decoder import END, PAD, START, DecoderHead, Written
from graph_fusion.scene_model import SceneBatch, SceneFront
from graph_fusion.tensors import EDGE_FEATURES
from graph_fusion.weights import loading, read_weights

STYLES = ("usual", "short", "detailed")
"""What a caption can be asked to be: as people write, or shorter or longer than most."""
FIRST_WORD = END + 1


@dataclass(frozen=True, slots=True)
class CaptionConfig:
    """Sizes and choices of a captioner.

    words: the vocabulary without `PAD`, `START` and `END`. features: of cells and regions.
    fusion: by name; control: what of the graph it does without (`CONTROLS`), to measure it.
    reads: how much of the graph is read (`graph_fusion.scene_model.READS`).
    """

    words: tuple[str, ...]
    features: int = 1280
    text_features: int = 384
    hidden: int = 256
    layers: int = 2
    decoder_layers: int = 2
    heads: int = 8
    longest: int = 24
    dropout: float = 0.3
    fusion: str = "graph"
    control: str | None = None
    reads: str = "knowledge"


@dataclass(frozen=True, slots=True)
class CaptionBatch:
    """B photographs with K captions each: captions [B, K, S]."""

    scenes: SceneBatch
    captions: Tensor


class CaptionModel(FusionModel):
    """front -> fusion -> decoder. Shapes: as in `SceneFront` and `DecoderHead`."""

    head: DecoderHead

    def __init__(self, config: CaptionConfig) -> None:
        fusion = FusionConfig(
            hidden=config.hidden,
            layers=config.layers,
            dropout=0.0,  # the front drops channels
            relation_features=config.text_features,
            edge_features=EDGE_FEATURES,
        )
        super().__init__(
            SceneFront(
                config.features, config.text_features, config.hidden, len(STYLES), config.dropout
            ),
            config.fusion,
            fusion,
            DecoderHead(
                config.hidden,
                FIRST_WORD + len(config.words),
                config.decoder_layers,
                config.heads,
                config.longest,
                config.dropout,
            ),
            control=config.control,
        )
        self.config = config

    def forward(self, batch: CaptionBatch) -> Tensor:
        """Return log-probabilities [B, K, S, V] of the words of the captions."""
        fused, inputs = self.fuse(batch.scenes)
        logs: Tensor = self.head(fused, inputs.masks, batch.captions)
        return logs

    def loss(self, batch: CaptionBatch, smoothing: float) -> Tensor:
        """Return the loss of the captions (`DecoderHead.smoothed_loss`), []."""
        fused, inputs = self.fuse(batch.scenes)
        return self.head.smoothed_loss(fused, inputs.masks, batch.captions, smoothing)

    @torch.no_grad()
    def write(self, batch: SceneBatch, beams: int, length_power: float = 1.0) -> Written:
        """Write one sentence for each photograph (`DecoderHead.write`)."""
        fused, inputs = self.fuse(batch)
        return self.head.write(fused, inputs.masks, beams, length_power)

    @classmethod
    def load(cls, folder: Path) -> CaptionModel:
        """Read what `sightgraph train captions` wrote, in evaluation mode.

        Raises:
            SightGraphError: a file is missing or does not fit.
        """
        with loading("captions", folder):
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            config = CaptionConfig(**{**values, "words": tuple(values["words"])})
            model = cls(config)
            model.load_state_dict(read_weights(folder / "model.safetensors"))
        return model.eval()

    def as_json(self) -> dict[str, object]:
        """Return the content of config.json."""
        return asdict(self.config)


class Vocabulary:
    """Numbers of words; a sentence is `START`, its words, `END`."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words
        self.number = {word: place for place, word in enumerate(words, FIRST_WORD)}

    def rows(self, sentences: list[list[str]], longest: int) -> Tensor:
        """Return sentences [K, longest]; what is too long is cut.

        A word that is not known is `PAD`, which is read and never learned to be written.
        """
        found = torch.full((len(sentences), longest), PAD)
        for row, sentence in enumerate(sentences):
            numbers = [self.number.get(word, PAD) for word in sentence[: longest - 2]]
            numbers = [START, *numbers, END]
            found[row, : len(numbers)] = torch.tensor(numbers)
        return found

    def text(self, row: list[int]) -> str:
        """Return the words of a row of numbers."""
        return " ".join(self.words[one - FIRST_WORD] for one in row if one >= FIRST_WORD)
