"""The bundled knowledge of everyday things is whole, consistent and inherits as it should."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS

SG = Namespace("https://sightgraph.org/kg/")
SGO = Namespace("https://sightgraph.org/ontology#")
LINKS = (SKOS.closeMatch, SKOS.exactMatch, OWL.sameAs)
SYNSET = re.compile(r"https://en-word\.net/id/oewn-\d{8}-[nvasr]")
ENTITY = re.compile(r"http://www\.wikidata\.org/entity/Q[1-9]\d*")
FOLDER = Path(__file__).resolve().parents[2] / "data" / "kg"
FILES = sorted(path for path in FOLDER.glob("*.ttl") if path.name != "shapes.ttl")
FEWEST_CONCEPTS = 700
FEWEST_FACTS = 6_000
FEWEST_STRENGTHS = 250
FEWEST_LINKED_CONCEPTS = 900
FEWEST_WORDINGS = 6

COCO_CLASSES = (
    "person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, "
    "fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, "
    "bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, "
    "sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, "
    "bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, "
    "carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, "
    "tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, "
    "refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush"
)
COCO_NAMES = COCO_CLASSES.split(", ")


@pytest.fixture(scope="module")
def knowledge() -> Graph:
    graph = Graph()
    for path in FILES:
        graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def concepts(knowledge: Graph) -> set[URIRef]:
    return {node for node in knowledge.subjects(RDF.type, SKOS.Concept) if isinstance(node, URIRef)}


@pytest.fixture(scope="module")
def relations(knowledge: Graph) -> set[URIRef]:
    kinds = (OWL.ObjectProperty, OWL.DatatypeProperty)
    return {
        node
        for kind in kinds
        for node in knowledge.subjects(RDF.type, kind)
        if isinstance(node, URIRef)
    }


def facts(knowledge: Graph, relations: set[URIRef]) -> list[tuple[URIRef, URIRef, object]]:
    """All stated facts: a concept, a relation of the ontology, and what the relation leads to."""
    return [
        (subject, relation, value)
        for relation in relations
        for subject, value in knowledge.subject_objects(relation)
        if isinstance(subject, URIRef)
    ]


def ancestors(knowledge: Graph, concept: URIRef) -> dict[URIRef, int]:
    """The concept and all categories above it, each with its smallest number of steps."""
    steps = {concept: 0}
    layer = [concept]
    while layer:
        above = [parent for node in layer for parent in knowledge.objects(node, SKOS.broader)]
        layer = []
        for parent in above:
            if isinstance(parent, URIRef) and parent not in steps:
                steps[parent] = max(steps.values()) + 1
                layer.append(parent)
    return steps


def levels(knowledge: Graph, concept: URIRef) -> Iterator[set[URIRef]]:
    """The concept, then its categories, then theirs: one set for each number of steps."""
    level, seen = {concept}, {concept}
    while level:
        yield level
        parents = {
            parent
            for node in level
            for parent in knowledge.objects(node, SKOS.broader)
            if isinstance(parent, URIRef)
        }
        level = parents - seen
        seen |= parents


def holds(knowledge: Graph, name: str, relation: str, value: str) -> bool:
    """Whether the nearest statement on the way up affirms the fact rather than denies it."""
    denying = {"capableOf": "notCapableOf", "hasProperty": "notHasProperty"}.get(relation)
    for level in levels(knowledge, SG[name]):
        if any((node, SGO[relation], SG[value]) in knowledge for node in level):
            return True
        if denying and any((node, SGO[denying], SG[value]) in knowledge for node in level):
            return False
    return False


def nearest_number(knowledge: Graph, name: str, relation: str) -> object:
    for level in levels(knowledge, SG[name]):
        for node in level:
            for value in knowledge.objects(node, SGO[relation]):
                return value.toPython() if isinstance(value, Literal) else None
    return None


def test_every_file_parses_and_states_something() -> None:
    assert not [path.name for path in FOLDER.glob("*.ttl") if not len(Graph().parse(path))]


def test_every_concept_has_one_english_label_and_one_line_of_definition(
    knowledge: Graph, concepts: set[URIRef]
) -> None:
    for concept in concepts:
        labels = list(knowledge.objects(concept, SKOS.prefLabel))
        assert len(labels) == 1, f"{concept} has the labels {labels}"
        assert getattr(labels[0], "language", None) == "en", concept
        definitions = list(knowledge.objects(concept, SKOS.definition))
        assert len(definitions) == 1, f"{concept} has the definitions {definitions}"
        assert "\n" not in str(definitions[0]), concept
        assert str(definitions[0]).endswith("."), concept


def test_every_category_chain_reaches_thing_without_a_cycle(
    knowledge: Graph, concepts: set[URIRef]
) -> None:
    for concept in concepts - {SG.thing}:
        above = ancestors(knowledge, concept)
        assert SG.thing in above, f"{concept} does not reach sg:thing"
        parents = {p for p in knowledge.objects(concept, SKOS.broader) if isinstance(p, URIRef)}
        for parent in parents:
            assert concept not in ancestors(knowledge, parent), f"{concept} lies above itself"


def test_no_fact_has_a_subject_or_an_object_that_is_not_declared(
    knowledge: Graph, concepts: set[URIRef], relations: set[URIRef]
) -> None:
    for subject, relation, value in facts(knowledge, relations):
        assert subject in concepts, f"{subject} is not declared"
        if isinstance(value, URIRef):
            assert value in concepts, f"{subject} {relation} {value}: the object is not declared"


def test_every_predicate_is_a_relation_or_a_label(
    knowledge: Graph, concepts: set[URIRef], relations: set[URIRef]
) -> None:
    describing = {RDF.type, SKOS.prefLabel, SKOS.altLabel, SKOS.definition, *LINKS}
    for concept in concepts:
        used = set(knowledge.predicates(concept))
        assert used <= relations | describing, f"{concept} uses {used - relations - describing}"


def test_every_relation_is_described_and_asked_for_in_several_wordings(
    knowledge: Graph, relations: set[URIRef]
) -> None:
    for relation in relations:
        for needed in (RDFS.label, RDFS.domain, RDFS.range, RDFS.comment, SGO.inverseLabel):
            assert knowledge.value(relation, needed), f"{relation} has no {needed}"
        assert isinstance(knowledge.value(relation, SGO.inheritsDown), Literal), relation
        wordings = set(knowledge.objects(relation, SGO.asks))
        assert len(wordings) >= FEWEST_WORDINGS, f"{relation} is asked for in {len(wordings)} ways"


def test_subjects_and_objects_lie_below_the_categories_of_their_relation(
    knowledge: Graph, relations: set[URIRef]
) -> None:
    for subject, relation, value in facts(knowledge, relations):
        limits = (SGO.subjectCategory, subject), (SGO.objectCategory, value)
        for limit, side in limits:
            category = knowledge.value(relation, limit)
            if category is not None and isinstance(side, URIRef):
                reached = ancestors(knowledge, side)
                assert category in reached, f"{subject} {relation} {value}: not below {category}"


def test_numbers_are_stated_as_whole_numbers(knowledge: Graph) -> None:
    for relation in (SGO.numberOfLegs, SGO.numberOfWheels):
        for subject, value in knowledge.subject_objects(relation):
            assert isinstance(value, Literal), subject
            assert isinstance(value.toPython(), int), subject
            assert len(list(knowledge.objects(subject, relation))) == 1, subject


def test_every_coco_class_is_known_in_depth(knowledge: Graph, relations: set[URIRef]) -> None:
    for name in COCO_NAMES:
        concept = knowledge.value(predicate=SKOS.prefLabel, object=Literal(name, lang="en"))
        assert isinstance(concept, URIRef), f"no concept is labelled '{name}'"
        stated = {r: list(knowledge.objects(concept, r)) for r in relations}
        doing = [*stated[SGO.usedFor], *stated[SGO.capableOf]]
        assert len(doing) >= 2, f"'{name}' has {len(doing)} uses and abilities"
        for relation in (SKOS.broader, SGO.hasPart, SGO.foundAt, SGO.hasProperty):
            # Where people are is no evidence of where the person in a photograph is.
            if (name, relation) != ("person", SGO.foundAt):
                assert stated[relation], f"'{name}' has no {relation}"
        if SG.artefact in ancestors(knowledge, concept):
            assert stated[SGO.madeOf], f"'{name}' has no material"


def test_there_are_eighty_coco_names() -> None:
    assert len(set(COCO_NAMES)) == 80


def test_no_two_concepts_share_a_label_and_no_alias_is_another_concepts_label(
    knowledge: Graph, concepts: set[URIRef]
) -> None:
    owner: dict[str, URIRef] = {}
    for concept in concepts:
        label = str(knowledge.value(concept, SKOS.prefLabel)).lower()
        assert label not in owner, f"{concept} and {owner[label]} are both called '{label}'"
        owner[label] = concept
    for named, alias in knowledge.subject_objects(SKOS.altLabel):
        found = owner.get(str(alias).lower())
        assert found is None, f"'{alias}' is an alias of {named} and the label of {found}"


def test_an_alias_belongs_to_one_concept(knowledge: Graph) -> None:
    owners: dict[str, set[object]] = defaultdict(set)
    for concept, alias in knowledge.subject_objects(SKOS.altLabel):
        owners[str(alias).lower()].add(concept)
    shared = {alias: found for alias, found in owners.items() if len(found) > 1}
    assert not shared


def test_nothing_is_affirmed_and_denied_of_the_same_concept(knowledge: Graph) -> None:
    for denying, affirming in knowledge.subject_objects(SGO.negates):
        assert isinstance(affirming, URIRef)
        assert isinstance(denying, URIRef)
        both = set(knowledge.subject_objects(affirming)) & set(knowledge.subject_objects(denying))
        assert not both


def test_there_is_enough_of_it(
    knowledge: Graph, concepts: set[URIRef], relations: set[URIRef]
) -> None:
    stated = facts(knowledge, relations)
    counts = Counter(relation.rsplit("#", 1)[-1] for _, relation, _ in stated)
    print(f"{len(concepts)} concepts, {len(stated)} facts: {dict(counts.most_common())}")
    assert len(concepts) >= FEWEST_CONCEPTS
    assert len(stated) >= FEWEST_FACTS, f"only {len(stated)} facts are stated"


def test_a_strength_is_a_number_between_nothing_and_certainty(
    knowledge: Graph, relations: set[URIRef]
) -> None:
    for described, strength in knowledge.subject_objects(SGO.strength):
        assert isinstance(strength, Literal), described
        assert 0 <= float(strength) <= 1, f"{described} has the strength {strength}"
        stated_of_relation = described in relations
        assert stated_of_relation or (described, RDF.type, RDF.Statement) in knowledge, described
        assert len(list(knowledge.objects(described, SGO.strength))) == 1, described


def test_every_fact_with_a_strength_is_stated(knowledge: Graph, relations: set[URIRef]) -> None:
    described = [
        (
            knowledge.value(node, RDF.subject),
            knowledge.value(node, RDF.predicate),
            knowledge.value(node, RDF.object),
        )
        for node in knowledge.subjects(RDF.type, RDF.Statement)
    ]
    for subject, relation, value in described:
        fact = f"{subject} {relation} {value}"
        assert None not in (subject, relation, value), fact
        assert relation in relations, fact
        assert (subject, relation, value) in knowledge, f"{fact} has a strength and is not stated"
    assert len(set(described)) == len(described), "a fact has two strengths"
    assert len(described) >= FEWEST_STRENGTHS


def test_every_link_leads_from_a_concept_to_a_well_formed_identifier(
    knowledge: Graph, concepts: set[URIRef]
) -> None:
    linked = set()
    for link in LINKS:
        for subject, target in knowledge.subject_objects(link):
            assert subject in concepts, f"{subject} is linked and is no concept"
            form = SYNSET if link == SKOS.closeMatch else ENTITY
            assert form.fullmatch(str(target)), f"{subject} is linked to {target}"
            linked.add(subject)
    assert len(linked) >= FEWEST_LINKED_CONCEPTS


def test_a_concept_is_one_entity_of_wikidata_and_an_entity_one_concept(knowledge: Graph) -> None:
    pairs = list(knowledge.subject_objects(SKOS.exactMatch))
    assert len({concept for concept, _ in pairs}) == len(pairs)
    assert len({entity for _, entity in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("name", "relation", "value"),
    [
        ("motorcycle", "requires", "fuel"),
        ("motorcycle", "poweredBy", "petrol"),
        ("spoon", "usedFor", "stirring"),
        ("spoon", "usedFor", "eating_soup"),
        ("cat", "capableOf", "breathing_air"),
        ("cat", "foundAt", "house"),
        ("giraffe", "eats", "leaves"),
        ("microwave", "poweredBy", "electricity"),
        ("knife", "capableOf", "cutting"),
        ("scissors", "capableOf", "cutting"),
        ("saucer", "usedFor", "holding_a_cup"),
        ("pigeon", "capableOf", "flying"),
        ("bat_animal", "capableOf", "flying"),
        ("umbrella", "usedFor", "protecting_from_rain"),
        ("pizza", "originatesFrom", "italy"),
        ("espresso", "contains", "caffeine"),
        ("astronaut", "requires", "space_suit"),
        ("chair", "notHasProperty", "alive"),
        ("potted_plant", "hasProperty", "alive"),
    ],
)
def test_a_fact_is_stated_or_inherited(
    knowledge: Graph, name: str, relation: str, value: str
) -> None:
    assert holds(knowledge, name, relation, value)


@pytest.mark.parametrize(
    ("name", "relation", "value"),
    [
        ("cat", "capableOf", "flying"),
        ("penguin", "capableOf", "flying"),
        ("ostrich", "capableOf", "flying"),
        ("chair", "capableOf", "breathing"),
        ("bicycle", "requires", "fuel"),
        ("bicycle", "poweredBy", "petrol"),
        ("fish", "capableOf", "walking"),
        ("lemon", "hasProperty", "sweet"),
        ("baby", "capableOf", "driving"),
        ("teddy_bear", "hasProperty", "alive"),
        ("spoon", "capableOf", "cutting"),
    ],
)
def test_a_falsehood_is_neither_stated_nor_inherited(
    knowledge: Graph, name: str, relation: str, value: str
) -> None:
    assert not holds(knowledge, name, relation, value)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("cat", "mammal"),
        ("cat", "pet"),
        ("dog", "animal"),
        ("motorcycle", "vehicle"),
        ("spoon", "tool"),
        ("espresso", "beverage"),
        ("tomato", "food"),
        ("penguin", "bird"),
        ("astronaut", "person"),
        ("stirring", "activity"),
    ],
)
def test_a_thing_lies_below_its_categories(knowledge: Graph, name: str, category: str) -> None:
    assert SG[category] in ancestors(knowledge, SG[name])


@pytest.mark.parametrize(
    ("name", "relation", "number"),
    [
        ("cat", "numberOfLegs", 4),
        ("pigeon", "numberOfLegs", 2),
        ("bee", "numberOfLegs", 6),
        ("spider", "numberOfLegs", 8),
        ("snake", "numberOfLegs", 0),
        ("bicycle", "numberOfWheels", 2),
        ("motorcycle", "numberOfWheels", 2),
        ("taxi", "numberOfWheels", 4),
    ],
)
def test_the_nearest_number_holds(knowledge: Graph, name: str, relation: str, number: int) -> None:
    assert nearest_number(knowledge, name, relation) == number


def test_the_knowledge_conforms_to_its_shapes(knowledge: Graph) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    shapes = Graph().parse(FOLDER / "shapes.ttl")
    conforms, _, report = pyshacl.validate(knowledge, shacl_graph=shapes, inference="none")
    assert conforms, report


def test_the_shapes_find_a_concept_without_a_label(knowledge: Graph) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    shapes = Graph().parse(FOLDER / "shapes.ttl")
    faulty = Graph()
    faulty.add((SG.nameless, RDF.type, SKOS.Concept))
    conforms, _, _ = pyshacl.validate(faulty, shacl_graph=shapes, inference="none")
    assert not conforms


@pytest.mark.parametrize(
    "turtle",
    [
        "_:f a rdf:Statement ; rdf:subject sg:cat ; rdf:predicate sgo:eats ; rdf:object sg:fish .",
        "_:f a rdf:Statement ; rdf:subject sg:cat, sg:fish ; rdf:predicate sgo:eats ; "
        "rdf:object sg:fish ; sgo:strength 0.5 .",
        "sgo:eats sgo:strength 1.5 .",
        'sgo:eats sgo:strength "often" .',
        "sg:cat skos:closeMatch <https://en-word.net/id/cat> .",
        "sg:cat skos:exactMatch wd:Q146, wd:Q144 .",
        "sg:nobody skos:exactMatch wd:Q2 .",
    ],
)
def test_the_shapes_find_a_faulty_strength_or_link(knowledge: Graph, turtle: str) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    shapes = Graph().parse(FOLDER / "shapes.ttl")
    known = Graph()
    for concept in (SG.cat, SG.fish):
        for triple in knowledge.triples((concept, None, None)):
            if triple[1] in {RDF.type, SKOS.prefLabel, SKOS.definition}:
                known.add(triple)
        known.add((concept, SKOS.broader, SG.cat))
    for triple in knowledge.triples((SGO.eats, None, None)):
        known.add(triple)
    assert pyshacl.validate(known, shacl_graph=shapes, inference="none")[0]
    prefixes = "".join(
        f"@prefix {prefix}: <{space}> .\n"
        for prefix, space in (
            ("sg", SG),
            ("sgo", SGO),
            ("rdf", RDF),
            ("skos", SKOS),
            ("wd", "http://www.wikidata.org/entity/"),
        )
    )
    faulty = known + Graph().parse(data=prefixes + turtle, format="turtle")
    assert not pyshacl.validate(faulty, shacl_graph=shapes, inference="none")[0]
