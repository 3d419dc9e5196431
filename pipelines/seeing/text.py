"""Text in photographs: what is written, where, and how certain the reading is."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from kg.errors import SightGraphError
from kg.graph import Box
from kg.registry import Registry
from pipelines.detections import PerceivedText
from pipelines.photo import Photo


@runtime_checkable
class TextReader(Protocol):
    """Reads what is written in a photograph.

    Lines come from top to bottom; their boxes are in pixels of the photograph and lie inside it;
    [] where nothing is written. The same photograph gives the same bits.
    """

    name: str

    def __call__(self, photo: Photo) -> list[PerceivedText]: ...


TEXT_READERS: Registry[TextReader] = Registry("text reader")
TEXT_READERS.add(
    "rapidocr",
    "pipelines.seeing.text:RapidOCRReader",
    "PP-OCR's networks of lines and letters; comes with SightGraph.",
)

MIN_SCORE = 0.5
"""Lines with a lower score are left out: the default of rapidocr."""
MIN_SIDE = 8
"""A photograph with a shorter side, in pixels, holds no legible text and is not read."""
SHORT_SIDE, LONG_SIDE = 736, 1600
"""A small photograph is enlarged until its short side has so many pixels, as rapidocr does, and
none is read with a longer side: rapidocr alone would enlarge a strip without a limit."""
MODELS = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Cls.model_path": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
}
"""Files of the wheel. They are named, since rapidocr downloads a model that is only implied."""


class RapidOCRReader:
    """PP-OCR (Du et al., arXiv:2009.09941) by the package rapidocr, on one thread.

    The networks load with the first photograph, from rapidocr's wheel.
    """

    name = "rapidocr"

    def __init__(self) -> None:
        self._engine: Any = None

    def __call__(self, photo: Photo) -> list[PerceivedText]:
        """Return the lines of the photograph.

        Raises:
            SightGraphError: rapidocr is not installed, or lacks its networks.
        """
        if min(photo.width, photo.height) < MIN_SIDE:
            return []
        if self._engine is None:
            self._engine = _load()
        scale, pixels = _scaled(photo)
        found = self._engine(pixels)
        if found.txts is None or found.boxes is None:
            return []
        lines = [
            PerceivedText(
                " ".join(text.split()), float(score), _around(corners / scale, photo), self.name
            )
            for text, score, corners in zip(found.txts, found.scores, found.boxes, strict=True)
        ]
        return sorted(
            (one for one in lines if one.text and one.box.area > 0),
            key=lambda one: (one.box.y1, one.box.x1),
        )


def _load() -> Any:
    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else None
    if folder is None or not all((folder / file).is_file() for file in MODELS.values()):
        raise SightGraphError(
            "text in photographs is read by rapidocr 3.10, which is missing or incomplete. Run "
            "`pip install rapidocr==3.10.0 onnxruntime`."
        )
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": MIN_SCORE,
            "Det.limit_type": "max",
            "Det.limit_side_len": LONG_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            **{option: str(folder / file) for option, file in MODELS.items()},
        }
    )


def _scaled(photo: Photo) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of x and y [2], and the pixels [H, W, 3] in blue, green, red."""
    width, height = photo.width, photo.height
    factor = min(max(1.0, SHORT_SIDE / min(width, height)), LONG_SIDE / max(width, height))
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    image = photo.image.resize(size, Image.Resampling.BICUBIC)
    scale = np.array([size[0] / width, size[1] / height])
    return scale, np.asarray(image)[:, :, ::-1]


def _around(corners: np.ndarray, photo: Photo) -> Box:
    """Return the upright box around four corners [4, 2], cut to the photograph."""
    x, y = corners[:, 0].clip(0, photo.width), corners[:, 1].clip(0, photo.height)
    return Box(float(x.min()), float(y.min()), float(x.max()), float(y.max()))
