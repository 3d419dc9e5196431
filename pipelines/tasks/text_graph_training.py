"""Training the text-graph reader on FACTUAL's train part."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.determinism import deterministic
from graph_fusion.text_graph import Read, TextGraphConfig, TextGraphNetwork
from kg.files import atomic_path, write_text
from pipelines.reading.trained import WordPieces, minilm, read_words
from pipelines.tasks.text_graph import scores
from pipelines.tasks.text_graph_data import (
    LEAST_IMPLIED,
    LEAST_LINKS,
    LEAST_NAMES,
    LONGEST_CAPTION,
    CaptionGraph,
    WordGraph,
    is_held_out,
    learn_renamings,
    read_factual,
    word_graph,
)

NONE = "none"
IGNORED = -100
FROZEN = "encoder.embeddings."


@dataclass(frozen=True, slots=True)
class TextGraphTraining:
    """How the reader is trained; the learning rate rises over `warm` steps and falls to 0."""

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    encoder_rate: float = 1.5e-4
    warm: int = 300
    average: float = 0.999
    seed: int = 0


@deterministic()
def train(
    data: Path,
    out: Path,
    options: TextGraphTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `data`/factual/train.csv and write the model folder `out`.

    Continues from `out`/checkpoint.pt when there is one. Returns the figures on the captions
    that were held out of train.

    Raises:
        SightGraphError: the file is missing.
    """
    options = options or TextGraphTraining()
    torch.manual_seed(options.seed)
    graphs = read_factual(data / "factual" / "train.csv")
    held_out = [graph for graph in graphs if is_held_out(graph)]
    graphs = [graph for graph in graphs if not is_held_out(graph)]
    renamings = learn_renamings(graphs)
    targets = [word_graph(graph, renamings) for graph in graphs]
    config = _config(targets)
    targets = [one for one in targets if _usable(one, config)]
    out.mkdir(parents=True, exist_ok=True)
    pieces, encoder = minilm()
    network = TextGraphNetwork(config, encoder)
    optimizer = _optimizer(network, options)
    average = _trained(network)
    average = {name: value.clone() for name, value in average.items()}
    batches = _batches(targets, options.batch_size)
    steps = options.epochs * len(batches)
    epoch, step = _resume(network, optimizer, average, out)
    while epoch < options.epochs:
        torch.manual_seed(options.seed * 1000 + epoch)
        network.train()
        losses = []
        order = torch.randperm(len(batches)).tolist()
        for number in track(order, f"epoch {epoch + 1} of {options.epochs}"):
            _set_rate(optimizer, step, steps, options.warm)
            chosen = [targets[index] for index in batches[number]]
            loss = _loss(network(**pieces([one.words for one in chosen])), chosen, config)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            keep = min(options.average, (step + 1) / (step + 10))
            for name, value in _trained(network).items():
                average[name].lerp_(value.detach(), 1 - keep)
            losses.append(float(loss.detach()))
            step += 1
        epoch += 1
        _checkpoint(network, optimizer, average, epoch, step, out)
        _export(average, config, out)
        figures = _measure(network, average, pieces, held_out)
        log(f"epoch {epoch}: mean loss {np.mean(losses):.4f}, held out: {figures}")
    return _measure(network, average, pieces, held_out)


def _config(targets: Sequence[WordGraph]) -> TextGraphConfig:
    links = Counter(label for one in targets for _, label, _ in one.links)
    names = Counter(name for one in targets for name in one.names.values())
    implied = Counter(name for one in targets for _, name in one.implied)
    return TextGraphConfig(
        _known(links, LEAST_LINKS), _known(names, LEAST_NAMES), _known(implied, LEAST_IMPLIED)
    )


def _known(counts: Counter[str], least: int) -> tuple[str, ...]:
    return (NONE, *sorted(label for label, count in counts.items() if count >= least))


def _usable(one: WordGraph, config: TextGraphConfig) -> bool:
    """Leave out captions whose graph the network could not say."""
    return (
        one.whole
        and 0 < len(one.words) <= LONGEST_CAPTION
        and all(label in config.links for _, label, _ in one.links)
        and all(name in config.names for name in one.names.values())
        and all(name in config.implied for _, name in one.implied)
    )


def _batches(targets: Sequence[WordGraph], size: int) -> list[list[int]]:
    """Captions of like length together."""
    order = sorted(range(len(targets)), key=lambda index: len(targets[index].words))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _loss(read: Read, wanted: Sequence[WordGraph], config: TextGraphConfig) -> Tensor:
    """Return the cross-entropy of all four parts, summed over words, per caption."""
    number = {label: index for index, label in enumerate(config.links)}
    size = read.links.shape[1]
    links = torch.full((len(wanted), size, size), IGNORED)
    lengths, names, implied = (torch.full((len(wanted), size), IGNORED) for _ in range(3))
    for row, one in enumerate(wanted):
        there = len(one.words)
        links[row, :there, :there] = 0
        for subject, label, target in one.links:
            links[row, subject, target] = number[label]
        for at, length in one.lengths.items():
            lengths[row, at] = length - 1
            names[row, at] = config.names.index(one.names.get(at, NONE))
            implied[row, at] = 0
        for at, name in one.implied:
            implied[row, at] = config.implied.index(name)
    parts = zip(
        (read.links, read.lengths, read.names, read.implied),
        (links, lengths, names, implied),
        strict=True,
    )
    total = sum(
        (
            F.cross_entropy(
                logits.flatten(0, -2), target.flatten(), ignore_index=IGNORED, reduction="sum"
            )
            for logits, target in parts
        ),
        torch.zeros(()),
    )
    return total / len(wanted)


def _measure(
    network: TextGraphNetwork,
    average: dict[str, Tensor],
    pieces: WordPieces,
    held_out: Sequence[CaptionGraph],
) -> dict[str, float]:
    """Return the scores of the averaged weights; the network keeps its own."""
    own = {name: value.clone() for name, value in _trained(network).items()}
    network.load_state_dict(average, strict=False)
    network.eval()
    read = [read_words(network, pieces, graph.caption).triples() for graph in held_out]
    network.load_state_dict(own, strict=False)
    return scores(read, [graph.triples for graph in held_out])


def _trained(network: TextGraphNetwork) -> dict[str, Tensor]:
    state = network.state_dict()
    return {name: value for name, value in state.items() if not name.startswith(FROZEN)}


def _optimizer(network: TextGraphNetwork, options: TextGraphTraining) -> torch.optim.Optimizer:
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    known = {id(parameter) for parameter in network.encoder.parameters()}
    heads = [p for p in network.parameters() if id(p) not in known]
    return torch.optim.AdamW(
        [
            {"params": encoder, "lr": 0.0, "peak": options.encoder_rate},
            {"params": heads, "lr": 0.0, "peak": options.learning_rate},
        ],
        weight_decay=0.01,
    )


def _set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int, warm: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * min((step + 1) / warm, (steps - step) / steps)


def _checkpoint(
    network: TextGraphNetwork,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
    epoch: int,
    step: int,
    out: Path,
) -> None:
    state = {
        "network": _trained(network),
        "optimizer": optimizer.state_dict(),
        "average": average,
        "epoch": epoch,
        "step": step,
    }
    with atomic_path(out / "checkpoint.pt") as path:
        torch.save(state, path)


def _resume(
    network: TextGraphNetwork,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
    out: Path,
) -> tuple[int, int]:
    file = out / "checkpoint.pt"
    if not file.is_file():
        return 0, 0
    state: dict[str, Any] = torch.load(file, weights_only=True)
    network.load_state_dict(state["network"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    average.update(state["average"])
    return int(state["epoch"]), int(state["step"])


def _export(average: dict[str, Tensor], config: TextGraphConfig, out: Path) -> None:
    """Write what was trained, in half precision: MiniLM's embeddings come from its own files."""
    with atomic_path(out / "model.safetensors") as path:
        save_file({name: value.half().contiguous() for name, value in average.items()}, path)
    write_text(out / "config.json", json.dumps(asdict(config), indent=1) + "\n")
