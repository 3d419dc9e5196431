"""The analysis of a question: focus, type of answer, relation, topic and frame.

It goes by tags, lemmas and the order of words, because dependency trees of questions are
often wrong; the tree only helps to find the entities and the relations between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.reading import lexicon as words
from pipelines.reading.clause import Clause, take_apart
from pipelines.reading.constraints import PLACE_NOUNS, comparison_of, constraints_of, options_of
from pipelines.reading.entities import Scene
from pipelines.reading.focus import CLASS, queried_relation
from pipelines.reading.phrases import Phrase
from pipelines.reading.sentence import (
    POINTING_LEMMA,
    AnswerType,
    Constraint,
    Entity,
    Question,
    Sentence,
    SentenceRelation,
    Token,
)
from pipelines.reading.triples import canonical

__all__ = ["frame", "read_question"]

_PROGRESSIVE = "VBG"


def read_question(text: str, tokens: tuple[Token, ...], scene: Scene) -> Sentence:
    """Return the sentence with its question; `tokens` as `correct_tags` returned them."""
    clause = take_apart(tokens, scene)
    queried = queried_relation(tokens, scene, clause)
    focus, answer_type = _focus(tokens, scene, clause)
    dropped = _unsaid(tokens, scene, clause)
    mentioned = [
        Entity(
            tokens[at].text,
            tokens[at].start,
            tokens[at].end,
            tokens[at].lemma.lower().strip(),
            kind=kind,
        )
        for at, kind in dict(queried.mentions).items()
    ]
    kept = [index for index in range(len(scene.phrases)) if index not in dropped]
    entities = sorted(
        [scene.phrases[index].entity for index in kept] + mentioned,
        key=lambda entity: (entity.start, entity.end),
    )
    place = {index: entities.index(scene.phrases[index].entity) for index in kept}
    topic = _topic(scene, clause, place)
    question = Question(
        text=text,
        focus=None if focus is None else tokens[focus].lemma.lower().strip(),
        focus_start=0 if focus is None else tokens[focus].start,
        focus_end=0 if focus is None else tokens[focus].end,
        answer_type=answer_type,
        relation=queried.relation or None,
        frame=frame(text, tokens, [scene.phrases[i] for i in kept if i != clause.focus]),
        topic=topic,
        of_now=_is_being_done(tokens, clause),
    )
    if about := next((scene.phrases[i] for i, at in place.items() if at == topic), None):
        start, end = tokens[about.first].start, tokens[about.stop - 1].end
        question = replace(question, topic_start=start, topic_end=end)
    if focus is not None and clause.focus is not None:
        phrase = scene.phrases[clause.focus]
        question = replace(
            question,
            focus=phrase.entity.lemma,
            focus_start=phrase.entity.start,
            focus_end=phrase.entity.end,
        )
    stated = [
        relation
        for relation in scene.relations
        if relation.predicate != CLASS or clause.focus not in (relation.subject, relation.object)
    ]
    relations = _placed(stated, place)
    restricting = _restricting(text, entities, relations, queried.relation)
    constraints = constraints_of(text, tokens, entities, relations)
    question = replace(
        question,
        constraints=tuple(one for one in constraints if not _is_query(one, restricting)),
        comparison=comparison_of(text),
        steps=_steps(restricting, queried.relation),
        options=options_of(text),
    )
    return Sentence(text, tuple(entities), relations, question, tokens, constraints)


def frame(text: str, tokens: Sequence[Token], things: Sequence[Phrase]) -> str:
    """Return `text` with each thing, determiner and attributes included, blanked out.

    A thing that stands alone becomes "it"; of several, those with "a" or "an" become
    "a thing" and the others "the thing". What is asked for ("which vehicle") stays, and so
    do verbs, prepositions and properties; the grammar around "it" is not corrected.
    """
    parts = []
    at = 0
    for phrase in things:
        indefinite = phrase.entity.determiner in ("a", "an")
        blank = "it" if len(things) == 1 else ("a thing" if indefinite else "the thing")
        start = tokens[phrase.first].start
        parts += [text[at:start], blank.capitalize() if not text[:start].strip() else blank]
        at = tokens[phrase.stop - 1].end
    return " ".join("".join([*parts, text[at:]]).split())


def _restricting(
    text: str,
    entities: Sequence[Entity],
    relations: Sequence[SentenceRelation],
    queried: str | None,
) -> list[SentenceRelation]:
    """Return the relations that restrict what the question mentions, not the queried one.

    "Of" joins the focus to the topic: the name of the animal.
    """
    return [
        one
        for one in relations
        if text[one.start : one.end].lower() not in ("of", "'s", "\u2019s")
        and entities[one.object].lemma not in PLACE_NOUNS
        and (queried is None or canonical(one.predicate).text != canonical(queried).text)
    ]


def _is_query(constraint: Constraint, restricting: Sequence[SentenceRelation]) -> bool:
    """Whether a constraint is the relation that the question queries, and not a restriction."""
    same = SentenceRelation(
        constraint.entity or 0,
        constraint.value,
        constraint.other or 0,
        constraint.start,
        constraint.end,
    )
    return constraint.kind == "relation" and same not in restricting


def _steps(restricting: Sequence[SentenceRelation], queried: str | None) -> tuple[str, ...]:
    """Return the relations from what is known to the answer."""
    return (*[one.predicate for one in restricting], *([queried] if queried else []))


def _placed(
    relations: Sequence[SentenceRelation], place: dict[int, int]
) -> tuple[SentenceRelation, ...]:
    """Return the relations between entities that are kept, with their new indexes."""
    return tuple(
        replace(relation, subject=place[relation.subject], object=place[relation.object])
        for relation in relations
        if relation.subject in place and relation.object in place
    )


def _unsaid(tokens: Sequence[Token], scene: Scene, clause: Clause) -> set[int]:
    """Return the phrases that are no entity: the photograph, "colour", "name of", "kind"."""
    dropped = set()
    for index, phrase in enumerate(scene.phrases):
        lemma = phrase.entity.lemma
        if lemma in words.PHOTOGRAPH_NOUNS:
            dropped.add(index)
        if index == clause.focus and (lemma in words.ATTRIBUTE_NOUNS | words.KIND_NOUNS):
            dropped.add(index)
        named = words.ATTRIBUTE_NOUNS | words.PURPOSE_NOUNS | {"name", "number"}
        after = tokens[phrase.stop].text.lower() if phrase.stop < len(tokens) else ""
        if index == clause.subject and lemma in named and after == "of":
            dropped.add(index)
    return dropped


def _focus(tokens: Sequence[Token], scene: Scene, clause: Clause) -> tuple[int | None, AnswerType]:
    """Return the focus token, or None, and the type of the answer."""
    noun = clause.focus_noun
    match clause.wh:
        case None:
            return (None, "yes/no") if clause.auxiliaries else (None, "object")
        case "how":
            return noun, _of_how(tokens, noun)
        case "why" | "when":
            return None, "concept"
        case "where":
            return None, "object" if _about_the_photograph(tokens, clause) else "concept"
        case _:
            return _of_what(tokens, scene, clause)


def _of_how(tokens: Sequence[Token], noun: int | None) -> AnswerType:
    if noun is not None and tokens[noun].text.lower() in words.DIMENSIONS:
        return "attribute"
    counted = any(token.text.lower() in ("many", "much") for token in tokens)
    return "number" if noun is not None or counted else "concept"


def _of_what(
    tokens: Sequence[Token], scene: Scene, clause: Clause
) -> tuple[int | None, AnswerType]:
    """Return focus and type of answer after what, which, who and whose."""
    noun = clause.focus_noun
    if noun is not None:
        if tokens[noun].text.lower() in words.ATTRIBUTE_NOUNS:
            return noun, "attribute"
        if clause.kind or clause.wh == "whose":
            return noun, "concept"
    if noun is None and clause.subject is not None and not clause.predicate:
        return _named(tokens, scene, clause)
    if clause.subject is not None or clause.spoken:
        return noun, "object" if _about_the_photograph(tokens, clause) else "concept"
    return noun, "concept" if _acts_on_it(scene, clause) else "object"


def _named(tokens: Sequence[Token], scene: Scene, clause: Clause) -> tuple[int | None, AnswerType]:
    """Return the focus of "what is the X (next to Y)?"."""
    assert clause.subject is not None
    phrase = scene.phrases[clause.subject]
    lemma = phrase.entity.lemma
    if lemma == "number":
        return phrase.head, "number"
    if lemma in words.ATTRIBUTE_NOUNS:
        return phrase.head, "attribute"
    if lemma in words.PURPOSE_NOUNS:
        return phrase.head, "concept"
    if lemma == POINTING_LEMMA:
        return None, "object"
    placed = any(
        item.preposition is not None and item.preposition.name in words.PLACE_PREPOSITIONS
        for item in clause.modifiers
    )
    if placed or lemma in words.GENERIC_NOUNS:
        return phrase.head, "object"
    return None, "concept"


def _about_the_photograph(tokens: Sequence[Token], clause: Clause) -> bool:
    """Return whether the queried relation is visible: "is sitting on", not "is used for"."""
    if not set(clause.auxiliaries) & words.BE:
        return False
    if not clause.predicate:
        return clause.wh == "where"
    return clause.predicate[0].preposition is not None or _is_being_done(tokens, clause)


def _is_being_done(tokens: Sequence[Token], clause: Clause) -> bool:
    """Return whether the queried relation is what somebody is doing: "is it swimming"."""
    if not clause.predicate or not set(clause.auxiliaries) & words.BE:
        return False
    first = clause.predicate[0]
    return first.phrase is None and tokens[first.first].tag == _PROGRESSIVE


def _acts_on_it(scene: Scene, clause: Clause) -> bool:
    """Return whether "this" is the object of the queried relation: "who uses this?"."""
    if not clause.predicate or set(clause.auxiliaries) & words.BE:
        return clause.wh == "who" and not clause.predicate
    for before, item in zip(clause.predicate, clause.predicate[1:], strict=False):
        if item.phrase is not None and before.phrase is None and before.preposition is None:
            determiner = scene.phrases[item.phrase].entity.determiner
            return determiner in words.POINTING
    return False


def _topic(scene: Scene, clause: Clause, place: dict[int, int]) -> int | None:
    """Return the entity that is the topic of the queried relation."""
    candidates = [] if clause.subject is None or clause.spoken else [clause.subject]
    items = [*clause.modifiers, *clause.predicate]
    candidates += [item.phrase for item in items if item.phrase is not None]
    if clause.spoken and clause.subject is not None:
        candidates.append(clause.subject)
    if clause.kind and clause.focus is not None:
        candidates.append(clause.focus)
    return next((place[index] for index in candidates if index in place), None)
