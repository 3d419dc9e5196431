"""graph_fusion/text_graph.py: the network that reads captions as graphs."""

from __future__ import annotations

import torch
from transformers import BertConfig, BertModel

from graph_fusion.text_graph import LONGEST_NODE, TextGraphConfig, TextGraphNetwork

CONFIG = TextGraphConfig(("none", "is", "on"), ("none", "2"), ("none", "many"), hidden=8)


def made_network() -> TextGraphNetwork:
    torch.manual_seed(0)
    bert = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    encoder = BertModel(bert, add_pooling_layer=False)
    return TextGraphNetwork(CONFIG, encoder, features=16).eval()


def pieces() -> dict[str, torch.Tensor]:
    """One caption of three words; the second has two pieces."""
    return {
        "pieces": torch.tensor([[1, 10, 11, 12, 13, 2]]),
        "piece_mask": torch.ones(1, 6, dtype=torch.long),
        "word_of_piece": torch.tensor([[-1, 0, 1, 1, 2, -1]]),
    }


@torch.inference_mode()
def test_every_word_and_every_pair_is_judged() -> None:
    read = made_network()(**pieces(), words=3)
    assert read.links.shape == (1, 3, 3, 3)
    assert read.lengths.shape == (1, 3, LONGEST_NODE)
    assert read.names.shape == (1, 3, 2)
    assert read.implied.shape == (1, 3, 2)


@torch.inference_mode()
def test_padding_changes_nothing() -> None:
    network, alone = made_network(), pieces()
    padded = {
        "pieces": torch.cat([alone["pieces"], torch.zeros(1, 3, dtype=torch.long)], 1),
        "piece_mask": torch.cat([alone["piece_mask"], torch.zeros(1, 3, dtype=torch.long)], 1),
        "word_of_piece": torch.cat([alone["word_of_piece"], torch.full((1, 3), -1)], 1),
    }
    short, long = network(**alone, words=3), network(**padded, words=5)
    torch.testing.assert_close(long.links[:, :3, :3], short.links, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(long.names[:, :3], short.names, atol=1e-5, rtol=1e-5)
    assert torch.isfinite(long.links).all()


@torch.inference_mode()
def test_who_does_it_to_whom_matters() -> None:
    links = made_network()(**pieces(), words=3).links[0]
    assert not torch.allclose(links[0, 2], links[2, 0])


def test_word_embeddings_are_not_trained() -> None:
    network = made_network()
    assert not any(p.requires_grad for p in network.encoder.embeddings.parameters())
    assert any(p.requires_grad for p in network.encoder.encoder.parameters())
