"""Captions as words, as the official scorers of COCO captions take them.

The official code (https://github.com/tylin/coco-caption, kept as `pycocoevalcap`) splits captions
with Stanford's PTBTokenizer 3.4.1, which is Java, then drops a list of punctuation marks. Here are
its rules for what captions contain, so that no Java is needed. Not followed are its lists of
foreign currencies, smileys, e-mail addresses and telephone numbers.
"""

from __future__ import annotations

import re

_PUNCTUATION = frozenset(["''", "'", "`", '"', ".", "?", "!", ",", ":", "-", "--", "...", ";"])
"""What the official code drops. It names brackets in capitals, which its words in lower case never
are: "-lrb-" stays a word of a caption with a bracket, there as here."""

_BRACKETS = {
    "(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-",
}  # fmt: skip
_SAME = str.maketrans({
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "`",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{EN DASH}": "--", "\N{EM DASH}": "--", "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{VULGAR FRACTION ONE HALF}": " 1/2", "\N{VULGAR FRACTION ONE QUARTER}": " 1/4",
    "\N{VULGAR FRACTION THREE QUARTERS}": " 3/4",
})  # fmt: skip

_TITLES = "mr mrs ms dr prof st mt jr sr sgt capt lt col gen gov rev sen rep pres"
_MONTHS = "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri"
_SHORT = "vs etc ave blvd rd dept inc co corp ltd ft sq fig ph.d"
_ABBREVIATIONS = "|".join(f"{_TITLES} {_MONTHS} {_SHORT}".split())
_TWO_WORDS = {
    "cannot": ("can", "not"), "gonna": ("gon", "na"), "gotta": ("got", "ta"),
    "lemme": ("lem", "me"), "gimme": ("gim", "me"), "wanna": ("wan", "na"),
    "'tis": ("'t", "is"), "'twas": ("'t", "was"),
}  # fmt: skip

_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(
    rf"""
    (?i:
      (?:https?://|www\.)[^\s"<>]*[^\s"<>.,;:!?)]       # addresses on the web
    | '(?:tis|twas|cause|em|n'|\d\ds?)(?!\w) | 'n(?!\w)  # 'em, rock 'n' roll, '50s
    | '(?:s|m|d|re|ve|ll)(?!{_LETTER}) | n't(?!{_LETTER})  # the second part of a contraction
    | \b(?:{_LETTER}\.){{2,}}                             # U.S., p.m.
    | \b(?:{_ABBREVIATIONS})\. | \bno\.(?=\s?\d)
    | \b{_LETTER}\.(?=\s(?-i:[a-z]))                      # a. this: no sentence ends there
    | \b(?:[odljc]'(?!s\b){_LETTER}+ | ma'am\b | dunkin'(?!\w))  # o'clock, O'Neill
    | {_LETTER}+?(?=n't(?!{_LETTER}))                     # the first part: ca n't
    | {_LETTER}\w*(?:[.?!]{_LETTER}\w*)+                  # a space is missing: ball.The
    | (?<!\w)[-+]?\d*(?:[.:,]\d+)+(?:-\w+)* | (?<!\S)[-+]\d+(?!\w)
    )
    | \b[A-Z]\.                                           # an initial
    | [A-Z]+(?:&[A-Z])+(?![A-Z])                          # A&W
    | \w+(?:[-/]\w+)*                                     # t-shirt, 4-wheeler, and/or, 1/2
    | @\w+ | --+ | \.\.\.+ | [!?]+ | \*+ | ''
    | \S
    """,
    re.VERBOSE,
)


def caption_words(caption: str) -> list[str]:
    """Return the words of a caption in lower case, without the official list of punctuation.

    >>> caption_words("A dog's T-shirt, and it isn't red.")
    ['a', 'dog', "'s", 't-shirt', 'and', 'it', 'is', "n't", 'red']
    """
    words: list[str] = []
    spaced = re.sub(r"\.(?: \.){2,}", "...", " ".join(caption.translate(_SAME).split()))
    for found in _TOKEN.findall(spaced):
        word = found.lower()
        words += _TWO_WORDS.get(word, (_BRACKETS.get(word, word),))
    return [word for word in words if not _is_punctuation(word)]


def _is_punctuation(word: str) -> bool:
    """Whether the official code drops it; any long row of dashes or dots is "--" or "..." to it."""
    return word in _PUNCTUATION or (len(word) > 2 and set(word) in ({"-"}, {"."}))
