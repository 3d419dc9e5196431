"""DAQUAR's questions as vectors, mirrored ones too, and the objects that they name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.progress import track
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from graph_fusion.encoders.hugging_face import HuggingFaceText
from kg.files import atomic_path

BATCH = 32
MIRROR = {"left": "right", "right": "left"}
SAID = {
    "couch": "sofa",
    "tv": "television",
    "dining table": "table",
    "potted plant": "plant",
    "cell phone": "telephone",
    "refrigerator": "refridgerator",
    "backpack": "bag",
    "handbag": "bag",
    "teddy bear": "toy",
}
"""How the questions call some of the detector's classes; the sixth is how they spell it."""


def mirrored(text: str) -> str:
    """Return what a question becomes when its photograph is mirrored.

    >>> mirrored("what is left of the lamp on the right wall")
    'what is right of the lamp on the left wall'
    """
    return " ".join(MIRROR.get(word, word) for word in text.split())


def names_object(text: str, label: str) -> bool:
    """Tell whether a question says the name of a class, in the singular or the plural.

    >>> names_object("how many chairs are at the table", "dining table")
    True
    """
    padded = f" {text} "
    names = {label, SAID.get(label, label)}
    return any(f" {name}{end} " in padded for name in names for end in ("", "s", "es"))


def encode_questions(texts: Sequence[str], cache: Path, keep: bool) -> Tensor:
    """Return the mean of each text's word pieces in MiniLM's last layer, and its first [Q, 2, 384].

    keep: write them to `cache`, from where the same texts are taken again.

    Raises:
        SightGraphError: `cache` cannot be written.
    """
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    stored = cache / f"questions-{digest}.safetensors"
    try:
        kept: Tensor = load_file(stored)["texts"]
        return kept
    except (OSError, KeyError, SafetensorError):
        found = _encode(texts)
    if keep:
        cache.mkdir(parents=True, exist_ok=True)
        with atomic_path(stored) as path:
            save_file({"texts": found}, path)
    return found


@torch.inference_mode()
def _encode(texts: Sequence[str]) -> Tensor:
    encoder = HuggingFaceText().eval()
    once = sorted(set(texts), key=lambda text: (len(text), text))
    parts = []
    for start in track(range(0, len(once), BATCH), "reading"):
        tokens = encoder(once[start : start + BATCH])
        count = tokens.mask.sum(1, keepdim=True)
        parts.append(torch.stack([tokens.values.sum(1) / count, tokens.values[:, 0]], dim=1))
    row = {text: number for number, text in enumerate(once)}
    return torch.cat(parts)[[row[text] for text in texts]]
