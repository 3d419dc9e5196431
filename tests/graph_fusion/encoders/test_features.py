"""graph_fusion/encoders/features.py: ready-made vectors of other modalities."""

from __future__ import annotations

import json

import pytest
import torch

from graph_fusion.encoders import FeatureTokens
from kg.errors import SightGraphError, UnknownNameError

SIZES = {"sound": 6, "depth": 3}


def encoder() -> FeatureTokens:
    torch.manual_seed(0)
    return FeatureTokens(SIZES, dim=4)


def test_each_token_is_the_projected_vector_with_its_modality_and_name() -> None:
    made = encoder()
    sound, depth = torch.rand(2, 3, 6), torch.rand(2, 3)
    tokens = made({"sound": sound, "depth": depth})
    assert tokens.values.shape == (2, 4, 4)
    assert tokens.names == (("depth", "sound", "sound", "sound"),) * 2
    of_depth, of_sound = made.projections
    torch.testing.assert_close(tokens.values[:, 0], of_depth(depth) + made.modality[0])
    torch.testing.assert_close(tokens.values[:, 1:], of_sound(sound) + made.modality[1])


def test_missing_modality_is_one_masked_token() -> None:
    tokens = encoder()({"sound": torch.rand(2, 3, 6)})
    assert tokens.mask.tolist() == [[False, True, True, True]] * 2
    assert tokens.names is not None
    assert tokens.names[0] == ("", "sound", "sound", "sound")
    assert not tokens.values[:, 0].any()


def test_what_is_masked_does_not_count_not_even_nan() -> None:
    made = encoder()
    sound = torch.rand(2, 2, 6)
    alone = made({"sound": sound[:, :1]}).pooled()
    sound[:, 1] = torch.nan
    mask = torch.tensor([[True, False], [True, False]])
    tokens = made({"sound": sound}, {"sound": mask})
    torch.testing.assert_close(tokens.pooled(), alone)
    tokens.values.sum().backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in made.parameters())


def test_gradients_flow_to_all_modalities_that_are_there() -> None:
    made = encoder()
    made({"sound": torch.rand(2, 3, 6), "depth": torch.rand(2, 3)}).values.sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in made.parameters())


def test_config_and_state_make_the_same_module_whatever_the_order_of_names() -> None:
    made = encoder()
    copy = FeatureTokens(**json.loads(json.dumps(made.config(), sort_keys=True)))
    copy.load_state_dict(made.state_dict())
    other_order = FeatureTokens(dict(reversed(SIZES.items())), dim=4)
    other_order.load_state_dict(made.state_dict())
    features = {"sound": torch.rand(2, 3, 6), "depth": torch.rand(2, 3)}
    for one in (copy, other_order):
        assert one(features).values.equal(made(features).values)


def test_what_does_not_fit_is_named() -> None:
    made = encoder()
    with pytest.raises(SightGraphError, match=r"'sound' has vectors of shape \[2, 3, 5\].*K, 6\]"):
        made({"sound": torch.rand(2, 3, 5)})
    with pytest.raises(UnknownNameError, match="Did you mean 'sound'"):
        made({"sounds": torch.rand(2, 3, 6)})
    with pytest.raises(SightGraphError, match="sound 2, depth 3"):
        made({"sound": torch.rand(2, 1, 6), "depth": torch.rand(3, 3)})
    with pytest.raises(SightGraphError, match="not finite"):
        made({"sound": torch.full((1, 6), torch.inf)})
    with pytest.raises(SightGraphError, match="no modality is given"):
        made({})
    with pytest.raises(SightGraphError, match=r"expected bool \[2, 1\]"):
        made({"depth": torch.rand(2, 3)}, {"depth": torch.ones(2, 2, dtype=torch.bool)})
    with pytest.raises(SightGraphError, match="names no modality"):
        FeatureTokens({})
