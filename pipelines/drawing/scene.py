"""A text as a scene to draw: its things, each as often as it is counted, and what is said of them.

The text is read by the project's parser; here counts, repeated mentions and colours are resolved,
and a text that contradicts itself is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from kg.english import singular_forms, singulars
from kg.errors import SightGraphError
from kg.linking import Linker
from pipelines.drawing.colours import colour_of
from pipelines.drawing.relations import INVERSES, background_of, place_of, vocabulary, worn_on
from pipelines.reading.descriptions import entities_of
from pipelines.reading.sentence import POINTING_LEMMA, Entity, Sentence

MAX_THINGS = 20
"""Things of one picture: more would be smaller than their labels."""
SEVERAL = {"several": 3, "many": 4, "few": 3, "some": 2, "group of": 3, "bunch of": 3, "pair of": 2}
PLURAL = 2
"""How many things are drawn of a plural without a number."""
LARGE = frozenset(["big", "large", "huge", "giant", "enormous", "tall", "long", "wide", "great"])
SMALL = frozenset(["small", "little", "tiny", "short", "young", "baby", "miniature"])
DENYING = frozenset(["not", "n't", "never", "neither", "nor"])
"""Words that deny a whole statement, which no picture shows."""
WITHOUT = "without"
DEFINITE = frozenset(["the", "this", "that", "these", "those", "it", "they"])
ORDERS = {
    "left of": "left of", "above": "above", "on": "above", "sheltering": "above",
    "behind": "behind", "in": "in", "larger than": "larger than",
}  # fmt: skip
"""Places that no two things can have to each other both ways round, and the order that each is."""


Carries = Callable[[str, str], bool]
"""Whether a thing of one name usually carries one of the other, which is said to be over it."""


@dataclass(frozen=True, slots=True)
class DrawnThing:
    """One thing of a picture.

    name: its noun in singular, "ball". colour: a word of the text; size: 1, -1 or 0.
    background: the part of the picture that it fills, "ground"; None for most things.
    entity: number of the sentence's entity that names it.
    """

    name: str
    entity: int
    colour: str | None = None
    size: int = 0
    background: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """`place` is what the predicate means of the boxes, one of `relations.PLACES`."""

    subject: int
    predicate: str
    object: int
    place: str


@dataclass(frozen=True, slots=True)
class DrawnScene:
    """What a text says is to be drawn; relations point into `things`."""

    sentence: Sentence
    things: tuple[DrawnThing, ...]
    said: tuple[Said, ...]

    def sentence_of(self, one: Said) -> str:
        """Return a relation in words: "the dog under the table"."""
        subject, other = self.things[one.subject].name, self.things[one.object].name
        return f"the {subject} {one.predicate} the {other}"


def scene_of(sentence: Sentence, linker: Linker, carries: Carries) -> DrawnScene:
    """Return the scene that a text describes.

    linker: knows names, for texts that are a single one. carries: tells what is under something
    and carries it from what is beneath a shelter.

    Raises:
        SightGraphError: it names nothing that can be drawn, or too much; or it contradicts itself,
            or denies more than that something is there.
    """
    _refuse_denial(sentence)
    entities = entities_of(sentence)
    if not sentence.entities and not linker.best(entities[0].lemma):
        entities = ()
    things: list[DrawnThing] = []
    owned: dict[int, tuple[int, ...]] = {}
    absent = _absent(sentence, entities)
    for number, entity in enumerate(entities):
        known = _mentioned(entity, entities[:number], owned, things)
        if known is not None:
            owned[number] = known
            for one in known:
                things[one] = _with_attributes(things[one], _own(entities, number))
            continue
        if _is_drawn(entity) and number not in absent:
            count = _count(entities, number)
            owned[number] = tuple(range(len(things), len(things) + count))
            if len(things) + count > MAX_THINGS:
                raise SightGraphError(
                    f"the text names more than {MAX_THINGS} things, which no picture holds. "
                    "Name fewer."
                )
            things += [_thing(entities, number)] * count
    if not things:
        raise SightGraphError(
            f"the text names nothing that can be drawn: '{sentence.text[:60]}'. Name things and "
            "where they are, such as 'a dog under a table'."
        )
    said = tuple(dict.fromkeys(_said(sentence, things, owned, carries)))
    scene = DrawnScene(sentence, tuple(things), said)
    check_consistent(scene)
    return scene


def _refuse_denial(sentence: Sentence) -> None:
    denied = next((one.text for one in sentence.tokens if one.text.lower() in DENYING), None)
    if denied is not None:
        raise SightGraphError(
            f"the text denies something ('{denied}'), which no picture shows. Say what is to be "
            "seen; what is not there, after 'no' or 'without'."
        )


def _absent(sentence: Sentence, entities: Sequence[Entity]) -> set[int]:
    """Return what the text says is not there: "no dogs", "0 dogs", "without a hat"."""
    without = {one.object for one in sentence.relations if one.predicate == WITHOUT}
    return without | {
        number
        for number, entity in enumerate(entities)
        if entity.determiner == "no"
        or entity.text.lower().startswith("zero ")
        or any(word and not word.strip("0") for word in _own(entities, number))
    }


def _is_drawn(entity: Entity) -> bool:
    name = entity.lemma.lower()
    return (
        entity.kind == "thing" and name != POINTING_LEMMA and name not in vocabulary()["not_drawn"]
    )


def _name(entity: Entity) -> str:
    """Return the noun in singular; the lemma of "people" is no singular."""
    lemma = entity.lemma.lower()
    irregular = singulars(lemma) - set(singular_forms(lemma))
    return min(irregular, default=lemma)


def _mentioned(
    entity: Entity,
    earlier: Sequence[Entity],
    owned: dict[int, tuple[int, ...]],
    things: Sequence[DrawnThing],
) -> tuple[int, ...] | None:
    """Return the things that "the dog" or "it" refers to, if they were named before."""
    if entity.lemma == POINTING_LEMMA:
        return owned.get(0) if owned else None
    if entity.determiner not in DEFINITE:
        return None
    same = [
        number
        for number, one in enumerate(earlier)
        if number in owned and _name(one) == _name(entity)
    ]
    return owned[same[-1]] if same else None


def _own(entities: Sequence[Entity], number: int) -> list[str]:
    """Return the attributes of an entity, without those that stand before the entity before it."""
    entity = entities[number]
    start = max((one.end for one in entities[:number] if one.end <= entity.start), default=0)
    return [(one.lemma or one.text).lower() for one in entity.attributes if start <= one.start]


def _count(entities: Sequence[Entity], number: int) -> int:
    entity = entities[number]
    for word in (*_own(entities, number), entity.determiner or ""):
        if word.isdecimal():
            return max(int(word[:3]), 1)
        if word in SEVERAL:
            return SEVERAL[word]
    plural = entity.text.lower() != entity.lemma.lower() or _name(entity) != entity.lemma.lower()
    single = entity.determiner in ("a", "an", "this", "that") or background_of(_name(entity))
    return PLURAL if plural and not single else 1


def _thing(entities: Sequence[Entity], number: int) -> DrawnThing:
    name = _name(entities[number])
    background = background_of(name) or background_of(entities[number].lemma.lower())
    plain = DrawnThing(name, number, background=background)
    return _with_attributes(plain, _own(entities, number))


def _with_attributes(thing: DrawnThing, attributes: Sequence[str]) -> DrawnThing:
    colour = next((one for one in attributes if colour_of(one)), thing.colour)
    sizes = [1 for one in attributes if one in LARGE] + [-1 for one in attributes if one in SMALL]
    return replace(thing, colour=colour, size=sizes[0] if sizes else thing.size)


def _said(
    sentence: Sentence,
    things: Sequence[DrawnThing],
    owned: dict[int, tuple[int, ...]],
    carries: Carries,
) -> Iterator[Said]:
    """Yield the relations between things; "between" is left of one and right of another."""
    between: dict[int, list[int]] = {}
    for one in sentence.relations:
        if one.predicate == WITHOUT:
            continue
        subjects, objects = owned.get(one.subject, ()), owned.get(one.object, ())
        if subjects and _is_carried(things[subjects[0]]):
            subjects = _carried_by(sentence, owned, one.subject) or subjects
        for subject, other in product(subjects, objects):
            if subject == other:
                continue
            place = _place(things[subject], one.predicate, things[other])
            if place == "under":
                place = which_under(things[subject].name, things[other].name, carries)
            if place == "between":
                between.setdefault(subject, []).append(other)
            else:
                yield Said(subject, one.predicate, other, place)
    for subject, others in between.items():
        if len(others) == 1:
            yield Said(subject, "between", others[0], "near")
        else:
            yield Said(others[0], "left of", subject, "left of")
            yield Said(subject, "left of", others[-1], "left of")


def _is_carried(thing: DrawnThing) -> bool:
    """Whether what is said of a thing is said of who stands on it or wears it."""
    return thing.background is not None or worn_on(thing.name) is not None


def _carried_by(
    sentence: Sentence, owned: dict[int, tuple[int, ...]], entity: int
) -> tuple[int, ...]:
    """Return what is on a ground or wears a thing.

    "On grass next to a car", "in a dress riding a horse": that is not said of grass and dress.
    """
    owners = [one.subject for one in sentence.relations if one.object == entity]
    return tuple(thing for owner in owners for thing in owned.get(owner, ()))


def _place(subject: DrawnThing, predicate: str, other: DrawnThing) -> str:
    """Return the place of a relation: a background holds what is in it, a wearer what is worn."""
    if worn_on(other.name) and predicate in vocabulary()["wearing"]:
        return "around"
    place = place_of(predicate, of_ground=other.background == "ground")
    if other.background in ("sky", "everywhere") and place in ("near", "on"):
        return "in"
    return "near" if subject.background is not None else place


def which_under(subject: str, other: str, carries: Carries) -> str:
    """Return the place that "under" is: a plate carries a cake, a table shelters a dog.

    An umbrella or a cloud does neither: what is under it is wholly lower.
    """
    if other in vocabulary()["overhead"]:
        return "below"
    return "under" if carries(subject, other) else "beneath"


def check_consistent(scene: DrawnScene) -> None:
    """Refuse a text in which a thing is above, left of, behind, in or larger than itself.

    Raises:
        SightGraphError: naming the relations that contradict each other.
    """
    orders: dict[str, list[tuple[int, int, Said]]] = {}
    for one in scene.said:
        place, first, second = one.place, one.subject, one.object
        if place in INVERSES:
            place, first, second = INVERSES[place], second, first
        if place in ORDERS:
            orders.setdefault(ORDERS[place], []).append((first, second, one))
    for edges in orders.values():
        circle = _circle(edges)
        if circle:
            words = ", and ".join(scene.sentence_of(one) for one in circle)
            raise SightGraphError(f"the text contradicts itself: {words}. Leave one of them out.")


def _circle(edges: Sequence[tuple[int, int, Said]]) -> list[Said]:
    """Return the relations along a circle of the order, shortest first; [] if there is none."""
    for start, after, first in edges:
        came: dict[int, list[Said]] = {after: [first]}
        queue = [after]
        for node in queue:
            for source, target, one in edges:
                if source == node and target not in came:
                    came[target] = [*came[node], one]
                    queue.append(target)
        if start in came:
            return came[start]
    return []


OVERLAPPING = frozenset({"on", "in", "touching", "behind", "sheltering"})


def standing(scene: DrawnScene) -> list[tuple[int, int]]:
    """Return the things of which nothing says what they are on, each with the last ground."""
    grounds = [at for at, one in enumerate(scene.things) if one.background == "ground"]
    held = {one.subject for one in scene.said if one.place in ("on", "in", "above")}
    held |= {
        one.object for one in scene.said if one.place in ("touching", "around", "below", "under")
    }
    plain = [at for at, one in enumerate(scene.things) if one.background is None]
    return [(at, grounds[-1]) for at in plain if grounds and at not in held]


def pairs_apart(scene: DrawnScene) -> list[tuple[int, int]]:
    """Return the pairs of things of which nothing says that their boxes overlap."""
    joined = {
        frozenset((one.subject, one.object))
        for one in scene.said
        if INVERSES.get(one.place, one.place) in OVERLAPPING
    }
    worn = {one.object for one in scene.said if one.place == "around"}
    plain = [at for at, one in enumerate(scene.things) if one.background is None and at not in worn]
    return [pair for pair in combinations(plain, 2) if frozenset(pair) not in joined]
