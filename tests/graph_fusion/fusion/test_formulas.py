"""graph_fusion/fusion: the formulas are those of their papers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from graph_fusion.fusion import FUSIONS, FusionConfig, Masks, no_graph
from graph_fusion.fusion.attention import AdditiveAttention, Attention, DotProduct, JointAttention
from graph_fusion.fusion.base import masked_mean, masked_softmax
from graph_fusion.fusion.language import ImageTokensFusion
from kg.errors import SightGraphError

GPT = Path(__file__).resolve().parents[3] / "examples" / "tiny_gpt"
CONFIG = FusionConfig(hidden=8, layers=1, heads=2)


def all_there(image: torch.Tensor, text: torch.Tensor) -> Masks:
    return Masks(
        torch.ones(image.shape[:2], dtype=torch.bool), torch.ones(text.shape[:2], dtype=torch.bool)
    )


def test_multi_head_attention_equals_torchs() -> None:
    torch.manual_seed(0)
    ours, theirs = Attention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(
            torch.cat([ours.query.weight, ours.key.weight, ours.value.weight])
        )
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key.bias, ours.value.bias]))
        theirs.out_proj.load_state_dict(ours.out.state_dict())
    asking, asked = torch.randn(3, 4, 8), torch.randn(3, 6, 8)
    there = torch.arange(6) < torch.tensor([[6], [2], [5]])
    a, weights = ours(asking, asked, there)
    b, expected = theirs(asking, asked, asked, ~there, average_attn_weights=False)
    torch.testing.assert_close(a, b)
    torch.testing.assert_close(weights, expected)


def test_dot_product_is_scaled_by_the_root_of_the_width() -> None:
    torch.manual_seed(0)
    fusion = DotProduct(CONFIG).eval()
    image, text = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    fused = fusion(image, text, no_graph(image), all_there(image, text))
    (attention,) = fusion.attention
    expected = F.scaled_dot_product_attention(
        attention.query(text), attention.key(image), attention.value(image)
    )
    (norm,) = fusion.norm
    torch.testing.assert_close(fused.tokens[:, 5:], norm(text + attention.out(expected)))
    assert fused.weights["attention"].shape == (2, 1, 3, 5)


def test_unscaled_dot_products_go_into_the_softmax_as_they_are() -> None:
    torch.manual_seed(0)
    fusion = DotProduct(replace(CONFIG, scaled=False)).eval()
    image, text = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    fused = fusion(image, text, no_graph(image), all_there(image, text))
    (attention,) = fusion.attention
    expected = (attention.query(text) @ attention.key(image).transpose(1, 2)).softmax(2)
    torch.testing.assert_close(fused.weights["attention"][:, 0], expected)


def test_additive_attention_scores_each_pair_by_v_tanh_wx_uy_b() -> None:
    torch.manual_seed(0)
    fusion = AdditiveAttention(CONFIG).eval()
    image, text = torch.randn(1, 4, 8), torch.randn(1, 2, 8)
    fused = fusion(image, text, no_graph(image), all_there(image, text))
    (glimpse,) = fusion.glimpses
    for j in range(2):
        scores = torch.stack(
            [
                glimpse.v.weight[0]
                @ torch.tanh(
                    glimpse.w.weight @ image[0, i] + glimpse.u.weight @ text[0, j] + glimpse.w.bias
                )
                for i in range(4)
            ]
        )
        torch.testing.assert_close(fused.weights["attention"][0, j], scores.softmax(0))


def test_joint_attention_mixes_image_and_text_by_one_softmax() -> None:
    torch.manual_seed(0)
    fusion = JointAttention(CONFIG).eval()
    image, text = torch.randn(1, 4, 8), torch.randn(1, 2, 8)
    fused = fusion(image, text, no_graph(image), all_there(image, text))
    both = torch.cat([image + fusion.modality[0], text + fusion.modality[1]], dim=1)[0]
    logits = fusion.left[0](both) @ fusion.right[0](both).T / math.sqrt(8)
    attention = logits.softmax(1)
    torch.testing.assert_close(fused.weights["attention"][0], attention)
    expected = fusion.norm[0](both + torch.relu(fusion.step[0](attention @ both)))
    torch.testing.assert_close(fused.tokens[0], expected)


def test_late_fusion_lets_no_modality_see_the_other() -> None:
    torch.manual_seed(0)
    fusion = FUSIONS.make("late", config=CONFIG).eval()
    image, text = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    masks = all_there(image, text)
    fused = fusion(image, text, no_graph(image), masks)
    other = fusion(image, text + 5, no_graph(image), masks)
    assert fused.parts is not None
    assert other.parts is not None
    torch.testing.assert_close(fused.parts[:, 0], other.parts[:, 0])
    assert not torch.allclose(fused.parts[:, 1], other.parts[:, 1])


def test_early_fusion_is_an_mlp_over_both_means() -> None:
    torch.manual_seed(0)
    fusion = FUSIONS.make("early", config=CONFIG).eval()
    image, text = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    fused = fusion(image, text, no_graph(image), all_there(image, text))
    expected = fusion.joint(torch.cat([image.mean(1), text.mean(1)], dim=1))
    torch.testing.assert_close(fused.pooled, expected)


def test_max_pooling_takes_the_largest_of_each_feature_among_what_is_there() -> None:
    torch.manual_seed(0)
    fusion = FUSIONS.make("early", config=replace(CONFIG, pooling="max")).eval()
    image, text = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    masks = all_there(image, text)
    masks.image[:, 3:] = False
    fused = fusion(image, text, no_graph(image), masks)
    both = torch.cat([image[:, :3].amax(1), text.amax(1)], dim=1)
    torch.testing.assert_close(fused.pooled, fusion.joint(both))
    winners = image[:, :3].argmax(1)
    shares = torch.stack([(winners == place).float().mean(1) for place in range(3)], dim=1)
    torch.testing.assert_close(fused.weights["image"][:, :3], shares)
    assert not fused.weights["image"][:, 3:].any()


def test_concatenation_is_two_linear_projections_side_by_side() -> None:
    torch.manual_seed(0)
    fusion = FUSIONS.make("early", config=CONFIG).eval()
    image, text = torch.randn(2, 1, 8), torch.randn(2, 1, 8)
    fused = fusion(image, text, no_graph(image), all_there(image, text))
    left, right = fusion.joint[0].weight.split(8, dim=1)
    expected = torch.relu(image[:, 0] @ left.T + text[:, 0] @ right.T + fusion.joint[0].bias)
    torch.testing.assert_close(fused.pooled, expected)


def test_the_words_of_a_gpt_read_the_image_and_not_the_other_way_round() -> None:
    config = FusionConfig(hidden=16, layers=1, heads=2, language_model=str(GPT))
    fusion = ImageTokensFusion(config).eval()
    image, text = torch.randn(1, 2, 16), torch.randn(1, 3, 16)
    masks = all_there(image, text)
    fused = fusion(image, text, no_graph(image), masks)
    assert not fused.weights["attention"].triu(1).any()
    other = fusion(image, text + 1, no_graph(image), masks)
    torch.testing.assert_close(fused.tokens[:, :2], other.tokens[:, :2])
    other = fusion(image + 1, text, no_graph(image), masks)
    assert not torch.allclose(fused.tokens[:, 2:], other.tokens[:, 2:])
    trained = {
        key.split(".")[1] for key, one in fusion.model.named_parameters() if one.requires_grad
    }
    assert trained == {"1"}, "the last of two layers"


@pytest.mark.parametrize("name", ["language", "language_graph"])
def test_a_gpt_is_no_encoder(name: str) -> None:
    with pytest.raises(SightGraphError, match="BERT-like"):
        FUSIONS.make(name, config=FusionConfig(hidden=16, heads=2, language_model=str(GPT)))


def test_image_tokens_stand_in_minilms_input_and_text_starts_as_it_is() -> None:
    config = FusionConfig(hidden=384, layers=2, heads=4)
    fusion = ImageTokensFusion(config).eval()
    words = fusion.model.get_submodule("embeddings.word_embeddings")
    ids = torch.tensor([[101, 1037, 4937, 102]])  # [CLS] a cat [SEP]
    text = words(ids)
    image = torch.randn(1, 2, 384)
    masks = Masks(torch.zeros(1, 2, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool))
    fused = fusion(image, text, no_graph(image), masks)
    # With all [IMG] tokens masked out, the model reads the words as ever.
    read = fusion.model(input_ids=ids).last_hidden_state
    torch.testing.assert_close(fused.tokens[:, 2:], fusion.out(read), atol=1e-4, rtol=1e-4)
    trained = [key for key, one in fusion.model.named_parameters() if one.requires_grad]
    assert trained
    assert all(key.startswith(("encoder.layer.4.", "encoder.layer.5.")) for key in trained)


def test_more_tokens_than_the_language_model_reads_are_refused() -> None:
    fusion = ImageTokensFusion(CONFIG)
    image, text = torch.zeros(1, 510, 8), torch.zeros(1, 3, 8)
    with pytest.raises(SightGraphError, match="512 tokens"):
        fusion(image, text, no_graph(image), all_there(image, text))


def test_a_folder_without_a_language_model_is_refused(tmp_path: object) -> None:
    with pytest.raises(SightGraphError, match="BERT-like"):
        ImageTokensFusion(FusionConfig(hidden=8, heads=2, language_model=str(tmp_path)))


def test_pooling_where_nothing_is_there_gives_zeros() -> None:
    there = torch.tensor([[True, False], [False, False]])
    values = torch.tensor([[[2.0], [9.0]], [[4.0], [4.0]]])
    assert masked_mean(values, there).tolist() == [[2.0], [0.0]]
    assert masked_softmax(torch.zeros(2, 2), there).tolist() == [[1.0, 0.0], [0.0, 0.0]]
