"""Names as people write them, brought to one form."""

from __future__ import annotations

import re

_ARTICLES = re.compile(
    r"^(?:(?:the|a|an|this|that|these|those|some|any|its|their|his|her)\s+)+(?=\S)"
)
_NOT_A_NAME = re.compile(r"[^\w\s'-]+")
_FUNCTION_WORDS = (
    "a an the this that these those is are was were be do does did of in on at to for from by "
    "with and or not it its he she they we you i his her their your my what which who where "
    "when why how can could would should will may have has had there here"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that name hardly anything, and would be found in every sentence."""
_ENDINGS = (
    ("ies", "y"),
    ("ves", "fe"),
    ("ves", "f"),
    ("men", "man"),
    ("oes", "o"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ses", "s"),
    ("s", ""),
)


def normalise(name: str) -> str:
    """Return `name` in lower case, without articles, punctuation and doubled spaces."""
    plain = name.lower().replace("_", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    plain = " ".join(_NOT_A_NAME.sub(" ", plain).split())
    return _ARTICLES.sub("", plain)


def singular_forms(name: str) -> list[str]:
    """Return what `name` may be the plural of, likeliest first: 'knives' -> 'knife', 'knive'."""
    return [
        name[: -len(ending)] + replacement
        for ending, replacement in _ENDINGS
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith("ss")
    ]


def base_forms(name: str) -> list[str]:
    """Return what `name` may be another form of.

    Without hyphens; a plural's singular; a verb's infinitive and gerund. Of a phrase, the first
    word is the verb: "washed his hands" -> "washing hands".
    """
    found = [name.replace("-", " ")] if "-" in name else []
    for whole in [one for one in (name, *found) if one.strip(" -")]:
        found += singular_forms(whole)
        first, _, rest = whole.partition(" ")
        verbs = [form for verb in _infinitives(first) for form in (verb, _gerund(verb))]
        found += [f"{verb} {_ARTICLES.sub('', rest)}".strip() for verb in verbs]
    return [form for form in dict.fromkeys(found) if form.strip() and form != name]


def _infinitives(form: str) -> list[str]:
    """Return the verbs that `form` may be of: 'typed' -> 'typ', 'type', 'typp'."""
    found = [_IRREGULAR[form]] if form in _IRREGULAR else [form]
    for ending, replacement in (("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        stem = form[: len(form) - len(ending)] + replacement
        if form.endswith(ending) and len(stem) > 2:
            found += [stem, stem + "e"]
            if stem[-1] == stem[-2]:
                found.append(stem[:-1])
    return found


def _gerund(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    closed = re.search(r"(?:^|[^aeiou])[aeiou][^aeiouwxy]$", verb)  # run, hit; not eat, snow
    doubles = closed and 2 < len(verb) <= 4 and not verb.endswith("en")
    return verb + (verb[-1] if doubles else "") + "ing"


_IRREGULAR = {
    "ate": "eat", "bit": "bite", "blew": "blow", "broke": "break", "brought": "bring",
    "built": "build", "bought": "buy", "caught": "catch", "chose": "choose", "cut": "cut",
    "dove": "dive", "drew": "draw", "drank": "drink", "drove": "drive", "fed": "feed",
    "flew": "fly", "fought": "fight", "froze": "freeze", "gave": "give", "grew": "grow",
    "held": "hold", "hid": "hide", "kept": "keep", "laid": "lay", "led": "lead", "lit": "light",
    "made": "make", "paid": "pay", "ran": "run", "rang": "ring", "read": "read", "rode": "ride",
    "sang": "sing", "sat": "sit", "sent": "send", "shone": "shine", "shot": "shoot",
    "slept": "sleep", "slid": "slide", "sold": "sell", "spoke": "speak", "spun": "spin",
    "stood": "stand", "stole": "steal", "swam": "swim", "swept": "sweep", "swung": "swing",
    "taught": "teach", "threw": "throw", "told": "tell", "took": "take", "tore": "tear",
    "woke": "wake", "wore": "wear", "won": "win", "wrote": "write",
}  # fmt: skip
