"""Draws the images of this data set, and writes its texts and graphs: python make.py"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
SIDE = 48
COLOURS = {"red": "#d03030", "green": "#2e8b57", "blue": "#3060d0"}
SHAPES = ("ball", "box")
PARTS = ("train",) * 8 + ("validation",) * 2 + ("test",) * 2


def draw(number: int) -> tuple[Image.Image, dict[str, object]]:
    """Return an image of two or three shapes in a row, and its graph."""
    image = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(image)
    objects = []
    for place in range(2 + number % 2):
        colour = list(COLOURS)[(number + place) % 3]
        shape = SHAPES[(number // 2 + place) % 2]
        box = [2 + 16 * place, 10 + number % 12, 13 + 16 * place, 21 + number % 12]
        (pen.ellipse if shape == "ball" else pen.rectangle)(box, fill=COLOURS[colour])
        objects.append({"label": f"{colour} {shape}", "box": box, "score": 0.9})
    return image, {"objects": objects, "relations": [[0, "next to", 1]]}


def ask(name: str, part: str, objects: list[dict[str, str]]) -> list[dict[str, object]]:
    """Return questions of several kinds about one image."""
    labels = [one["label"] for one in objects]
    first, second = labels[:2]
    balls = [one for one in labels if one.endswith("ball")]
    about = {"image": name, "split": part}
    return [
        {**about, "question": f"What is next to the {first}?", "answer": second},
        {**about, "question": "How many balls are there?", "answer": str(len(balls))},
        {
            **about,
            "question": f"Is there a {first} or a {second}?",
            "answer": "yes",
        },
        {
            **about,
            "question": "Is there a red ball?",
            "answer": "yes" if "red ball" in labels else "no",
        },
        {
            **about,
            "question": "What colour is the thing on the left?",
            "answers": [first.split()[0]],
            "options": list(COLOURS),
        },
    ]


CONTEXTS = ("red", "green", "blue", "ball", "box", "many", "next", "colour")


def word_vectors(texts: list[str]) -> str:
    """Return a vector for each word, as text: log(1 + n), n texts that also hold the context word.

    Counts of neighbours are the oldest word vectors; GloVe factorises their logarithms.
    """
    sets = [set(re.findall(r"\w+", text.lower())) for text in texts]
    counts = Counter(pair for words in sets for pair in product(words, words & set(CONTEXTS)))
    lines = [
        " ".join([word, *(f"{math.log1p(counts[word, context]):.3f}" for context in CONTEXTS)])
        for word in sorted(set().union(*sets))
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    (HERE / "images").mkdir(exist_ok=True)
    graphs, questions = {}, []
    for number, part in enumerate(PARTS):
        image, graph = draw(number)
        name = f"{number:02}.png"
        image.save(HERE / "images" / name)
        graphs[name] = graph
        questions += ask(name, part, graph["objects"])  # type: ignore[arg-type]
    train = [one for one in questions if one["split"] == "train"]
    texts = [f"{one['question']} {one.get('answer', '')}" for one in train]
    (HERE / "word_vectors.txt").write_text(word_vectors(texts), encoding="utf-8")
    for file, content in (("questions.json", questions), ("graph.json", graphs)):
        (HERE / file).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
