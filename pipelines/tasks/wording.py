"""Small English: articles, plurals, and a subject put into a question's wording."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.tasks import templates


def with_article(noun: str) -> str:
    """Return 'a cup', 'an oven'; a plural stays bare."""
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def plural(noun: str) -> str:
    """Return the regular plural, with the few irregular ones that photographs need."""
    irregular = {
        "person": "people",
        "man": "men",
        "woman": "women",
        "child": "children",
        "mouse": "mice",
        "knife": "knives",
        "sheep": "sheep",
        "bus": "buses",
    }
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
    starts = ("what", "where", "who", "why", "how", "when", "which", "in ", "on ", "at ", "for ")
    usable = [
        one
        for one in (*wordings, *templates.MORE_ASKS.get(label, ()))
        if one.startswith(starts)
        and one not in templates.DROPPED_ASKS
        and not one.startswith(("which one", "which object is", "which of them", "which thing"))
        and set(one.split()) & {"it", "its"}
    ]
    return list(dict.fromkeys(usable))


def ask_about(wording: str, phrase: str) -> str:
    """Put `phrase` where the wording says "it"; "its food" becomes "the food of PHRASE"."""
    words = wording.split()
    if "its" in words and phrase != "it":
        place = words.index("its")
        words[place : place + 2] = ["the", words[place + 1], "of", phrase]
    elif "it" in words:
        words[len(words) - 1 - words[::-1].index("it")] = phrase
    return capital(" ".join(words)) + "?"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
