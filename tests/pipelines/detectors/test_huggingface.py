"""pipelines/detectors/huggingface.py: models in transformers' format, made by the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    DetrConfig,
    DetrForObjectDetection,
    DetrImageProcessor,
    PreTrainedModel,
    ResNetConfig,
    RTDetrConfig,
    RTDetrForObjectDetection,
    RTDetrImageProcessor,
    RTDetrResNetConfig,
    YolosConfig,
    YolosForObjectDetection,
    YolosImageProcessor,
)

from kg.errors import SightGraphError
from pipelines.detectors import make_detector
from pipelines.detectors.huggingface import HuggingFaceDetector
from pipelines.photo import Photo

LABELS = {0: "Zebra", 1: "Cup"}
NAMES = {"id2label": LABELS, "label2id": {name: number for number, name in LABELS.items()}}
SIZE = {"height": 96, "width": 96}


def detr() -> tuple[PreTrainedModel, object]:
    backbone = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    config = DetrConfig(
        backbone_config=backbone,
        num_queries=7,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        **NAMES,
    )
    return DetrForObjectDetection(config), DetrImageProcessor(size=SIZE)


def yolos() -> tuple[PreTrainedModel, object]:
    config = YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[96, 96],
        num_detection_tokens=5,
        **NAMES,
    )
    return YolosForObjectDetection(config), YolosImageProcessor(size=SIZE)


def rt_detr() -> tuple[PreTrainedModel, object]:
    backbone = RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 16, 16],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        d_model=16,
        decoder_in_channels=[16, 16, 16],
        num_queries=9,
        decoder_ffn_dim=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        **NAMES,
    )
    return RTDetrForObjectDetection(config), RTDetrImageProcessor(size=SIZE)


@pytest.fixture(scope="module", params=[detr, yolos, rt_detr])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model, processor = request.param()
    place = tmp_path_factory.mktemp(request.param.__name__)
    model.save_pretrained(place)
    processor.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def photo() -> Photo:
    noise = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    return Photo(Image.fromarray(noise), "noise")


def test_boxes_lie_inside_and_carry_features_and_the_models_own_labels(
    folder: Path, photo: Photo
) -> None:
    found = make_detector("huggingface", weights=folder, threshold=0.0)(photo)
    assert found
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.label in {"zebra", "cup"}
        assert one.box is not None
        x1, y1, x2, y2 = one.box
        assert 0 <= x1 <= x2 <= photo.width
        assert 0 <= y1 <= y2 <= photo.height
        assert one.feature is not None
        assert one.feature.shape == (16,)
        assert np.linalg.norm(one.feature) == pytest.approx(1, abs=1e-5)


def test_the_feature_is_that_of_the_query_which_gave_the_box(folder: Path, photo: Photo) -> None:
    detector = HuggingFaceDetector(folder, threshold=0.0)
    one = detector(photo)[0]
    assert one.box is not None
    with torch.inference_mode():
        out = detector.model(**detector.processor(images=photo.image, return_tensors="pt"))
    queries = out.last_hidden_state[0][-out.pred_boxes.shape[1] :]
    likeness = torch.nn.functional.cosine_similarity(queries, torch.from_numpy(one.feature)[None])
    cx, cy, w, h = out.pred_boxes[0, int(likeness.argmax())].tolist()
    expected = np.clip([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], 0, 1)
    assert np.allclose(np.array(one.box) / [90, 60, 90, 60], expected, atol=1e-4)


def test_same_photograph_gives_the_same_bits(folder: Path, photo: Photo) -> None:
    detector = HuggingFaceDetector(folder, threshold=0.0)
    assert detector(photo) == detector(photo)


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="nowhere"):
        HuggingFaceDetector(tmp_path / "nowhere")
    with pytest.raises(SightGraphError, match="--model"):
        HuggingFaceDetector()
