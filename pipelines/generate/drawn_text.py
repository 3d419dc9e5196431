"""Photographs with words drawn on them, of which it is known what is written where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from kg.graph import Box

FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSerif.ttf",
    "STIXGeneral.ttf",
    "cmss10.ttf",
)
"""Files in matplotlib's wheel."""
HEIGHTS = (10, 40)
"""Least and greatest size of the letters, in pixels."""
MAX_TURN = 8.0
"""Greatest angle of a line, in degrees."""
PLATES = ("white", "black", "firebrick", "navy", "gold", "darkgreen")
"""Colours of the plates."""
MARGIN = 0.35
"""Space between a text and the edge of its plate, as a share of the letters' size."""
BICUBIC = Image.Resampling.BICUBIC
DARK = 140
"""Light letters are drawn on a background that is darker than this, of 255."""


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A text that was drawn: its letters' size in pixels, and whether it stands on a plate."""

    text: str
    box: Box
    height: int
    plate: bool


def draw_texts(
    image: Image.Image, words: Sequence[str], chance: Random
) -> tuple[Image.Image, list[DrawnText]]:
    """Return a copy of `image` with each word drawn in a row of its own, where it fits.

    Fonts, sizes, angles, colours and plates are drawn from `chance`.
    """
    drawn = image.convert("RGB")
    found = []
    row = drawn.height / max(len(words), 1)
    for number, word in enumerate(words):
        plate = chance.random() < 0.5
        height = chance.randint(*HEIGHTS)
        turn = chance.uniform(-MAX_TURN, MAX_TURN)
        font = chance.choice(FONTS)
        colour = chance.choice(PLATES)
        letters = _letters(word, font, height).rotate(turn, expand=True, resample=BICUBIC)
        width, tall = letters.size
        if width >= drawn.width or tall >= row:
            continue
        x = chance.randint(0, drawn.width - width)
        y = chance.randint(int(number * row), int((number + 1) * row - tall))
        area = (x, y, x + width, y + tall)
        if plate:
            ImageDraw.Draw(drawn).rectangle(area, fill=colour)
        under = drawn.crop(area).convert("L").resize((1, 1), Image.Resampling.BOX)
        ink = (255, 255, 255) if int(under.getpixel((0, 0))) < DARK else (0, 0, 0)  # type: ignore[arg-type]
        drawn.paste(Image.new("RGB", letters.size, ink), (x, y), letters)
        found.append(DrawnText(word, Box(*map(float, area)), height, plate))
    return drawn, found


def _letters(word: str, font: str, height: int) -> Image.Image:
    """Return the letters as a mask with a margin."""
    from matplotlib import get_data_path

    face = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / font), height)
    left, top, right, bottom = map(int, face.getbbox(word))
    margin = max(int(MARGIN * height), 1)
    mask = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin), 0)
    ImageDraw.Draw(mask).text((margin - left, margin - top), word, fill=255, font=face)
    return mask
