"""pipelines/captioning/hub: models that see write; the first sentence is taken."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from transformers import (
    BertConfig,
    BertModel,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    BlipProcessor,
    BlipTextConfig,
    BlipVisionConfig,
)
from transformers import BertTokenizerFast as Tokenizer

from kg.errors import SightGraphError
from pipelines.captioning.hub import PROMPTS, HubCaptioner
from pipelines.photo import Photo

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", *"abcdefghijklmnopqrstuvwxyz."]


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BLIP with random weights."""
    folder = tmp_path_factory.mktemp("blip")
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    tokenizer = Tokenizer(vocab=str(folder / "vocab.txt"), model_max_length=64)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = BlipTextConfig(
        vocab_size=len(WORDS),
        intermediate_size=16,
        encoder_hidden_size=16,
        bos_token_id=5,
        sep_token_id=3,
        eos_token_id=3,
        pad_token_id=0,
        max_position_embeddings=128,
        **size,
    )
    vision = BlipVisionConfig(image_size=32, patch_size=16, intermediate_size=16, **size)
    config = BlipConfig(text_config=text.to_dict(), vision_config=vision.to_dict())
    model = BlipForConditionalGeneration(config)
    model.save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), tokenizer).save_pretrained(
        folder
    )
    return folder


def write(captioner: HubCaptioner, style: str = "usual") -> str:
    photo = Photo(Image.new("RGB", (40, 40), "red"), "made")
    return captioner.write(None, photo, 5, style)  # type: ignore[arg-type]


def test_a_captioner_of_the_hub_is_asked_for_the_style(blip: Path) -> None:
    captioner = HubCaptioner(str(blip))
    photo = Image.new("RGB", (40, 40), "red")
    assert captioner.model.reply(PROMPTS["short"], photo) is not None
    asked: list[str] = []
    captioner.model = SimpleNamespace(  # type: ignore[assignment]
        reply=lambda prompt, image: asked.append(prompt) or "a square"
    )
    assert [write(captioner, style) for style in PROMPTS] == ["a square"] * 3
    assert asked == list(PROMPTS.values())


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("A dog runs. It is brown.", "A dog runs"),
        ("a dog\nruns", "a dog runs"),
        ("A 3.5 m boat!", "A 3.5 m boat"),
    ],
)
def test_the_first_sentence_is_taken(blip: Path, reply: str, text: str) -> None:
    captioner = HubCaptioner(str(blip))
    captioner.model = SimpleNamespace(reply=lambda prompt, image: reply)  # type: ignore[assignment]
    assert write(captioner) == text


def test_a_model_that_writes_nothing_or_sees_nothing_is_told(blip: Path, tmp_path: Path) -> None:
    captioner = HubCaptioner(str(blip))
    captioner.model = SimpleNamespace(reply=lambda prompt, image: None)  # type: ignore[assignment]
    with pytest.raises(SightGraphError, match="wrote nothing"):
        write(captioner)
    BertModel(BertConfig(vocab_size=9, hidden_size=4, num_attention_heads=1)).save_pretrained(
        tmp_path
    )
    with pytest.raises(SightGraphError):
        HubCaptioner(str(tmp_path))
