"""Draws this data set: shapes, and what is heard as they are struck: python make.py

A photograph shows two shapes, and a microphone heard one of them: its pitch goes with its colour,
and its length with its shape. Some questions have no image, and some no sound.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
SIDE, BANDS, NOISE = 48, 6, 0.1
COLOURS = {"red": "#d03030", "green": "#2e8b57", "blue": "#3060d0"}
SHAPES = ("ball", "box")
PARTS = ("train",) * 8 + ("validation",) * 2 + ("test",) * 2


def draw(labels: list[str]) -> Image.Image:
    """Return an image of two shapes in a row."""
    image = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(image)
    for place, label in enumerate(labels):
        colour, shape = label.split()
        box = [4 + 22 * place, 14, 20 + 22 * place, 30]
        (pen.ellipse if shape == "ball" else pen.rectangle)(box, fill=COLOURS[colour])
    return image


def strike(label: str, chance: np.random.Generator) -> np.ndarray:
    """Return the vectors [T, 6] of a sound: a loud band for each colour, T by the shape."""
    colour, shape = label.split()
    vectors = NOISE * chance.standard_normal((3 if shape == "ball" else 6, BANDS))
    vectors[:, 2 * list(COLOURS).index(colour)] += np.linspace(1, 0.5, len(vectors))
    return vectors.astype(np.float32)


def main() -> None:
    chance = np.random.default_rng(0)
    questions: list[dict[str, object]] = []
    for folder in ("images", "sounds"):
        (HERE / folder).mkdir(exist_ok=True)
    for number, part in enumerate(PARTS):
        labels = [
            f"{list(COLOURS)[(number + 2 * place) % 3]} {SHAPES[(number // 3 + place) % 2]}"
            for place in range(2)
        ]
        heard = labels[number % 2]
        draw(labels).save(HERE / "images" / f"{number:02}.png")
        np.save(HERE / "sounds" / f"{number:02}.npy", strike(heard, chance))
        image = {"image": f"{number:02}.png"}
        sound = {"modalities": {"sound": f"sounds/{number:02}.npy"}}
        about = {"split": part}
        questions += [
            {**about, **image, "question": "What stands on the left?", "answer": labels[0]},
            {**about, **sound, "question": "What is heard?", "answer": heard},
            {
                **about,
                **image,
                **sound,
                "question": "Is the left one heard in the sound?",
                "answer": "yes" if heard == labels[0] else "no",
            },
        ]
    text = json.dumps(questions, indent=1) + "\n"
    (HERE / "questions.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
