"""Where a sparse matrix has its entries: rows one after another (CSR), and its transpose."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from graph_fusion.layers import kernels
from kg.errors import SightGraphError


@dataclass(frozen=True, eq=False)
class Pattern:
    """The places of M entries, sorted by row, within a row as they were given.

    Shapes:
        starts [N + 1]: where each row begins; rows, columns [M]: int32
        order [M]: each entry's place among those given, int64
    """

    starts: Tensor
    rows: Tensor
    columns: Tensor
    order: Tensor

    @property
    def size(self) -> int:
        """N, rows and columns alike."""
        return len(self.starts) - 1

    @cached_property
    def transposed(self) -> Pattern:
        """The transpose; its `order` counts through this pattern's entries."""
        return pack(self.columns, self.rows, self.size)


def pack(rows: Tensor, columns: Tensor, size: int, loops: bool = False) -> Pattern:
    """Return the pattern of entries at `rows` and `columns` [E].

    loops: close each row with an entry on the diagonal; these count as given last.

    Raises:
        SightGraphError: a row or column is not below `size` (on the CPU only: a GPU would have
            to be waited for).
    """
    with to_keep():
        if rows.device.type != "cpu":
            return pack_on_device(rows, columns, size, loops)
        ends = rows.contiguous().numpy(), columns.contiguous().numpy()
        try:
            starts, rows, columns, order = map(torch.from_numpy, kernels.pack(*ends, size, loops))
        except ValueError as error:
            raise SightGraphError(wrong_edges(str(error), size)) from error
        return Pattern(starts, rows, columns, order)


def pack_on_device(rows: Tensor, columns: Tensor, size: int, loops: bool = False) -> Pattern:
    """Return what `pack` does, by torch's operations."""
    if loops:
        diagonal = torch.arange(size, device=rows.device)
        rows, columns = torch.cat([rows, diagonal]), torch.cat([columns, diagonal])
    order = torch.argsort(rows, stable=True)
    rows = rows[order].int()
    limits = torch.arange(size + 1, dtype=torch.int32, device=rows.device)
    return Pattern(
        starts=torch.searchsorted(rows, limits, out_int32=True),
        rows=rows,
        columns=columns[order].int(),
        order=order,
    )


def to_keep() -> AbstractContextManager[object]:
    """Make tensors that may be kept: made in inference mode they would serve no training."""
    return torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()


def wrong_edges(problem: str, size: int, per_graph: int | None = None) -> str:
    """Return the error for edges that do not fit their batch."""
    graphs = f" in graphs of {per_graph}" if per_graph else ""
    return (
        f"{problem}: the batch has {size} nodes{graphs}, numbered from 0 through all its graphs. "
        "Add to a graph's node numbers how many nodes stand before it in the batch, once."
    )
