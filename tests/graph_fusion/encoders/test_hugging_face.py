"""graph_fusion/encoders/hugging_face.py: any AutoModel, frozen or trained in part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2Model,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5Model,
)

from graph_fusion.encoders.hugging_face import HuggingFaceText
from graph_fusion.encoders.text import MiniLM
from kg.errors import SightGraphError

PIECES = ["<unk>", "<pad>", "the", "red", "dog"]
TEXTS = ["the red dog", "dog", ""]


BERT = {
    "vocab_size": len(PIECES),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 6,
}
DISTILBERT = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
NETWORKS: dict[str, Callable[[], PreTrainedModel]] = {
    "bert": lambda: BertModel(BertConfig(**BERT)),
    "distilbert": lambda: DistilBertModel(DistilBertConfig(vocab_size=len(PIECES), **DISTILBERT)),
    "gpt2": lambda: GPT2Model(
        GPT2Config(vocab_size=len(PIECES), n_positions=8, n_embd=16, n_layer=2, n_head=2)
    ),
    "t5": lambda: T5Model(T5Config(vocab_size=len(PIECES), **T5)),
}


def tiny_model(kind: str, folder: Path) -> Path:
    """Write a random model of two layers and 16 features, with a tokenizer without marks."""
    torch.manual_seed(0)
    NETWORKS[kind]().save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: row for row, word in enumerate(PIECES)}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", pad_token=None if kind == "gpt2" else "<pad>"
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=NETWORKS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(request.param, tmp_path_factory.mktemp(request.param))


@torch.no_grad()
def test_any_architecture_gives_tokens_that_padding_does_not_change(folder: Path) -> None:
    encoder = HuggingFaceText(folder)
    tokens = encoder(TEXTS)
    assert tokens.values.shape == (3, 3, 16)
    assert tokens.mask.sum(1).tolist() == [3, 1, 1]
    assert tokens.names is not None
    assert tokens.names[0] == ("the", "red", "dog")
    torch.testing.assert_close(encoder(["dog"]).values[0], tokens.values[1, :1])


def test_only_the_last_layers_are_trained_where_so_many_are_asked_for(folder: Path) -> None:
    encoder = HuggingFaceText(folder, trained_layers=1).train()
    (encoder(TEXTS).values ** 2).sum().backward()
    trained = {name for name, weight in encoder.named_parameters() if weight.grad is not None}
    assert trained
    assert all(".1." in name and ".0." not in name.split(".1.")[0] for name in trained)
    everything = HuggingFaceText(folder, trained_layers=None)
    assert all(weight.requires_grad for weight in everything.parameters())


def test_frozen_model_runs_without_dropout_in_training(folder: Path) -> None:
    frozen = HuggingFaceText(folder).train()
    assert frozen(TEXTS).values.equal(frozen(TEXTS).values)
    assert not frozen(TEXTS).values.requires_grad
    trained = HuggingFaceText(folder, trained_layers=None).train()
    assert not trained(TEXTS).values.equal(trained(TEXTS).values)


def test_more_layers_than_there_are_and_none_below_are_refused(folder: Path) -> None:
    for count in (3, -1):
        with pytest.raises(SightGraphError, match="the model has 2 layers"):
            HuggingFaceText(folder, trained_layers=count)


def test_long_texts_are_cut_where_the_model_ends(tmp_path: Path) -> None:
    encoder = HuggingFaceText(tiny_model("bert", tmp_path))
    assert encoder(["dog " * 50]).mask.sum() == 6
    assert HuggingFaceText(tmp_path, max_tokens=4)(["dog " * 50]).mask.sum() == 4


@torch.no_grad()
def test_mean_of_minilms_tokens_is_the_vector_of_the_text_encoder() -> None:
    texts = ["a dog", "what is left of the red house?"]
    unit = torch.nn.functional.normalize(HuggingFaceText()(texts).pooled(), dim=1)
    torch.testing.assert_close(unit, MiniLM()(texts), rtol=1e-4, atol=1e-5)


def test_folder_without_model_and_unknown_hub_name_say_what_is_needed(tmp_path: Path) -> None:
    for model in (tmp_path, "nobody/nothing-here"):
        with pytest.raises(SightGraphError, match=r"model\.safetensors.*local_files_only=False"):
            HuggingFaceText(model)


def test_weights_as_pickle_are_not_read(tmp_path: Path) -> None:
    folder = tiny_model("bert", tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save(NETWORKS["bert"]().state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        HuggingFaceText(folder)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    network = NETWORKS["bert"]()
    tiny_model("bert", tmp_path)
    with torch.no_grad():
        network.encoder.layer[1].output.dense.bias[0] = float("nan")
    network.save_pretrained(tmp_path)
    with pytest.raises(SightGraphError, match=r"cannot be loaded.*output\.dense\.bias.*damaged"):
        HuggingFaceText(tmp_path)
