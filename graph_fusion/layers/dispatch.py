"""Which way of multiplying with a batch's matrix is the quicker one."""

from __future__ import annotations

import torch

DENSE_FILL_ON_CPU = 1 / 3
"""Share of the blocks' entries that edges and loops fill, from which dense blocks win.

`benchmarks/layers.py --degrees 5 12 24`, 16 to 64 nodes, 256 and 512 features, one thread: at a
tenth packed takes a fifth less time than dense, at 0.35 to 0.4 they are level, with dense
quicker to build, and from 0.6 dense takes up to a fifth less.
"""

DENSE_NODES_ELSEWHERE = 256
"""Nodes of a graph up to which a GPU takes dense blocks: one batched product, no sorting.

Not measured: no GPU was at hand. It bounds the memory, at 256 nodes 256 kB a graph.
"""


def dense_is_quicker(edges: int, nodes: int, per_graph: int | None, device: torch.device) -> bool:
    """Return whether dense blocks beat the packed matrix.

    edges, nodes: E and N of the whole batch. per_graph: n, where all graphs have n nodes.
    """
    if not per_graph:
        return False
    if device.type == "cpu":
        return edges + nodes >= DENSE_FILL_ON_CPU * nodes * per_graph
    return per_graph <= DENSE_NODES_ELSEWHERE
