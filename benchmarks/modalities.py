"""What each modality gives: photographs of scenes, a question, and a sound that fits or does not.

The photographs are real (scenes15), and are read as the namer's features of them: one vector each,
the modality "view". No set here has real sounds beside photographs, so the sounds are rendered:
noises, tones, chirps and clicks of a kind, a second each, with noise. Three questions about each
pair need different modalities:

- "What place is this?" the photograph; the sound, where it fits, narrows it down;
- "What is heard?" the sound alone;
- "Does the sound fit the place?" both.

    python benchmarks/modalities.py make DATASETS/scenes15 RUNS/heard-data
    sightgraph train folder --data RUNS/heard-data --config RUNS/heard-data/config.yaml --out RUN
    sightgraph evaluate folder --data RUNS/heard-data --model RUN --without-modality each
    python benchmarks/modalities.py run RUNS/heard-data RUNS/heard

`run` trains with and without dropped modalities and without edges, for three seeds, and prints a
table; trainings that are there already are not done again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import yaml  # type: ignore[import-untyped]

from kg.files import write_text
from pipelines.bench.evaluator import figures_without_each
from pipelines.bench.folder import FolderTask
from pipelines.bench.run import spread
from pipelines.bench.task_training import load_task, read_training, train_task
from pipelines.datasets.scenes15 import ScenePhoto, read_scenes
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo

SAMPLES, SECONDS = 16_000, 1.0
SEEDS = 3
PLACES = {
    "coast": "sea",
    "forest": "birds",
    "mountain": "wind",
    "open country": "birds",
    "highway": "traffic",
    "street": "traffic",
    "city street": "traffic",
    "tall building": "traffic",
    "office": "hum",
    "kitchen": "hum",
    "living room": "hum",
    "bedroom": "hum",
    "suburb": "birds",
    "industrial site": "machine",
    "shop": "voices",
}
"""Which kind of sound fits a scene: chosen by hand, from general knowledge."""
WRONG = 0.5
"""Share of the photographs whose sound does not fit."""
LOUDEST_NOISE = 1.5
"""Deviation of the white noise in units of the sound's, drawn from 0 to this."""
CONFIG = {
    "image_encoder": "none",
    "text_encoder": {"name": "lstm", "embedding": 32, "dim": 32},
    "fusion": "graph_attention",
    "sizes": {"hidden": 64, "layers": 2, "heads": 4},
    "training": {"epochs": 20, "batch_size": 32, "learning_rate": 2e-3, "log": "none"},
}


def render(kind: str, chance: np.random.Generator) -> np.ndarray:
    """Return a second of a kind of sound, with noise: [16000], in [-1, 1]."""
    count = int(SAMPLES * SECONDS)
    time = np.arange(count) / SAMPLES
    sound = KINDS[kind](time, chance)
    sound = sound / max(float(sound.std()), 1e-9)
    noisy = sound + chance.uniform(0, LOUDEST_NOISE) * chance.standard_normal(count)
    return np.asarray(0.1 * noisy / noisy.std()).clip(-1, 1)


def _low(time: np.ndarray, chance: np.random.Generator, power: float) -> np.ndarray:
    """Return noise whose amplitude falls with frequency as f^-power."""
    spectrum = np.fft.rfft(chance.standard_normal(len(time)))
    frequencies = np.maximum(np.fft.rfftfreq(len(time), 1 / SAMPLES), 20.0)
    return np.fft.irfft(spectrum / frequencies**power, len(time))


def _sea(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    swell = 1 + 0.8 * np.sin(2 * np.pi * (chance.uniform(0.6, 1.4) * time + chance.uniform()))
    return swell * _low(time, chance, 0.5)


def _wind(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    whistle = np.sin(2 * np.pi * chance.uniform(300, 700) * time + 3 * np.sin(6 * time))
    return _low(time, chance, 1.0) / _low(time, chance, 1.0).std() + 0.7 * whistle


def _traffic(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    motor = sum(np.sin(2 * np.pi * n * chance.uniform(60, 110) * time) / n for n in range(1, 6))
    return 0.5 * motor + _low(time, chance, 1.0) / _low(time, chance, 1.0).std()


def _birds(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    sound = np.zeros_like(time)
    for _ in range(int(chance.integers(3, 8))):
        begin, base = chance.uniform(0, 0.9), chance.uniform(2500, 5500)
        inside = (time >= begin) & (time < begin + 0.1)
        phase = base * time + chance.uniform(-4000, 4000) * (time - begin) ** 2
        sound += inside * np.sin(2 * np.pi * phase)
    return sound


def _hum(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    mains = float(chance.choice([50, 60]))
    return np.asarray(sum(np.sin(2 * np.pi * n * mains * time) / n for n in (1, 2, 4, 6)))


def _machine(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    strokes = (time * chance.uniform(6, 12)) % 1
    return np.exp(-20 * strokes) * chance.standard_normal(len(time))


def _voices(time: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    sound = np.zeros_like(time)
    for _ in range(4):
        pitch = chance.uniform(90, 250)
        loud = np.maximum(0, np.sin(2 * np.pi * (chance.uniform(2, 5) * time + chance.uniform())))
        sound += loud * sum(np.sin(2 * np.pi * n * pitch * time) / n**0.7 for n in range(1, 14))
    return sound


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "sea": _sea,
    "wind": _wind,
    "traffic": _traffic,
    "birds": _birds,
    "hum": _hum,
    "machine": _machine,
    "voices": _voices,
}
SPLITS = {"train": "train", "development": "validation", "held-out": "test"}


def make(scenes: Path, out: Path, each: int) -> None:
    """Write the folder of questions: up to `each` photographs of each scene."""
    import soundfile

    for folder in ("views", "sounds"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    namer = EfficientNetNamer()
    chance, questions, taken = np.random.default_rng(0), [], dict[str, int]()
    for photo in read_scenes(scenes):
        if taken.setdefault(photo.scene, 0) >= each:
            continue
        taken[photo.scene] += 1
        name = photo.file_name.replace("/", "_")
        view, sound = out / "views" / f"{name}.npy", out / "sounds" / f"{name}.wav"
        if not view.exists():
            np.save(view, namer.look(Photo.open(scenes / photo.file_name)))
        fits = bool(chance.random() >= WRONG)
        kind = _kind(photo, fits, chance)
        soundfile.write(sound, render(kind, chance), SAMPLES)
        about = {
            "modalities": {"view": f"views/{view.name}", "sound": f"sounds/{sound.name}"},
            "split": SPLITS[photo.part],
        }
        questions += [
            {**about, "question": "What place is this?", "answer": photo.scene},
            {**about, "question": "What is heard?", "answer": kind},
            {
                **about,
                "question": "Does the sound fit the place?",
                "answer": "yes" if fits else "no",
            },
        ]
    write_text(out / "questions.json", json.dumps(questions, indent=1) + "\n")
    write_text(out / "config.yaml", yaml.safe_dump(CONFIG))
    print(f"{len(questions)} questions about {sum(taken.values())} photographs with sounds")


def _kind(photo: ScenePhoto, fits: bool, chance: np.random.Generator) -> str:
    own = PLACES[photo.scene]
    return own if fits else str(chance.choice([one for one in KINDS if one != own]))


VARIANTS = {
    "dropped": {"missing": 0.3},
    "whole": {},
    "dropped, no edges": {"missing": 0.3, "control": "no_edges"},
    "dropped, transformer": {"missing": 0.3, "fusion": "transformer"},
}
"""Settings that are compared, each with its changes to the config."""


def run(data: Path, out: Path, only: list[str]) -> None:
    """Train each variant with each seed, and print means and deviations on the part held out."""
    torch.set_num_threads(1)
    for name, changes in VARIANTS.items():
        if only and name not in only:
            continue
        found = [
            _figures(data, out / name.replace(", ", "-").replace(" ", "-"), changes, seed)
            for seed in range(SEEDS)
        ]
        print(f"{name} ({len(found)} seeds)")
        for key in found[0]:
            mean, deviation = spread([100 * one[key] for one in found])
            print(f"  {key:32} {mean:5.1f} ± {deviation:.1f}")


def _figures(data: Path, folder: Path, changes: dict[str, object], seed: int) -> dict[str, float]:
    """Return the figures of one training; one that stands in `folder` already is not repeated."""
    result = folder / f"{seed}.json"
    if result.is_file():
        return dict(json.loads(result.read_text(encoding="utf-8")))
    task = FolderTask()
    options = read_training(task, data / "config.yaml", **changes)
    options = replace(options, training=replace(options.training, seed=seed))
    model = folder / f"model-{seed}"
    model.mkdir(parents=True, exist_ok=True)
    figures = train_task(task, data, options, model)
    network, prepared = load_task(task, data, model)
    figures |= figures_without_each(network, prepared, "accuracy")
    write_text(result, json.dumps(figures, indent=1) + "\n")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("scenes", type=Path)
    making.add_argument("out", type=Path)
    making.add_argument("--each", type=int, default=40, help="photographs of each scene")
    running = commands.add_parser("run")
    running.add_argument("data", type=Path)
    running.add_argument("out", type=Path)
    running.add_argument("--only", nargs="*", default=[], choices=VARIANTS)
    given = parser.parse_args()
    if given.command == "make":
        make(given.scenes, given.out, given.each)
    else:
        run(given.data, given.out, given.only)


if __name__ == "__main__":
    main()
