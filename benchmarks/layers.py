"""Graph convolution against the product X @ W of the same shape, and PyG's, on one CPU thread.

    python benchmarks/layers.py [--degrees 5 16 32] [--rounds 25]

Each way takes turns with X @ W (A B A B ...), so that what else runs on the machine slows both
alike; a figure is its lower quartile over that of X @ W in these turns (where other programs
take the processor for milliseconds at a time, a median tells of them). "packed" and "dense" are
our two paths, "ours" the one that the dispatch chose for graphs padded to n nodes; where graphs
differ in size it is always "packed". Building, in turns with "ours": `Edges` and Â from edges
that lie graph after graph, over one layer forward; and with the transpose that gradients need,
over one layer forward and backward. A figure that misses its goal, set for degree 5, is red.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import median, quantiles
from time import perf_counter

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch_geometric.nn import GCNConv

from graph_fusion.layers.edges import PATHS, Edges
from graph_fusion.layers.gcn import GCN

GRAPHS, NODES, FEATURES = (16, 64), (16, 36, 64), (256, 512)
GOAL_DEGREE = 5
WARM_UP = 3
"""Rounds that are not counted."""
BASE, BUILD = "X @ W", "build"

Way = Callable[[], object]


@dataclass(frozen=True)
class Pass:
    """What is timed against X @ W: `ways`, of which `ours` may take `goal` times as long."""

    name: str
    ways: dict[str, Way]
    goal: float


BUILD_GOAL = 0.15
"""Building a batch may take this share of one layer."""


def random_edges(graphs: int, nodes: int, degree: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return senders, receivers and weights of undirected graphs, graph after graph."""
    count = nodes * degree // 2
    first = torch.arange(graphs).repeat_interleave(count) * nodes
    ends = torch.randint(nodes, (2, graphs * count)) + first
    senders, receivers = torch.cat([ends, ends.flip(0)], dim=1)
    by_graph = torch.argsort(receivers // nodes, stable=True)
    return senders[by_graph], receivers[by_graph], torch.rand(len(senders))


def ratio(way: Way, base: Way, rounds: int) -> tuple[float, float]:
    """Return the time of `way` over that of `base`, in turns; and the latter in seconds."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for one, found in zip((base, way), times, strict=True):
            start = perf_counter()
            one()
            found.append(perf_counter() - start)
    base_time, time = (quantiles(found[WARM_UP:], n=4)[0] for found in times)
    return time / base_time, base_time


def passes(graphs: int, nodes: int, features: int, degree: int) -> tuple[Pass, Pass]:
    """Return what to time forward, and forward and backward, on one batch."""
    senders, receivers, weights = random_edges(graphs, nodes, degree)
    count = graphs * nodes
    h = torch.randn(count, features, requires_grad=True)
    matrix = torch.randn(features, features, requires_grad=True)
    grad = torch.randn(count, features)
    gcn, conv = GCN(features, features), GCNConv(features, features)
    index = torch.stack([senders, receivers])

    def batch(path: str | None = None) -> Edges:
        return Edges(senders, receivers, count, weights, per_graph=nodes, path=path)

    ways: dict[str, tuple[Callable[[], Tensor], list[Tensor]]] = {
        BASE: (lambda: h @ matrix, [h, matrix])
    }
    for name, path in (("ours", None), *zip(PATHS, PATHS, strict=True)):
        ways[name] = (partial(gcn, h, batch(path)), [h, *gcn.parameters()])
    ways["PyG"] = (lambda: torch.relu(conv(h, index, weights)), [h, *conv.parameters()])
    forward: dict[str, Way] = {
        name: partial(without_gradients, way) for name, (way, _) in ways.items()
    }
    both: dict[str, Way] = {name: partial(gradients, *way, grad) for name, way in ways.items()}
    forward[BUILD] = lambda: batch().adjacency
    both[BUILD] = lambda: transposed(batch())
    return Pass("forward", forward, goal=1.45), Pass("forward and backward", both, goal=1.7)


@torch.inference_mode()
def without_gradients(way: Callable[[], Tensor]) -> Tensor:
    return way()


def gradients(way: Callable[[], Tensor], inputs: list[Tensor], grad: Tensor) -> object:
    return torch.autograd.grad(way(), inputs, grad)


def transposed(edges: Edges) -> object:
    """Build what a training step needs of `edges`, whose gradients take the transpose."""
    return edges.adjacency if edges.is_dense else (edges.adjacency, edges.ends.looped.transposed)


def marked(share: float, goal: float, degree: int) -> str:
    """Return `share` as text, red where it misses its goal."""
    text = f"{share:.2f}"
    return f"[bold red]{text}[/]" if degree == GOAL_DEGREE and share > goal else text


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--degrees", type=int, nargs="+", default=[GOAL_DEGREE])
    arguments.add_argument("--rounds", type=int, default=25)
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    names = ["ours", *PATHS, "PyG"]
    table = Table(
        "degree", "graphs", "nodes", "h", "pass", f"{BASE}, ms", *names, f"{BUILD} / ours"
    )
    for degree, graphs, nodes, features in product(chosen.degrees, GRAPHS, NODES, FEATURES):
        for timed in passes(graphs, nodes, features, degree):
            base = timed.ways[BASE]
            found = [ratio(timed.ways[name], base, chosen.rounds) for name in names]
            build, _ = ratio(timed.ways[BUILD], timed.ways["ours"], chosen.rounds)
            table.add_row(
                *map(str, (degree, graphs, nodes, features)),
                timed.name,
                f"{1000 * median(seconds for _, seconds in found):.2f}",
                marked(found[0][0], timed.goal, degree),
                *(f"{share:.2f}" for share, _ in found[1:]),
                marked(build, BUILD_GOAL, degree),
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
