"""pipelines/build/retrieval.py: names linked by spelling, nearness in meaning, and context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.knowledge.joined import JoinedKnowledge
from kg.knowledge.memory import Knowledge
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.linking import Linker
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import make_linker


@pytest.fixture(scope="session")
def linker(builder: GraphBuilder) -> Linker:
    return make_linker(builder.knowledge)


@pytest.fixture(scope="module")
def joined(linker: Linker, tmp_path_factory: pytest.TempPathFactory) -> Linker:
    """A linker for the bundled knowledge beside a store."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "own.tsv").write_text("astrolabe\tis a\tinstrument\nknife\tis a\tweapon\n")
    import_source(folder / "own.tsv", folder / "store")
    assert linker.meanings is not None
    return make_linker(
        JoinedKnowledge([linker.knowledge, Store(folder / "store")]), linker.meanings.encoder
    )


@pytest.mark.parametrize(
    ("name", "context", "label"),
    [
        ("trunk", ["elephant", "tusk"], "elephant trunk"),
        ("trunk", ["car", "luggage", "bumper"], "car trunk"),
        ("trunk", ["tree", "branch", "leaf"], "tree trunk"),
        ("bat", ["ball", "pitcher", "helmet"], "baseball bat"),
        ("bat", ["tree", "night", "wing"], "flying bat"),
        ("mouse", ["keyboard", "laptop"], "mouse"),
        ("mouse", ["cat", "cheese", "hole", "tail"], "house mouse"),
        ("plant", ["leaf", "soil", "flower"], "plant"),
        ("plant", ["chimney", "worker", "machine", "production"], "factory"),
        ("coach", ["passenger", "road", "driver", "wheel"], "bus"),
        ("jam", ["bread", "breakfast", "strawberry"], "jam"),
        ("jam", ["car", "motorway", "traffic", "queue"], "traffic jam"),
    ],
)
def test_the_context_chooses_among_the_meanings_of_a_name(
    linker: Linker, name: str, context: Sequence[str], label: str
) -> None:
    assert linker.link(name, context=context)[0].label == label


def test_longer_names_are_thought_of_only_in_a_context(linker: Linker) -> None:
    assert {one.how for one in linker.link("trunk")} == {"alias"}
    partly = [one for one in linker.link("trunk", context=["car"]) if one.how == "partly"]
    assert {"car trunk", "tree trunk"} <= {one.label for one in partly}


@pytest.mark.parametrize(
    ("name", "label", "how"),
    [
        ("infirmary", "hospital", "sense"),
        ("portable PC", "laptop", "similar"),
        ("wastebasket", "trash can", "similar"),
        ("constable", "police officer", "sense"),
        ("drenched", "wet", "similar"),
    ],
)
def test_what_no_name_says_is_found_by_its_meaning(
    linker: Linker, name: str, label: str, how: str
) -> None:
    (best, *_) = linker.link(name)
    assert best.how == how
    assert label in {best.label, *linker.knowledge.concept(best.concept).aliases}  # type: ignore[union-attr]
    assert Linker(linker.knowledge, words=linker.words).link(name) == []


@pytest.mark.parametrize("name", ["nostalgia", "irony", "bankruptcy", "florbish", "chess", "-5"])
def test_what_means_nothing_that_is_known_is_nil(linker: Linker, name: str) -> None:
    assert linker.link(name, head=True, context=["photograph", "table"]) == []


@pytest.mark.parametrize("word", ["horde", "chess", "curse", "bench", "forth"])
def test_english_words_are_not_taken_for_misspelt_ones(linker: Linker, word: str) -> None:
    assert word in linker.words
    assert all(one.how != "typo" for one in linker.link(word, head=True))


def test_misspelt_words_are_corrected_before_their_meaning_is_guessed(linker: Linker) -> None:
    (best, *_) = linker.link("motorcylce")
    assert (best.label, best.how) == ("motorcycle", "typo")


WORDS = st.sampled_from(
    ["trunk", "bat", "mouse", "moggy", "infirmary", "florb", "red", "cat", "on", "of", "a", "glass"]
)


@settings(max_examples=25)
@given(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), st.lists(WORDS, max_size=3))
def test_scores_lie_between_0_and_1_and_come_sorted_and_the_same_again(
    linker: Linker, name: str, context: list[str]
) -> None:
    found = linker.link(name, head=True, context=context)
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len({one.concept for one in found}) == len(found)
    assert linker.link(name, head=True, context=context) == found


def test_names_of_a_store_are_linked_by_form_beside_the_bundled_ones(joined: Linker) -> None:
    (best, *_) = joined.link("astrolabes")
    assert best.concept == "https://sightgraph.org/own/astrolabe"
    assert len(joined.best("knife")) == 2
    assert joined.link("infirmary")[0].label == "hospital"


def test_a_store_beside_it_does_not_take_the_context_from_the_bundled_knowledge(
    linker: Linker, joined: Linker
) -> None:
    for name, context in (("trunk", ["car", "luggage"]), ("bat", ["tree", "night", "wing"])):
        assert joined.link(name, context=context) == linker.link(name, context=context)


def test_a_store_alone_is_linked_without_meanings(joined: Linker) -> None:
    assert isinstance(joined.knowledge, JoinedKnowledge)
    alone = make_linker(joined.knowledge.parts[1])
    assert alone.meanings is None
    assert alone.link("astrolabe")[0].how == "label"
    assert alone.link("infirmary") == []


def test_names_of_an_own_turtle_file_are_found_by_their_meaning(
    linker: Linker, tmp_path: Path
) -> None:
    path = tmp_path / "own.ttl"
    path.write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix ex: <https://example.org/> "
        '. ex:sextant skos:prefLabel "sailor\'s sextant"@en ; skos:broader ex:instrument .'
    )
    assert linker.meanings is not None
    own = make_linker(Knowledge.load([path], with_bundled=False), linker.meanings.encoder)
    (best, *_) = own.link("sextant of a mariner")
    assert (best.concept, best.how) == ("https://example.org/sextant", "similar")
