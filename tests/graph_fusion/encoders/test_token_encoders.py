"""TOKEN_ENCODERS: one shared case for every registered encoder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from graph_fusion.encoders import TOKEN_ENCODERS, TokenEncoder, Vocabulary
from graph_fusion.encoders.text import bundled_minilm
from kg.errors import SightGraphError

KNOWN = ["what is left of the dog ?", "the red dog is in the house"]
TEXTS = ["What is left of the dog?", "dog", "", "zyzzyva", "The   red\nhouse ☃"]
"""With a text of one word, an empty one, an unknown word, odd spaces and signs."""


def vocabulary() -> Vocabulary:
    return Vocabulary.of(KNOWN)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Word vectors of 4 features for all known words but 'house'."""
    file = tmp_path_factory.mktemp("vectors") / "vectors.txt"
    generator = torch.Generator().manual_seed(0)
    words = [word for word in vocabulary().words if word != "house"]
    numbers = torch.randn(len(words), 4, generator=generator).tolist()
    lines = [" ".join([word, *map(str, row)]) for word, row in zip(words, numbers, strict=True)]
    file.write_text("\n".join(lines) + "\n")
    return file


CASES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "bag_of_words": lambda vectors: {"vocabulary": vocabulary()},
    "embeddings": lambda vectors: {"vocabulary": vocabulary(), "dim": 6},
    "gru": lambda vectors: {"vocabulary": vocabulary(), "dim": 5, "bidirectional": True},
    "huggingface": lambda vectors: {"model": bundled_minilm(), "trained_layers": 1},
    "lstm": lambda vectors: {
        "embeddings": {"encoder": "word_vectors", "vocabulary": vocabulary(), "file": vectors},
        "dim": 5,
        "layers": 2,
    },
    "minilm": lambda vectors: {},
    "word_vectors": lambda vectors: {"vocabulary": vocabulary(), "file": vectors},
}
NOT_TRAINED = {"bag_of_words", "minilm", "word_vectors"}


@cache
def made(name: str, vectors: Path) -> TokenEncoder:
    torch.manual_seed(0)
    return TOKEN_ENCODERS.make(name, **CASES[name](vectors)).eval()


def test_every_registered_encoder_is_covered() -> None:
    assert set(TOKEN_ENCODERS) == set(CASES)


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_every_text_has_tokens_that_are_the_same_again(name: str, vectors: Path) -> None:
    encoder = made(name, vectors)
    tokens, again = encoder(TEXTS), encoder(TEXTS)
    assert len(tokens) == len(TEXTS)
    assert tokens.dim == encoder.dim
    assert tokens.mask.any(1).all()
    assert tokens.values.isfinite().all()
    assert not tokens.values[~tokens.mask].any()
    assert tokens.values.equal(again.values)


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_padding_changes_no_token(name: str, vectors: Path) -> None:
    encoder = made(name, vectors)
    together = encoder(TEXTS)
    for row, text in enumerate(TEXTS):
        alone = encoder([text])
        torch.testing.assert_close(
            together.values[row][together.mask[row]], alone.values[alone.mask], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_names_stand_where_tokens_are(name: str, vectors: Path) -> None:
    tokens = made(name, vectors)(TEXTS)
    if name == "bag_of_words":
        assert tokens.names is None
        return
    assert tokens.names is not None
    assert [[bool(word) for word in row] for row in tokens.names] == tokens.mask.tolist()
    assert "left" in tokens.names[0]
    assert "dog" in tokens.names[1]


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_config_and_weights_make_the_same_encoder(name: str, vectors: Path, tmp_path: Path) -> None:
    encoder = made(name, vectors)
    (tmp_path / "config.json").write_text(json.dumps(encoder.config(), sort_keys=True))
    save_file(encoder.state_dict(), tmp_path / "model.safetensors")
    torch.manual_seed(1)
    config = json.loads((tmp_path / "config.json").read_text())
    assert str(vectors) not in json.dumps(config)
    copy = TOKEN_ENCODERS.make(name, **config).eval()
    copy.load_state_dict(load_file(tmp_path / "model.safetensors"))
    ours, theirs = encoder(TEXTS), copy(TEXTS)
    assert theirs.values.equal(ours.values)
    assert theirs.mask.equal(ours.mask)
    assert theirs.names == ours.names


@pytest.mark.parametrize("name", CASES)
def test_gradients_flow_where_something_is_trained(name: str, vectors: Path) -> None:
    encoder = made(name, vectors)
    tokens = encoder(TEXTS)
    assert tokens.values.requires_grad is (name not in NOT_TRAINED)
    if name in NOT_TRAINED:
        assert not any(weight.requires_grad for weight in encoder.parameters())
        return
    encoder.zero_grad()
    (tokens.values**2).sum().backward()
    for key, weight in encoder.named_parameters():
        assert (weight.grad is not None) is weight.requires_grad, key
    encoder.zero_grad()


@pytest.mark.parametrize("name", CASES)
def test_no_text_at_all_is_an_empty_batch(name: str, vectors: Path) -> None:
    encoder = made(name, vectors)
    tokens = encoder([])
    assert tokens.values.shape == (0, 1, encoder.dim)
    assert tokens.pooled().shape == (0, encoder.dim)


@pytest.mark.parametrize("name", CASES)
def test_a_single_text_instead_of_a_list_is_refused(name: str, vectors: Path) -> None:
    with pytest.raises(SightGraphError, match=r"encoder\(\[text\]\)"):
        made(name, vectors)("dog")


def test_choosing_by_name_imports_nothing_heavy() -> None:
    program = (
        "import sys, graph_fusion.encoders as e; list(e.IMAGE_ENCODERS); list(e.TOKEN_ENCODERS);"
        "e.TOKEN_ENCODERS.make('embeddings', vocabulary=['dog']);"
        "print(*{'torchvision', 'transformers', 'skimage'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == ""
