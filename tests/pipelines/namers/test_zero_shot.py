"""pipelines/namers/zero_shot.py: tiny random CLIP and SigLIP models name regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    BertTokenizerFast,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    SiglipProcessor,
)

from kg.errors import SightGraphError
from pipelines.detections import PROPOSAL, Detection
from pipelines.namers import Namer, make_namer
from pipelines.namers.zero_shot import SURE, ZeroShotNamer
from pipelines.photo import Photo

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *(*LETTERS, *(f"##{letter}" for letter in LETTERS), "cat", "zebra", "cup"),
]
SIZES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
TEXT = {"vocab_size": len(PIECES), "max_position_embeddings": 32, "eos_token_id": 3, **SIZES}
VISION = {"image_size": 32, "patch_size": 8, **SIZES}
SIDES = {"height": 32, "width": 32}
LABELS = ("cat", "zebra", "cup")


def tokens(folder: Path) -> BertTokenizerFast:
    """A tokenizer of another kind serves as well: the namer asks the processor."""
    (folder / "vocab.txt").write_text("\n".join(PIECES))
    return BertTokenizerFast(vocab=str(folder / "vocab.txt"))


def clip(folder: Path) -> None:
    config = CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=16)
    CLIPModel(config).save_pretrained(folder)
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=SIDES)
    CLIPProcessor(images, tokens(folder)).save_pretrained(folder)


def siglip(folder: Path) -> None:
    SiglipModel(SiglipConfig(text_config=TEXT, vision_config=VISION)).save_pretrained(folder)
    SiglipProcessor(SiglipImageProcessor(size=SIDES), tokens(folder)).save_pretrained(folder)


@pytest.fixture(scope="module", params=[clip, siglip])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    place: Path = tmp_path_factory.mktemp(request.param.__name__)
    request.param(place)
    return place


@pytest.fixture(scope="module")
def photo() -> Photo:
    noise = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    return Photo(Image.fromarray(noise), "noise")


FOUND = (
    Detection("cat", 0.9, "test", (5, 5, 40, 50)),
    Detection(PROPOSAL, 0.4, "test", (0, 0, 90, 60)),
    Detection("cup", 0.3, "test", (89.5, 59.5, 90, 60)),
    Detection("dog", 0.3, "test"),
)


def test_every_region_gets_the_most_probable_names(folder: Path, photo: Photo) -> None:
    namer = make_namer("zero_shot", weights=folder, labels=LABELS)
    assert isinstance(namer, Namer)
    named = namer(photo, FOUND)
    assert FOUND[-1] in named  # what has no box stays as it is
    assert PROPOSAL not in {one.label for one in named}
    for one in named[:-1]:
        assert one.names
        assert [name.probability for name in one.names] == sorted(
            (name.probability for name in one.names), reverse=True
        )
        assert one.label in {name.label for name in one.names}
    assert namer(photo, FOUND) == named


def test_a_name_that_is_sure_replaces_the_detectors(folder: Path, photo: Photo) -> None:
    namer = ZeroShotNamer(folder, ["zebra"])  # the only name has probability 1
    (named,) = namer(photo, FOUND[:1])
    assert (named.label, named.score) == ("zebra", 1.0)
    many = ZeroShotNamer(folder, LABELS)
    with torch.no_grad():
        many.model.model.logit_scale.zero_()  # now all names are about equally probable
    (unsure,) = many(photo, FOUND[:1])
    assert (unsure.label, unsure.score) == ("cat", 0.9)
    assert max(name.probability for name in unsure.names if name.label != "cat") < SURE
    assert many(photo, FOUND[1:2]) == []


def test_probabilities_are_those_of_the_model(folder: Path, photo: Photo) -> None:
    namer = ZeroShotNamer(folder, LABELS)
    assert FOUND[0].box is not None
    (chances,) = namer.probabilities(photo, [FOUND[0].box])
    crop = photo.image.crop((1, 0, 44, 55))
    texts = [f"a photo of a {label}" for label in LABELS]
    inputs = namer.model.processor(
        images=crop, text=texts, padding="max_length", max_length=32, return_tensors="pt"
    )
    with torch.no_grad():
        logits = namer.model.model(**inputs).logits_per_image[0]
    assert torch.allclose(chances, logits.softmax(0), atol=1e-5)


def test_a_folder_or_an_id_is_a_model_and_another_name_is_refused(folder: Path) -> None:
    namer = make_namer(str(folder), labels=LABELS)
    assert namer.name == str(folder)
    with pytest.raises(SightGraphError, match="namer 'nobody'"):
        make_namer("nobody")
    with pytest.raises(SightGraphError, match="--namer"):
        ZeroShotNamer()


def test_a_model_that_is_not_there_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="nowhere"):
        ZeroShotNamer(tmp_path / "nowhere", LABELS)


def test_the_names_are_those_of_what_can_be_photographed(folder: Path) -> None:
    namer = ZeroShotNamer(folder)
    assert {"motorcycle", "cat", "banana"} <= set(namer.labels)
    assert not {"swimming", "red"} & set(namer.labels)
