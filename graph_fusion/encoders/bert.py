"""BERT's encoder (Devlin et al., NAACL 2019), opened straight from its files.

Transformers' `BertModel` gives the same numbers, but its import costs more than that of torch. The
names of parameters and arguments are those of transformers, so that weights fit both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from graph_fusion.weights import check_unless_known

POOLER = "pooler."
"""Beginning of the names of weights that are left out: the pooled vector is no token."""


@dataclass(frozen=True, slots=True)
class BertSizes:
    """What config.json says of the network, by transformers' names."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BertSizes:
        """Return the sizes in a config.json.

        Raises:
            ValueError: it is of another kind of network.
        """
        given = config.get("model_type"), config.get("hidden_act", "gelu")
        position = config.get("position_embedding_type") or "absolute"
        if (*given, position) != ("bert", "gelu", "absolute"):
            raise ValueError(f"a network of the kind {given}, {position} is no plain BERT")
        return cls(**{one.name: config[one.name] for one in fields(cls) if one.name in config})


class Encoded(NamedTuple):
    """What the network returns.

    Shapes:
        last_hidden_state: [B, L, H]
        attentions: [B, heads, L, L] of each layer; () unless requested
    """

    last_hidden_state: Tensor
    attentions: tuple[Tensor, ...] = ()


class Bert(nn.Module):
    """x = LN(x + Attention(x)), x = LN(x + W₂ gelu(W₁ x)), layer by layer; made by `load_bert`.

    eager: compute attention as softmax(QKᵀ/√d) V, step by step; else by torch's fused operation,
        whose weights cannot be returned.
    """

    def __init__(self, sizes: BertSizes, eager: bool = False) -> None:
        super().__init__()
        self.config = sizes
        self.embeddings = Embeddings(sizes)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(
            Layer(sizes, eager) for _ in range(sizes.num_hidden_layers)
        )

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        position_ids: Tensor | None = None,
        output_attentions: bool = False,
    ) -> Encoded:
        """Encode tokens by their numbers, or by vectors of their own.

        Shapes:
            input_ids: [B, L]; attention_mask: [B, L], 1 where a token is
            inputs_embeds: [B, L, H] in place of input_ids; position_ids: [B or 1, L]
        """
        if inputs_embeds is None:
            assert input_ids is not None, "give input_ids or inputs_embeds"
            inputs_embeds = self.embeddings.word_embeddings(input_ids)
        h = self.embeddings(inputs_embeds, position_ids)
        there = None if attention_mask is None else attention_mask.bool()[:, None, None, :]
        attentions: list[Tensor] = []
        for layer in self.encoder.layer:  # type: ignore[union-attr]
            h, weights = layer(h, there)
            if output_attentions:
                assert weights is not None, "only the eager network returns its attention weights"
                attentions.append(weights)
        return Encoded(h, tuple(attentions))


class Embeddings(nn.Module):
    """LN(word + token type 0 + position)."""

    def __init__(self, sizes: BertSizes) -> None:
        super().__init__()
        width = sizes.hidden_size
        self.word_embeddings = _table(sizes.vocab_size, width)
        self.position_embeddings = _table(sizes.max_position_embeddings, width)
        self.token_type_embeddings = _table(sizes.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=sizes.layer_norm_eps)
        self.dropout = nn.Dropout(sizes.hidden_dropout_prob)

    def forward(self, words: Tensor, places: Tensor | None) -> Tensor:
        if places is None:
            places = torch.arange(words.shape[1], device=words.device).unsqueeze(0)
        h = words + self.token_type_embeddings.weight[0] + self.position_embeddings(places)
        normal: Tensor = self.dropout(self.LayerNorm(h))
        return normal


def _table(rows: int, width: int) -> nn.Embedding:
    """Return an embedding whose weights are not drawn at random, since a file has them.

    Drawing from a normal distribution without memory (on "meta") would import torch._dynamo.
    """
    return nn.Embedding(rows, width, _weight=torch.empty(rows, width))


class Layer(nn.Module):
    """One layer of the encoder; the modules only hold the weights under transformers' names."""

    def __init__(self, sizes: BertSizes, eager: bool) -> None:
        super().__init__()
        width = sizes.hidden_size
        self.heads, self.eager = sizes.num_attention_heads, eager
        self.attention_dropout = sizes.attention_probs_dropout_prob
        self.attention = nn.Module()
        self.attention.self = nn.ModuleDict(
            {name: nn.Linear(width, width) for name in ("query", "key", "value")}
        )
        self.attention.output = Residual(width, width, sizes)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, sizes.intermediate_size)})
        self.output = Residual(sizes.intermediate_size, width, sizes)

    def forward(self, h: Tensor, there: Tensor | None) -> tuple[Tensor, Tensor | None]:
        read, weights = self._attend(h, there)
        h = self.attention.output(read, h)  # type: ignore[operator]
        return self.output(F.gelu(self.intermediate["dense"](h)), h), weights

    def _attend(self, h: Tensor, there: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the attended values [B, L, H], and the weights where they are computed."""
        batch, length, width = h.shape
        q, k, v = (
            linear(h).view(batch, length, self.heads, -1).transpose(1, 2)
            for linear in self.attention.self.values()  # type: ignore[operator]
        )
        dropout = self.attention_dropout if self.training else 0.0
        if not self.eager:
            mask = None if there is None or bool(there.all()) else there
            if mask is not None:
                mask = mask.expand(batch, 1, length, length)
            read = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout)
            return read.transpose(1, 2).reshape(batch, length, width), None
        scores = torch.matmul(q, k.transpose(2, 3)) * q.shape[-1] ** -0.5
        if there is not None:
            scores = scores.masked_fill(~there, torch.finfo(scores.dtype).min)
        weights = F.dropout(torch.softmax(scores, dim=-1), dropout, self.training)
        return torch.matmul(weights, v).transpose(1, 2).reshape(batch, length, width), weights


class Residual(nn.Module):
    """LN(x + W y), with dropout on W y."""

    def __init__(self, inwards: int, outwards: int, sizes: BertSizes) -> None:
        super().__init__()
        self.dense = nn.Linear(inwards, outwards)
        self.LayerNorm = nn.LayerNorm(outwards, eps=sizes.layer_norm_eps)
        self.dropout = nn.Dropout(sizes.hidden_dropout_prob)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        normal: Tensor = self.LayerNorm(self.dropout(self.dense(y)) + x)
        return normal


def load_bert(folder: Path, eager: bool = False) -> Bert:
    """Return the network in `folder` (config.json, model.safetensors), frozen, for inference.

    Its weights are mapped from the file, and shared by all networks of this folder: `own` gives
    a network weights of its own, which may be changed.

    Raises:
        OSError, SafetensorError, ValueError, KeyError, RuntimeError: a file is missing or of
            another network, or its numbers are not finite.
    """
    sizes = BertSizes.of(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    with torch.device("meta"):
        network = Bert(sizes, eager)
    file = folder / "model.safetensors"
    network.load_state_dict(_mapped(file, file.stat().st_mtime_ns), assign=True)
    return network.requires_grad_(False).eval()


def own(network: Bert) -> Bert:
    """Give `network` weights of its own, but for the word vectors, which stay frozen and shared.

    It gets word vectors of its own, too, as soon as others are loaded into it: loading copies into
    the memory that is there, which all other networks of the folder read.
    """
    words = network.embeddings.word_embeddings
    for parameter in network.parameters():
        if parameter is not words.weight:
            parameter.data = parameter.data.clone()
    words.register_load_state_dict_pre_hook(_own_before_loading)  # type: ignore[no-untyped-call]
    return network


def _own_before_loading(
    module: nn.Module, state: Mapping[str, Any], prefix: str, *_: object
) -> None:
    if prefix + "weight" in state:
        module.weight.data = module.weight.data.clone()  # type: ignore[union-attr, operator]


@cache
def _mapped(file: Path, changed: int) -> dict[str, Tensor]:
    """Return the file's tensors, which are read where they are used first.

    They are no inference tensors, even if the first who needs them is: others train from them.
    """
    with torch.inference_mode(False):
        found = load_file(file)
    check_unless_known(file, found)
    return {
        name.removeprefix("bert."): value
        for name, value in found.items()
        if POOLER not in name and not name.endswith("position_ids")
    }
