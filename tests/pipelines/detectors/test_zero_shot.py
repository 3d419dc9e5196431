"""pipelines/detectors/zero_shot.py: tiny random models of transformers' classes look for names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    BertConfig,
    BertTokenizerFast,
    CLIPTokenizerFast,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    Owlv2Config,
    Owlv2ForObjectDetection,
    Owlv2ImageProcessor,
    Owlv2Processor,
    SwinConfig,
)

from kg.errors import SightGraphError
from pipelines.detectors import OpenDetector, make_detector
from pipelines.detectors.zero_shot import ZeroShotDetector, _one_of
from pipelines.photo import Photo

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def owlv2(folder: Path) -> None:
    pieces = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>"]
    pieces.append("<|endoftext|>")
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizerFast(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt")
    )
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    ends = {"bos_token_id": len(pieces) - 2, "eos_token_id": len(pieces) - 1}
    text = {"vocab_size": len(pieces), "max_position_embeddings": 16, **sizes, **ends}
    vision = {"image_size": 32, "patch_size": 8, **sizes}
    config = Owlv2Config(
        text_config=text | {"pad_token_id": len(pieces) - 1},
        vision_config=vision,
        projection_dim=16,
    )
    Owlv2ForObjectDetection(config).save_pretrained(folder)
    images = Owlv2ImageProcessor(size={"height": 32, "width": 32})
    Owlv2Processor(images, tokenizer).save_pretrained(folder)


def grounding_dino(folder: Path) -> None:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *LETTERS]
    pieces += [*(f"##{letter}" for letter in LETTERS), "zebra", "cup"]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    sizes = {
        f"{part}_{name}": size
        for part in ("encoder", "decoder")
        for name, size in (("layers", 2), ("attention_heads", 2), ("ffn_dim", 16))
    }
    config = GroundingDinoConfig(
        backbone_config=SwinConfig(
            image_size=32,
            patch_size=4,
            embed_dim=8,
            depths=[1, 1, 1, 1],
            num_heads=[1, 1, 1, 1],
            window_size=2,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config=BertConfig(
            vocab_size=len(pieces),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
        ),
        d_model=32,
        num_queries=9,
        **sizes,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    images = GroundingDinoImageProcessor(size={"shortest_edge": 64, "longest_edge": 96})
    GroundingDinoProcessor(images, tokenizer).save_pretrained(folder)


@pytest.fixture(scope="module", params=[owlv2, grounding_dino])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    place: Path = tmp_path_factory.mktemp(request.param.__name__)
    request.param(place)
    return place


@pytest.fixture(scope="module")
def photo() -> Photo:
    noise = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    return Photo(Image.fromarray(noise), "noise")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    (tmp_path / "labels.txt").write_text("Zebra\ncup\n")
    return tmp_path / "labels.txt"


def test_it_finds_only_what_it_is_told_to_look_for(
    folder: Path, labels: Path, photo: Photo
) -> None:
    detector = make_detector("zero_shot", weights=folder, threshold=0.0, labels=labels)
    assert isinstance(detector, OpenDetector)
    found = detector(photo)
    assert found
    assert {one.label for one in found} <= {"zebra", "cup"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert one.box is not None
        assert 0 <= one.box.x1 < one.box.x2 <= photo.width
        assert 0 <= one.box.y1 < one.box.y2 <= photo.height
    assert detector(photo) == found


def test_the_names_of_a_question_are_added_and_the_detector_stays_as_it_was(
    folder: Path, labels: Path
) -> None:
    detector = ZeroShotDetector(folder, labels=labels)
    asked = detector.looking_for(["Piano", "cup"])
    assert isinstance(asked, ZeroShotDetector)
    assert asked.names == ("piano", "cup", "zebra")
    assert detector.names == ("zebra", "cup")
    assert asked.model is detector.model


def test_more_names_than_the_network_reads_are_looked_for_in_parts(
    folder: Path, photo: Photo
) -> None:
    detector = ZeroShotDetector(folder, threshold=0.0)
    assert len(detector.names) == 80
    assert detector(photo)


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"nowhere.*--preset offline"):
        ZeroShotDetector(tmp_path / "nowhere")
    with pytest.raises(SightGraphError, match="--model"):
        ZeroShotDetector()


@pytest.mark.parametrize(
    ("words", "name"),
    [("zebra", "zebra"), ("hydrant", "fire hydrant"), ("a zebra cup", "cup"), ("", ""), ("x", "")],
)
def test_the_words_of_the_network_stand_for_a_name(words: str, name: str) -> None:
    assert _one_of(words, ["zebra", "fire hydrant", "cup"]) == name
