"""Wordings that the question writers choose from, filled with the names of things."""

from __future__ import annotations

from collections.abc import Sequence

from kg.english import verb_of_ing, with_article
from kg.knowledge.memory import Knowledge
from pipelines.answering.sentences import UNCOUNTABLE
from pipelines.reading.wordings import grouped, listed, paired


def agreeing(wording: str, phrase: str) -> str:
    """Return a wording in the number of `phrase`, which is to stand for its "{s}".

    A verb beside "{s}" changes, unless something of {s} is its subject.

    >>> agreeing("Is {s} red?", "these dogs"), agreeing("Is the tail of {s} red?", "these dogs")
    ('Are {s} red?', 'Is the tail of {s} red?')
    """
    if not of_several(phrase):
        return wording
    verbs = paired("english", "verbs_of_several")
    words = wording.split(" ")
    place = next((at for at, word in enumerate(words) if word.startswith("{s}")), len(words))
    before = words[place - 1] if 0 < place < len(words) else ""
    if before.lower() in verbs:
        several = verbs[before.lower()]
        words[place - 1] = capital(several) if before[0].isupper() else several
    elif words[place + 1 :] and before not in listed("english", "prepositions"):
        words[place + 1] = verbs.get(words[place + 1], words[place + 1])
    pronouns = paired("english", "pronouns_of_several")
    words[place + 1 :] = [pronouns.get(word, word) for word in words[place + 1 :]]
    return " ".join(words)


def of_several(phrase: str) -> bool:
    """Tell whether a phrase is for several things: "these dogs"."""
    first, _, rest = phrase.partition(" ")
    return bool(rest) and first in listed("english", "several")


def asks(label: str, wordings: Sequence[str]) -> list[str]:
    """Keep the wordings that ask for the object of a fact and name the subject 'it'."""
    starts, others = listed("english", "asks_object"), listed("english", "asks_subject")
    dropped = listed("asks", "dropped")
    usable = [
        one
        for one in (*wordings, *grouped("asks", "more").get(label, ()))
        if one.startswith(starts)
        and one not in dropped
        and not one.startswith(others)
        and set(one.split()) & {"it", "its"}
    ]
    return list(dict.fromkeys(usable))


def countable(name: str) -> bool:
    """Tell whether there is one of a name, and several: of a cup, but not of furniture."""
    last = name.rpartition(" ")[2]
    return last not in UNCOUNTABLE and last not in listed("english", "uncountable")


def one_of(name: str) -> str:
    """Return a name with its indefinite article, if it has one: "a cup", "furniture"."""
    return with_article(name) if countable(name) else name


def ask_about(wording: str, phrase: str) -> str:
    """Put `phrase` where the wording first says "it"; "its food" becomes "the food of PHRASE"."""
    words = wording.split()
    if "it" in words:
        words[words.index("it")] = "{s}"
    elif "its" in words and phrase != "it":
        place = words.index("its")
        ends = listed("english", "after_nouns")
        end = next((at for at in range(place, len(words)) if words[at] in ends), len(words))
        words[place:end] = ["the", *words[place + 1 : end], "of", "{s}"]
    return capital(agreeing(" ".join(words), phrase).replace("{s}", phrase)) + "?"


def bare_verb(knowledge: Knowledge, concept: str) -> str:
    """Return the verb of an activity: "swim" for swimming, else "do" and its label.

    It is one of the concept's aliases, of which those that begin with a gerund are none.
    """
    label = knowledge.label(concept)
    known = knowledge.concepts.get(concept)
    stem = label.partition(" ")[0].removesuffix("ing")[:3]
    aliases = known.aliases if known else ()
    verbs = [one for one in aliases if not _is_gerund(one.partition(" ")[0])]
    alike = [one for one in verbs if one.startswith(stem)] or verbs
    return min(alike, key=len) if alike else f"do {label}"


def _is_gerund(word: str) -> bool:
    return word.endswith("ing") and verb_of_ing(word) != word


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
