"""Scenes taught by weak labels: what other models and captions say of whole photographs.

The labels are of OK-VQA's photographs (merged labels of several classifiers) and of Flickr8k's
and COCO's captions. Nobody checked them, and a scene that is not named may still be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.perception import SceneNetwork
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError
from kg.files import atomic_path, write_text
from pipelines.datasets.splits import held_out
from pipelines.detectors.bundled import BundledDetector
from pipelines.photo import Photo
from pipelines.seeing.scenes import SceneReader, object_scores

SCENES: dict[str, tuple[str, ...]] = {
    "kitchen": ("kitchen", "restaurant kitchen", "galley"),
    "bathroom": ("bathroom", "shower", "public restroom"),
    "bedroom": ("bedroom", "hotel room", "dorm room", "childs room", "bedchamber"),
    "living room": ("living room", "television room", "home theater", "playroom"),
    "dining room": ("dining room", "dining hall"),
    "office": ("office", "home office", "computer room", "office cubicles"),
    "restaurant": ("restaurant", "pizzeria", "coffee shop", "fast food restaurant", "cafeteria"),
    "shop": ("market", "grocery store", "supermarket", "bakery", "delicatessen", "candy store"),
    "street": ("street", "crosswalk", "highway", "downtown", "sidewalk", "city", "road"),
    "parking lot": ("parking lot", "parking garage"),
    "train station": ("train station", "railroad track", "train tracks", "railway"),
    "airport": ("airfield", "runway", "airport", "heliport", "tarmac"),
    "beach": ("beach", "seashore", "coast", "sandbar", "shore"),
    "sea": ("ocean", "wave", "waves", "sea"),
    "harbour": ("harbor", "dock", "pier", "boathouse", "marina"),
    "lake": ("lakeside", "lake", "river", "pond", "swimming hole"),
    "ski slope": ("ski slope", "snowfield", "ski resort", "snow", "snowy"),
    "mountain": ("alp", "mountain", "mountains", "mountain path", "cliff"),
    "baseball field": ("baseball field", "baseball"),
    "tennis court": ("tennis court", "tennis"),
    "sports field": ("soccer field", "athletic field", "football field", "stadium"),
    "skate park": ("skate park", "skateboard ramp", "ramp"),
    "park": ("park", "lawn", "playground", "garden"),
    "pasture": ("pasture", "corral", "farm", "field road", "meadow", "field"),
    "forest": ("forest", "woods", "forest path", "rainforest"),
}
"""Each scene with the labels and caption words that name it."""
HELD_OUT = 0.2
LEAST_LABELS = 12
PRECISION = 0.6
"""Wanted of the scenes that are said, on held-out photographs."""


@dataclass(frozen=True, slots=True)
class SceneTraining:
    """How the scene network is trained."""

    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """Photographs as the network sees them: names, look [P, F], objects [P, L], labels [P, S]."""

    names: list[str]
    look: Tensor
    objects: Tensor
    wanted: Tensor

    def part(self, held: bool) -> Looked:
        """Return the photographs that are held out, or those that are not."""
        rows = [i for i, name in enumerate(self.names) if held_out(name, HELD_OUT) == held]
        return Looked(
            [self.names[i] for i in rows], self.look[rows], self.objects[rows], self.wanted[rows]
        )


def weak_labels(data: Path) -> dict[str, set[str]]:
    """Return the scenes that are named of each photograph, by its path in `data`.

    Only photographs of which some scene is named are there.

    Raises:
        SightGraphError: a data set is missing.
    """
    try:
        said = _of_okvqa(data / "okvqa")
        for folder in ("flickr8k_1k", "coco_mini"):
            said |= _of_captions(data, folder)
    except (OSError, ValueError, KeyError) as error:
        raise SightGraphError(
            f"the scenes' labels cannot be read: {error}. Set --data to the data folder."
        ) from error
    found = {}
    for name, texts in said.items():
        scenes = {scene for scene, words in SCENES.items() if texts & set(words)}
        if scenes:
            found[name] = scenes
    return found


def _of_okvqa(folder: Path) -> dict[str, set[str]]:
    rows = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    found = {}
    for row in rows:
        name = f"images/COCO_train2014_{row['image_id']:012d}.jpg"
        if (folder / name).is_file():
            found[f"okvqa/{name}"] = set(row["detections"])
    return found


def _of_captions(data: Path, folder: str) -> dict[str, set[str]]:
    """Read captions; of COCO's photographs only the train part."""
    annotations = json.loads((data / folder / "annotations.json").read_text(encoding="utf-8"))
    captions = annotations["annotations"]
    if folder == "coco_mini":
        captions = json.loads((data / folder / "captions.json").read_text(encoding="utf-8"))
        captions = captions["annotations"]
    files = {
        one["id"]: f"{folder}/{one['file_name']}"
        for one in annotations["images"]
        if one["split"] in ("train", "train2017")
    }
    pattern = "|".join(sorted({w for words in SCENES.values() for w in words}, key=len)[::-1])
    found: dict[str, set[str]] = {}
    for one in captions:
        if one["image_id"] in files:
            words = re.findall(rf"\b(?:{pattern})\b", one["caption"].lower())
            found.setdefault(files[one["image_id"]], set()).update(words)
    return found


def look_at(data: Path, detector: BundledDetector, labels: Mapping[str, set[str]]) -> Looked:
    """Detect in every labelled photograph."""
    scenes = _scenes(labels)
    looks, objects, wanted = [], [], []
    names = sorted(labels)
    for name in track(names, "looking"):
        photo = Photo.open(data / name)
        found = detector(photo)
        looks.append(torch.from_numpy(detector.look(photo)))
        objects.append(object_scores(found, detector.labels))
        wanted.append(torch.tensor([float(scene in labels[name]) for scene in scenes]))
    return Looked(names, torch.stack(looks), torch.stack(objects), torch.stack(wanted))


def _scenes(labels: Mapping[str, set[str]]) -> list[str]:
    """Return the scenes that enough photographs are named for."""
    return [s for s in SCENES if sum(s in one for one in labels.values()) >= LEAST_LABELS]


@deterministic()
def train(
    data: Path,
    out: Path,
    options: SceneTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the weak labels of `data` and write the model folder `out`.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or SceneTraining()
    torch.manual_seed(options.seed)
    detector = BundledDetector()
    labels = weak_labels(data)
    looked = look_at(data, detector, labels)
    seen, kept_back = looked.part(False), looked.part(True)
    network = SceneNetwork(seen.look.shape[1], len(detector.labels), seen.wanted.shape[1])
    network.mean.copy_(seen.look.mean(0))
    network.spread.copy_(seen.look.std(0).clamp_min(1e-3))
    optimizer = torch.optim.AdamW(
        network.parameters(), options.learning_rate, weight_decay=options.weight_decay
    )
    for _ in track(range(options.epochs), "training"):
        network.train()
        for chosen in torch.split(torch.randperm(len(seen.names)), options.batch_size):
            logits = network(seen.look[chosen], seen.objects[chosen])
            loss = F.binary_cross_entropy_with_logits(logits, seen.wanted[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    network.eval()
    scores = _probabilities(network, kept_back)
    figures = _figures(scores, kept_back.wanted)
    config = {
        "scenes": _scenes(labels),
        "labels": detector.labels,
        "features": seen.look.shape[1],
        "threshold": _threshold(scores, kept_back.wanted),
    }
    out.mkdir(parents=True, exist_ok=True)
    with atomic_path(out / "model.safetensors") as path:
        save_file(network.state_dict(), path)
    write_text(out / "config.json", json.dumps(config, indent=1) + "\n")
    log(f"{len(seen.names)} photographs trained on, {len(kept_back.names)} held out")
    return figures


def evaluate(data: Path, folder: Path | None = None) -> dict[str, float]:
    """Measure on the held-out photographs, with what guessing and each source alone reach.

    top-1: the likeliest scene is among those named; mAP: mean over the scenes.

    Raises:
        SightGraphError: a data set is missing.
    """
    reader = SceneReader(folder)
    looked = look_at(data, BundledDetector(), weak_labels(data))
    if looked.wanted.shape[1] != len(reader.scenes):
        raise SightGraphError("the model's scenes are not those of the data. Train it again.")
    seen, kept_back = looked.part(False), looked.part(True)
    figures: dict[str, float] = {"photographs": float(len(kept_back.names))}
    network = reader.network
    frequent = seen.wanted.mean(0).expand_as(kept_back.wanted)
    blind = Looked(
        kept_back.names, network.mean.expand_as(kept_back.look), kept_back.objects, kept_back.wanted
    )
    bare = Looked(
        kept_back.names, kept_back.look, torch.zeros_like(kept_back.objects), kept_back.wanted
    )
    for name, scores in (
        ("", _probabilities(network, kept_back)),
        ("always the most frequent: ", frequent),
        ("objects only: ", _probabilities(network, blind)),
        ("look only: ", _probabilities(network, bare)),
    ):
        figures |= {name + key: value for key, value in _figures(scores, kept_back.wanted).items()}
    said = _probabilities(network, kept_back).max(1)
    sure = said.values >= reader.threshold
    right = kept_back.wanted.gather(1, said.indices[:, None])[:, 0]
    figures["said of"] = float(sure.float().mean())
    figures["right where said"] = float(right[sure].mean()) if sure.any() else 0.0
    return figures


@torch.inference_mode()
def _probabilities(network: SceneNetwork, looked: Looked) -> Tensor:
    return torch.sigmoid(network(looked.look, looked.objects))


def _figures(scores: Tensor, wanted: Tensor) -> dict[str, float]:
    top = wanted.gather(1, scores.argmax(1, keepdim=True)).mean()
    precisions = [_average_precision(scores[:, i], wanted[:, i]) for i in range(wanted.shape[1])]
    return {"top-1": float(top), "mAP": float(np.nanmean(precisions))}


def _average_precision(scores: Tensor, wanted: Tensor) -> float:
    ranked = wanted[scores.argsort(descending=True, stable=True)]
    if not ranked.any():
        return float("nan")
    precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
    return float((precision * ranked).sum() / ranked.sum())


def _threshold(scores: Tensor, wanted: Tensor) -> float:
    """Return the least probability at which scenes that are said are right often enough."""
    order = scores.flatten().argsort(descending=True)
    right = wanted.flatten()[order]
    precision = right.cumsum(0) / torch.arange(1, len(right) + 1)
    good = (precision >= PRECISION).nonzero()
    last = int(good[-1]) if len(good) else 0
    return round(float(scores.flatten()[order[last]]), 3)
