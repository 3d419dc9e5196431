"""Names for signals: a network that `sightgraph train signals` trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kg import schema
from kg.errors import SightGraphError
from pipelines.detections import Name
from pipelines.modalities.modality import MAX_FEATURES, Modality

MAX_NAMES = 3
"""Names of a signal that are kept."""
CONFIG, WEIGHTS = "config.json", "model.safetensors"


@dataclass(frozen=True)
class SignalNamer:
    """Names signals of one modality.

    modality: its name; features: of its vectors.
    names: what it tells apart; synsets: their ids in Open English WordNet, "" where not known.
    """

    folder: Path
    modality: str
    features: int
    names: tuple[str, ...]
    hidden: int
    synsets: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> SignalNamer:
        """Read what `sightgraph train signals` wrote; the weights are read when first used.

        Raises:
            SightGraphError: the folder holds something else.
        """
        config = schema.read_json(folder / CONFIG)
        try:
            fields = schema.mapping(config, "the file")
            names = schema.texts(fields["names"], "names")
            synsets = schema.texts(fields.get("synsets"), "synsets")
            if not names or len(synsets) not in (0, len(names)):
                raise ValueError("names is empty, or synsets does not fit them")
            return cls(
                folder,
                schema.text(fields["modality"], "modality", empty=False),
                schema.whole(fields["features"], "features", 1, MAX_FEATURES),
                names,
                schema.whole(fields["hidden"], "hidden", 1, 4096),
                synsets,
            )
        except (KeyError, ValueError) as error:
            raise SightGraphError(
                f"'{folder / CONFIG}' is no namer of signals: {error}. `sightgraph train signals` "
                "writes one."
            ) from error

    def __call__(self, signal: Modality) -> tuple[Name, ...]:
        """Return the most probable names.

        Raises:
            SightGraphError: the vectors have another number of features, or the weights are
                damaged.
        """
        rows, features = signal.vectors.shape
        if features != self.features:
            raise SightGraphError(
                f"'{signal.source}' has vectors of {features} numbers; the namer in "
                f"'{self.folder}' was trained on vectors of {self.features}."
            )
        import torch

        with torch.no_grad():
            vectors = torch.from_numpy(signal.vectors).unsqueeze(0)
            mask = torch.ones(1, rows, dtype=torch.bool)
            probabilities = torch.softmax(self._network(vectors, mask)[0], dim=0)
        best = probabilities.topk(min(MAX_NAMES, len(self.names)))
        return tuple(
            Name(self.names[at], min(1.0, probability), self._synset(at))
            for probability, at in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )

    def _synset(self, at: int) -> str | None:
        return (self.synsets[at] or None) if self.synsets else None

    @cached_property
    def _network(self) -> Any:
        from graph_fusion.signal_model import SignalNetwork
        from graph_fusion.weights import loading, read_weights

        with loading("signals", self.folder):
            network = SignalNetwork(self.features, len(self.names), self.hidden)
            network.load_state_dict(read_weights(self.folder / WEIGHTS))
        return network.eval()


def named(signal: Modality, namer: SignalNamer | None) -> Modality:
    """Return `signal` with its names; one that is named already keeps them.

    Raises:
        SightGraphError: the namer was trained on other vectors.
    """
    if namer is None or signal.names:
        return signal
    return replace(signal, names=namer(signal), origin=namer.folder.name)


def unnamed(signals: Sequence[Modality]) -> tuple[str, ...]:
    """Return a sentence for each signal that nothing names."""
    return tuple(
        f"nothing names the modality '{one.name}': it is a node without a meaning"
        for one in signals
        if not one.names
    )


def save(
    folder: Path, modality: str, names: tuple[str, ...], network: Any, synsets: tuple[str, ...] = ()
) -> None:
    """Write a trained `SignalNetwork` so that `SignalNamer.load` reads it."""
    from safetensors.torch import save_file

    from graph_fusion.weights import shrunk
    from kg.files import atomic_path, write_text

    config = {
        "modality": modality,
        "features": len(network.mean),
        "names": list(names),
        "hidden": network.embed.out_features,
        "synsets": list(synsets),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / WEIGHTS) as path:
        save_file(shrunk(network.state_dict()), path)
    write_text(folder / CONFIG, json.dumps(config, indent=1, ensure_ascii=False) + "\n")
