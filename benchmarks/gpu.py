"""What a GPU makes of the graph layers: right to begin with, then how fast each way is.

    python benchmarks/gpu.py [--rounds 30] [--device cuda]

First every layer and fusion is checked on the device against float64 on the CPU. Then batches of
graphs of one size go through one convolution σ(Â H W + b) and through training steps of three, by
PyG's GCNConv, by our packed and dense paths, the dense path compiled by torch, replayed as a CUDA
graph, and the fused Triton kernel, in turns. A figure is the median time over the floor: the
longer of what the bytes and what the operations take at the device's rates, which are measured
first by a copy and by a product of large matrices of the same type. --device cpu tries the script
where there is no GPU: without CUDA graphs, and with the kernel only under TRITON_INTERPRET=1.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from needs import check_needs
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from graph_fusion.fusion import FUSIONS, FusionConfig, Masks
from graph_fusion.fusion.base import TokenGraph
from graph_fusion.layers import LAYERS, Edges

Way = Callable[[], object]
SHAPES = ((256, 16, 256), (256, 36, 256), (64, 64, 512))
TRIED = ((4, 16, 32),)
"""Graphs, nodes of each, and features in and out; the latter on the CPU."""
DEGREE, LAYER_COUNT, WARM_UP = 5, 3, 5
TOLERANCE = {torch.float32: 2e-3, torch.bfloat16: 5e-2}
"""Greatest difference to float64, as a share of the largest value."""
LARGE = 4096
"""Rows and columns of the matrices by which the device's rates are measured."""


def random_edges(
    graphs: int, nodes: int, device: str, path: str | None, kind: torch.dtype = torch.float32
) -> Edges:
    """Return edges of graphs of `nodes` nodes, the same for every device and path."""
    generator = torch.Generator().manual_seed(0)
    first = torch.arange(graphs).repeat_interleave(nodes * DEGREE) * nodes
    ends = (torch.randint(nodes, (2, len(first)), generator=generator) + first).to(device)
    weights = torch.rand(len(first), generator=generator, dtype=torch.float64).to(device, kind)
    relation = (torch.arange(len(first)) % 4).to(device)
    return Edges(ends[0], ends[1], graphs * nodes, weights, relation, nodes, path)


def made(name: str, features: int) -> nn.Module:
    """Return a layer by name, with the same weights each time."""
    torch.manual_seed(0)
    options = {"relations": 4} if name == "rgcn" else {}
    layer: nn.Module = LAYERS.make(name, in_features=features, out_features=features, **options)
    return layer.eval()


def difference(found: Tensor, wanted: Tensor) -> float:
    """Return the greatest difference as a share of the largest value."""
    return float((found.detach().cpu().double() - wanted).abs().max() / wanted.abs().max())


def check_layers(device: str) -> list[tuple[str, float, bool]]:
    """Return each layer and path with its difference to float64 on the CPU."""
    rows = []
    h = torch.randn(8 * 20, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for name in sorted(LAYERS):
        wanted = made(name, 32).double()(h, random_edges(8, 20, "cpu", "dense", torch.float64))
        for path in ("packed", "dense", "fused"):
            if path == "fused" and (name != "gcn" or not has_kernel(device)):
                continue
            layer = made(name, 32).to(device)
            found = layer(h.float().to(device), random_edges(8, 20, device, path))
            rows.append(_row(f"{name}, {path}", difference(found, wanted.detach())))
    return rows


def check_fusions(device: str) -> list[tuple[str, float, bool]]:
    """Return each fusion with the difference of its pooled vectors to float64 on the CPU."""
    config = FusionConfig(hidden=32, layers=2, heads=2, relation_features=6, edge_features=3)
    rows = []
    for name in sorted(FUSIONS):
        torch.manual_seed(0)
        fusion = FUSIONS.make(name, config=config).eval()
        with torch.no_grad():
            found = fusion.to(device)(*_tokens(device, torch.float32)).pooled
            wanted = fusion.to("cpu").double()(*_tokens("cpu", torch.float64)).pooled
        rows.append(_row(f"fusion {name}", difference(found, wanted)))
    return rows


def _row(name: str, found: float) -> tuple[str, float, bool]:
    return name, found, found <= TOLERANCE[torch.float32]


def _tokens(device: str, kind: torch.dtype) -> tuple[Tensor, Tensor, TokenGraph, Masks]:
    generator = torch.Generator().manual_seed(2)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(device, kind)

    place = torch.arange(4 * 8, device=device)
    there = (
        torch.ones(4, 5, dtype=torch.bool, device=device),
        torch.ones(4, 3, dtype=torch.bool, device=device),
    )
    graph = TokenGraph(
        senders=place,
        receivers=place // 8 * 8 + (place + 1) % 8,
        weights=drawn(32).sigmoid(),
        relation=place % 4,
        backward=place % 2 == 0,
        relations=drawn(4, 6),
        features=drawn(32, 3),
    )
    return drawn(4, 5, 32), drawn(4, 3, 32), graph, Masks(*there)


def has_kernel(device: str, kind: torch.dtype = torch.float32) -> bool:
    """Whether the Triton kernel runs on the device; its interpreter multiplies no bfloat16."""
    interpreted = os.environ.get("TRITON_INTERPRET") == "1" and kind != torch.bfloat16
    return device == "cuda" or interpreted


def seconds(way: Way, device: str) -> float:
    """Return the time of one call, to the end of its work on the device."""
    wait(device)
    start = perf_counter()
    way()
    wait(device)
    return perf_counter() - start


def wait(device: str) -> None:
    """Return once the device has done all that it was given."""
    if device == "cuda":
        torch.cuda.synchronize()


def medians(ways: dict[str, Way], device: str, rounds: int) -> dict[str, float]:
    """Return the median seconds of each way; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + WARM_UP):
        for name, way in ways.items():
            found = seconds(way, device)
            if number >= WARM_UP:
                times[name].append(found)
    return {name: median(found) for name, found in times.items()}


def rates(device: str, kind: torch.dtype, rounds: int) -> tuple[float, float]:
    """Return bytes and operations per second, of a copy and of a product of large matrices."""
    size = LARGE if device == "cuda" else LARGE // 8
    a, b = (torch.rand(size, size, device=device).to(kind) for _ in range(2))
    out = torch.empty_like(a)
    found = medians({"copy": lambda: out.copy_(a), "product": lambda: a @ b}, device, rounds)
    return 2 * a.nbytes / found["copy"], 2 * size**3 / found["product"]


def floor(shape: tuple[int, int, int], kind: torch.dtype, rate: tuple[float, float]) -> float:
    """Return the least seconds of one convolution: bytes read and written once, operations done."""
    graphs, nodes, features = shape
    size = torch.empty(0, dtype=kind).element_size()
    moved = graphs * nodes * (nodes + 2 * features) + features * features
    operations = 2 * graphs * nodes * features * (features + nodes)
    return max(moved * size / rate[0], operations / rate[1])


def forward_ways(shape: tuple[int, int, int], device: str, kind: torch.dtype) -> dict[str, Way]:
    """Return the ways to compute one convolution without gradients."""
    graphs, nodes, features = shape
    h = torch.randn(graphs * nodes, features, device=device).to(kind)

    def way(name: str, path: str | None) -> Way:
        layer = made(name, features).to(device, kind)
        edges = random_edges(graphs, nodes, device, path, kind)

        def call() -> Tensor:
            with torch.no_grad():
                out: Tensor = layer(h, edges)
                return out

        return call

    ways = {"PyG": way("pyg", None), "packed": way("gcn", "packed"), "dense": way("gcn", "dense")}
    ways["dense, compiled"] = torch.compile(ways["dense"])
    if device == "cuda":
        ways["dense, CUDA graph"] = replayed(ways["dense"])
    if has_kernel(device, kind):
        ways["fused kernel"] = way("gcn", "fused")
    return ways


def replayed(way: Way) -> Way:
    """Return `way` recorded once as a CUDA graph."""
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):  # allocations and library handles are made before recording
        for _ in range(3):
            way()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        way()
    return graph.replay


def training_ways(shape: tuple[int, int, int], device: str, kind: torch.dtype) -> dict[str, Way]:
    """Return the ways to make one training step of three layers, building of Â included."""
    graphs, nodes, features = shape
    h = torch.randn(graphs * nodes, features, device=device)

    def way(name: str, path: str | None) -> Way:
        layers = nn.ModuleList(made(name, features) for _ in range(LAYER_COUNT)).to(device)
        optimizer = torch.optim.SGD(layers.parameters(), lr=1e-3)

        def step() -> None:
            edges = random_edges_like(base, path)
            out = h
            with torch.autocast(device, torch.bfloat16, enabled=kind == torch.bfloat16):
                for layer in layers:
                    out = layer(out, edges)
            optimizer.zero_grad()
            out.float().square().mean().backward()
            optimizer.step()

        return step

    base = random_edges(graphs, nodes, device, None)
    ways = {"PyG": way("pyg", None), "packed": way("gcn", "packed"), "dense": way("gcn", "dense")}
    if has_kernel(device, kind):
        ways["fused kernel"] = way("gcn", "fused")
    return ways


def random_edges_like(edges: Edges, path: str | None) -> Edges:
    """Return the same edges as a new batch, of which nothing is worked out yet."""
    parts = edges.senders, edges.receivers, edges.size, edges.weights, edges.relation
    return Edges(*parts, edges.per_graph, path)


def show(console: Console, device: str, rounds: int) -> None:
    """Print a table of the ways for each type of numbers."""
    for kind in (torch.float32, torch.bfloat16):
        rate = rates(device, kind, rounds)
        title = (
            f"{kind}: {rate[0] / 1e9:.0f} GB/s, {rate[1] / 1e12:.2f} TFLOP/s; time over the floor"
        )
        table = Table("graphs x nodes x features", "way", "forward", "training step", title=title)
        for shape in SHAPES if device == "cuda" else TRIED:
            least = floor(shape, kind, rate)
            once = medians(forward_ways(shape, device, kind), device, rounds)
            step = medians(training_ways(shape, device, kind), device, rounds)
            for name in dict.fromkeys([*once, *step]):
                trained = step.get(name)
                cell = "" if trained is None else f"{trained / (3 * LAYER_COUNT * least):.2f}"
                what = " x ".join(map(str, shape))
                table.add_row(what, name, f"{once[name] / least:.2f}", cell)
        console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    chosen = parser.parse_args()
    check_needs("torch_geometric", "triton")
    if chosen.device == "cuda" and not torch.cuda.is_available():
        sys.exit("there is no GPU here, and nothing was measured. --device cpu tries the script.")
    name = torch.cuda.get_device_name() if chosen.device == "cuda" else "CPU"
    console = Console(width=110)
    console.print(f"{name}, torch {torch.__version__}")
    checks = [*check_layers(chosen.device), *check_fusions(chosen.device)]
    for what, found, good in checks:
        console.print(f"{what:28} differs by {found:.1e}: {'right' if good else 'WRONG'}")
    if not all(good for _, _, good in checks):
        sys.exit("a layer or fusion computes something else than on the CPU; nothing was timed")
    show(console, chosen.device, chosen.rounds)


if __name__ == "__main__":
    main()
