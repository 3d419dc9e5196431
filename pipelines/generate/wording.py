"""Small English: articles, plurals, and a subject put into a question's wording."""

from __future__ import annotations

from collections.abc import Sequence

from kg.knowledge.memory import Knowledge
from pipelines.generate.wordings import grouped, listed, paired


def agreeing(text: str, phrase: str) -> str:
    """Return a question with its first word in the number of `phrase`: "Are these ...?"."""
    first, _, rest = text.partition(" ")
    if of_several(phrase) and rest.startswith(phrase):
        verbs = paired("english", "verbs_of_several")
        return f"{capital(verbs.get(first.lower(), first.lower()))} {rest}"
    return text


def of_several(phrase: str) -> bool:
    """Tell whether a phrase is for several things: "these dogs"."""
    first, _, rest = phrase.partition(" ")
    return bool(rest) and first in listed("english", "several")


def with_article(noun: str) -> str:
    """Return 'a cup', 'an oven'; a plural stays bare."""
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def plural(noun: str) -> str:
    """Return the regular plural, with the few irregular ones that photographs need."""
    irregular = paired("english", "plurals")
    head, _, last = noun.rpartition(" ")
    if last in irregular:
        return f"{head} {irregular[last]}".strip()
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


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


def ask_about(wording: str, phrase: str) -> str:
    """Put `phrase` where the wording says "it"; "its food" becomes "the food of PHRASE"."""
    words = wording.split()
    if of_several(phrase):
        verbs = paired("english", "verbs_of_several")
        words = [verbs.get(word, word) for word in words]
    if "its" in words and phrase != "it":
        place = words.index("its")
        words[place : place + 2] = ["the", words[place + 1], "of", phrase]
    elif "it" in words:
        words[len(words) - 1 - words[::-1].index("it")] = phrase
    return capital(" ".join(words)) + "?"


def bare_verb(knowledge: Knowledge, concept: str) -> str:
    """Return the verb of an activity: "swim" for swimming, else "do" and its label."""
    label = knowledge.label(concept)
    known = knowledge.concepts.get(concept)
    stem = label.partition(" ")[0].removesuffix("ing")[:3]
    verbs = [one for one in (known.aliases if known else ()) if not one.split()[0].endswith("ing")]
    alike = [one for one in verbs if one.startswith(stem)] or verbs
    return min(alike, key=len) if alike else f"do {label}"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
