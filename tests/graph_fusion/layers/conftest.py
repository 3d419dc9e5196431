"""Random batches of small graphs, and Â as the paper writes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from graph_fusion.layers import Edges

RELATIONS = 3


@pytest.fixture(scope="session")
def batch() -> Callable[..., Edges]:
    """Return a maker of batches: directed, with parallel edges, loops and nodes without edges."""

    def make(
        graphs: int = 3,
        nodes: int = 5,
        edges: int = 14,
        seed: int = 0,
        path: str | None = None,
        dtype: torch.dtype = torch.float32,
        loops: bool = True,
    ) -> Edges:
        generator = torch.Generator().manual_seed(seed)
        count = edges if graphs * nodes else 0
        graph = torch.randint(max(graphs, 1), (count,), generator=generator)
        ends = torch.randint(max(nodes, 1), (2, count), generator=generator)
        if not loops:
            ends[1] = (ends[0] + 1 + ends[1] % max(nodes - 1, 1)) % max(nodes, 1)
        senders, receivers = ends + graph * nodes
        return Edges(
            senders,
            receivers,
            graphs * nodes,
            weights=torch.rand(count, generator=generator, dtype=dtype),
            relation=torch.randint(RELATIONS, (count,), generator=generator),
            per_graph=nodes if path == "dense" else None,
            path=path,
        )

    return make


@pytest.fixture(scope="session")
def dense_adjacency() -> Callable[[Edges], Tensor]:
    """Return Â [N, N] in float64, step by step; gradients reach the weights."""

    def make(edges: Edges) -> Tensor:
        identity = torch.eye(edges.size, dtype=torch.float64)
        assert edges.weights is not None
        place = (edges.receivers, edges.senders)
        a = identity + torch.zeros_like(identity).index_put(
            place, edges.weights.double(), accumulate=True
        )
        scale = ((a.sum(0) + a.sum(1)) / 2).rsqrt()
        return scale[:, None] * a * scale[None, :]

    return make
