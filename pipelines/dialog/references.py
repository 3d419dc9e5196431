"""What pronouns and "the other one" refer to: the most salient referent that agrees.

Salience is recency, and within a turn the rank of centering theory (Grosz, Joshi & Weinstein,
Computational Linguistics 1995): an answer that is a thing comes before the topic, the topic before
whatever else was named. Agreement is of number and of person or thing. Which words are pronouns,
and of what kind, is read from spaCy's tags and dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from kg.english import plural
from kg.graph import Node, SceneGraph
from kg.vocabulary import NodeKind
from pipelines.dialog.kinds import FEMALE, MALE, Kinds, definite, indefinite
from pipelines.dialog.turns import MarkedText, Reference, Referent
from pipelines.reading.sentence import Sentence, Token

MISMATCH = 1.5
"""Turns by which a referent that agrees may be older than one that disagrees in one respect."""
RANK = 0.1
"""Turns that one place in the order of a turn's referents counts. Both were chosen by hand."""
NOUNS = ("NN", "NNS", "NNP", "NNPS")
PLURAL_TAGS = ("NNS", "NNPS")
SINGULAR = {"it", "its", "itself", "this", "that"}
PLURAL = {"they", "them", "their", "theirs", "themselves", "these", "those", "both"}
MASCULINE, FEMININE = {"he", "him", "his", "himself"}, {"she", "her", "hers", "herself"}
POINTING = {"this", "that", "these", "those"}
POSSESSIVE = "PRP$"
ONES = {"one": False, "ones": True}
OTHERS = {"other", "another", "others"}
MANY = {"many", "much"}
WEATHER = {"rain", "snow", "sunny", "cloudy", "windy", "rainy", "foggy", "time", "weather"}
"""Words of which "it" is only the grammatical subject."""


@dataclass(frozen=True, slots=True)
class Discourse:
    """What words can refer to: the turns' referents, the last turn's first, and the photograph."""

    history: Sequence[Sequence[Referent]]
    scene: SceneGraph
    kinds: Kinds

    def referents(self) -> Iterator[tuple[float, Referent]]:
        """Yield every referent of the dialog with its distance in turns."""
        for turns, listed in enumerate(self.history):
            for rank, one in enumerate(listed):
                yield turns + RANK * rank, one

    def objects(self, name: str) -> list[Node]:
        """Return the objects of the photograph that have this name, or are of this kind."""
        objects = self.scene.nodes(NodeKind.OBJECT)
        same = [node for node in objects if node.label == name]
        return same or [node for node in objects if self.kinds.is_a(node.label, name)]


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a text, and what stands there: `text` takes its place, and means `reference`."""

    start: int
    end: int
    text: str
    reference: Reference


def resolve(sentence: Sentence, discourse: Discourse) -> MarkedText:
    """Return the text with the names of what its words refer to in their place.

    Words that refer to nothing in the dialog stay as they are: the answerer takes "it" for
    whatever is most prominent in the photograph.
    """
    marked = MarkedText(sentence.text)
    found = [*_pronouns(sentence, discourse), *_ones(sentence.tokens, discourse)]
    for one in sorted(found, key=lambda each: -each.start):
        marked = marked.with_reference(one.start, one.end, one.text, one.reference)
    return marked


def _pronouns(sentence: Sentence, discourse: Discourse) -> Iterator[Found]:
    tokens, question = sentence.tokens, sentence.question
    # "What animal is this?" does not ask what animal the animal is.
    asks_kind = question is not None and question.relation == "is a"
    pointing = asks_kind and question is not None and question.answer_type != "yes/no"
    for at, token in enumerate(tokens):
        word = token.text.lower()
        if not _is_pronoun(tokens, at):
            continue
        referent = antecedent(word, discourse)
        if referent is None:
            continue
        if pointing and token.tag != POSSESSIVE:
            words = sentence_words(tokens, token.start, token.end)
            yield Found(token.start, token.end, token.text, _reference(words, referent))
            continue
        is_plural = word in PLURAL or referent.plural
        named = definite if _is_seen(referent) else indefinite
        name = named(referent.name, is_plural)
        start, end = token.start, token.end
        if token.tag == POSSESSIVE:
            name += "'" if name.endswith("s") else "'s"
        elif (
            at >= 2 and tokens[at - 1].text.lower() == "of" and tokens[at - 2].text.lower() in MANY
        ):
            start, name = tokens[at - 1].start, plural(referent.name)  # how many of them
        yield Found(start, end, name, _reference(sentence_words(tokens, start, end), referent))


def _is_pronoun(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word stands for something, rather than for nothing ("it rains") or a noun."""
    token = tokens[at]
    word = token.text.lower()
    if word in POINTING | {"both"}:
        before_noun = at + 1 < len(tokens) and tokens[at + 1].tag in NOUNS
        determines = token.dep.startswith("det") or before_noun
        return token.tag in ("DT", "PDT", "PRP") and token.dep != "mark" and not determines
    known = SINGULAR | PLURAL | MASCULINE | FEMININE
    return word in known and token.tag in ("PRP", POSSESSIVE) and not _is_expletive(tokens, at)


def _is_expletive(tokens: Sequence[Token], at: int) -> bool:
    """Whether "it" stands for nothing: "is it raining", "is it possible to ...".

    The parser takes "is it larger than ..." for such a one, too, which it is not.
    """
    if tokens[at].text.lower() != "it":
        return False
    lemmas = {one.lemma.lower() for one in tokens}
    compares = any(one.tag == "JJR" for one in tokens)
    return (tokens[at].dep == "expl" and not compares) or not WEATHER.isdisjoint(lemmas)


def antecedent(word: str, discourse: Discourse) -> Referent | None:
    """Return what a pronoun refers to: the nearest referent, where disagreement counts as turns."""
    best: tuple[float, Referent] | None = None
    for distance, one in discourse.referents():
        misfit = disagreement(word, one, discourse)
        if misfit is None:
            continue
        cost = distance + MISMATCH * misfit
        if best is None or cost < best[0]:
            best = cost, one
    found = _in_photograph(word, discourse) if best is None else best[1]
    return found if found is None else _in_number(word, found, discourse)


def disagreement(word: str, one: Referent, discourse: Discourse) -> float | None:
    """Return in how many respects a referent does not fit a pronoun; None where it cannot be it."""
    if word in MASCULINE | FEMININE:
        opposite = FEMALE if word in MASCULINE else MALE
        if one.plural or one.name in opposite:
            return None
        return 0 if one.person else 2 if discourse.kinds.is_animal(one.name) else None
    if word in PLURAL:
        if one.plural:
            return 0
        several = len(discourse.objects(one.name)) > 1
        return 0.5 if several or not _is_seen(one) else 1 if one.person else 2
    return 2.0 * one.person + (1.0 if _is_seen(one) else 0.5) * one.plural


def _in_photograph(word: str, discourse: Discourse) -> Referent | None:
    """Return the most prominent person, or all people, for a pronoun that only people have."""
    if word not in MASCULINE | FEMININE | {"they", "them", "their"}:
        return None
    people = [
        node
        for node in discourse.scene.nodes(NodeKind.OBJECT)
        if discourse.kinds.is_person(node.label)
    ]
    if not people:
        return None
    first = max(people, key=prominence)
    chosen = people if word in PLURAL else [first]
    return Referent(first.label, tuple(node.id for node in chosen), len(chosen) > 1, person=True)


def _in_number(word: str, one: Referent, discourse: Discourse) -> Referent:
    """Return all objects of the kind, where a plural pronoun goes back to one of several."""
    if word not in PLURAL or one.plural or not _is_seen(one):
        return one
    objects = discourse.objects(one.name)
    if len(objects) < 2:
        return one
    return Referent(one.name, tuple(node.id for node in objects), True, one.person)


def _ones(tokens: Sequence[Token], discourse: Discourse) -> Iterator[Found]:
    """Find "the left one", "which one", "the other", "another one", and "how many are there?"."""
    kind = next((one for _, one in discourse.referents() if _is_seen(one)), None)
    kind = kind or next((one for _, one in discourse.referents()), None)
    if kind is None:
        return
    for at, token in enumerate(tokens):
        word = token.text.lower()
        before = tokens[at - 1].text.lower() if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        noun_follows = after is not None and (after.tag in NOUNS or after.text.lower() in ONES)
        if word in ONES and at and not noun_follows and before not in ("no", "some", "any"):
            name = plural(kind.name) if ONES[word] else kind.name
            others = before in OTHERS
            start = tokens[at - 1].start if others else token.start
            reference = _other(kind, discourse) if others else Reference("", kind.name)
            text = f"{before} {name}" if others else name
            yield Found(start, token.end, text, _with_words(reference, tokens, start, token.end))
        elif word in OTHERS and not noun_follows and (after is None or after.tag != "JJ"):
            name = plural(kind.name) if word == "others" else kind.name
            text = f"{word.removesuffix('s')} {name}"
            reference = _with_words(_other(kind, discourse), tokens, token.start, token.end)
            yield Found(token.start, token.end, text, reference)
        elif word in MANY and before == "how" and _lacks_noun(tokens, at):
            text = f"{token.text} {plural(kind.name)}"
            words = sentence_words(tokens, token.start, token.end)
            yield Found(token.start, token.end, text, Reference(words, kind.name))


def _lacks_noun(tokens: Sequence[Token], at: int) -> bool:
    """Whether no noun follows "how many" before the verb."""
    for one in tokens[at + 1 :]:
        if one.tag in NOUNS or one.text.lower() in ("of", *ONES):
            return False
        if one.tag.startswith(("VB", "MD")):
            break
    return True


def _other(kind: Referent, discourse: Discourse) -> Reference:
    """Return the objects of the kind that were not spoken of last."""
    rest = [node.id for node in discourse.objects(kind.name) if node.id not in kind.nodes]
    return Reference("", kind.name, tuple(rest))


def _with_words(one: Reference, tokens: Sequence[Token], start: int, end: int) -> Reference:
    return Reference(sentence_words(tokens, start, end), one.name, one.nodes)


def sentence_words(tokens: Sequence[Token], start: int, end: int) -> str:
    """Return the words from character `start` to `end`, with "the" where it stands before them."""
    words = [one.text for one in tokens if start <= one.start and one.end <= end]
    before = [one for one in tokens if one.end <= start]
    if before and before[-1].text.lower() in ("the", "which") and words[0].lower() not in MANY:
        words.insert(0, before[-1].text)
    return " ".join(words).lower()


def _reference(words: str, one: Referent) -> Reference:
    return Reference(words, plural(one.name) if one.plural else one.name, one.nodes)


def _is_seen(one: Referent) -> bool:
    """Whether a referent is an object of the photograph."""
    return any(node.startswith("object:") for node in one.nodes)


def prominence(node: Node) -> float:
    """Return how much an object stands out: its score times the square root of its area."""
    return node.score * (1.0 if node.box is None else sqrt(node.box.area))
