"""The closed word lists of reading: what grammar fixes and a lexicon need not know."""

from __future__ import annotations


def listed(words: str) -> frozenset[str]:
    """Return the words that stand in `words` with spaces between them."""
    return frozenset(words.split())


WH_WORDS = frozenset({"what", "which", "who", "whom", "whose", "where", "when", "why", "how"})

BE = frozenset({"is", "are", "was", "were", "be", "been", "being", "'s", "am"})
DO = frozenset({"do", "does", "did"})
HAVE = frozenset({"has", "have", "had"})
MODALS = frozenset({"can", "could", "will", "would", "may", "might", "must", "should", "shall"})
AUXILIARY_TAGS = {
    **dict.fromkeys(("is", "does", "has", "'s"), "VBZ"),
    **dict.fromkeys(("are", "do", "have", "am"), "VBP"),
    **dict.fromkeys(("was", "were", "did", "had"), "VBD"),
    **dict.fromkeys(MODALS, "MD"),
}
"""Penn tag of each auxiliary that can open a question."""

CONTRACTED = {
    **dict.fromkeys(("re", "'re", "\u2019re"), "are"),
    **dict.fromkeys(("m", "'m", "\u2019m"), "am"),
    **dict.fromkeys(("nt", "n\u2019t"), "n't"),
    **dict.fromkeys(("s", "\u2019s"), "'s"),
    "ca": "can",
    "wo": "will",
}
"""Parts of contractions, with and without their apostrophe, as the other lists have them."""

POINTING = frozenset({"it", "this", "that", "these", "those", "they", "them"})
PERSONS = frozenset({"he", "him", "she", "her"})
UNSPECIFIC = listed(
    "something anything nothing everything someone anyone somebody anybody everyone everybody "
    "one ones there left right background foreground"
)

SIDES = frozenset({"left", "right", "background", "foreground"})
"""Where in the photograph; not things."""

ATTRIBUTE_NOUNS = listed(
    "colour color colours colors shape size material texture pattern age height length weight "
    "temperature width taste flavor flavour smell"
)
DIMENSIONS = listed("old tall big large long high heavy wide deep fast small hot cold expensive")
"""Adjectives that make an attribute question after "how"."""
KIND_NOUNS = listed("kind type sort breed species category class variety style brand")
QUANTITY_NOUNS = listed(
    "group groups bunch pair pairs couple lot lots number piece pieces plenty set sets row rows "
    "collection flock herd variety kind kinds type types sort sorts breed species category class "
    "style brand"
)
"""Nouns that, before "of", say how many or which, not what."""
PHOTOGRAPH_NOUNS = listed("image picture photo photograph pic scene photos images")
GENERIC_NOUNS = listed("object thing item")
PURPOSE_NOUNS = listed("purpose use function role")

SHOWN = listed("shown seen pictured depicted visible displayed present featured")
"""What the photograph does to anything in it; never a relation."""

NEVER_NOUNS = listed("here there now then just right also close next far away up down out so not")

QUANTIFIERS = frozenset({"many", "much", "more", "most", "several", "other", "such"})
"""Tagged as adjectives, but determiners to us."""

COLOURS = listed(
    "red green blue yellow black white brown grey gray pink purple beige golden wooden woolen "
    "woollen turquoise maroon"
)
"""Adjectives that taggers take for nouns."""

MATERIALS = listed("plastic metal stone brick leather paper steel concrete iron glass wicker tile")
"""Nouns that, before another noun, say what it is made of."""
CONTAINERS = listed(
    "glass cup bowl plate basket box bottle pot bag platter vase jar tray slice pile bucket can "
    "mug pitcher stack loaf bunch"
)
"""Nouns that hold what follows their "of"; other nouns belong to it."""

_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: str(value) for value, word in enumerate(_COUNTED.split())}

MULTIWORD_PREPOSITIONS: dict[tuple[str, ...], str] = {
    tuple(words.split()): canonical
    for words, canonical in {
        "next to": "next to",
        "in front of": "in front of",
        "at the front of": "in front of",
        "on top of": "on top of",
        "at the top of": "on top of",
        "on the top of": "on top of",
        "in back of": "behind",
        "on back of": "on back of",
        "on the back of": "on back of",
        "on side of": "on side of",
        "on the side of": "on side of",
        "on the other side of": "on side of",
        "at the side of": "on side of",
        "to the side of": "on side of",
        "on the edge of": "on edge of",
        "at the edge of": "on edge of",
        "in the middle of": "in middle of",
        "in the center of": "in middle of",
        "in the centre of": "in middle of",
        "in middle of": "in middle of",
        "in center of": "in middle of",
        "at the bottom of": "at bottom of",
        "on the bottom of": "at bottom of",
        "at the end of": "at end of",
        "left of": "left of",
        "to left of": "left of",
        "to the left of": "left of",
        "on the left of": "left of",
        "at the left of": "left of",
        "to the left side of": "left of",
        "on the left side of": "left of",
        "on left side of": "left of",
        "right of": "right of",
        "to right of": "right of",
        "to the right of": "right of",
        "on the right of": "right of",
        "at the right of": "right of",
        "to the right side of": "right of",
        "on the right side of": "right of",
        "on right side of": "right of",
        "inside of": "inside",
        "outside of": "outside",
        "out of": "out of",
        "close to": "close to",
        "near to": "near",
        "adjacent to": "next to",
        "off of": "off",
        "along with": "with",
        "underneath of": "under",
    }.items()
}
"""Prepositions of several words, and what each counts as."""

PREPOSITIONS = listed(
    "on in at under behind beside near above inside by between against over around across along "
    "with of for from to into onto outside beneath below underneath through beyond alongside off "
    "up down past toward towards among amid atop upon without about like after before during "
    "within amongst as"
)
PLACE_PREPOSITIONS = listed(
    "on in at under behind beside near above inside by between against over around outside "
    "beneath below underneath atop among"
) | frozenset(MULTIWORD_PREPOSITIONS.values()) - {"out of", "with", "off"}
SYNONYMS = {"beneath": "under", "underneath": "under", "upon": "on", "atop": "on top of"}
