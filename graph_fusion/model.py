"""The whole network: text, region and geometry in; fused graph; answers out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from graph_fusion.fusion import ANSWERER_FUSION, FUSIONS, Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.base import cover
from graph_fusion.fusion_model import CONTROLS
from graph_fusion.heads import HEADS
from graph_fusion.heads.graph import Scores
from graph_fusion.tensors import (
    ANSWER_TYPES,
    EDGE_FEATURES,
    GEOMETRY_FEATURES,
    IS_BACKWARD,
    NODE_KINDS,
    TRUST,
    Batch,
    places,
)
from graph_fusion.weights import loading, read_weights
from kg.files import atomic_path, write_text


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes and choices; text_features and region_features must fit encoder and detector.

    region_detector: the detector or namer whose region features were trained on; those of others
    mean something else and are left out.
    temperatures: divide the logits of pointer, yes/no and route, fitted on held-out
    questions (Guo et al., ICML 2017), so that confidence means the share of right answers.
    control: a name of `CONTROLS`, under which the network is trained and measured; it explains
        no answer, since the edges that it reads are not those of the graph.
    """

    text_features: int = 384
    region_features: int = 96
    region_detector: str = "fastestdet"
    hidden: int = 128
    layers: int = 5
    gate_width: int = 48
    fusion: str = ANSWERER_FUSION
    head: str = "graph"
    layer: str = "gcn"
    residual: bool = True
    layer_norm: bool = True
    dropout: float = 0.1
    text_encoder: str = "minilm"
    temperatures: tuple[float, float, float] = (1.0, 1.0, 1.0)
    control: str | None = None


class GraphAnswerer(nn.Module):
    """Answers questions from batches of graphs.

    The start feature of a node is the sum of its projected label, kind, region feature and
    geometry; the fusion and the heads, by default `AnswerHeads`, are chosen by name.

    Raises:
        UnknownNameError: there is no such fusion, head or control.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.control:
            CONTROLS.resolve(config.control)
        self.config = config
        hidden = config.hidden
        self.label = nn.Linear(config.text_features, hidden)
        self.kind = nn.Embedding(len(NODE_KINDS), hidden)
        self.region = _region_layer(config)
        self.geometry = nn.Linear(GEOMETRY_FEATURES, hidden)
        self.question = nn.Sequential(
            nn.Linear(2 * config.text_features + len(ANSWER_TYPES), hidden),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(hidden, hidden),
        )
        self.fusion = FUSIONS.make(config.fusion, config=_fusion_config(config))
        self.heads = HEADS.make(config.head, hidden=hidden)

    def read_regions(self, features: int, origin: str) -> None:
        """Have nodes start with `features` numbers of their regions, as `origin` gives them.

        What was learned of the same features stays; of others the layer begins at zero.
        """
        before = self.config.region_features, self.config.region_detector
        if before != (features, origin):
            self.config = replace(self.config, region_features=features, region_detector=origin)
            self.region = _region_layer(self.config)

    def forward(self, batch: Batch) -> tuple[Scores, Fused]:
        text, frame = batch.texts[batch.question[:, 0]], batch.texts[batch.question[:, 1]]
        question = self.question(torch.cat([text, frame, batch.answer_type], dim=1))
        start = self._start(batch)
        fused, rows = self._fuse(start, batch, question, frame)
        nodes = fused.tokens.flatten(0, 1)[rows]
        return self.heads(nodes, start, batch, question), fused

    def _fuse(
        self, start: Tensor, batch: Batch, question: Tensor, frame: Tensor
    ) -> tuple[Fused, Tensor]:
        """Fuse the padded graphs; return that and the row of each node [N] among the tokens."""
        place, longest = places(batch.graph_of_node, batch.size)
        image = start.new_zeros(batch.size, longest, start.shape[1])
        image = image.index_put((batch.graph_of_node, place), start)
        there = torch.zeros(batch.size, longest, dtype=torch.bool, device=start.device)
        there[batch.graph_of_node, place] = True
        text_mask = torch.ones(batch.size, 1, dtype=torch.bool, device=start.device)
        rows = batch.graph_of_node * (longest + 1) + place
        used, relation = torch.unique(batch.relation, return_inverse=True)
        relations = batch.texts[used]
        likeness = (frame @ relations.T)[batch.graph_of_edge, relation].unsqueeze(1)
        graph = TokenGraph(
            senders=rows[batch.senders],
            receivers=rows[batch.receivers],
            weights=batch.edge_features[:, TRUST],
            relation=relation,
            backward=batch.edge_features[:, IS_BACKWARD] > 0,
            relations=relations,
            features=torch.cat([batch.edge_features, likeness], dim=1),
        )
        masks = Masks(there, text_mask)
        if self.config.control:
            graph, masks = CONTROLS.resolve(self.config.control)(graph, masks)
            image = cover(image, masks.image)
        fused: Fused = self.fusion(image, question.unsqueeze(1), graph, masks)
        return fused, rows

    def _start(self, batch: Batch) -> Tensor:
        used, text = torch.unique(batch.node_text, return_inverse=True)
        start: Tensor = self.label(batch.texts[used])[text] + self.kind(batch.node_kind)
        start = start + self.geometry(batch.geometry)
        if self.config.region_features:
            start = start + self.region(batch.region)
        return torch.relu(start)

    def save(self, folder: Path) -> None:
        """Write model.safetensors and config.json to `folder`, each whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / "model.safetensors") as path:
            save_file({k: v.contiguous() for k, v in self.state_dict().items()}, path)
        write_text(folder / "config.json", json.dumps(asdict(self.config), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> GraphAnswerer:
        """Read what `save` wrote, ready to answer (in evaluation mode).

        Raises:
            SightGraphError: a file is missing or does not fit.
        """
        with loading("answerer", folder):
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            values["temperatures"] = tuple(values["temperatures"])
            values.pop("threshold", None)  # models of before December 2026 have one
            model = cls(ModelConfig(**values))
            model.load_state_dict(read_weights(folder / "model.safetensors"))
        return model.eval()


def _region_layer(config: ModelConfig) -> nn.Linear:
    layer = nn.Linear(max(config.region_features, 1), config.hidden, bias=False)
    nn.init.zeros_(layer.weight)  # untrained, it must not disturb
    return layer


def _fusion_config(config: ModelConfig) -> FusionConfig:
    return FusionConfig(
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        relation_features=config.text_features,
        edge_features=EDGE_FEATURES + 1,  # and the likeness of relation and question
        layer=config.layer,
        residual=config.residual,
        layer_norm=config.layer_norm,
        gate_width=config.gate_width,
    )
