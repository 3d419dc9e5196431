"""σ(Â H W + b) of a batch of small graphs in one Triton kernel, forward and backward.

In steps the product H W is written to memory and read again, then the sum over neighbours, then σ.
Here a program computes one graph's rows and a block of output features, and only writes the
result. Runs on GPUs; on the CPU with Triton's interpreter (TRITON_INTERPRET=1), for tests.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable
from triton.runtime import JITFunction

from kg.errors import SightGraphError

SMALLEST = 16
"""Rows, columns and features of a tile are at least as many: `tl.dot` takes no fewer."""
BLOCK = 64
"""Output features, and features of the sum, in one tile."""
MAX_NODES = 128
"""Nodes of a graph for which Â and its rows fit into a program's registers and shared memory."""


@triton.jit  # type: ignore[untyped-decorator]
def _forward(  # type: ignore[no-untyped-def]
    a_at,
    h_at,
    w_at,
    b_at,
    out_at,
    nodes,
    inwards,
    outwards,
    rows: tl.constexpr,
    step: tl.constexpr,
    columns: tl.constexpr,
):
    """out = relu(A (H Wᵀ) + b) of graph `program_id(0)`, features of block `program_id(1)`.

    a [B, n, n], h [B n, F], w [O, F], b [O]; sums are made in float32.
    """
    graph, block = tl.program_id(0), tl.program_id(1)
    row, column = tl.arange(0, rows), block * columns + tl.arange(0, columns)
    here, wide = row < nodes, column < outwards
    h_rows = (graph * nodes + row)[:, None] * inwards
    total = tl.zeros((rows, columns), tl.float32)
    for start in range(0, inwards, step):
        feature = start + tl.arange(0, step)
        inside = feature < inwards
        h = tl.load(h_at + h_rows + feature[None, :], here[:, None] & inside[None, :], 0.0)
        w_places = column[None, :] * inwards + feature[:, None]
        w = tl.load(w_at + w_places, inside[:, None] & wide[None, :], 0.0)
        total = tl.dot(h, w, total, input_precision="ieee")
    places = (graph * nodes + row)[:, None] * nodes + row[None, :]
    a = tl.load(a_at + places, here[:, None] & here[None, :], 0.0)
    bias = tl.load(b_at + column, wide, 0.0).to(tl.float32)
    out = tl.dot(a, total.to(a.dtype), input_precision="ieee") + bias[None, :]
    out_places = (graph * nodes + row)[:, None] * outwards + column[None, :]
    tl.store(out_at + out_places, tl.maximum(out, 0.0), here[:, None] & wide[None, :])


@triton.jit  # type: ignore[untyped-decorator]
def _backward(  # type: ignore[no-untyped-def]
    a_at,
    grad_at,
    out_at,
    back_at,
    nodes,
    outwards,
    rows: tl.constexpr,
    columns: tl.constexpr,
):
    """back = Aᵀ (grad where out > 0): the gradient of H Wᵀ."""
    graph, block = tl.program_id(0), tl.program_id(1)
    row, column = tl.arange(0, rows), block * columns + tl.arange(0, columns)
    here = row < nodes
    kept = here[:, None] & (column < outwards)[None, :]
    places = (graph * nodes + row)[:, None] * outwards + column[None, :]
    grad = tl.load(grad_at + places, kept, 0.0)
    out = tl.load(out_at + places, kept, 0.0)
    a_places = (graph * nodes + row)[None, :] * nodes + row[:, None]
    transposed = tl.load(a_at + a_places, here[:, None] & here[None, :], 0.0)
    masked = tl.where(out > 0, grad, 0.0).to(transposed.dtype)
    tl.store(back_at + places, tl.dot(transposed, masked, input_precision="ieee"), kept)


class _FusedConvolution(torch.autograd.Function):
    """The forward pass in one kernel; its backward pass in one, and two products of matrices."""

    @staticmethod
    def forward(ctx: Any, blocks: Tensor, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        graphs, nodes, _ = blocks.shape
        outwards, inwards = weight.shape
        out = h.new_empty(len(h), outwards)
        grid = (graphs, triton.cdiv(outwards, BLOCK))
        sizes = {"rows": _tile(nodes), "step": BLOCK, "columns": BLOCK}
        _forward[grid](blocks, h, weight, bias, out, nodes, inwards, outwards, **sizes)
        ctx.save_for_backward(blocks, h, weight, out)
        return out

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        blocks, h, weight, out = ctx.saved_tensors
        graphs, nodes, _ = blocks.shape
        grad = grad.contiguous()
        back = torch.empty_like(out)
        grid = (graphs, triton.cdiv(out.shape[1], BLOCK))
        sizes = {"rows": _tile(nodes), "columns": BLOCK}
        _backward[grid](blocks, grad, out, back, nodes, out.shape[1], **sizes)
        of_blocks = of_h = of_weight = of_bias = None
        if ctx.needs_input_grad[0] or ctx.needs_input_grad[3]:
            masked = grad * (out > 0)
            of_bias = masked.sum(0)
        if ctx.needs_input_grad[0]:
            messages = (h @ weight.T).view(graphs, nodes, -1)
            of_blocks = masked.view(graphs, nodes, -1) @ messages.transpose(1, 2)
        if ctx.needs_input_grad[1]:
            of_h = back @ weight
        if ctx.needs_input_grad[2]:
            of_weight = back.T @ h
        return of_blocks, of_h, of_weight, of_bias


def fused_convolution(blocks: Tensor, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return relu(Â H Wᵀ + b) of graphs of n nodes each.

    Shapes:
        blocks [B, n, n]: Â, n at most `MAX_NODES`; h [B n, F]; weight [O, F]; bias [O]
        returns [B n, O], of h's type, or autocast's

    Raises:
        SightGraphError: the CPU without Triton's interpreter, or bfloat16 with it, which it cannot
            multiply.
    """
    if h.device.type == "cpu" and isinstance(_forward, JITFunction):
        raise SightGraphError(
            "the fused path needs a GPU, and this is the CPU. Take the path 'dense', or set "
            "TRITON_INTERPRET=1 to try the kernel slowly."
        )
    kind = h.dtype
    if torch.is_autocast_enabled(h.device.type):
        kind = torch.get_autocast_dtype(h.device.type)
    if h.device.type == "cpu" and kind == torch.bfloat16:
        raise SightGraphError("Triton's interpreter multiplies no bfloat16: take the path 'dense'.")
    tensors = (one.to(kind).contiguous() for one in (blocks, h, weight, bias))
    out: Tensor = _FusedConvolution.apply(*tensors)
    return out


def _tile(nodes: int) -> int:
    size: int = max(SMALLEST, triton.next_power_of_2(nodes))
    return size
