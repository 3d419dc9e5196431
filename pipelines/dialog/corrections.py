"""From what a person states to changes of the graph, by what the dialog spoke of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kg.english import normalise, plural, with_article
from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.knowledge.fact_text import FactReader
from kg.knowledge.facts import KnowledgeGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.grounding import Grounder
from pipelines.detections import HAS_COLOUR
from pipelines.dialog.changes import OTHERWISE
from pipelines.dialog.focus import NEARLY, is_plural
from pipelines.dialog.references import (
    FEMININE,
    MASCULINE,
    PLURAL,
    SINGULAR,
    Discourse,
    antecedent,
    prominence,
    resolve,
)
from pipelines.dialog.statements import Form, Statement
from pipelines.dialog.turns import Action, Change, Reference, Referent
from pipelines.reading.parser import Parser
from pipelines.seeing.stated import HAS_ATTRIBUTE, SPELLINGS

MOST = 50
"""Objects of a kind that a person may say there are."""
HELP = (
    'Say, for example, "that is a horse", "there are two cups", "the cup is made of glass", or '
    '"there is no person".'
)


@dataclass(frozen=True)
class Corrections:
    """Reads corrections against one graph.

    asked: whether the last question asked for a "number", an "attribute", or something else;
        "" before the first.
    """

    discourse: Discourse
    knowledge: KnowledgeGraph
    grounder: Grounder
    parser: Parser
    asked: str = ""

    @property
    def graph(self) -> SceneGraph:
        return self.discourse.scene

    def __call__(self, statement: Statement) -> list[Change]:
        """Return the changes that `statement` asks for; [] where the graph holds it already.

        Raises:
            SightGraphError: what it speaks of is not in the graph, or it cannot be expressed.
        """
        match statement.form:
            case Form.THERE:
                return [*self._there(statement)]
            case Form.BARE:
                return self._bare(statement)
            case Form.KIND:
                return self._kind(statement)
            case Form.PROPERTY:
                return self._property(self._subject(statement), statement.name, statement.negated)
        return self._relation(statement)

    def references(self, statement: Statement) -> tuple[Reference, ...]:
        """Return what the subject refers to, where it is a pronoun."""
        if statement.subject.lower() not in SINGULAR | PLURAL | MASCULINE | FEMININE:
            return ()
        nodes = self._spoken(statement.subject)
        if not nodes:
            return ()
        name = self.graph.node(nodes[0]).label
        return (Reference(statement.subject.lower(), name, tuple(nodes)),)

    def spoken_of(self, statement: Statement, changes: Sequence[Change]) -> tuple[Referent, ...]:
        """Return what later words can refer to after `changes`: the objects that are there."""
        labels = {node.id: node.label for node in self.graph.nodes(NodeKind.OBJECT)}
        touched: dict[str, list[str]] = {}
        for one in changes:
            if one.action in (Action.NAME, Action.ADD):
                labels[one.node] = one.value
            if one.action == Action.REMOVE:
                labels.pop(one.node, None)
        for node in self._spoken(statement.subject) if statement.subject else []:
            if node in labels:
                touched.setdefault(labels[node], []).append(node)
        for one in changes:
            if one.action == Action.COUNT:
                same = [node for node, label in labels.items() if label == one.node]
                touched.setdefault(one.node, []).extend(same)
            elif one.node in labels:
                touched.setdefault(labels[one.node], []).append(one.node)
        person = self.discourse.kinds.is_person
        return tuple(
            Referent(name, tuple(dict.fromkeys(nodes)), len(set(nodes)) > 1, person(name))
            for name, nodes in touched.items()
            if nodes
        )

    def _there(self, statement: Statement) -> Iterator[Change]:
        """Make the graph hold as many objects of a kind as were stated."""
        name = statement.name
        objects = sorted(self.discourse.objects(name), key=prominence, reverse=True)
        number = statement.number
        if statement.negated and number:  # there are not two cups
            raise SightGraphError(f"how many there are instead is not said. {HELP}")
        if statement.negated and statement.object:  # there is no cup on the table
            raise SightGraphError(
                f"where there is no {name} is not read. Say that it is not there at all."
            )
        if number is None:
            least = len(objects) + 1 if statement.also else 2 if statement.several else 1
            number = max(len(objects), least)
        if number > MOST:
            raise SightGraphError(f"more than {MOST} objects of a kind are not taken. {HELP}")
        yield Change(Action.COUNT, name, value=str(number))
        for node in objects[number:]:
            yield Change(Action.REMOVE, node.id)
        free = self._free()
        new = [f"object:{free + at}" for at in range(number - len(objects))]
        for one in new:
            yield Change(Action.ADD, one, value=name)
        if statement.object and (new or objects):
            yield from self._related(new or [objects[0].id], statement.relation, statement.object)

    def _free(self) -> int:
        """Return the first number that no object has."""
        taken = [one.id.removeprefix("object:") for one in self.graph.nodes(NodeKind.OBJECT)]
        return 1 + max((int(one) for one in taken if one.isdecimal()), default=-1)

    def _bare(self, statement: Statement) -> list[Change]:
        """Correct the last answer by what is right instead of it."""
        spoken = next((one for _, one in self.discourse.referents()), None)
        if statement.number is not None and (spoken is not None or statement.name):
            named = statement.name if self.discourse.kinds.above(statement.name) else ""
            name = named or (spoken.name if spoken is not None else "")
            negated, number = statement.negated, statement.number
            return [*self._there(Statement(Form.THERE, negated=negated, name=name, number=number))]
        objects = self._objects(spoken)
        if not objects:
            raise SightGraphError(f"it is not clear what that corrects. {HELP}")
        if self.discourse.kinds.is_colour(statement.name) or self.asked == "attribute":
            return self._property(objects, statement.name, statement.negated)
        return self._named(objects[:1], statement.name, statement.negated)

    def _kind(self, statement: Statement) -> list[Change]:
        """Name the subject, or take a name from it."""
        name = statement.name
        if self.discourse.kinds.is_colour(name):
            return self._property(self._subject(statement), name, statement.negated)
        if statement.instead_of:
            wrong = self.discourse.objects(statement.instead_of)
            spoken = set(self._spoken(statement.subject))
            chosen = [one for one in wrong if one.id in spoken] or wrong[:1]
            if chosen:
                return self._named([one.id for one in chosen], name, negated=False)
        objects = self._subject(statement)
        if statement.negated:
            objects = self._denied(objects, name)
        return self._named(objects, name, statement.negated)

    def _denied(self, objects: list[str], name: str) -> list[str]:
        """Return those of `objects` that are of a kind, or what was last spoken of and is."""
        kinds = self.discourse.kinds
        spoken = [self._objects(one) for _, one in self.discourse.referents()]
        for nodes in (objects, *spoken):
            of_kind = [one for one in nodes if kinds.is_a(self.graph.node(one).label, name)]
            if of_kind:
                return of_kind
        return objects

    def _named(self, objects: Sequence[str], name: str, negated: bool) -> list[Change]:
        kinds = self.discourse.kinds
        found = []
        for one in objects:
            label = self.graph.node(one).label
            if negated and kinds.is_a(label, name):
                found.append(Change(Action.NAME, one, value=self._next_name(one, name)))
                others = [n for n in self.discourse.objects(label) if n.id not in objects]
                found.append(Change(Action.COUNT, label, value=str(len(others))))
            elif not negated and not kinds.is_a(label, name):
                found.append(Change(Action.NAME, one, value=name))
        return found

    def _next_name(self, node: str, denied: str) -> str:
        """Return the object's likeliest other name, or what is sure: animal, person, object."""
        kinds = self.discourse.kinds
        links = [one for one in self.graph.edges_from(node) if one.kind == EdgeKind.LINK]
        for link in sorted(links, key=lambda one: -one.score):
            name = self.graph.node(link.target).label
            if kinds.is_thing(name) and not kinds.is_a(name, denied):
                return name
        label = self.graph.node(node).label
        return "animal" if kinds.is_animal(label) and not kinds.is_person(label) else OTHERWISE

    def _property(self, objects: Sequence[str], word: str, negated: bool) -> list[Change]:
        name = SPELLINGS.get(word, word)
        relation = HAS_COLOUR if self.discourse.kinds.is_colour(name) else HAS_ATTRIBUTE
        action = Action.DENY if negated else Action.DESCRIBE
        return [Change(action, one, relation, name) for one in objects]

    def _relation(self, statement: Statement) -> list[Change]:
        """Set a fact of what the subject is, or relate it to another object."""
        fact = self._fact(statement)
        if fact is not None:
            return fact
        objects = self._subject(statement)
        if not statement.object:
            return self._property(objects, statement.relation, statement.negated)
        if statement.negated:
            ends = self.discourse.objects(statement.object)
            relation = statement.relation
            return [Change(Action.DENY, one, relation, two.id) for one in objects for two in ends]
        return [*self._related(objects, statement.relation, statement.object)]

    def _related(self, objects: Sequence[str], relation: str, other: str) -> Iterator[Change]:
        """Relate objects to the object of that name, which is added where there is none."""
        ends = [one for one in self.discourse.objects(other) if one.id not in objects]
        if ends:
            end = max(ends, key=prominence).id
        else:
            numbers = [one.removeprefix("object:") for one in objects]  # some of them new
            end = f"object:{max([self._free(), *(1 + int(n) for n in numbers if n.isdecimal())])}"
            yield Change(Action.ADD, end, value=other)
        for one in objects:
            yield Change(Action.RELATE, one, relation, end)

    def _fact(self, statement: Statement) -> list[Change] | None:
        """Return the changes of the knowledge that a statement makes; None if it is no fact.

        A fact of the subject's kind; what the knowledge says otherwise by a relation of which
        most things have one value ("made of") is unset.
        """
        if not statement.object:
            return None
        name = self._kind_of(statement)
        relation = statement.relation
        text = f"{name} {relation} {statement.object}"
        if statement.number is not None:
            text = f"{name} has {statement.number} {plural(statement.object)}"
        reader = FactReader(self.knowledge.relations)
        try:
            read = reader(text)[0]
        except SightGraphError:
            return None
        if normalise(read.subject) != normalise(name):
            return None
        barred = f"{read.subject} | {read.relation.label} | {read.object}"
        if statement.negated:
            return [Change(Action.UNSET, value=barred)]
        gone = [
            Change(Action.UNSET, value=f"{name} | {read.relation.label} | {known}")
            for known in self._known(name, read.relation.iri)
            if relation == "made of" and normalise(known) != normalise(read.object)
        ]
        return [*gone, Change(Action.SET, value=barred)]

    def _known(self, name: str, relation: str) -> list[str]:
        """Return the objects of what is known of a kind by a relation."""
        return [
            self.knowledge.label(fact.object)
            for concept in sorted(self.discourse.kinds.denoted(name))
            for fact in self.knowledge.facts(concept)
            if fact.relation == relation
        ]

    def _kind_of(self, statement: Statement) -> str:
        """Return the kind of thing that the subject is: its object's label, or its own name."""
        objects = self._spoken(statement.subject)
        if objects:
            return self.graph.node(objects[0]).label
        sentence = self.parser(f"Where is {statement.subject}?")
        return sentence.entities[0].lemma if sentence.entities else statement.subject

    def _subject(self, statement: Statement) -> list[str]:
        """Return the objects that the subject means.

        Raises:
            SightGraphError: there are none.
        """
        found = self._spoken(statement.subject)
        if not found:
            raise SightGraphError(
                f"nothing in the graph is '{statement.subject}'. Say first that there is one: "
                f'"there is {with_article("...")}", and then what it is.'
            )
        return found

    def _spoken(self, words: str) -> list[str]:
        """Return the objects that words mean: by reference, else by name and constraints."""
        word = words.lower().strip()
        if word in SINGULAR | PLURAL | MASCULINE | FEMININE:
            seen = [[o for o in turn if self._objects(o)] for turn in self.discourse.history]
            found = self._objects(antecedent(word, replace(self.discourse, history=seen)))
            return found or self._most_prominent()
        # The reader of statements reads no phrase that stands alone.
        marked = resolve(self.parser(f"Where is {words}?"), self.discourse)
        resolved = [node for one in marked.marks for node in one.reference.nodes]
        if resolved and "'s" not in marked.text:
            return [one for one in resolved if one in self.graph]
        sentence = self.parser(marked.text)
        if not sentence.entities:
            return []
        entity = sentence.entities[0]
        groundings = self.grounder(sentence.entities, self.graph, sentence.constraints)[0]
        if not groundings:
            return []
        fitting = [one.object_id for one in groundings if one.score >= NEARLY * groundings[0].score]
        if is_plural(sentence, entity):
            return fitting
        restricted = any(one.entity == 0 for one in sentence.constraints)
        last = [
            node
            for _, one in self.discourse.referents()
            for node in one.nodes
            if node in fitting and not one.plural
        ]
        return fitting[:1] if restricted or not last else last[:1]

    def _objects(self, one: Referent | None) -> list[str]:
        nodes = () if one is None else one.nodes
        return [
            node
            for node in nodes
            if node in self.graph and self.graph.node(node).kind == NodeKind.OBJECT
        ]

    def _most_prominent(self) -> list[str]:
        objects = self.graph.nodes(NodeKind.OBJECT)
        return [max(objects, key=prominence).id] if objects else []
