"""Encoders of text and images, chosen by name.

Nothing heavy is imported until an encoder is made: torchvision, transformers and scikit-image
only by those that need them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from graph_fusion.encoders.base import ImageEncoder, TokenEncoder, Tokens
from graph_fusion.encoders.features import FeatureTokens
from graph_fusion.encoders.text import TextEncoder
from graph_fusion.encoders.words import Vocabulary
from kg.registry import Registry

TEXT_ENCODERS: Registry[TextEncoder] = Registry("text encoder")
"""One vector a text, for labels and phrases."""
TEXT_ENCODERS.add("minilm", "graph_fusion.encoders.text:MiniLM")

TOKEN_ENCODERS: Registry[TokenEncoder] = Registry("token encoder")
"""Tokens of a text, to be fused and trained."""
TOKEN_ENCODERS.add("bag_of_words", "graph_fusion.encoders.words:BagOfWords")
TOKEN_ENCODERS.add("embeddings", "graph_fusion.encoders.words:WordEmbeddings")
TOKEN_ENCODERS.add("gru", "graph_fusion.encoders.recurrent:gru")
TOKEN_ENCODERS.add("huggingface", "graph_fusion.encoders.hugging_face:HuggingFaceText")
TOKEN_ENCODERS.add("lstm", "graph_fusion.encoders.recurrent:lstm")
TOKEN_ENCODERS.add("minilm", "graph_fusion.encoders.hugging_face:minilm")
TOKEN_ENCODERS.add("word_vectors", "graph_fusion.encoders.word_vectors:WordVectors")

IMAGE_ENCODERS: Registry[ImageEncoder] = Registry("image encoder")
"""Tokens of an image: the whole, a grid, regions, or keypoints."""
IMAGE_ENCODERS.add("hog", "graph_fusion.encoders.hand_features:HOG")
IMAGE_ENCODERS.add("sift", "graph_fusion.encoders.hand_features:SIFT")
IMAGE_ENCODERS.add("small_cnn", "graph_fusion.encoders.cnn:small_cnn")
IMAGE_ENCODERS.add("torchvision", "graph_fusion.encoders.torchvision_models:torchvision_encoder")


def _torchvision(**options: object) -> ImageEncoder:
    make: Callable[..., ImageEncoder] = IMAGE_ENCODERS.resolve("torchvision")
    return make(**options)


for _model in (
    *("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"),
    *("vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"),
    *("vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32"),
):
    IMAGE_ENCODERS.add(_model, partial(_torchvision, model=_model))

__all__ = [
    "IMAGE_ENCODERS",
    "TEXT_ENCODERS",
    "TOKEN_ENCODERS",
    "FeatureTokens",
    "ImageEncoder",
    "TextEncoder",
    "TokenEncoder",
    "Tokens",
    "Vocabulary",
]
