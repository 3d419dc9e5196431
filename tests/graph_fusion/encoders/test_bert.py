"""graph_fusion/encoders/bert.py: the numbers of transformers' BertModel, from the same files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from graph_fusion.encoders.bert import BertSizes, load_bert, own

PLAIN = {"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1,
         "num_attention_heads": 2, "intermediate_size": 8}  # fmt: skip


@pytest.fixture(scope="module", params=["sdpa", "eager"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """Transformers' network with random weights, and ours from the files that it writes."""
    config = BertConfig(
        vocab_size=40,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=32,
        initializer_range=0.5,
    )
    config._attn_implementation = request.param
    torch.manual_seed(3)
    reference = BertModel(config).eval()
    folder = tmp_path_factory.mktemp("bert")
    reference.save_pretrained(folder)
    return reference, load_bert(folder, eager=request.param == "eager")


@pytest.mark.parametrize("padded", [0, 3])
@torch.inference_mode()
def test_tokens_and_vectors_give_the_bits_of_transformers(both, padded: int) -> None:  # type: ignore[no-untyped-def]
    reference, ours = both
    mask = torch.ones(2, 8, dtype=torch.long)
    mask[1, 8 - padded :] = 0
    tokens = {"input_ids": torch.randint(0, 40, (2, 8)), "attention_mask": mask}
    vectors = {
        "inputs_embeds": torch.randn(2, 8, 24),
        "attention_mask": mask,
        "position_ids": torch.arange(8).clamp_max(5).unsqueeze(0),
    }
    for given in (tokens, vectors):
        expected = reference(**given).last_hidden_state
        assert torch.equal(ours(**given).last_hidden_state, expected)


@torch.inference_mode()
def test_the_eager_network_returns_its_attention(both) -> None:  # type: ignore[no-untyped-def]
    reference, ours = both
    given = {"input_ids": torch.randint(0, 40, (1, 5)), "output_attentions": True}
    if reference.config._attn_implementation != "eager":
        with pytest.raises(AssertionError, match="eager"):
            ours(**given)
        return
    found, expected = ours(**given).attentions, reference(**given).attentions
    assert len(found) == len(expected) == 2
    assert all(map(torch.equal, found, expected))


def test_networks_of_a_folder_share_weights_until_they_have_their_own(tmp_path: Path) -> None:
    sizes = {name: value for name, value in PLAIN.items() if name != "model_type"}
    BertModel(BertConfig(**sizes)).save_pretrained(tmp_path)
    one, other = load_bert(tmp_path), load_bert(tmp_path)
    bias = "encoder.layer.0.output.dense.bias"
    assert one.get_parameter(bias).data_ptr() == other.get_parameter(bias).data_ptr()
    with torch.no_grad():
        own(other).get_parameter(bias).fill_(7)
    assert not (one.get_parameter(bias) == 7).any()
    words = "embeddings.word_embeddings.weight"
    assert one.get_parameter(words).data_ptr() == other.get_parameter(words).data_ptr()
    assert not any(parameter.requires_grad for parameter in one.parameters())


@pytest.mark.parametrize(
    "change",
    [{"model_type": "roberta"}, {"hidden_act": "relu"}, {"position_embedding_type": "relative"}],
)
def test_other_networks_are_refused(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no plain BERT"):
        BertSizes.of(PLAIN | change)
    (tmp_path / "config.json").write_text(json.dumps(PLAIN | change))
    with pytest.raises(ValueError, match="no plain BERT"):
        load_bert(tmp_path)


def test_weights_that_are_not_finite_are_refused_by_name(tmp_path: Path) -> None:
    sizes = {name: value for name, value in PLAIN.items() if name != "model_type"}
    network = BertModel(BertConfig(**sizes))
    with torch.no_grad():
        network.encoder.layer[0].output.dense.bias[1] = float("inf")
    network.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"'encoder\.layer\.0\.output\.dense\.bias'.*damaged"):
        load_bert(tmp_path)


def test_what_is_loaded_into_one_network_does_not_reach_the_others(tmp_path: Path) -> None:
    sizes = {name: value for name, value in PLAIN.items() if name != "model_type"}
    BertModel(BertConfig(**sizes)).save_pretrained(tmp_path)
    before = {name: value.clone() for name, value in load_bert(tmp_path).state_dict().items()}
    mine = own(load_bert(tmp_path))
    mine.load_state_dict({name: value + 1 for name, value in before.items()})
    others, loaded = load_bert(tmp_path).state_dict(), mine.state_dict()
    assert [name for name in before if not torch.equal(others[name], before[name])] == []
    assert [name for name in before if not torch.equal(loaded[name], before[name] + 1)] == []
