"""Whether a question is English; a question in another language is refused, never misread.

No English question may be refused, however short or misspelt, so the criterion is strict. A text
with a word that only English has is English. Of another, the byte n-grams decide (Lui and Baldwin,
ACL 2012, "langid.py", as py3langid), and only where they prefer another language clearly.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from kg.errors import SightGraphError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENGLISH = "en"
_ENGLISH = (
    "what which who whom whose where why how when the this that these those does did isnt "
    "doesnt whats hows wheres whos there would should could you your they their his its with from "
    "about and used use it"
)
ENGLISH_WORDS = frozenset(_ENGLISH.split())
"""Words of questions that the other languages tested do not have."""
MIN_MARGIN = 15.0
"""Min difference of the log-likelihoods of another language and of English (natural logarithm).
Chosen by hand: the development questions and OK-VQA's train questions reach 0, "wat kinda dog is
dis" 10, and the least clear of 60 questions in other languages 21."""
MIN_WORDS = 3
"""A shorter text in Latin letters may be a name, and is taken as it is."""
_WORD = re.compile(r"[^\W\d_]+")


def foreign_language(question: str) -> str | None:
    """Return the ISO 639 code of the language of `question`, "" for one that has no code here.

    None: it is English, or may be.

    >>> foreign_language("wat kinda dog is dis") is None
    True
    >>> foreign_language("Welche Farbe hat das Auto?")
    'de'
    """
    words = _WORD.findall(question.lower().replace("'", ""))
    latin = [word for word in words if _is_latin(word)]
    if ENGLISH_WORDS.intersection(words) or (len(latin) == len(words) and len(words) < MIN_WORDS):
        return None
    scores = dict(_identifier().rank(question))
    best = max(scores, key=lambda language: scores[language])
    if len(latin) < len(words) / 2:
        return best if best != ENGLISH else ""
    return best if scores[best] - scores[ENGLISH] > MIN_MARGIN else None


def check_english(question: str, what: str = "question") -> None:
    """Find out before long work whether a question, or another text, is English.

    Raises:
        SightGraphError: it is in another language.
    """
    language = foreign_language(question)
    if language is None:
        return
    named = f" (it looks like '{language}')" if language else ""
    raise SightGraphError(
        f"the {what} is not in English{named}. Write it in English, or give `sightgraph ask` a "
        "model that translates it, with --translate."
    )


def _is_latin(word: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in word)


@cache
def _identifier() -> LanguageIdentifier:
    """Load the n-grams, which takes a second; questions with an English word do not need them."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
