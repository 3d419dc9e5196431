"""graph_fusion/encoders/text.py: which vectors are kept, in memory and for other runs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from graph_fusion.encoders import TOKEN_ENCODERS
from graph_fusion.encoders.text import (
    LastUsed,
    MiniLM,
    encode_once,
    sentence_encoder,
)
from kg.errors import SightGraphError


class Counting:
    """Counts the texts that it has encoded."""

    name, dim = "counting", 2

    def __init__(self, identity: str | None) -> None:
        self.encoded: list[str] = []
        if identity is not None:
            self.identity = identity

    def __call__(self, texts: Sequence[str]) -> Tensor:
        self.encoded += texts
        return torch.tensor([[len(text), ord(text[0])] for text in texts], dtype=torch.float)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIGHTGRAPH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_values_that_were_not_used_for_longest_make_room() -> None:
    kept: LastUsed[str, int] = LastUsed(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)


def test_texts_are_encoded_once_for_all_runs(cache: Path) -> None:
    texts = ["red ball", "box", "a blue box"]
    first, second, other = Counting("one"), Counting("one"), Counting("two")
    found = encode_once(texts, first)
    assert torch.equal(found, Counting(None)(texts))
    assert torch.equal(encode_once(texts, second), found)
    assert not second.encoded
    encode_once(texts, other)
    assert sorted(other.encoded) == sorted(texts), "another model's vectors are others"
    encode_once(texts[:2], second)
    assert sorted(second.encoded) == sorted(texts[:2])


def test_an_encoder_without_identity_is_not_kept(cache: Path) -> None:
    encode_once(["red"], Counting(None))
    assert not cache.exists()


def test_a_damaged_file_is_computed_again_and_a_folder_that_cannot_be_written_is_passed_over(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = encode_once(["red"], Counting("one"))
    (file,) = (cache / "texts").iterdir()
    for damaged in (b"broken", save({"vectors": found * float("nan")})):
        file.write_bytes(damaged)
        assert torch.equal(encode_once(["red"], Counting("one")), found)
    blocked = cache.parent / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("SIGHTGRAPH_CACHE", str(blocked))
    assert torch.equal(encode_once(["red"], Counting("one")), found)


def encode_many(_: int) -> list[list[float]]:
    found: list[list[float]] = encode_once(["red", "blue"], Counting("one")).tolist()
    return found


def test_processes_may_encode_at_once(cache: Path) -> None:
    with ProcessPoolExecutor(3, get_context("fork")) as pool:
        found = list(pool.map(encode_many, range(6)))
    assert all(one == found[0] for one in found)
    assert len(list((cache / "texts").iterdir())) == 1


@pytest.mark.parametrize("name", sorted(TOKEN_ENCODERS))
def test_token_encoders_without_weights_to_train_encode_whole_texts(name: str) -> None:
    texts = ["red ball", "blue box"]
    if name in ("embeddings", "gru", "lstm"):
        with pytest.raises(SightGraphError, match="has to be trained"):
            sentence_encoder(name, texts)
        return
    part = {"name": name, "dim": 3} if name == "word_vectors" else name
    encoder = sentence_encoder(part, texts)
    found = encoder(texts)
    assert found.shape == (2, encoder.dim)
    assert torch.equal(encoder(texts[:1]), found[:1])
    assert encoder([]).shape == (0, encoder.dim)
    assert isinstance(encoder, MiniLM) == (name == "minilm")


def test_a_folder_without_a_sentence_encoder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=f"'{tmp_path}' cannot be loaded.*config.json"):
        MiniLM(tmp_path)(["red"])
