"""Draws the images of ../own_dataset as a folder of COCO captions: python make.py"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from own_dataset.make import draw  # noqa: E402

NUMBERS = {"train2017": (1, 2, 3, 5, 7, 8, 9, 10, 11, 13, 6, 12), "val2017": (14, 15, 16)}
"""Ids by split. Training holds out those that pipelines/datasets/splits.py holds out: 6, 12."""


def captions(labels: list[str]) -> list[str]:
    """Return two sentences about an image."""
    first, *others = labels
    return [
        f"A {first} beside a {others[0]}.",
        f"There is a {' and a '.join(reversed(labels))} in a row.",
    ]


def main() -> None:
    (HERE / "annotations").mkdir(exist_ok=True)
    for split, numbers in NUMBERS.items():
        (HERE / split).mkdir(exist_ok=True)
        images, sentences = [], []
        for number in numbers:
            image, graph = draw(number)
            name = f"{number:012}.png"
            image.save(HERE / split / name)
            images.append({"id": number, "file_name": name, "width": 48, "height": 48})
            labels = [one["label"] for one in graph["objects"]]  # type: ignore[attr-defined]
            sentences += [
                {"id": 10 * number + row, "image_id": number, "caption": caption}
                for row, caption in enumerate(captions(labels))
            ]
        content = {"images": images, "annotations": sentences}
        file = HERE / "annotations" / f"captions_{split}.json"
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
