"""retrieval.py: the facts of a large store that bear on a question, in the graph."""

from __future__ import annotations

import pytest
from PIL import Image

import pipelines.build.retrieval
from graph_fusion.encoders import TEXT_ENCODERS
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.facts import Fact, KnowledgeGraph
from kg.knowledge.joined import JoinedKnowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.answerer import Answerer
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import MAX_FACTS, MEANINGS, FactFinder, split
from pipelines.detections import Detection
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.sightgraph import SightGraph

INFO = PhotoInfo("table.jpg", 640, 480)
KNIFE = Detection("knife", 0.9, "test", (100, 200, 200, 300))
SPOON = Detection("spoon", 0.7, "test", (210, 220, 300, 290))
FACTS = """\
knife UsedFor cutting_cake 2
knife UsedFor opening_letters 1
knife AtLocation kitchen 4
knife AtLocation drawer 2
knife MadeOf steel 2
knife HasA blade 3
knife HasProperty sharp 2
knife CapableOf hurt_you 2
knife RelatedTo fork 5
blade PartOf knife 2
cook Desires knife 1
fork AtLocation kitchen 1
fork UsedFor eating_salad 1
spoon RelatedTo knife 2
spoon UsedFor stirring_tea 2
spoon MadeOf silver 2
astrolabe UsedFor measuring_stars 3
astrolabe MadeOf brass 2
astrolabe AtLocation observatory 2
"""
MANY = 80
"""Further facts of the knife, more than are brought to one question."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("common")
    lines = [line.split() for line in FACTS.splitlines()]
    lines += [["knife", "RelatedTo", f"gadget_{number}", "1"] for number in range(MANY)]
    rows = ["subject\trelation\tobject\tweight\tsource"]
    rows += ["\t".join([*line, "cn5"]).replace("_", " ") for line in lines]
    (folder / "common.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_source(folder / "common.tsv", folder / "store", format_="conceptnet")
    return Store(folder / "store")


@pytest.fixture(scope="module")
def finder(store: Store) -> FactFinder:
    return FactFinder(store)


@pytest.fixture(scope="module")
def with_finder(builder: GraphBuilder, finder: FactFinder) -> GraphBuilder:
    return GraphBuilder(builder.knowledge, builder.linker, [finder])


@pytest.fixture(scope="module")
def answerer(finder: FactFinder) -> Answerer:
    return SightGraph.from_pretrained(detector="bundled").answerer


def told(knowledge: KnowledgeGraph, facts: list[Fact]) -> list[tuple[str, str, str]]:
    label = knowledge.label
    return [
        (label(one.subject), knowledge.relations[one.relation].label, label(one.object))
        for one in facts
    ]


def from_store(graph: SceneGraph) -> list[tuple[str, str, str]]:
    return [
        (graph.node(edge.source).label, edge.relation, graph.node(edge.target).label)
        for edge in graph.edges(EdgeKind.FACT)
        if edge.origin.startswith("common")
    ]


@pytest.mark.parametrize(
    ("question", "relation"),
    [
        ("What is it used for?", "used for"),
        ("What is a knife used for?", "used for"),
        ("Where is it found?", "at location"),
        ("What is it made of?", "made of"),
    ],
)
def test_the_bundled_ranker_puts_first_what_the_question_asks_for(
    store: Store, finder: FactFinder, question: str, relation: str
) -> None:
    knife = finder.nodes("knife")
    known = told(store, store.facts_about(store.index.term(knife[0])))
    asked_for = {one for one in known if one[1] == relation}
    for asked, seen in ((knife, []), ([], knife)):
        found = told(store, finder(question, asked, seen))
        assert set(found[: len(asked_for)]) == asked_for


def test_facts_are_distinct_known_and_as_many_as_are_wanted(
    store: Store, finder: FactFinder
) -> None:
    knife = finder.nodes("knife")
    found = finder("What is it?", knife, [])
    assert len(found) == MAX_FACTS
    assert len(set(found)) == MAX_FACTS
    iri = store.index.term(knife[0])
    assert set(found) <= {*store.stated(iri), *store.facts_to(iri)}
    assert finder("What is it?", knife, [], most=3) == found[:3]
    assert finder("What is it?", knife, []) == found


def test_no_seeds_no_facts(finder: FactFinder) -> None:
    assert finder("What is it used for?", [], []) == []


@pytest.mark.parametrize(
    ("name", "lemma", "label"),
    [
        ("knife", None, "knife"),
        ("The Knives", None, "knife"),
        ("knivez", "knife", "knife"),
        ("stirred tea", None, "stirring tea"),
    ],
)
def test_names_lead_to_nodes_by_form_lemma_and_inflection(
    store: Store, finder: FactFinder, name: str, lemma: str | None, label: str
) -> None:
    found = finder.nodes(name, lemma)
    assert [store.index.label(one) for one in found] == [label]
    assert len(found) <= MEANINGS


@pytest.mark.parametrize("name", ["florb", "", "!?", "-"])
def test_unknown_names_lead_nowhere(finder: FactFinder, name: str) -> None:
    assert finder.nodes(name) == []


def test_small_stores_are_used_whole_and_large_ones_are_asked(
    builder: GraphBuilder, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = JoinedKnowledge([builder.knowledge, store])
    assert split(joined) == (joined, [])
    assert split(store) == (store, [])
    assert split(builder.knowledge) == (builder.knowledge, [])
    monkeypatch.setattr(pipelines.build.retrieval, "SMALL", store.index.edges - 1)
    assert split(joined) == (builder.knowledge, [store])
    assert split(builder.knowledge) == (builder.knowledge, [])
    whole, large = split(store)
    assert large == [store]
    assert whole.statistics()["facts"] == 0
    own = Knowledge.load([], with_bundled=False)
    whole, large = split(JoinedKnowledge([builder.knowledge, store, own]))
    assert isinstance(whole, JoinedKnowledge)
    assert whole.parts == [builder.knowledge, own]


def test_the_facts_found_are_in_the_graph_tied_to_words_and_objects(
    with_finder: GraphBuilder, parser: Parser, store: Store
) -> None:
    graph = with_finder([KNIFE, SPOON], INFO, parser("What is an astrolabe used for?"))
    found = from_store(graph)
    assert ("astrolabe", "used for", "measuring stars") in found
    assert ("knife", "used for", "cutting cake") in found
    assert ("spoon", "used for", "stirring tea") in found
    links = {
        (graph.node(edge.source).label, edge.target)
        for edge in graph.edges(EdgeKind.LINK)
        if store.index.node(edge.target) is not None
    }
    cn = "http://conceptnet.io/c/en/"
    assert links == {(name, cn + name) for name in ("astrolabe", "knife", "spoon")}
    ends = {"object:0", "object:1", "entity:0"}
    assert {e.source for e in graph.edges(EdgeKind.LINK) if e.target.startswith(cn)} == ends


def test_what_is_found_says_where_it_is_from(
    with_finder: GraphBuilder, parser: Parser, store: Store
) -> None:
    graph = with_finder([KNIFE], INFO, parser("What is this knife used for?"))
    new = [node for node in graph.nodes() if store.index.node(node.id) is not None]
    assert new
    assert {node.kind for node in new} == {NodeKind.CONCEPT}
    assert {node.origin for node in new} == {"common/cn5"}
    facts = [edge for edge in graph.edges(EdgeKind.FACT) if edge.origin == "common/cn5"]
    assert 0 < len(facts) <= MAX_FACTS


def test_facts_of_a_large_store_are_capped_and_the_bundled_ones_stay(
    builder: GraphBuilder, with_finder: GraphBuilder, parser: Parser
) -> None:
    sentence = parser("What is this knife used for?")
    plain, graph = builder([KNIFE], INFO, sentence), with_finder([KNIFE], INFO, sentence)
    assert len(from_store(graph)) == MAX_FACTS
    assert set(plain.edges()) <= set(graph.edges())
    assert not from_store(plain)


def test_a_small_store_brings_all_that_it_says(
    builder: GraphBuilder, store: Store, parser: Parser
) -> None:
    whole = GraphBuilder(JoinedKnowledge([builder.knowledge, store]))
    graph = whole([KNIFE], INFO, parser("What is this knife used for?"))
    assert len(from_store(graph)) > MANY


def test_without_a_question_no_large_store_is_asked(with_finder: GraphBuilder) -> None:
    assert not from_store(with_finder([KNIFE], INFO))


def test_the_same_question_gives_the_same_graph_in_the_same_order(
    builder: GraphBuilder, with_finder: GraphBuilder, parser: Parser, store: Store
) -> None:
    sentence = parser("What is this knife used for?")
    graph = with_finder([KNIFE, SPOON], INFO, sentence)
    other = GraphBuilder(builder.knowledge, builder.linker, [FactFinder(Store(store.folder))])
    again = other([KNIFE, SPOON], INFO, sentence)
    assert (again.nodes(), again.edges()) == (graph.nodes(), graph.edges())


class PerceptionResult:
    """A detector that has seen what the test says."""

    name = "seen"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [KNIFE]


GREY = Photo(Image.new("RGB", (640, 480), "grey"), "grey")


@pytest.mark.parametrize("small", [10_000, 0], ids=["small", "large"])
@pytest.mark.parametrize("alone", [False, True], ids=["beside the bundled", "alone"])
def test_a_store_answers_what_only_it_knows(
    store: Store,
    builder: GraphBuilder,
    parser: Parser,
    answerer: Answerer,
    monkeypatch: pytest.MonkeyPatch,
    small: int,
    alone: bool,
) -> None:
    monkeypatch.setattr(pipelines.build.retrieval, "SMALL", small)
    knowledge = store if alone else JoinedKnowledge([builder.knowledge, store])
    sightgraph = SightGraph.of(PerceptionResult(), parser, knowledge, answerer)
    answer = sightgraph.ask(GREY, "What is an astrolabe used for?")
    assert answer.text == "measuring stars"
    assert [fact.origin for fact in answer.evidence.facts] == ["common/cn5"]


def test_the_ranker_reads_relations_by_their_wordings(finder: FactFinder) -> None:
    encoder = TEXT_ENCODERS.make("minilm")
    vectors = pipelines.build.retrieval.relation_vectors(finder.retriever, encoder)
    count = len(finder.store.index.relations)
    assert vectors.shape == (2, count, encoder.dim)
    number = finder.retriever.wordings().index("used for")
    assert (vectors[0, number] == encoder(["it used for"])[0].numpy()).all()
