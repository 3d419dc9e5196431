"""Sums, maxima and softmax over the segments of a packed batch: the nodes of each graph."""

from __future__ import annotations

import torch
from torch import Tensor


def segment_sum(values: Tensor, segment: Tensor, size: int) -> Tensor:
    """Sum `values` [N, H] by `segment` [N] into [size, H]."""
    return values.new_zeros(size, *values.shape[1:]).index_add(0, segment, values)


def segment_max(values: Tensor, segment: Tensor, size: int) -> Tensor:
    """Largest of `values` [N] by `segment` [N], as [size]; -inf for an empty segment."""
    start = values.new_full((size,), float("-inf"))
    return start.scatter_reduce(0, segment, values, "amax")


def segment_softmax(logits: Tensor, segment: Tensor, size: int) -> Tensor:
    """Softmax of `logits` [N] within each segment, as [N]."""
    shifted = (logits - segment_max(logits.detach(), segment, size)[segment]).exp()
    total = segment_sum(shifted, segment, size)
    return shifted / total[segment]


def places(segment: Tensor, size: int) -> tuple[Tensor, int]:
    """Return each row's place [N] within its segment, and how long the longest segment is.

    Shapes: segment [N], rising: the rows of a segment stand together.
    """
    counts = torch.bincount(segment, minlength=size)
    first = counts.cumsum(0) - counts
    longest = int(counts.max()) if size else 0
    return torch.arange(len(segment), device=segment.device) - first[segment], longest
