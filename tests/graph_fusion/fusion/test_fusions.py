"""graph_fusion/fusion: what every registered fusion promises."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from graph_fusion.fusion import DEFAULT_FUSION, FUSIONS, Fused, Fusion, FusionConfig, no_graph
from graph_fusion.fusion.base import Masks, TokenGraph
from kg.errors import SightGraphError

SMALL = FusionConfig(hidden=16, layers=2, heads=2, relation_features=6, edge_features=3)
IMAGE, TEXT = 5, 3
NAMES = sorted(FUSIONS)
READERS = {"gcn", "rgcn", "gat", "graph", "graph_attention", "language_graph"}


def made(name: str, config: FusionConfig = SMALL) -> Fusion:
    torch.manual_seed(0)
    return FUSIONS.make(name, config=config).eval()


def tokens(samples: int = 3, seed: int = 1) -> tuple[Tensor, Tensor, TokenGraph, Masks]:
    """Samples that lack some tokens, each with a ring of edges over all places."""
    torch.manual_seed(seed)
    length = IMAGE + TEXT
    image, text = torch.randn(samples, IMAGE, 16), torch.randn(samples, TEXT, 16)
    image_mask = torch.arange(IMAGE) < torch.tensor([[5], [3], [4]])[:samples]
    text_mask = torch.arange(TEXT) < torch.tensor([[2], [3], [1]])[:samples]
    first = torch.arange(samples).repeat_interleave(length) * length
    place = torch.arange(length).repeat(samples)
    edges = len(place)
    graph = TokenGraph(
        senders=first + place,
        receivers=first + (place + 1) % length,
        weights=torch.rand(edges) * 0.9 + 0.1,
        relation=torch.randint(4, (edges,)),
        backward=torch.rand(edges) < 0.5,
        relations=torch.randn(4, 6),
        features=torch.randn(edges, 3),
    )
    return image, text, graph, Masks(image_mask, text_mask)


def there_only(fused: Fused) -> list[Tensor]:
    return [fused.tokens, fused.pooled, *([] if fused.parts is None else [fused.parts])]


def test_the_names_are_those_that_users_type() -> None:
    assert NAMES == [
        "additive", "dot_product", "early", "gat", "gcn", "graph", "graph_attention", "hybrid",
        "image_over_text", "image_tokens", "joint", "language", "language_graph", "late", "rgcn",
        "text_over_image", "transformer",
    ]  # fmt: skip
    assert DEFAULT_FUSION in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_tokens_pooled_and_weights_have_their_shapes_and_are_finite(name: str) -> None:
    image, text, graph, masks = tokens()
    fused = made(name)(image, text, graph, masks)
    assert fused.tokens.shape == (3, IMAGE + TEXT, 16)
    assert fused.pooled.shape == (3, 16)
    assert fused.weights, "every fusion gives something to draw"
    for found in (*there_only(fused), *fused.weights.values()):
        assert torch.isfinite(found).all()
    assert (fused.tokens[~masks.all] == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_attention_sums_to_one_over_what_is_there(name: str) -> None:
    image, text, graph, masks = tokens()
    fused = made(name)(image, text, graph, masks)
    for key, weights in fused.weights.items():
        if key == "gates":
            assert ((weights > 0) & (weights < 1)).all()
            continue
        rows = weights.sum(-1)
        torch.testing.assert_close(rows, torch.ones_like(rows))
        there = {IMAGE: masks.image, TEXT: masks.text, IMAGE + TEXT: masks.all}.get(
            weights.shape[-1]
        )
        if there is not None and key != "shares":
            shape = (3, *([1] * (weights.dim() - 2)), -1)
            assert (weights[~there.view(shape).expand_as(weights)] == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_at_absent_tokens_changes_nothing(name: str) -> None:
    image, text, graph, masks = tokens()
    fusion = made(name)
    before = fusion(image, text, graph, masks)
    image = torch.where(masks.image.unsqueeze(2), image, torch.full_like(image, 7.0))
    text = torch.where(masks.text.unsqueeze(2), text, torch.full_like(text, -9.0))
    after = fusion(image, text, graph, masks)
    for a, b in zip(there_only(before), there_only(after), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_fuses_the_same_alone_and_in_a_batch(name: str) -> None:
    image, text, graph, masks = tokens()
    fusion = made(name)
    together = fusion(image, text, graph, masks)
    length = IMAGE + TEXT
    for number in range(3):
        kept = torch.div(graph.senders, length, rounding_mode="floor") == number
        own = graph.chosen(kept)
        own = replace(
            own,
            senders=own.senders - number * length,
            receivers=own.receivers - number * length,
        )
        part = slice(number, number + 1)
        alone = fusion(image[part], text[part], own, Masks(masks.image[part], masks.text[part]))
        for a, b in zip(there_only(together), there_only(alone), strict=True):
            torch.testing.assert_close(a[part], b, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_fuses_the_same_with_padding_and_without(name: str) -> None:
    torch.manual_seed(1)
    image, text = torch.randn(1, 3, 16), torch.randn(1, 2, 16)
    pad, graph = torch.nn.functional.pad, no_graph(image, 6, 3)
    masks = Masks(torch.ones(1, 3, dtype=torch.bool), torch.ones(1, 2, dtype=torch.bool))
    padded = Masks(pad(masks.image, (0, 4)), pad(masks.text, (0, 1)))
    fusion = made(name)
    bare = fusion(image, text, graph, masks)
    more = fusion(pad(image, (0, 0, 0, 4)), pad(text, (0, 0, 0, 1)), graph, padded)
    torch.testing.assert_close(more.pooled, bare.pooled, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(more.tokens[padded.all], bare.tokens[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gone", ["image", "text"])
def test_a_missing_modality_leaves_its_weights_to_the_other(name: str, gone: str) -> None:
    image, text, graph, masks = tokens()
    masks = replace(masks, **{gone: torch.zeros_like(getattr(masks, gone))})
    fused = made(name)(image, text, graph, masks)
    for found in (*there_only(fused), *fused.weights.values()):
        assert torch.isfinite(found).all()
    if fused.shares is not None:
        column = 0 if gone == "image" else 1
        assert (fused.shares[:, column] == 0).all()
        torch.testing.assert_close(fused.shares.sum(1), torch.ones(3))
    other = made(name)(*changed(gone, image, text), graph, masks)
    torch.testing.assert_close(fused.pooled, other.pooled)


def changed(gone: str, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
    return (image.roll(1, 2), text) if gone == "image" else (image, text.roll(1, 2))


@pytest.mark.parametrize("name", NAMES)
def test_both_modalities_count(name: str) -> None:
    image, text, graph, masks = tokens()
    fusion = made(name)
    fused = fusion(image, text, graph, masks)
    for gone in ("image", "text"):
        other = fusion(*changed(gone, image, text), graph, masks)
        assert not torch.allclose(fused.pooled, other.pooled, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_fusions_over_the_graph_read_its_edges(name: str) -> None:
    image, text, graph, masks = tokens()
    fusion = made(name)
    bare = no_graph(image, 6, 3)
    with_edges, without = (fusion(image, text, one, masks) for one in (graph, bare))
    assert fusion.reads_graph == (name in READERS)
    same = torch.allclose(with_edges.tokens, without.tokens)
    assert same != fusion.reads_graph


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_trained_parameter(name: str) -> None:
    image, text, graph, masks = tokens()
    fusion = made(name)
    fused = fusion(image, text, graph, masks)
    total = fused.tokens.square().sum() + fused.pooled.square().sum()
    if fused.parts is not None:
        total = total + fused.parts.square().sum()
    total.backward()
    without = {
        key for key, one in fusion.named_parameters() if one.requires_grad and one.grad is None
    }
    # The language model has word vectors of its own, which [IMG] tokens take the place of.
    assert {key for key in without if not key.startswith("model.embeddings")} == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    found = []
    for _ in range(2):
        image, text, graph, masks = tokens()
        fusion = made(name).train()
        torch.manual_seed(3)
        fused = fusion(image, text, graph, masks)
        fused.pooled.sum().backward()
        gradients = [one.grad for one in fusion.parameters() if one.grad is not None]
        found.append([fused.pooled.detach(), *gradients])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SightGraphError, match="multiple of heads"):
        FusionConfig(hidden=10, heads=4)


@pytest.mark.parametrize("layer", ["gcn", "gat", "pyg"])
def test_graph_fusions_take_their_layer_by_name(layer: str) -> None:
    image, text, graph, masks = tokens()
    fused = made("graph_attention", replace(SMALL, layer=layer))(image, text, graph, masks)
    shut = replace(graph, weights=torch.zeros_like(graph.weights))
    other = made("graph_attention", replace(SMALL, layer=layer))(image, text, shut, masks)
    assert not torch.allclose(fused.tokens, other.tokens)


def test_a_layer_that_wants_more_than_weights_is_refused() -> None:
    with pytest.raises(SightGraphError, match="rgcn"):
        FusionConfig(layer="rgcn")
