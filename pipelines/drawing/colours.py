"""Colour words as colours."""

from __future__ import annotations

COLOURS = {
    "black": "#2b2b2b", "white": "#f7f7f4", "grey": "#9a9a9a", "gray": "#9a9a9a", "red": "#d62f2f",
    "green": "#3f9142", "yellow": "#f2c81d", "blue": "#2f6bd6", "brown": "#8a5a33",
    "orange": "#ef8622", "pink": "#f29ab8", "purple": "#7d45a8", "violet": "#7d45a8",
    "golden": "#d9a520", "gold": "#d9a520", "silver": "#bfc3c8", "beige": "#dfcfae",
    "tan": "#d2a679", "blond": "#e6cf8b", "blonde": "#e6cf8b", "turquoise": "#3cb8b0",
    "wooden": "#a9743f", "metal": "#a3a9b0", "dark": "#444444", "bright": "#ffd84d",
}  # fmt: skip
"""The basic colour words of English, and others of texts, chosen by hand."""


def colour_of(word: str) -> str | None:
    """Return the colour that a word names, as #rrggbb.

    >>> colour_of("red"), colour_of("fast")
    ('#d62f2f', None)
    """
    return COLOURS.get(word.lower())


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour between two: `share` of the way to the other.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    both = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in both)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
