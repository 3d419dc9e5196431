"""torchvision_networks.py: torchvision's vision transformer with its patches as a grid."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import VisionTransformer

from graph_fusion.encoders.cnn import MapEncoder
from graph_fusion.encoders.torchvision_models import ViTBody, load_body, read_state
from kg.errors import SightGraphError


def network(image_size: int = 64) -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer(
        image_size, 32, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32
    ).eval()


def encoder(features: str = "grid", **options: bool) -> MapEncoder:
    return MapEncoder(ViTBody(network()), features, **options)


def test_class_token_is_what_torchvisions_classifier_sees() -> None:
    theirs = network()
    theirs.heads = nn.Identity()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(encoder("global").eval()(images).values[:, 0], theirs(images))


def test_cells_are_the_patches_row_by_row() -> None:
    body = ViTBody(network()).eval()
    images = torch.rand(1, 3, 64, 96)
    found = body(images)
    assert found.cells.shape == (1, 16, 2, 3)
    body.net.encoder.layers = nn.Identity()  # without attention a cell sees its patch only
    images[..., 32:, 64:] = 0
    before, after = found_alone(body, torch.rand_like(images)), found_alone(body, images)
    images[..., :32, 32:64] = 0
    changed = (found_alone(body, images) - after).abs().amax(1)[0] > 0
    assert changed.tolist() == [[False, True, False], [False, False, False]]
    assert not before.allclose(after)


def found_alone(body: ViTBody, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        cells: torch.Tensor = body(images).cells
    return cells


def test_other_sizes_have_as_many_tokens_as_patches() -> None:
    tokens = encoder()(torch.rand(1, 3, 96, 128))
    assert tokens.values.shape == (1, 12, 16)
    assert tokens.centres[0, 5].tolist() == [48, 48]


def test_interpolated_positions_are_a_stretched_picture_of_the_learnt_ones() -> None:
    body = ViTBody(network())
    with torch.no_grad():
        body.net.encoder.pos_embedding[0, 1:] = torch.tensor([-1.0, 1, -1, 1])[:, None]
        stretched = body._positions(2, 4)[0, 1:].reshape(2, 4, 16)
    assert (stretched[:, :2] < 0).all()
    assert (stretched[:, 2:] > 0).all()
    assert body._positions(2, 2) is body.net.encoder.pos_embedding


def test_sides_that_are_no_multiple_of_the_patch_name_the_nearest_size() -> None:
    with pytest.raises(SightGraphError, match="Resize them to 64 x 96"):
        encoder()(torch.rand(1, 3, 75, 100))


def test_old_names_of_weights_are_understood(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("vit") / "old.pth"
    state = {
        name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."): value + 1
        for name, value in network().state_dict().items()
    }
    assert any("linear_1" in name for name in state)
    torch.save(state, file)
    body = ViTBody(network())
    load_body(body.net, read_state("vit_b_32", file), "vit_b_32", file)
    layer = "encoder.layers.encoder_layer_0.mlp.0.weight"
    assert body.net.state_dict()[layer].equal(network().state_dict()[layer] + 1)


def test_positions_of_another_size_say_so() -> None:
    state = network(image_size=96).state_dict()
    with pytest.raises(SightGraphError, match=r"pos_embedding.*Set image_size"):
        load_body(ViTBody(network()).net, state, "vit_b_32", "w.pth")


def test_regions_are_read_from_the_patches() -> None:
    boxes = [torch.tensor([[0.0, 0, 32, 32], [32, 32, 64, 64]])]
    with torch.no_grad():
        found = encoder("region").eval()(torch.rand(1, 3, 64, 64), boxes)
    assert found.values.shape == (1, 2, 16)
    assert not found.values[0, 0].allclose(found.values[0, 1])


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_transformer_has_no_gradients_others_have_all(frozen: bool) -> None:
    made = encoder("grid", frozen=frozen).train()
    values = made(torch.rand(2, 3, 64, 64)).values
    assert values.requires_grad is not frozen
    if not frozen:
        (values**2).sum().backward()
        assert all(weight.grad is not None for weight in made.parameters())
