"""Edits of the knowledge for one question: added facts and removed facts."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from kg.english import base_forms, normalise, singular_forms
from kg.errors import SightGraphError
from kg.knowledge.fact_text import AssertedFact, FactReader
from kg.knowledge.facts import Concept, Fact, KnowledgeGraph
from kg.vocabulary import LITERAL, RelationType, Triple

if TYPE_CHECKING:
    import rdflib

EDIT = "edit"
"""The source of a fact that was set."""
NEW = "https://sightgraph.org/edit/"
"""IRI prefix of a concept that only an edit names."""
MAX_SHOWN = 12
"""Facts that an error lists."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Edits:
    """Facts to set and to unset, as text: "cat usedFor pest control" (`kg.knowledge.fact_text`)."""

    set: Sequence[str] = ()
    unset: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.set or self.unset)


class EditedKnowledge(KnowledgeGraph):
    """`base` with edits over it; `base` stays as it is.

    What wins:
        - A fact that is set joins those of its subject and relation. It takes the place of what
          contradicts it: a denial of it (or what it denies), and of another number, whether these
          are stated or inherited. Members inherit it, unless something nearer says otherwise.
        - A fact that is unset is neither stated nor inherited any more, by the subject and by
          whatever inherits through it. Without "cat is a mammal", a cat has nothing more from
          mammals either, nor from what it belongs to through them alone.
        - The same fact set and unset is a mistake, and so is to unset what is not known.

    A name denotes every concept of that name where it is the subject, and where something is unset.
    An object that is set is one concept: that which is an object of the relation elsewhere, if
    there are several, and a verb ("can fly") only such a one. A name that is not known becomes a
    concept.

    beside: stores from which single facts are picked (`takes_away`); what is unset may be in these.

    >>> from kg.knowledge.memory import Knowledge
    >>> knowledge = EditedKnowledge(Knowledge.bundled(), Edits(set=["cat usedFor moon dust"]))
    >>> [knowledge.label(one.object) for one in knowledge.facts(knowledge.named("cat")[0])
    ...  if one.source == "edit"]
    ['moon dust']
    """

    def __init__(
        self, base: KnowledgeGraph, edits: Edits, beside: Sequence[KnowledgeGraph] = ()
    ) -> None:
        """Read `edits`.

        Raises:
            SightGraphError: one cannot be read, contradicts another, or unsets what is not there.
        """
        self.base = base
        self.edits = edits
        self._new: dict[str, Concept] = {}
        self._new_names: dict[str, list[str]] = {}
        self._subjects: dict[str, tuple[str, ...]] = {}
        self._set: dict[str, list[Fact]] = {}
        self._unset: dict[str, set[tuple[str, str]]] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._facts: dict[str, list[Fact]] = {}
        self._affected: dict[str, bool] = {}
        sources = (base, *beside)
        read = FactReader({iri: one for part in sources for iri, one in part.relations.items()})
        for text in edits.unset:
            self._remove(read(text), sources)
        read = FactReader(base.relations)
        for text in edits.set:
            self._add(read(text)[0])
        self._blocked_categories = self._find_blocked_categories()

    @property
    def relations(self) -> Mapping[str, RelationType]:
        """All kinds of facts, by IRI."""
        return self.base.relations

    def concept(self, iri: str) -> Concept | None:
        """Return what is called `iri`, or None where nothing is known of it."""
        return self._new.get(iri) or self.base.concept(iri)

    def named(self, form: str) -> Sequence[str]:
        """Return the concepts whose label, then those whose alias is `form`."""
        new = self._new_names.get(form)
        return [*self.base.named(form), *new] if new else self.base.named(form)

    def named_with(self, word: str) -> Sequence[str]:
        """Return the concepts with a longer name that `word` begins or ends."""
        return self.base.named_with(word)

    def corrections(self, word: str) -> Sequence[str]:
        """Return the words of names that `word` may be a misspelling of, likeliest first."""
        known = any(word in name.split() for name in self._new_names)
        return [] if known else self.base.corrections(word)

    def stated(self, subject: str) -> Sequence[Fact]:
        """Return the facts that are stated or set of `subject` itself."""
        facts = self.base.stated(subject)
        if subject not in self._set and subject not in self._unset:
            return facts
        new = self._set.get(subject, [])
        retained = (fact for fact in facts if not self.takes_away(fact))
        return [*(fact for fact in retained if not self._is_replaced(fact, new)), *new]

    def facts(self, subject: str, inherited: bool = True) -> list[Fact]:
        """Return what is known of `subject`, as `KnowledgeGraph.facts`."""
        if not inherited:
            return super().facts(subject, inherited)
        if not self.is_edited(subject):
            return self.base.facts(subject)
        if subject not in self._facts:
            self._facts[subject] = super().facts(subject)
        return list(self._facts[subject])

    def categories(self, concept: str) -> list[str]:
        """Return the IRIs of all categories of `concept`, nearest first."""
        bears = self.is_edited(concept)
        return super().categories(concept) if bears else self.base.categories(concept)

    def facts_to(self, object_: str) -> list[Fact]:
        """Return the facts whose object is `object_`, those that are set first.

        A category's fact that must not reach a member any more is left out: otherwise
        "hoofed animal can grazing" would hide that the zebra, a hoofed animal, no longer can.
        """
        new = [fact for facts in self._set.values() for fact in facts if fact.object == object_]
        retained = [
            fact
            for fact in self.base.facts_to(object_)
            if not self.takes_away(fact)
            and not self._is_replaced(fact, self._set.get(fact.subject, []))
            and fact.subject not in self._blocked_categories.get((fact.relation, object_), ())
        ]
        return [*new, *retained]

    def query(
        self, sparql: str, seconds: float | None = None, beside: Sequence[rdflib.Graph] = ()
    ) -> list[dict[str, str]]:
        """Raise an error: SPARQL reads the stored triples, which edits do not change.

        Raises:
            SightGraphError: always.
        """
        raise SightGraphError(
            "edits change the answer to a question about a photograph, not what SPARQL finds. "
            "Ask without them."
        )

    def statistics(self) -> dict[str, int]:
        """Return the counts of what lies under the edits."""
        return self.base.statistics()

    def statement(self, fact: Fact) -> Triple:
        """Return the triple from which `fact` comes, as its source states it."""
        return fact.statement if fact.source == EDIT else self.base.statement(fact)

    def takes_away(self, fact: Fact) -> bool:
        """Whether `fact` is one that is unset."""
        return (fact.relation, fact.object) in self._unset.get(fact.subject, ())

    def set_facts(self) -> list[Fact]:
        """Return the facts that are set."""
        return [fact for facts in self._set.values() for fact in facts]

    def said(self, fact: Fact) -> str:
        """Return the name of the object of `fact`: as the person wrote it who set the fact."""
        return self._said.get((fact.relation, fact.object)) or self.label(fact.object)

    def unset_facts(self) -> list[tuple[str, str, str]]:
        """Return subject, relation and object of each fact that is unset."""
        return [
            (subject, relation, object_)
            for subject, gone in self._unset.items()
            for relation, object_ in sorted(gone)
        ]

    def notes(self, used: Container[str]) -> list[str]:
        """Return a note for each edit that may have no effect or a misspelt name.

        used: the concepts that a question's graph holds.

        Its subject is none of them; or a new name is nearly one that is known.
        """
        found = []
        for text, subjects in self._subjects.items():
            if not any(subject in used for subject in subjects):
                found.append(
                    f"the edit '{text}' was not used: neither the photograph nor the question is "
                    f"about '{self.label(subjects[0])}'."
                )
        for concept in self._new.values():
            if suggested := _misspelt(self.base, concept.label):
                found.append(f"'{concept.label}' is new here. Did you mean '{suggested}'?")
        return found

    def _passes_on(self, subject: str, via: tuple[str, ...], relation: str, object_: str) -> bool:
        """Whether no concept on the path from `subject` through `via` lost this fact."""
        return not any((relation, object_) in self._unset.get(one, ()) for one in (subject, *via))

    def is_edited(self, concept: str) -> bool:
        """Whether an edit is about `concept` or one of its categories."""
        if concept not in self._affected:
            edited = self._set.keys() | self._unset.keys()
            kinds = self.base.categories(concept)
            self._affected[concept] = concept in edited or not edited.isdisjoint(kinds)
        return self._affected[concept]

    def _remove(self, readings: list[AssertedFact], sources: Sequence[KnowledgeGraph]) -> None:
        subjects = []
        for one in readings:
            for source in sources:
                for fact in _facts_named(source, one):
                    self._unset.setdefault(fact.subject, set()).add((fact.relation, fact.object))
                    subjects.append(fact.subject)
        if not subjects:
            raise _nothing_to_unset(self.base, readings[0])
        self._subjects[readings[0].text] = tuple(dict.fromkeys(subjects))

    def _add(self, one: AssertedFact) -> None:
        subjects = _concepts(self, one.subject) or [self._new_concept(one.subject)]
        object_ = self._object(one)
        relation = one.relation
        self._said[relation.iri, object_] = one.object
        for subject in subjects:
            if (relation.iri, object_) in self._unset.get(subject, ()):
                raise SightGraphError(
                    f"'{one.text}' is both set and unset. Leave one of the two out."
                )
            fact = Fact(subject, relation.iri, object_, EDIT)
            if fact not in self._set.setdefault(subject, []):
                self._set[subject].append(fact)
        self._subjects[one.text] = tuple(subjects)

    def _object(self, one: AssertedFact) -> str:
        if _NUMBER.fullmatch(one.object):
            return f"{LITERAL}{one.object}"
        whole = normalise(one.object)
        for form in (whole, *base_forms(whole)):
            named = self.named(form)
            usual = (iri for iri in named if self._is_usual(one.relation, iri))
            alike = form == whole or form in singular_forms(whole)
            if found := next(usual, named[0] if named and alike else None):
                return found
        return self._new_concept(one.object)

    def _is_usual(self, relation: RelationType, object_: str) -> bool:
        """Whether `object_` is an object of `relation` anywhere."""
        return any(fact.relation == relation.iri for fact in self.base.facts_to(object_))

    def _new_concept(self, name: str) -> str:
        """Make a concept that is called `name`; return its IRI."""
        form = normalise(name)
        if not form:
            raise SightGraphError(f"'{name}' is no name. Write words, or a number.")
        iri = NEW + quote(form)
        self._new[iri] = Concept(iri, name if form == name.lower() else form, EDIT)
        self._new_names.setdefault(form, []).append(iri)
        return iri

    def _is_replaced(self, fact: Fact, new: Iterable[Fact]) -> bool:
        """Whether a set fact of the same subject replaces the stated `fact`."""
        return any(
            (fact.relation == other.relation and fact.object == other.object)
            or (fact.object == other.object and self._contradict(fact.relation, other.relation))
            or (fact.relation == other.relation and _are_numbers(fact.object, other.object))
            for other in new
        )

    def _contradict(self, one: str, other: str) -> bool:
        return self.relations[one].denies == other or self.relations[other].denies == one

    def _find_blocked_categories(self) -> dict[tuple[str, str], set[str]]:
        """Return by (relation, object) the categories whose fact does not reach some member."""
        found: dict[tuple[str, str], set[str]] = {}
        for subject, lost in self._unset.items():
            for key in lost:
                found.setdefault(key, set()).update(self.base.categories(subject))
        for subject, facts in self._set.items():
            for fact in facts:
                for relation in self.relations:
                    if self._contradict(relation, fact.relation):
                        over = found.setdefault((relation, fact.object), set())
                        over.update(self.base.categories(subject))
        return found


def _concepts(knowledge: KnowledgeGraph, name: str) -> list[str]:
    """Return the concepts with that name, or else with an inflected form of it."""
    whole = normalise(name)
    for form in (whole, *base_forms(whole)):
        if form and (found := knowledge.named(form)):
            return list(found)
    return []


def _facts_named(knowledge: KnowledgeGraph, one: AssertedFact) -> Iterable[Fact]:
    """Yield the facts, stated or inherited, that `one` denotes; its object may be a plain value."""
    objects = _concepts(knowledge, one.object)
    for subject in _concepts(knowledge, one.subject):
        for fact in knowledge.facts(subject):
            if fact.relation == one.relation.iri and (
                fact.object in objects
                or normalise(knowledge.label(fact.object)) == normalise(one.object)
            ):
                yield fact


def _nothing_to_unset(knowledge: KnowledgeGraph, one: AssertedFact) -> SightGraphError:
    subjects = _concepts(knowledge, one.subject)
    if not subjects:
        suggested = _misspelt(knowledge, one.subject)
        hint = f"Did you mean '{suggested}'?" if suggested else "Name something that is known."
        return SightGraphError(
            f"cannot unset '{one.text}': nothing is called '{one.subject}'. {hint}"
        )
    known = [
        knowledge.label(fact.object)
        for subject in subjects
        for fact in knowledge.facts(subject)
        if fact.relation == one.relation.iri
    ]
    listed = ", ".join(known[:MAX_SHOWN]) + (", ..." if len(known) > MAX_SHOWN else "")
    return SightGraphError(
        f"cannot unset '{one.text}': that is not known. Known: {one.subject} "
        f"{one.relation.label}: {listed or 'nothing'}."
    )


def _misspelt(knowledge: KnowledgeGraph, name: str) -> str | None:
    """Return the known name that `name` probably misspells, if there is one."""
    written = normalise(name).split()
    corrected = " ".join(next(iter(knowledge.corrections(word)), word) for word in written)
    return corrected if corrected != " ".join(written) and _concepts(knowledge, corrected) else None


def _are_numbers(*terms: str) -> bool:
    return all(
        term.startswith(LITERAL) and _NUMBER.fullmatch(term.removeprefix(LITERAL)) for term in terms
    )
