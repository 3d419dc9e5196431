"""What a fragment leaves out: "and the dog?", "in the kitchen?", "how many?", "red?".

The last question of the dialog supplies what is missing. A phrase takes the place of the phrase
that is most like it: in kind, in its preposition and determiner, the topic before others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kg.english import plural
from pipelines.dialog.focus import is_plural
from pipelines.dialog.kinds import Kinds, definite
from pipelines.dialog.references import NOUNS, PLURAL_TAGS
from pipelines.dialog.turns import MarkedText, Reference, Referent
from pipelines.reading import lexicon
from pipelines.reading.lexicon import listed
from pipelines.reading.phrases import find_prepositions
from pipelines.reading.sentence import Entity, Sentence, Token

OPENINGS = listed("and but so then ok okay well now also or , please hm")
"""Words before a question that say nothing of it."""
FINITE = ("VBZ", "VBP", "VBD", "VB", "MD")
ABOUT = ("about", "of")
BEFORE_NOUN = ("DT", "PRP$", "JJ", "JJR", "JJS", "CD", "POS")
ANY = {"a", "an", "any", "some", "no"}
DEFINITE = {"the", "this", "that"}


def without_opening(sentence: Sentence) -> str:
    """Return the text without "and", "ok, so" before it."""
    for token in sentence.tokens:
        if token.text.lower() not in OPENINGS:
            return sentence.text[token.start :]
    return sentence.text


def is_fragment(sentence: Sentence) -> bool:
    """Whether a question has no finite verb, and so lacks what an earlier question said."""
    tags = [one.tag for one in sentence.tokens]
    if any(tag in FINITE for tag in tags):
        return False
    # "What powers it?" has a verb that is also a noun.
    first = sentence.tokens[0].text.lower() if sentence.tokens else ""
    verb_like = tags[1:2] == ["NNS"] and tags[2:3] != [] and tags[2] in ("PRP", "DT", "PRP$")
    return not (first in ("what", "who", "which") and verb_like)


@dataclass(frozen=True, slots=True)
class Completion:
    """Completes fragments by the last question.

    last: what was asked; topic: what it asked about; read: the parser.
    """

    last: MarkedText
    topic: Referent | None
    kinds: Kinds
    read: Callable[[str], Sentence]

    def __call__(self, fragment: MarkedText) -> MarkedText:
        """Return the whole question that a fragment stands for."""
        sentence = self.read(fragment.text)
        words = [one for one in sentence.tokens if one.tag not in (".", ",")]
        if not words:
            return fragment
        first = words[0].text.lower()
        about = len(words) > 2 and first in ("what", "how") and words[1].text.lower() in ABOUT
        if about:
            words = words[2:]
        elif first in lexicon.WH_WORDS:
            return self._of_wh_word(fragment, words)
        piece = _uncapitalised(fragment.part(words[0].start, words[-1].end), words[0])
        before = self.read(self.last.text)
        if words[0].text.lower() in lexicon.PREPOSITIONS:
            return self._with_place(piece, words, before)
        if words[-1].tag in NOUNS or words[-1].tag == "CD":
            return self._with_thing(piece, words, before)
        return self._with_property(piece, before)

    def _of_wh_word(self, fragment: MarkedText, words: Sequence[Token]) -> MarkedText:
        """Complete "what colour?", "where?", "how many?" by what was spoken of."""
        text = fragment.part(words[0].start, words[-1].end)
        topic = self._topic()
        if topic is None:
            return fragment
        if any(one.text.lower() in ("many", "much") for one in words):
            return _joined(text, MarkedText(" are there?"))
        verb = " are " if self.topic is not None and self.topic.plural else " is "
        if any(one.tag in NOUNS for one in words[1:]) and words[1].tag == "DT":  # where the dog?
            rest = fragment.part(words[1].start, words[-1].end)
            return _joined(MarkedText(f"{words[0].text} is "), rest, MarkedText("?"))
        return _joined(text, MarkedText(verb), topic, MarkedText("?"))

    def _topic(self) -> MarkedText | None:
        if self.topic is None:
            return None
        name = definite(self.topic.name, self.topic.plural)
        reference = Reference(self.topic.name, self.topic.name, self.topic.nodes)
        return MarkedText("").with_reference(0, 0, name, reference)

    def _with_place(
        self, piece: MarkedText, words: Sequence[Token], before: Sentence
    ) -> MarkedText:
        """Put a phrase with its preposition in the place of another, or at the end."""
        said = words[0].text.lower()
        ending = {before.tokens[one.stop - 1].end: one for one in find_prepositions(before.tokens)}
        places = []
        for entity in before.entities:
            start, end = phrase(before, entity)
            preposition = ending.get(len(before.text[:start].rstrip()))
            if preposition is None:
                continue
            both = {preposition.name, said} <= lexicon.PLACE_PREPOSITIONS
            alike = self.kinds.in_common(entity.lemma, words[-1].lemma)
            if both or alike or preposition.name == said:
                first = before.tokens[preposition.first].start
                places.append((preposition.name == said, alike, first, end))
        if places:
            _, _, start, end = max(places)
            return self.last.replaced(start, end, piece)
        end = len(self.last.text.rstrip(" ?."))
        return _joined(self.last.part(0, end), MarkedText(" "), piece, MarkedText("?"))

    def _with_thing(
        self, piece: MarkedText, words: Sequence[Token], before: Sentence
    ) -> MarkedText:
        """Put a thing in the place of the thing that it is most like."""
        slot = self._slot(words, before)
        several = words[-1].tag in PLURAL_TAGS
        if slot is None:
            if words[0].text.lower() in ANY or several:
                return _joined(MarkedText("Are there " if several else "Is there "), piece, _END)
            return _joined(MarkedText("What is "), piece, _END)
        start, end = phrase(before, slot)
        return self.last.replaced(start, end, _fitted(piece, words, before, slot))

    def _slot(self, words: Sequence[Token], before: Sentence) -> Entity | None:
        name = " ".join(one.text for one in words if one.tag in NOUNS) or words[-1].text
        first = words[0].text.lower()
        topic = None if before.question is None else before.question.topic
        best: tuple[float, Entity] | None = None
        for index, entity in enumerate(before.entities):
            if entity.kind != "thing":
                continue
            alike = self.kinds.in_common(name, entity.lemma)
            score = 2.0 * (alike > 0) + min(alike, 9) / 10
            score += 1.0 * (self.kinds.is_person(name) == self.kinds.is_person(entity.lemma))
            score += 4.0 * (first in ANY and entity.determiner in ANY)
            score += 4.0 * (first in DEFINITE and entity.determiner in DEFINITE)
            score += 1.5 * (index == topic)
            if best is None or score > best[0]:
                best = score, entity
        return None if best is None else best[1]

    def _with_property(self, piece: MarkedText, before: Sentence) -> MarkedText:
        """Ask whether what was spoken of has a property: "red?", "made of glass?"."""
        question = before.question
        asked = None if question is None else question.answer_type
        ends = [one for one in before.entities if one.kind != "thing"]
        if asked == "yes/no" and ends:
            last = ends[-1]
            return self.last.replaced(last.start, last.end, piece)
        topic = self._topic()
        if topic is None:
            return piece
        verb = "Are " if self.topic is not None and self.topic.plural else "Is "
        return _joined(MarkedText(verb), topic, MarkedText(" "), piece, _END)


_END = MarkedText("?")


def phrase(sentence: Sentence, entity: Entity) -> tuple[int, int]:
    """Return the characters of an entity with its determiner, adjectives and owner."""
    start, owned = entity.start, False
    for token in reversed(sentence.tokens):
        if token.end > start:
            continue
        many = token.text.lower() in ("many", "much")
        if many or not (token.tag in BEFORE_NOUN or (owned and token.tag in NOUNS)):
            break
        start, owned = token.start, token.tag == "POS"
        if token.tag in ("DT", "PRP$"):
            break
    return start, entity.end


def _fitted(
    piece: MarkedText, words: Sequence[Token], before: Sentence, slot: Entity
) -> MarkedText:
    """Return a phrase in the form that its new place needs: "how many cats", "what cat"."""
    start, _ = phrase(before, slot)
    bare = slot.determiner is None or slot.determiner in lexicon.WH_WORDS
    after = sentence_before(before, start)
    if not (bare or after in ("many", "kind", "of")) or after == "of":
        return piece
    nouns = [one for one in words if one.tag != "DT"]
    if not nouns:
        return piece
    base = nouns[0].start - words[0].start
    noun = piece.part(base, len(piece.text))
    if is_plural(before, slot) and nouns[-1].tag not in PLURAL_TAGS and not noun.marks:
        return MarkedText(plural(noun.text))
    return noun if after in ("many", "which", "what") else piece


def sentence_before(sentence: Sentence, start: int) -> str:
    """Return the word before character `start`, in lower case; "" at the beginning."""
    before = [one for one in sentence.tokens if one.end <= start]
    return before[-1].text.lower() if before else ""


def _uncapitalised(piece: MarkedText, first: Token) -> MarkedText:
    """Return a piece that no longer begins a sentence."""
    if first.tag in ("NNP", "NNPS") or not piece.text[1:2].islower() or piece.marks:
        return piece
    return MarkedText(piece.text[0].lower() + piece.text[1:])


def _joined(*parts: MarkedText) -> MarkedText:
    whole = MarkedText("")
    for one in parts:
        whole = whole.replaced(len(whole.text), len(whole.text), one)
    return whole


__all__ = ["Completion", "is_fragment", "phrase", "without_opening"]
