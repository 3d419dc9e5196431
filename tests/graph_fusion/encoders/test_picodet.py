"""graph_fusion/encoders/picodet.py: the published network, from its published weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from graph_fusion.encoders.picodet import BINS, MEAN, STD, STRIDES, Found, PicoDet, read_ncnn
from kg.errors import SightGraphError

CELLS = sum((96 // stride) * (64 // stride) for stride in STRIDES[:3]) + 2 * 1


@pytest.fixture(scope="module")
def network() -> PicoDet:
    torch.manual_seed(0)
    return PicoDet(classes=5).eval()


def write_ncnn(network: PicoDet, file: Path, tag: int = 0) -> None:
    """Write weights as ncnn stores them: a tag, the weights and the biases of each layer."""
    parts = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.bias is not None
            numbers = [layer.weight.detach().flatten(), layer.bias.detach()]
            parts += [np.array([tag], "<u4").tobytes(), torch.cat(numbers).numpy().tobytes()]
    file.write_bytes(b"".join(parts))


@torch.inference_mode()
def test_each_cell_has_a_logit_for_each_class_and_a_box_around_its_middle(
    network: PicoDet,
) -> None:
    found = network(torch.rand(2, 3, 96, 64))
    assert found.classes.shape == (2, CELLS, 5)
    assert found.distances.shape == (2, CELLS, 4, BINS)
    assert found.centres.shape == (CELLS, 2)
    assert found.strides.unique().tolist() == list(STRIDES)
    assert (found.boxes[..., :2] <= found.centres).all()
    assert (found.boxes[..., 2:] >= found.centres).all()
    assert found.centres[:2].tolist() == [[4, 4], [12, 4]]


def test_a_box_lies_as_many_strides_from_the_middle_as_its_distribution_means() -> None:
    distances = torch.full((1, 1, 4, BINS), -50.0)
    for side, strides in enumerate((1, 2, 3, 4)):
        distances[0, 0, side, strides] = 50.0
    centre, stride = torch.tensor([[100.0, 100.0]]), torch.tensor([8.0])
    found = Found(torch.zeros(1, 1, 5), distances, centre, stride)
    assert found.boxes[0, 0].tolist() == pytest.approx([92, 84, 124, 132])


@torch.inference_mode()
def test_an_image_gives_the_same_alone_and_in_a_batch(network: PicoDet) -> None:
    images = torch.rand(2, 3, 64, 64)
    alone, together = network(images[:1]), network(images)
    torch.testing.assert_close(alone.classes[0], together.classes[0], atol=1e-5, rtol=1e-5)


def test_what_is_written_as_ncnn_does_is_read_again(network: PicoDet, tmp_path: Path) -> None:
    write_ncnn(network, tmp_path / "net.bin")
    again = PicoDet(classes=5)
    read_ncnn(again, tmp_path / "net.bin")
    state = again.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_files_that_do_not_fit_are_refused(network: PicoDet, tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="there is no"):
        read_ncnn(network, tmp_path / "nothing.bin")
    write_ncnn(network, tmp_path / "half.bin", tag=0x01306B47)
    with pytest.raises(SightGraphError, match="not in fp32"):
        read_ncnn(network, tmp_path / "half.bin")
    (tmp_path / "short.bin").write_bytes(bytes(100))
    with pytest.raises(SightGraphError, match="100 bytes"):
        read_ncnn(network, tmp_path / "short.bin")


@torch.inference_mode()
def test_the_published_weights_give_what_ncnn_computes_from_them(datasets: Path) -> None:
    pytest.importorskip("ncnn", reason="ncnn runs the published network; it is not installed")
    from pipelines.training.seeing.detector_teachers import PicoDet as Reference

    folder = datasets / "weights_detectors"
    if not folder.is_dir():
        pytest.skip(f"the published weights are not in '{datasets}'")
    ours = PicoDet().eval()
    read_ncnn(ours, folder / "picodet-s-416.bin")
    image = torch.rand(3, 416, 416, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in (MEAN, STD))
    scores, distances = Reference(folder).outputs(((image - mean) / std).contiguous().numpy())
    found = ours(image[None])
    np.testing.assert_allclose(found.classes[0].sigmoid(), scores, atol=1e-3)
    np.testing.assert_allclose(found.distances[0].flatten(1), distances, atol=1e-3)
