"""The queries sent to a SPARQL endpoint, and how the rows of its answers are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from rdflib import XSD, Literal, URIRef
from rdflib.term import Identifier

from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.knowledge.endpoint import Row
from kg.knowledge.facts import Concept
from kg.knowledge.rdf_files import text_rank
from kg.vocabulary import (
    ALIAS_TERMS,
    CATEGORY_TERMS,
    GLOSS_TERMS,
    IMPLIES_TERMS,
    IS_A,
    IS_A_IRI,
    LITERAL,
    NAME_TERMS,
    ONTOLOGY,
    RDF,
    RDF_TYPE,
    RDFS,
    SAME_TERMS,
    STANDARD_VOCABULARIES,
    TEXT_TERMS,
    RelationType,
    Triple,
    local_name,
    relation_of,
)

MAX_ROWS = 4_000
"""Rows of one part of a query; two parts stay below the 10 000 where public endpoints cut off."""
MAX_FACTS = 1_000
"""Maximum facts of one term in each direction; public graphs have millions of "is a person"."""
MAX_NAMED = 200
"""Concepts that one name may mean; Wikidata knows hundreds of people by the same name."""
LONGEST_LITERAL = 1_000
"""Signs of a plain value that is looked for; nobody shares a longer one."""

_DESCRIPTIONS = "inverseLabel asks inheritsDown negates strength subjectCategory objectCategory"
RELATION_TERMS = frozenset(ONTOLOGY + name for name in _DESCRIPTIONS.split())
"""What describes a relation; no facts about the world."""
_IRI = re.compile(rf'(?!{LITERAL})[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{{}}|\\^`\ud800-\udfff]*')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_DATATYPES = {
    r"[+-]?\d+": (XSD.integer, XSD.nonNegativeInteger),
    r"[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d+)?": (XSD.decimal, XSD.double),
    r"-?\d{4,}": (XSD.gYear,),
    r"-?\d{4,}-\d\d-\d\d": (XSD.date,),
    r"-?\d{4,}-\d\d-\d\dT\S+": (XSD.dateTime,),
    r"true|false": (XSD.boolean,),
}
"""What a plain value may be typed as, by its text: its type is not part of a `literal:` term."""


class Direction(StrEnum):
    """Which end of a fact a term is: OUT, its subject; IN, its object."""

    OUT = "out"
    IN = "in"


Key = tuple[str, Direction]
"""A term, and the end of its facts that it is."""


def is_iri(term: str) -> bool:
    """Whether `term` is an absolute IRI without signs that no IRI may hold.

    >>> is_iri("https://example.org/dog"), is_iri("https://example.org/> ?p ?o . <x:")
    (True, False)
    """
    return bool(_IRI.fullmatch(term))


def can_be_asked(term: str, direction: Direction) -> bool:
    """Whether a fact may have `term` at this end: an IRI, or a plain value as its object."""
    if direction is Direction.IN and term.startswith(LITERAL):
        return len(term) <= LONGEST_LITERAL and not re.search(r"[\ud800-\udfff]", term)
    return is_iri(term)


def iri(term: str) -> str:
    """Return an IRI as SPARQL.

    Raises:
        SightGraphError: it is relative, or holds signs that no IRI may hold.
    """
    if not is_iri(term):
        raise SightGraphError(f"{term!r} is no absolute IRI and cannot be sent to an endpoint.")
    return f"<{term}>"


def text(value: str) -> str:
    r"""Return a plain value as SPARQL; a backslash and a `u` never stand together in it.

    Some parsers expand `\u0022` before they look for the ends of strings, `\\u0022` too.

    >>> print(text('a "b" } \\u0022'))
    "a \"b\" } \\\U000000750022"
    """
    escaped = "".join(_ESCAPES.get(sign, sign) for sign in value)
    apart = re.sub(r"\\\\([uU])", lambda u: f"\\\\\\U{ord(u[1]):08x}", escaped)
    return f'"{apart}"'


def facts_query(keys: Sequence[Key], named_graphs: bool) -> str:
    """Return the query for what is stated of terms, and of which terms they are objects.

    Rows: ?term ?p ?o (OUT) or ?s ?p ?term (IN), with ?g, the graph that states it, or with ?w,
    the strength that another statement gives it.
    """
    parts: list[str] = []
    for direction in sorted({direction for _, direction in keys}):
        out = direction is Direction.OUT
        end, fact = ("?o", "?term ?p ?o") if out else ("?s", "?s ?p ?term")
        here, there = ("subject", "object") if out else ("object", "subject")
        values = _values("?term", (term for term, one in keys if one is direction))
        graph = f"{{ {fact} }} UNION {{ GRAPH ?g {{ {fact} }} }}" if named_graphs else f"{fact} ."
        tail = f"}} LIMIT {max_rows(keys, direction)}"
        parts.append(f"SELECT ?term ?p {end} ?g {{ {values} {graph} {_only_facts(end)} {tail}")
        parts.append(
            f"SELECT ?term ?p {end} ?w {{ {values} ?statement <{RDF}{here}> ?term ; "
            f"<{ONTOLOGY}strength> ?w ; <{RDF}predicate> ?p ; <{RDF}{there}> {end} . {tail}"
        )
    union = "\nUNION\n".join(f"{{ {part} }}" for part in parts)
    return f"SELECT ?term ?p ?o ?s ?g ?w {{\n{union}\n}}"


def max_rows(keys: Sequence[Key], direction: Direction) -> int:
    """Return after how many rows of facts an answer about `keys` is cut off."""
    return min(MAX_ROWS, MAX_FACTS * sum(one is direction for _, one in keys))


def texts_query(terms: Sequence[str]) -> str:
    """Return the query for names, glosses and other IRIs of terms, ?term ?p ?o; no relations."""
    schema = f'?term <{RDF_TYPE}> ?kind FILTER(STRENDS(STR(?kind), "Property"))'
    return _about(terms, TEXT_TERMS | SAME_TERMS, f"FILTER NOT EXISTS {{ {schema} }}")


def relations_query(predicates: Sequence[str]) -> str:
    """Return the query for what describes predicates: ?term ?p ?o."""
    return _about(predicates, RELATION_TERMS | IMPLIES_TERMS | {RDFS + "label"})


def names_query(form: str) -> str:
    """Return the query for what is called `form`, however it is written there: ?s ?name.

    The index of an endpoint finds exact texts at once; a filter would read all its names.
    """
    values = " ".join(f"{text(name)} {text(name)}@en" for name in spellings(form))
    return (
        f"SELECT DISTINCT ?s ?name {{\nVALUES ?name {{ {values} }}\n"
        f"?s ?p ?name . {_one_of('?p', NAME_TERMS | ALIAS_TERMS)} FILTER(isIRI(?s))\n}} "
        f"LIMIT {MAX_NAMED}"
    )


def count_query(counts: str) -> str:
    """Return the query for `counts` over all facts ?s ?p ?o."""
    return (
        f"SELECT {counts} {{ ?s ?p ?o . {_only_facts('?o')} "
        f"FILTER(isIRI(?s) && !REGEX(STR(?o), {text(_STANDARD)})) }}"
    )


def spellings(form: str) -> list[str]:
    """Return the ways in which a name in lower case may have been written.

    >>> spellings("ice cream")
    ['ice cream', 'Ice cream', 'Ice Cream', 'ICE CREAM', 'ICE cream']
    """
    first, space, rest = form.partition(" ")
    words = re.sub(r"(?:^|(?<= ))\S", lambda letter: letter[0].upper(), form)
    hyphened = re.sub(r"(?<=-)\w", lambda letter: letter[0].upper(), words)
    known = (form, form[:1].upper() + form[1:], words, hyphened, form.upper())
    return list(dict.fromkeys((*known, first.upper() + space + rest)))


def _about(terms: Sequence[str], predicates: Iterable[str], also: str = "") -> str:
    english = 'FILTER(isIRI(?o) || LANG(?o) = "" || LANGMATCHES(LANG(?o), "en"))'
    return (
        f"SELECT ?term ?p ?o {{\n{_values('?term', terms)}\n"
        f"?term ?p ?o . {_one_of('?p', predicates)} {english} {also}\n}} LIMIT {MAX_ROWS}"
    )


def _values(variable: str, terms: Iterable[str]) -> str:
    written: list[str] = []
    for term in terms:
        written += _typed(term.removeprefix(LITERAL)) if term.startswith(LITERAL) else [iri(term)]
    return f"VALUES {variable} {{ {' '.join(written)} }}"


def _typed(value: str) -> list[str]:
    """Return the terms that a plain value may be."""
    plain = text(value)
    kinds = [
        kind for form, kinds in _DATATYPES.items() if re.fullmatch(form, value) for kind in kinds
    ]
    return [plain, f"{plain}@en", *(f"{plain}^^<{kind}>" for kind in kinds)]


def _one_of(variable: str, terms: Iterable[str]) -> str:
    """Return a filter; two VALUES side by side would make some endpoints try all pairs."""
    return f"FILTER({variable} IN ({', '.join(map(iri, sorted(terms)))}))"


_RECORDS = "http://purl.org/dc/"
"""The vocabulary of records, since an endpoint's answers are not in normal form."""
_STANDARD = "^({})".format(
    "|".join(one.replace(".", "[.]") for one in (*STANDARD_VOCABULARIES, _RECORDS))
)
"""What the IRIs of the schema match."""


def _only_facts(end: str) -> str:
    """Return the filter that leaves out texts, schema and blank nodes, before LIMIT counts."""
    no_facts = _one_of("?p", TEXT_TERMS | SAME_TERMS | RELATION_TERMS).replace(" IN ", " NOT IN ")
    categories = ", ".join(map(iri, sorted(CATEGORY_TERMS)))
    return (
        f"FILTER(!isBlank({end})) {no_facts} "
        f"FILTER(?p IN ({categories}) || !REGEX(STR(?p), {text(_STANDARD)}))"
    )


def read_key(row: Row) -> Key:
    """Return the term that a row of `facts_query` is about, and which end of its fact it is."""
    return _read_term(row["term"]), Direction.OUT if "o" in row else Direction.IN


def read_triple(row: Row) -> Triple | None:
    """Return the triple of a row of `facts_query`, or None where it is no fact about the world."""
    if "o" not in row and "s" not in row:
        return None
    subject, value = (row["term"], row["o"]) if "o" in row else (row["s"], row["term"])
    relation = relation_of(str(row["p"]))
    known = isinstance(subject, URIRef) and isinstance(value, URIRef | Literal)
    if relation is None or not known or str(row["p"]).startswith(_RECORDS):
        return None
    if str(value).startswith(STANDARD_VOCABULARIES):
        return None
    return str(subject), relation, _read_term(value)


def read_strength(value: str) -> float:
    """Return a strength in [0, 1]; 1 where the endpoint returns another value."""
    try:
        return max(0.0, min(1.0, float(value)))
    except ValueError:
        return 1.0


def read_concept(iri: str, rows: Iterable[Row], source: str) -> Concept:
    """Return the concept that rows of `texts_query` describe: in English, else in no language."""
    stated = [(str(row["p"]), row["o"]) for row in rows]
    names = sorted(text_rank(p, o) for p, o in stated if p in NAME_TERMS)
    glosses = [text_rank(p, o) for p, o in stated if p in GLOSS_TERMS]
    label = names[0][-1] if names else identifier_words(local_name(iri))
    other_names = {name for *_, name in names[1:] if name != label}
    return Concept(
        iri,
        label,
        source,
        aliases=sorted(other_names | {str(o) for p, o in stated if p in ALIAS_TERMS}),
        definition=min(glosses)[-1] if glosses else "",
        same=sorted({str(o) for p, o in stated if p in SAME_TERMS}),
    )


def read_relation(predicate: str, rows: Iterable[Row]) -> RelationType:
    """Return the relation that rows of `relations_query` describe, if any do."""
    stated: dict[str, list[tuple[bool, str, bool, bool, str]]] = {}
    for row in rows:
        term = str(row["p"])
        stated.setdefault(term.removeprefix(ONTOLOGY), []).append(text_rank(term, row["o"]))
    one = {p: min(values)[-1] for p, values in stated.items()}
    is_a = predicate == IS_A_IRI
    label = IS_A if is_a else one.get(RDFS + "label", identifier_words(local_name(predicate)))
    return RelationType(
        predicate,
        label,
        one.get("inverseLabel", "kind" if is_a else f"{label} of"),
        one.get("inheritsDown") != "false",
        tuple(sorted({value for *_, value in stated.get("asks", ())})),
        one.get("negates"),
        read_strength(one.get("strength", "1")),
        tuple(sorted({value for term in IMPLIES_TERMS for *_, value in stated.get(term, ())})),
    )


def _read_term(term: Identifier) -> str:
    return f"{LITERAL}{term}" if isinstance(term, Literal) else str(term)
