"""Facts, and the path of an answer, as English sentences."""

from __future__ import annotations

from dataclasses import dataclass

from kg.english import article, normalise, verb_of_ing, with_article
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import IS_DOING, MEANS, EdgeKind, NodeKind
from pipelines.detections import HAS_POSITION
from pipelines.reading.lexicon import PLACE_PREPOSITIONS, listed

ABILITIES = ("can", "cannot")
"""Relations that are followed by an infinitive, where the knowledge has a gerund."""
COUNTS = "number of "
"""How relations with a number begin: "number of legs"."""
VERBS = {
    "has part": "has",
    "made of": "is made of",
    "used for": "is used for",
    "used by": "is used by",
    "used with": "is used with",
    "used in the sport": "is used in the sport",
    "powered by": "is powered by",
    "part of": "is part of",
    "found at": "is found at",
    "served at": "is served at",
    "worn on": "is worn on",
    "has colour": "is",
    "has size": "is",
    "has count": "is one of",
    "on": "is on",
    "in": "is in",
    "under": "is under",
    "around": "is around",
    "above": "is above",
    "below": "is below",
    "near": "is near",
    "left of": "is left of",
    "right of": "is right of",
    "larger than": "is larger than",
    "smaller than": "is smaller than",
}
"""The verb of a relation whose label has none; that of any other is its label."""
COUNTED = frozenset({
    "is a", "has part", "contains", "comes from", "part of", "used by", "used with", "found at",
    "eats", "produces", "needs", "causes",
})  # fmt: skip
"""Relations whose object is a thing, which has an article unless its name is uncountable."""
_SUBSTANCES = (
    "air alcohol aluminium bacon baggage bamboo beef beer bone brass bread broccoli bronze butter "
    "cardboard cement ceramic cheese chocolate clay clothing coal coffee concrete copper corn "
    "cotton cream denim diesel dirt dough dust equipment fabric fat feed fibre fibreglass fire "
    "flesh flour foam food fruit fuel fur furniture garlic gas gasoline glass gold grain granite "
    "grass gravel grease ham hay hair heat honey hydrogen ice ink iron ivory jam jewellery juice "
    "leather lettuce light linen luggage machinery marble meat metal milk money mud music mustard "
    "oil oxygen paint paper pasta petrol plastic polyester porcelain pork poultry powder rain rice "
    "rope rubber salad salt sand satin seafood silk silver skin smoke snow soap soil spinach steam "
    "steel stone straw sugar sunlight tea timber toast traffic velvet vinegar vinyl water wax "
    "weather wheat wind wine wood wool work yarn yoghurt"
)
_IRREGULAR_PLURALS = listed("people children men women mice geese teeth feet")
UNCOUNTABLE = listed(_SUBSTANCES) | _IRREGULAR_PLURALS
"""Names without an article: substances, and irregular plurals. A name counts by its last word."""
_SINGULARS = frozenset({"gas", "lens", "canvas", "tennis", "iris", "atlas", "chassis", "this"})
"""Names that end as a plural and are none, beside those in "us" and "ss"."""
_PLACES = {"left": "on the", "right": "on the", "top": "at the", "bottom": "at the"}
"""What stands before a place in the photograph; before any other, "in the"."""
_UNCOUNTABLE_ENDINGS = ("ing", "ity", "ness", "ics", "ism", "care", "control", "tion")
_COUNTABLE_ENDINGS = listed(
    "building outbuilding ceiling king wing lacewing ring earring string sting swing sling spring "
    "painting drawing dwelling duckling bunting stocking binding brambling city university"
)
_TOOLS = listed(
    "appliance bag basket bat bird board boat bowl cabinet can cap card cart chair cup dog door "
    "element glass glove instrument licence machine mantis meter pan platform pool pot room scale "
    "shoe table thing tool torch van vessel wheel"
)
"""Names that end as uncountable ones and are not; and what, after an "-ing" form, is a thing of its
own: a dining table, and not an activity."""


def fact_sentence(edge: Edge, graph: SceneGraph) -> str:
    """Return a fact of the knowledge as a sentence: 'a cat can see in the dark'."""
    subject, object_ = graph.node(edge.source).label, graph.node(edge.target).label
    return stated(subject, edge.relation, object_)


def stated(subject: str, relation: str, object_: str) -> str:
    """Return what the knowledge states of a kind of thing, as a sentence.

    >>> stated("cat", "can", "seeing in the dark")
    'a cat can see in the dark'
    >>> stated("scooter", "used for", "riding")
    'a scooter is used for riding'
    >>> stated("scissors", "used by", "tailor")
    'scissors are used by a tailor'
    """
    return f"{named(subject)} {_predicate(subject, relation, object_)}"


def named(name: str) -> str:
    """Return a kind of thing with its article: 'a cat', 'an oven', 'water', 'scissors'."""
    last = name.rpartition(" ")[2]
    bare = not name or not name[0].isalpha() or name[0].isupper()
    if bare or last in UNCOUNTABLE:
        return name
    if last not in _COUNTABLE_ENDINGS and (_is_activity(name) or name.startswith("vitamin ")):
        return name
    return f"{article(name)} {name}" if _is_singular(last) else with_article(name)


def _is_activity(name: str) -> bool:
    """Whether a name is of what is done ("riding a horse"), or ends as an uncountable one."""
    first, _, rest = name.partition(" ")
    if first.endswith("ing") and len(first) > len("swing"):
        return rest.rpartition(" ")[2] not in _TOOLS
    return name.endswith(_UNCOUNTABLE_ENDINGS)


def _is_singular(word: str) -> bool:
    return word in _SINGULARS or word.endswith(("us", "ss")) or not word.endswith("s")


def _predicate(subject: str, relation: str, object_: str) -> str:
    if relation in ABILITIES:
        return f"{relation} {_infinitive(object_)}"
    plural = _is_plural(subject)
    if relation.startswith(COUNTS):
        return f"{'have' if plural else 'has'} {object_} {relation.removeprefix(COUNTS)}"
    if relation == "has the colour":
        object_ = object_.removesuffix(" colour")
    verb = VERBS.get(relation, relation.removesuffix(" a") if relation in COUNTED else relation)
    first, _, rest = verb.partition(" ")
    verb = " ".join(filter(None, [_PLURALS.get(first, first) if plural else first, rest]))
    return f"{verb} {named(object_) if relation in COUNTED else object_}"


_PLURALS = {"is": "are", "has": "have", "needs": "need", "contains": "contain", "comes": "come"} | {
    "causes": "cause", "eats": "eat", "makes": "make", "produces": "produce",
}  # fmt: skip


def _infinitive(activity: str) -> str:
    """Return 'see in the dark' for 'seeing in the dark'."""
    first, _, rest = activity.partition(" ")
    verb = verb_of_ing(first) if first.endswith("ing") else first
    return f"{verb} {rest}".strip()


@dataclass(frozen=True, slots=True)
class PathText:
    """The path of an answer as sentences, from the question to the answer."""

    graph: SceneGraph
    question: str

    def __call__(self, path: tuple[Edge, ...]) -> str:
        """Return the sentences, divided by ';'.

        '"vehicle" is the motorcycle [12, 30, 400, 380]; a motorcycle needs fuel'. The link of an
        object to the concept of its own name says nothing and is left out, unless it is all.
        """
        said = [edge for edge in path if edge.span is None]  # else the question's own words
        sentences = [self._sentence(edge) for edge in said if not self._empty(edge)]
        return "; ".join(dict.fromkeys(sentences or map(self._sentence, said)))

    def _empty(self, edge: Edge) -> bool:
        ends = self.graph.node(edge.source), self.graph.node(edge.target)
        names = {normalise(node.label) for node in ends}
        return edge.kind == EdgeKind.LINK and len(names) == 1

    def _sentence(self, edge: Edge) -> str:
        source, target = self.graph.node(edge.source), self.graph.node(edge.target)
        if edge.kind == EdgeKind.FACT:
            return fact_sentence(edge, self.graph)
        if edge.relation == MEANS:
            if source.span is not None and target.kind != NodeKind.OBJECT:
                return f"{self._name(source)} means {target.label}"
            verb = "are" if _is_plural(self._words(source).lower()) else "is"
            return f"{self._name(source)} {verb} {self._name(target)}"
        if edge.relation == HAS_POSITION:
            place = f"{_PLACES.get(target.label, 'in the')} {target.label}"
            return f"{self._name(source)} is {place}"
        if edge.relation == IS_DOING:
            verb = "is" if target.label.endswith("ing") else "is playing"
            return f"{self._name(source)} {verb} {target.label}"
        return f"{self._name(source)} {seen_verb(edge.relation)} {self._name(target)}"

    def _words(self, node: Node) -> str:
        return node.label if node.span is None else self.question[slice(*node.span)]

    def _name(self, node: Node) -> str:
        if node.span is not None:
            return f'"{self._words(node)}"'
        if node.kind == NodeKind.OBJECT:
            return f"the {node.label}{_box(node)}"
        return named(node.label) if node.kind == NodeKind.CONCEPT else node.label


def seen_verb(relation: str) -> str:
    """Return a relation of two objects as a verb.

    >>> seen_verb("sitting on"), seen_verb("next to"), seen_verb("parked on"), seen_verb("has")
    ('is sitting on', 'is next to', 'is parked on', 'has')
    """
    if relation in VERBS:
        return VERBS[relation]
    first, _, rest = relation.partition(" ")
    participle = first.endswith("ing") or (rest and first.endswith(("ed", "en")))
    return f"is {relation}" if participle or relation in PLACE_PREPOSITIONS else relation


def _is_plural(name: str) -> bool:
    last = name.rpartition(" ")[2]
    if name in _POINTING or last in _IRREGULAR_PLURALS:
        return True
    return named(name) == name and not _is_singular(last)


_POINTING = frozenset({"they", "them", "these", "those"})


def _box(node: Node) -> str:
    """Return ' [12, 30, 400, 380]' in whole pixels, or '' without a box."""
    return "" if node.box is None else f" [{', '.join(str(round(x)) for x in node.box)}]"
