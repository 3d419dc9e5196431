"""pipelines/namers/image_text: vectors of length one; what compares nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import BertConfig, BertModel

from kg.errors import SightGraphError
from pipelines.namers.image_text import ImageTextModel
from tests.pipelines.namers.test_zero_shot import clip, siglip, tokens


@pytest.mark.parametrize("make", [clip, siglip])
def test_images_and_texts_share_a_space(tmp_path: Path, make: object) -> None:
    make(tmp_path)  # type: ignore[operator]
    model = ImageTextModel(tmp_path, "test")
    images = model.images([Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")])
    texts = model.texts(["cat", "cup", "zebra"])
    assert images.shape[1] == texts.shape[1]
    for vectors in (images, texts):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    torch.testing.assert_close(model.texts(["cup"])[0], texts[1])
    assert model.scale > 0


def test_a_model_of_texts_alone_is_refused(tmp_path: Path) -> None:
    tokens(tmp_path).save_pretrained(tmp_path)
    BertModel(BertConfig(vocab_size=70, hidden_size=4, num_attention_heads=1)).save_pretrained(
        tmp_path
    )
    with pytest.raises(SightGraphError, match="test"):
        ImageTextModel(tmp_path, "test")
