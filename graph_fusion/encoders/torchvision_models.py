"""Image classifiers of torchvision by name, as image encoders."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from graph_fusion.encoders.map_encoder import MapEncoder, Standardise
from graph_fusion.encoders.torchvision_cnn import cnn_body
from graph_fusion.encoders.torchvision_weights import (
    colours,
    load_body,
    read_state,
    trained_size,
)
from graph_fusion.encoders.vit import ViTBody
from kg.errors import SightGraphError, unknown_name

FAMILIES = ("resnet", "resnext", "wide_resnet", "mobilenet", "shufflenet", "efficientnet", "vit")


def torchvision_encoder(
    model: str,
    features: str = "grid",
    weights: str | Path | None = None,
    frozen: bool = False,
    last: str | None = None,
    image_size: int | None = None,
    standardise: bool = True,
) -> MapEncoder:
    """Return torchvision's `model` without its classifier; see `model_names`.

    weights: a file (.safetensors, .pth), or the name of torchvision's own ("IMAGENET1K_V1",
        "DEFAULT"), which are downloaded once; None: start untrained.
    last: of a convolutional network, the last stage that is run. Earlier stages have finer
        grids: "layer3" of a ResNet has one cell for 16 pixels, "layer4" one for 32.
    image_size: of a vision transformer, the side that its positions are learnt for; default
        what the weights were trained on, 224 for files and untrained ones.
    standardise: give the network colours less their mean, over their deviation, as the weights'
        training did (ImageNet's for a file); False: colours in [0, 1] as they are, which
        weights of detectors may want (FastestDet's ShuffleNetV2 does).

    Raises:
        UnknownNameError: no such model, stage, weights or kind of features.
        SightGraphError: the weights cannot be read or do not fit.
    """
    from torchvision.models import get_model

    known = model_names()
    if model not in known:
        raise unknown_name("torchvision model", model, known)
    body: nn.Module
    if model.startswith("vit"):
        if last is not None:
            raise SightGraphError(f"'{model}' has no stages to stop at: leave out last='{last}'.")
        image_size = image_size or trained_size(model, weights)
        body = ViTBody(get_model(model, weights=None, image_size=image_size))
    elif image_size is not None:
        raise SightGraphError(f"'{model}' takes images of any size: leave out image_size.")
    else:
        body = cnn_body(model, last)
    if weights is not None:
        load_body(body.net, read_state(model, weights), model, weights)  # type: ignore[arg-type]
    settings = {
        "model": model,
        "last": last,
        "image_size": image_size,
        "standardise": standardise,
    }
    before = Standardise(*colours(model, weights)) if standardise else None
    return MapEncoder(body, features, frozen, before, settings)


def model_names() -> list[str]:
    """Return torchvision's names of the models that `torchvision_encoder` takes."""
    from torchvision import models

    every = models.list_models(module=models)
    return [name for name in every if name.startswith(FAMILIES)]
