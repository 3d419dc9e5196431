"""What a text says is where: entities with attributes, and the relations between them.

The relations follow FACTUAL's style (Li et al., Findings of ACL 2023): lemma of the verb,
particle, preposition; "have" for possession.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.reading import lexicon as words
from pipelines.reading.phrases import (
    ADJECTIVES,
    VERBS,
    Phrase,
    Preposition,
    find_phrases,
    find_prepositions,
)
from pipelines.reading.sentence import Attribute, Entity, SentenceRelation, Token

_MODIFIES_NOUN = ("acl", "amod", "nmod")
_SHARES_SUBJECT = ("conj", "xcomp", "advcl", "parataxis", "ccomp", "dep")
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """Phrases from left to right, the relations between them by index, and prepositions."""

    phrases: tuple[Phrase, ...] = ()
    relations: tuple[SentenceRelation, ...] = ()
    prepositions: tuple[Preposition, ...] = ()

    @property
    def entities(self) -> tuple[Entity, ...]:
        return tuple(phrase.entity for phrase in self.phrases)


def read_scene(text: str, tokens: Sequence[Token], asserted: bool = True) -> Scene:
    """Return the scene that `tokens` of `text` describe.

    asserted: predicate adjectives ("the dog is brown") become attributes. A question does
        not assert them.
    """
    prepositions = find_prepositions(tokens)
    phrases = find_phrases(text, tokens, prepositions)
    reader = _Reader(tokens, phrases, prepositions)
    relations = reader.relations()
    if asserted:
        phrases = reader.with_predicates(relations)
    return Scene(tuple(phrases), tuple(relations), tuple(prepositions))


class _Reader:
    """Looks relations up in the tree, and to the left where the tree has no answer."""

    def __init__(
        self,
        tokens: Sequence[Token],
        phrases: Sequence[Phrase],
        prepositions: Sequence[Preposition],
    ) -> None:
        self.tokens = tokens
        self.phrases = phrases
        self.phrase_at = {
            at: index
            for index, phrase in enumerate(phrases)
            for at in range(phrase.first, phrase.stop)
        }
        self.preposition_stopping = {found.stop: found for found in prepositions}
        self.preposition_at = {
            at: found for found in prepositions for at in range(found.first, found.stop)
        }
        self.children: dict[int, list[int]] = {}
        for at, token in enumerate(tokens):
            if token.head != at:
                self.children.setdefault(token.head, []).append(at)

    def relations(self) -> list[SentenceRelation]:
        """Return each relation once, in order of its object."""
        found: dict[tuple[int, str, int], SentenceRelation] = {}
        for index in range(len(self.phrases)):
            for relation in self._relations_of(index):
                if relation.subject != relation.object:
                    key = (relation.subject, relation.predicate, relation.object)
                    found.setdefault(key, relation)
        return self._coordinated(list(found.values()))

    def _relations_of(self, index: int) -> list[SentenceRelation]:
        phrase = self.phrases[index]
        found = [self._possession(index)]
        first = phrase.first
        if self._possessor(index) is not None:
            first = self.phrases[index - 1].first
        preposition = self.preposition_stopping.get(first)
        if index + 1 < len(self.phrases) and self._possessor(index + 1) is not None:
            return [relation for relation in found if relation is not None]
        if preposition is None:
            found.append(self._object(index) or self._copula(index))
        else:
            found.append(self._prepositional(index, preposition))
        return [relation for relation in found if relation is not None]

    def _prepositional(self, index: int, preposition: Preposition) -> SentenceRelation | None:
        """Return what `preposition` + phrase `index` modifies, and how."""
        anchor = self.phrases[index].head
        subject = self._subject_child(anchor)
        if subject is not None and subject != index:
            return self._relation(subject, [], preposition, index)
        governor = self._governor(anchor, preposition)
        if governor is None:
            return None
        if governor in self.phrase_at:
            return self._of_noun(self.phrase_at[governor], preposition, index)
        subject = self.subject_of(governor)
        if subject is None or subject == index:
            return None
        if preposition.name == "by" and self.tokens[governor].tag == "VBN":
            return self._relation(index, self._verb(governor), None, subject)
        stative = self._is_be(governor) or self.tokens[governor].tag in ADJECTIVES
        verb = [] if stative and preposition.name != "of" else self._verb(governor)
        held = self.phrase_at.get(preposition.first - 1)
        if held not in (None, subject) and self.tokens[governor].lemma.lower() == "have":
            return self._relation(held, [], preposition, index)
        return self._relation(subject, verb, preposition, index)

    def _governor(self, anchor: int, preposition: Preposition) -> int | None:
        """Return the verb or noun that the prepositional phrase belongs to.

        The tree decides between candidates to the left; without one that makes sense, the
        nearest verb or noun does.
        """
        head = self.tokens[anchor].head
        if head < preposition.first and (
            head in self.phrase_at
            or self.tokens[head].tag in VERBS
            or self.tokens[head].tag in ADJECTIVES
        ):
            return head
        for at in range(preposition.first - 1, -1, -1):
            if at in self.phrase_at or self.tokens[at].tag in VERBS:
                return at
            if self.tokens[at].tag in (".", ":"):
                break
        return None

    def _of_noun(self, owner: int, preposition: Preposition, index: int) -> SentenceRelation | None:
        """Return noun + preposition + noun; "leg of the man" is the man having a leg."""
        holder = self.phrases[owner].entity.lemma.rsplit(" ", 1)[-1]
        if preposition.name == "of" and holder not in words.CONTAINERS:
            found = self._relation(index, [], preposition, owner)
            return replace(found, predicate="have")
        return self._relation(owner, [], preposition, index)

    def _object(self, index: int) -> SentenceRelation | None:
        """Return subject, verb and phrase `index` as the verb's direct object."""
        phrase = self.phrases[index]
        token = self.tokens[phrase.head]
        if token.dep in ("nsubj", "nsubj:pass"):
            return None
        verb = token.head if token.dep in ("obj", "iobj", "obl", "xcomp") else None
        if verb is None or self.tokens[verb].tag not in VERBS or verb > phrase.first:
            verb = phrase.first - 1
        if verb < 0 or self.tokens[verb].tag not in VERBS or self._is_be(verb):
            return None
        if verb in self.phrase_at:
            return None
        subject = self.subject_of(verb)
        if subject is None or subject == index:
            return None
        return self._relation(subject, self._verb(verb), None, index)

    def _copula(self, index: int) -> SentenceRelation | None:
        """Return "is a" for a phrase that the text equates with another."""
        anchor = self.phrases[index].head
        subject = self._subject_child(anchor)
        copula = [at for at in self.children.get(anchor, []) if self.tokens[at].dep == "cop"]
        if subject is None or subject == index or not copula:
            return None
        at = copula[0]
        return SentenceRelation(subject, "is a", index, self.tokens[at].start, self.tokens[at].end)

    def _possessor(self, index: int) -> int | None:
        """Return the phrase that owns phrase `index` by "'s" before it."""
        mark = self.phrases[index].first - 1
        owned = index > 0 and mark > 0 and self.tokens[mark].tag == "POS"
        return index - 1 if owned and self.phrases[index - 1].stop == mark else None

    def _possession(self, index: int) -> SentenceRelation | None:
        owner = self._possessor(index)
        if owner is None:
            return None
        mark = self.tokens[self.phrases[index].first - 1]
        return SentenceRelation(owner, "have", index, mark.start, mark.end)

    def _subject_child(self, at: int) -> int | None:
        """Return the phrase that is the grammatical subject of token `at`."""
        for child in self.children.get(at, []):
            if self.tokens[child].dep in ("nsubj", "nsubj:pass") and child in self.phrase_at:
                return self.phrase_at[child]
        return None

    def subject_of(self, verb: int, depth: int = 0) -> int | None:
        """Return the phrase that does, or undergoes, the verb; the nearest left at last."""
        subject = self._subject_child(verb)
        if subject is not None:
            return subject
        token = self.tokens[verb]
        if token.head != verb and depth < _DEEPEST:
            if token.head in self.phrase_at and token.dep.startswith(
                _MODIFIES_NOUN + _SHARES_SUBJECT
            ):
                return self.phrase_at[token.head]
            if token.dep.startswith(_SHARES_SUBJECT) and token.head not in self.phrase_at:
                return self.subject_of(token.head, depth + 1)
        for at in range(verb - 1, -1, -1):
            if at in self.phrase_at:
                return self.phrase_at[at]
        return None

    def _is_be(self, at: int) -> bool:
        return self.tokens[at].lemma.lower() == "be" or self.tokens[at].text.lower() in words.BE

    def _verb(self, verb: int) -> list[int]:
        """Return the verb's token and its particle's."""
        particles = [
            at
            for at in self.children.get(verb, [])
            if self.tokens[at].dep == "compound:prt" and verb < at
        ]
        return [verb, *particles[:1]]

    def _relation(
        self, subject: int, verb: list[int], preposition: Preposition | None, index: int
    ) -> SentenceRelation:
        parts = [self.tokens[at].lemma.lower() for at in verb]
        covered = list(verb)
        if preposition is not None:
            covered += [preposition.first, preposition.stop - 1]
            if not any(self.preposition_at.get(at) == preposition for at in verb):
                parts.append(preposition.name)
        return SentenceRelation(
            subject,
            " ".join(parts),
            index,
            min(self.tokens[at].start for at in covered),
            max(self.tokens[at].end for at in covered),
        )

    def _coordinated(self, relations: list[SentenceRelation]) -> list[SentenceRelation]:
        """Give the second of two joined nouns ("a cat and a dog on a sofa") its relations."""
        for index, phrase in enumerate(self.phrases):
            token = self.tokens[phrase.head]
            first = self.phrase_at.get(token.head)
            if token.dep != "conj" or first is None or first >= index:
                continue
            leads = any(relation.subject == index for relation in relations)
            if not leads and not any(relation.object == index for relation in relations):
                relations += [
                    replace(relation, object=index)
                    for relation in relations
                    if relation.object == first and relation.subject != index
                ]
            if phrase.first - self.phrases[first].stop == 1:
                relations += self._shared(relations, first, index)
                relations += self._shared(relations, index, first)
        return relations

    @staticmethod
    def _shared(
        relations: list[SentenceRelation], giver: int, taker: int
    ) -> list[SentenceRelation]:
        if any(relation.subject == taker for relation in relations):
            return []
        return [
            replace(relation, subject=taker)
            for relation in relations
            if relation.subject == giver and relation.object != taker
        ]

    def with_predicates(self, relations: Sequence[SentenceRelation]) -> list[Phrase]:
        """Return the phrases with their own predicates: "is brown", "smiling"."""
        phrases = list(self.phrases)
        started = {relation.start for relation in relations}
        for at, token in enumerate(self.tokens):
            if at in self.phrase_at or at in self.preposition_at:
                continue
            if token.tag == "VBG" and token.start not in started and not self._is_be(at):
                self._add_activity(phrases, at)
                continue
            if token.tag not in ADJECTIVES:
                continue
            subject = self._subject_child(at)
            if subject is None and token.dep == "conj":
                subject = self._subject_child(token.head)
            before = self._is_be(at - 1) if at else False
            if subject is None and before:
                subject = self.phrase_at.get(at - 2)
            if subject is not None:
                _add_attribute(phrases, subject, token, token.lemma.lower())
        return phrases

    def _add_activity(self, phrases: list[Phrase], at: int) -> None:
        """Say of its subject what a verb without object says: "a man smiling"."""
        token = self.tokens[at]
        before = self.phrase_at.get(at - 1)
        subject = self._subject_child(at)
        if subject is None and token.dep.startswith("acl"):
            subject = before
        if subject is not None:
            _add_attribute(phrases, subject, token, token.text.lower())


def _add_attribute(phrases: list[Phrase], index: int, token: Token, lemma: str) -> None:
    entity = phrases[index].entity
    attribute = Attribute(token.text, token.start, token.end, lemma)
    entity = replace(entity, attributes=(*entity.attributes, attribute))
    phrases[index] = replace(phrases[index], entity=entity)
