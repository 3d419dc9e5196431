"""Networks packed for oneDNN: to run them, not to train them, in about half the time on one core.

Torch lays out the weights of a convolution anew at every call, and multiplies matrices with MKL,
which does not use AVX-512 on AMD's processors. Here each layer keeps its weights as oneDNN reads
them, and applies the activation that follows it while the result is still in the cache.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)
Activation = tuple[str, list[float]]
"""oneDNN's name of an activation, and its parameters."""

NONE: Activation = ("none", [])
ACTIVATIONS: dict[type[nn.Module], Activation] = {
    nn.Hardswish: ("hardswish", []),
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}
"""Those that a layer can apply itself, where they follow it in an `nn.Sequential`."""
OPERATORS = ("_convolution_pointwise", "_linear_pointwise", "_reorder_linear_weight")


def packed(network: Network) -> Network:
    """Return `network` with all layers in it packed, or as it is where torch cannot do it.

    The weights of these layers can no longer be read, trained, or loaded again.
    """
    if can_pack():
        _pack(network)
    return network.eval()


def can_pack() -> bool:
    """Return whether torch was built with oneDNN and has its fused operators.

    They are the ones that `torch.compile` uses, and no part of torch's public interface.
    """
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(available) and all(hasattr(torch.ops.mkldnn, name) for name in OPERATORS)


def _pack(module: nn.Module) -> None:
    after: tuple[str, nn.Module] | None = None
    for name, layer in reversed(list(module.named_children())):
        in_order = after is not None and isinstance(module, nn.Sequential)
        activation = ACTIVATIONS.get(type(after[1])) if in_order and after else None
        if type(layer) is nn.Conv2d and layer.padding_mode == "zeros":
            setattr(module, name, PackedConvolution(layer, activation or NONE))
        elif type(layer) is nn.Linear:
            setattr(module, name, PackedLinear(layer, activation or NONE))
        else:
            _pack(layer)
            activation = None
        if activation and after:
            setattr(module, after[0], nn.Identity())
        after = name, layer


class PackedConvolution(nn.Module):
    """activation(W * x + b).

    Shapes:
        x: [B, C_in, H, W], fastest in channels_last; returns [B, C_out, H', W'] in channels_last
    """

    def __init__(self, layer: nn.Conv2d, activation: Activation) -> None:
        super().__init__()
        self.shape = list(layer.padding), list(layer.stride), list(layer.dilation), layer.groups
        self.activation = activation
        with torch.inference_mode():
            weight = layer.weight.detach().contiguous().to_mkldnn()
            self.weight = torch._C._nn.mkldnn_reorder_conv2d_weight(weight, *self.shape)
            self.bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, *self.shape, *self.activation, ""
        )
        return found


class PackedLinear(nn.Module):
    """activation(x W^T + b).

    Shapes:
        x: [..., F_in]; returns [..., F_out]
    """

    def __init__(self, layer: nn.Linear, activation: Activation) -> None:
        super().__init__()
        self.activation = activation
        with torch.inference_mode():
            weight = layer.weight.detach().contiguous()
            self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
            self.bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self.weight, self.bias, *self.activation, ""
        )
        return found


ROWS = 64
"""Rows of the input for which the weights of a matrix are laid out; any number will do."""
