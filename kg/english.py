"""The English of names and questions: tokens, plurals, verbs, and one form for each name.

Where two functions do nearly the same, both stay because networks or figures rest on each: a
trained reader needs the very tokens that it was trained on.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

ARTICLES = frozenset({"a", "an", "the"})
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

_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_TREEBANK_TOKEN = re.compile(r"\w+?(?=n't\b)|n't\b|'(?:s|re|ve|ll|d|m)\b|\w+|[^\w\s]")
_CAPTION_TOKEN = re.compile(r"'s\b|\w+(?:-\w+)*|[^\w\s]")

_SINGULARS = {
    "buses": "bus", "calves": "calf", "children": "child", "dice": "die", "feet": "foot",
    "geese": "goose", "halves": "half", "hooves": "hoof", "knives": "knife", "leaves": "leaf",
    "lice": "louse", "lives": "life", "loaves": "loaf", "men": "man", "mice": "mouse", "oxen": "ox",
    "people": "person", "scarves": "scarf", "sheep": "sheep", "shelves": "shelf",
    "teeth": "tooth", "thieves": "thief", "wives": "wife", "wolves": "wolf", "women": "woman",
}  # fmt: skip
"""Irregular plurals, and those of which the ending does not tell the singular."""
_WRITTEN = ("people", "men", "women", "children", "mice", "knives", "sheep", "buses")
_PLURALS = {_SINGULARS[word]: word for word in _WRITTEN}
"""Irregular plurals that `plural` writes. Others get a plain "s" in the questions that the bundled
networks were trained on."""
_PLURAL_ONLY = {
    "sunglasses", "scissors", "pants", "jeans", "shorts", "trousers", "headphones", "goggles",
    "binoculars", "pajamas", "pyjamas", "clothes", "tongs", "pliers", "series", "species",
}  # fmt: skip
_ENDINGS = (
    ("ies", "y"), ("ves", "fe"), ("ves", "f"), ("men", "man"), ("oes", "o"), ("ches", "ch"),
    ("shes", "sh"), ("xes", "x"), ("ses", "s"), ("s", ""),
)  # fmt: skip
_MORPHY_ENDINGS = (
    ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"),
    ("shes", "sh"), ("men", "man"), ("ies", "y"),
)  # fmt: skip

_PASTS = {
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
_PREDICATE_VERBS = {
    "does": "do", "eaten": "eat", "had": "have", "has": "have", "having": "have", "hung": "hang",
    "lay": "lie", "laying": "lie", "lays": "lie", "ridden": "ride", "seen": "see", "worn": "wear",
} | {form: _PASTS[form] for form in ("built", "held", "made", "sat", "stood")}  # fmt: skip
"""Irregular verbs: `base_forms` knows the pasts, `verb_of` these few (captions say "laying" for
lying). If both knew all, questions would be read and linked otherwise than they were measured."""
_BARE_ING = {
    "bring", "cling", "fling", "ring", "sing", "sling", "spring", "sting", "string", "swing",
}  # fmt: skip
_YING = {"dying": "die", "lying": "lie", "purring": "purr", "tying": "tie"}
_AS_YOU = re.compile(r"uni(?!n)|us[ae]|ut[ei]|eu|uku|one\b")
_SILENT_H = ("hour", "honest", "honour", "honor", "heir")
_SHORT = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")
"""Stems of "-ing" forms that had an "e": rid, hid, us. Others double their last letter: runn."""
_MUTE_E = re.compile(
    r"[cvz]$|[^n]g$|[^s]s$|u$|[bcdfgkptz]l$|[aeiou].*[^aeiou](at|ut|id|in|ir|ar|ur)$|uat$"
    r"|^(creat|guid|typ|styl|bath|breath|cloth|sooth|chang|arrang|exchang|challeng|plung|loung"
    r"|explor|ignor|restor|stor|scor)$"
)
"""Longer stems that had an "e": calculat, rescu, cycl, measur; not float, avoid, explain."""
_DOUBLED_L = re.compile(r"(?!install|recall|enroll|refill)[^-]*[aeiou][^-]*[^aeiou](ell|oll|all)")
"""Stems that double the "l" of a verb: travell, controll, signall."""
_NEVER_BEFORE_E = (
    "sh", "ck", "ll", "ss", "ft", "lt", "nt", "rt", "pt", "mp", "nd", "rd", "rk", "lk", "nk", "rm",
    "ow", "aw", "ay", "oy", "ey", "x",
)  # fmt: skip
"""Ends of stems that take no "e": roasting is never of "roaste"."""
_NO_E = re.compile(r"[^a]st$|oast$|..ch$")


class Word(NamedTuple):
    """A word of a caption in lower case; start and end count characters."""

    text: str
    start: int
    end: int


def identifier_words(name: str) -> str:
    """Return an identifier as words: 'paintedBy', 'painted_by' -> 'painted by'."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[_\-\s]+", " ", spaced).strip().lower()


def treebank_tokens(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, in lower case.

    Contractions are cut as in the Penn Treebank, since published word vectors have them so.

    >>> treebank_tokens("What's left? It isn't red.")
    ['what', "'s", 'left', '?', 'it', 'is', "n't", 'red', '.']
    """
    return _TREEBANK_TOKEN.findall(text.lower().replace(_APOSTROPHE, "'"))


def caption_tokens(caption: str) -> list[Word]:
    """Split a caption as FACTUAL does: "t-shirt" stays one word, "man's" becomes two.

    >>> [word.text for word in caption_tokens("A man's t-shirt.")]
    ['a', 'man', "'s", 't-shirt', '.']
    """
    found = _CAPTION_TOKEN.finditer(caption)
    return [Word(one.group().lower(), one.start(), one.end()) for one in found]


def normalise(name: str) -> str:
    """Return `name` in lower case, without articles, punctuation and doubled spaces.

    A name of pictures alone stays: "🐈".
    """
    plain = name.lower().replace("_", " ").replace(_APOSTROPHE, "'")
    plain = " ".join(_NOT_A_NAME.sub(" ", plain).split())
    if not plain:
        plain = "".join(one for one in name if unicodedata.category(one) == "So")
    return _ARTICLES.sub("", plain)


def singular_forms(name: str) -> list[str]:
    """Return what `name` may be the plural of, likeliest first: 'knives' -> 'knife', 'knive'."""
    return [
        name[: -len(ending)] + replacement
        for ending, replacement in _ENDINGS
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith("ss")
    ]


def singulars(word: str) -> set[str]:
    """Return what a single word may be the plural of, irregular plurals too: 'mice' -> 'mouse'."""
    return {*singular_forms(word), *filter(None, [_SINGULARS.get(word)])}


def morphy_nouns(word: str) -> list[str]:
    """Return a noun and its possible singulars by WordNet's own rules, as the WUPS script does."""
    return [word, *(word.removesuffix(a) + b for a, b in _MORPHY_ENDINGS if word.endswith(a))]


def plural(noun: str) -> str:
    """Return the plural of a name, for a question: 'fire hydrant' -> 'fire hydrants'."""
    head, _, last = noun.rpartition(" ")
    if last in _PLURALS:
        return f"{head} {_PLURALS[last]}".strip()
    if _looks_plural(noun):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def with_article(noun: str) -> str:
    """Return 'a cup', 'an oven'; a plural stays bare."""
    return noun if _looks_plural(noun) else f"{article(noun)} {noun}"


def article(noun: str) -> str:
    """Return "a" or "an", by the sound that a name begins with.

    >>> article("oven"), article("unicycle"), article("hourglass")
    ('an', 'a', 'an')
    """
    if _AS_YOU.match(noun):
        return "a"
    return "an" if noun[0] in "aeiou" or noun.startswith(_SILENT_H) else "a"


def _looks_plural(noun: str) -> bool:
    return noun.endswith("s") and not noun.endswith("ss")


def noun_lemma(word: str, guess: str) -> str:
    """Return the singular of a plural noun, given a trained lemmatiser's guess."""
    if word in _PLURAL_ONLY:
        return word
    if word in ("people", "persons") and guess == "person":
        return "people"
    if word.endswith("ves") and word in _SINGULARS:
        return _SINGULARS[word]
    if not word.endswith("s"):
        return guess
    stem = guess.removesuffix("e")
    if guess + "s" == word and not stem.endswith(("sh", "ch", "ss", "x")):
        return guess
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")) or guess + "es" == word:
        return word[:-2]
    return word if word.endswith(("ss", "us")) else word[:-1]


@lru_cache(maxsize=1 << 14)
def base_forms(name: str) -> tuple[str, ...]:
    """Return what `name` may be another form of.

    Without hyphens; a plural's singular; a verb's infinitive and gerund. Of a phrase, the first
    word is the verb: "washed his hands" -> "washing hands".
    """
    found = [name.replace("-", " ")] if "-" in name else []
    for whole in [one for one in (name, *found) if one.strip(" -")]:
        found += singular_forms(whole)
        first, _, rest = whole.partition(" ")
        verbs = [form for verb in _infinitives(first) for form in (verb, gerund(verb))]
        found += [f"{verb} {_ARTICLES.sub('', rest)}".strip() for verb in verbs]
    return tuple(form for form in dict.fromkeys(found) if form.strip() and form != name)


@lru_cache(maxsize=1 << 14)
def all_forms(text: str) -> tuple[str, ...]:
    """Return the name that a text says, then what it may be another form of."""
    name = normalise(text)
    return (name, *base_forms(name))


def stems(text: str) -> frozenset[str]:
    """Return the content words of a text without endings: "Riding a horse" -> {"rid", "hors"}.

    The trained ranker of facts counts these; they are no words.
    """
    found = set()
    for word in normalise(text).split():
        if word in FUNCTION_WORDS:
            continue
        for ending in ("ing", "ed", "es", "s", "e"):
            if word.endswith(ending) and len(word) > len(ending) + 2:
                word = word[: -len(ending)]
                break
        found.add(word)
    return frozenset(found)


def _infinitives(form: str) -> list[str]:
    """Return the verbs that `form` may be of: 'typed' -> 'typ', 'type', 'typp'."""
    found = [_PASTS[form]] if form in _PASTS else [form]
    for ending, replacement in (("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        stem = form[: len(form) - len(ending)] + replacement
        if form.endswith(ending) and len(stem) > 2:
            found += [stem, stem + "e"]
            if stem[-1] == stem[-2]:
                found.append(stem[:-1])
    return found


def gerund(verb: str) -> str:
    """Return the "-ing" form of a verb, by rules: run, ride, lie -> running, riding, lying."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    closed = re.search(r"(?:^|[^aeiou])[aeiou][^aeiouwxy]$", verb)  # run, hit; not eat, snow
    doubles = closed and 2 < len(verb) <= 4 and not verb.endswith("en")
    return verb + (verb[-1] if doubles else "") + "ing"


def verb_lemma(word: str, guess: str) -> str:
    """Return the infinitive of a verb, given a trained lemmatiser's guess."""
    if word in _BARE_ING or word in _YING:
        return verb_of_ing(word)
    if word.endswith("ing"):
        bare = word.removesuffix("ing")
        regular = verb_of_ing(word)
        known = len(bare) < 5 or not regular.startswith(bare)
        if guess in (bare, bare + "e") and regular != guess and known:
            return regular
    stem = guess.removesuffix("e")
    if stem == guess or not word.startswith(stem):
        return guess
    unsound = stem.endswith(_NEVER_BEFORE_E) or bool(_NO_E.search(stem))
    return stem if unsound else guess


def verb_of(form: str) -> str:
    """Return the infinitive of a verb that stands alone, by rules: 'rides', 'riding' -> 'ride'."""
    if form in _PREDICATE_VERBS:
        return _PREDICATE_VERBS[form]
    if form.endswith("ing") and len(form) > 4:
        return verb_of_ing(form)
    if form.endswith("ed") and len(form) > 4:
        return verb_of_ing(form.removesuffix("ed") + "ing")
    if form.endswith("s") and not form.endswith(("ss", "us", "is", "across", "as")):
        return form.removesuffix("es") if form.endswith(("shes", "ches")) else form[:-1]
    return form


def verb_of_ing(word: str) -> str:
    """Return the verb of an "-ing" form: hold, run, ride; "swing" is one itself."""
    if word in _BARE_ING:
        return word
    if word in _YING:
        return _YING[word]
    stem = word.removesuffix("ing")
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lszeof":
        return stem[:-1]
    if _DOUBLED_L.fullmatch(stem):
        return stem[:-1]
    return stem + "e" if _SHORT.fullmatch(stem) or _MUTE_E.search(stem) else stem
