"""A text as the last layer of a Hugging Face encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import TokenEncoder, Tokens
from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.encoders.words import masked_names
from graph_fusion.weights import check_weights
from kg.errors import SightGraphError, unknown_name

_EMPTY = "<empty>"
OUTPUTS = ("states", "embeddings")


class HuggingFaceText(TokenEncoder):
    """One token a word piece: the last hidden states of any model that `AutoModel` reads.

    model: a folder with config.json, model.safetensors and the tokenizer's files, or a name
        on the Hugging Face hub; None: the bundled all-MiniLM-L6-v2.
    trained_layers: the last so many layers are trained on, the rest is frozen; None: all is
        trained, embeddings too. Frozen layers are run without dropout.
    max_tokens: longer texts are cut.
    output: "states": what comes out of the last layer; "embeddings": the word vectors that go
        into the first, for a fusion that reads them by its own language model (`image_tokens`).
    local_files_only: look for a hub name on this machine only; False: download it.

    Raises:
        SightGraphError: the model cannot be loaded, or has fewer layers; there is no such output.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        trained_layers: int | None = 0,
        max_tokens: int = 128,
        local_files_only: bool = True,
        output: str = "states",
    ) -> None:
        super().__init__()
        if output not in OUTPUTS:
            raise unknown_name("output of a Hugging Face model", output, OUTPUTS)
        self.output = output
        self.model = None if model is None else str(model)
        self.trained_layers = trained_layers
        self.local_files_only = local_files_only
        self.tokenizer, self.network = _load(model or bundled_minilm(), local_files_only)
        limits = [max_tokens, self.tokenizer.model_max_length]
        limits.append(getattr(self.network.config, "max_position_embeddings", None) or max_tokens)
        self.max_tokens = min(limits)
        self.dim = int(self.network.config.hidden_size)
        self.network.requires_grad_(trained_layers is None)
        self._trained = _last_layers(self.network, trained_layers)
        for layer in self._trained:
            layer.requires_grad_(True)
        self.train(self.training)

    def forward(self, texts: Sequence[str]) -> Tokens:
        device = next(self.network.parameters()).device
        if not texts:
            return Tokens(
                torch.zeros(0, 1, self.dim, device=device),
                torch.zeros(0, 1, dtype=torch.bool, device=device),
                names=(),
            )
        ids, mask, names = self._pieces(texts)
        ids, there = ids.to(device), mask.to(device)
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.trained_layers != 0):
            if self.output == "embeddings":
                found = self.network.get_input_embeddings()(ids)
            else:
                read = self.network(input_ids=ids, attention_mask=there.long())
                found = read.last_hidden_state
        values = found * there.unsqueeze(-1)
        return Tokens(values, there, names=masked_names(names, mask))

    def train(self, mode: bool = True) -> HuggingFaceText:
        super().train(mode)
        if self.trained_layers is not None:
            self.network.eval()
            for layer in self._trained:
                layer.train(mode)
        return self

    def config(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "trained_layers": self.trained_layers,
            "max_tokens": self.max_tokens,
            "local_files_only": self.local_files_only,
            "output": self.output,
        }

    def _pieces(self, texts: Sequence[str]) -> tuple[Tensor, Tensor, list[list[str]]]:
        """Return word pieces as numbers [B, L] and their mask [B, L], and as strings.

        An empty text is one piece of padding that is there, where the tokenizer marks neither
        start nor end.
        """
        if isinstance(texts, str):
            raise SightGraphError("an encoder takes a list of texts. Use encoder([text]) for one.")
        filler = self.tokenizer.pad_token_id
        if filler is None:
            filler = self.tokenizer.eos_token_id or 0
        rows = [
            self.tokenizer(text, truncation=True, max_length=self.max_tokens)["input_ids"]
            for text in texts
        ]
        names = [self.tokenizer.convert_ids_to_tokens(row) or [_EMPTY] for row in rows]
        rows = [row or [filler] for row in rows]
        longest = max(len(row) for row in rows)
        ids = torch.tensor([row + [filler] * (longest - len(row)) for row in rows])
        lengths = torch.tensor([len(row) for row in rows])
        return ids, torch.arange(longest) < lengths.unsqueeze(1), names


minilm = partial(HuggingFaceText)
"""The bundled all-MiniLM-L6-v2."""


def _load(model: str | Path, local_files_only: bool) -> tuple[Any, Any]:
    """Return tokenizer and network; only safetensors are read, and no code of the model's."""
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=local_files_only)
        network = AutoModel.from_pretrained(
            model, local_files_only=local_files_only, use_safetensors=True
        ).float()
        if getattr(network, "pooler", None) is not None:
            network.pooler = None  # its vector is not among the tokens
        check_weights(dict(network.named_parameters()))
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise SightGraphError(
            f"the Hugging Face encoder '{model}' cannot be loaded: {str(error).splitlines()[0]} "
            "Give a folder with config.json, model.safetensors and the tokenizer's files, or a hub "
            "name with local_files_only=False."
        ) from error
    return tokenizer, network.get_encoder() if network.config.is_encoder_decoder else network


def _last_layers(network: nn.Module, count: int | None) -> list[nn.Module]:
    """Return the last `count` layers of a network, found as its one list of as many as it has."""
    if not count:
        return []
    depth = int(network.config.num_hidden_layers)  # type: ignore[union-attr, arg-type]
    lists = [part for part in network.modules() if isinstance(part, nn.ModuleList)]
    layers = next((part for part in lists if len(part) == depth), None)
    if layers is None or not 0 < count <= depth:
        raise SightGraphError(
            f"trained_layers={count} is not possible: the model has {depth} layers. Give 0 to "
            f"{depth}, or None to train all of it."
        )
    return list(layers[depth - count :])
