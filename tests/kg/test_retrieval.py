"""kg/retrieval.py: the facts around seeds, their features, and the best of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

import kg.retrieval
from kg.errors import SightGraphError
from kg.knowledge.facts import Fact
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.retrieval import FEATURES, MAX_FACTS_TO_CONCEPT, Candidates, Ranker, Retriever

QUESTION = "What is the thing number three used for?"


def store_of(folder: Path, lines: list[str]) -> Store:
    table = folder / "table.tsv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_source(table, folder / "store")
    return Store(folder / "store")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of thirty things with 240 facts by chance, one of a thing and itself, and a hub."""
    chance = random.Random(7)
    things = [f"thing {number}" for number in range(30)]
    relations = ["is a", "used for", "made of", "likes", "part of"]
    lines = [
        f"{chance.choice(things)}\t{chance.choice(relations)}\t{chance.choice(things)}\t"
        f"{chance.randint(1, 99) / 100}"
        for _ in range(240)
    ]
    lines += ["thing 3\tlikes\tthing 3\t0.5"]
    lines += [f"hub\tlikes\tleaf {n}\t{n / 100}" for n in range(1, 100)]
    return store_of(tmp_path_factory.mktemp("retrieval"), lines)


@pytest.fixture(scope="module")
def retriever(store: Store) -> Retriever:
    return Retriever(store)


def nodes(store: Store, *names: str) -> list[int]:
    return [int(store.index.named(name)[0]) for name in names]


def facts(retriever: Retriever, found: Candidates) -> list[Fact]:
    return [retriever.fact(found, number) for number in range(len(found))]


def column(found: Candidates, name: str) -> np.ndarray:
    return found.features[:, FEATURES.index(name)]


def test_candidates_are_all_facts_of_the_seeds_in_both_directions(
    store: Store, retriever: Retriever
) -> None:
    asked, seen = nodes(store, "thing 3", "thing 8"), nodes(store, "thing 11")
    found = retriever.candidates(QUESTION, asked, seen)
    expected = [
        (fact, outgoing)
        for seed in map(store.index.term, asked + seen)
        for outgoing, stated in ((True, store.stated(seed)), (False, store.facts_to(seed)))
        for fact in stated
    ]
    assert len(expected) > 30
    got = list(zip(facts(retriever, found), found.outgoing.tolist(), strict=True))
    assert sorted(got, key=str) == sorted(expected, key=str)


def test_a_candidate_is_the_fact_between_its_ends(store: Store, retriever: Retriever) -> None:
    found = retriever.candidates(QUESTION, nodes(store, "thing 3"), nodes(store, "thing 4"))
    for number, fact in enumerate(facts(retriever, found)):
        ends = [store.index.term(int(one[number])) for one in (found.seed, found.other)]
        assert [fact.subject, fact.object] == (ends if found.outgoing[number] else ends[::-1])
        assert fact.relation == store.index.relations[found.relation[number]]
        assert column(found, "strength")[number] == pytest.approx(fact.strength)
        assert fact.source == "table"


def test_features_are_finite_and_as_many_as_are_documented(
    store: Store, retriever: Retriever
) -> None:
    asked = nodes(store, "thing 1", "hub")
    for seen in ([], nodes(store, "thing 2", "thing 1"), nodes(store, "leaf 7")):
        found = retriever.candidates(QUESTION, asked, seen)
        assert found.features.shape == (len(found), len(FEATURES))
        assert found.features.dtype == np.float32
        assert np.isfinite(found.features).all()
        assert np.isfinite(retriever.candidates("", [], asked).features).all()


def test_features_say_what_their_names_say(store: Store, retriever: Retriever) -> None:
    asked, seen = nodes(store, "thing 3", "thing 8"), nodes(store, "thing 11")
    found = retriever.candidates("Is it a thing?", asked, seen)
    assert (column(found, "asked") == np.isin(found.seed, asked)).all()
    assert (column(found, "outgoing") == found.outgoing).all()
    assert (column(found, "other end asked") == np.isin(found.other, asked)).all()
    assert (column(found, "other end seen") == np.isin(found.other, seen)).all()
    is_a = [store.relations[store.index.relations[one]].label == "is a" for one in found.relation]
    assert (column(found, "category") == is_a).all()
    assert (column(found, "words of other end") == 2).all()  # "thing" and its number
    assert (column(found, "words of other end that were said") == 1).all()
    assert (column(found, "share of them") == 0.5).all()
    for number, fact in enumerate(facts(retriever, found)):
        other = fact.object if found.outgoing[number] else fact.subject
        beside = {
            int(seed)
            for seed, one in zip(found.seed, found.other, strict=True)
            if one == found.other[number]
        }
        assert column(found, "asked seeds beside")[number] == len(beside & set(asked))
        assert column(found, "seen seeds beside")[number] == len(beside & set(seen))
        for name, stated in (
            ("log facts of other end", store.stated(other)),
            ("log facts about other end", store.facts_to(other)),
        ):
            assert column(found, name)[number] == pytest.approx(np.log1p(len(stated)))


def test_pagerank_is_highest_near_the_seeds(store: Store, retriever: Retriever) -> None:
    (hub,) = nodes(store, "hub")
    found = retriever.candidates(QUESTION, [hub], [])
    ranks = column(found, "pagerank")
    assert (ranks > np.log(1e-6)).all()
    assert np.ptp(ranks) < 1e-3  # its leaves are all alike


def test_without_seeds_or_facts_there_are_no_candidates(store: Store, retriever: Retriever) -> None:
    found = retriever.candidates(QUESTION, [], [])
    assert len(found) == 0
    assert found.features.shape == (0, len(FEATURES))
    assert retriever.best(found, np.empty(0, np.float32), 10).tolist() == []


def test_a_seed_that_is_asked_and_seen_counts_once(store: Store, retriever: Retriever) -> None:
    seed = nodes(store, "thing 5")
    once = retriever.candidates(QUESTION, seed, [])
    assert len(retriever.candidates(QUESTION, seed * 2, seed)) == len(once)


def test_of_a_hub_the_strongest_facts_are_looked_at(
    store: Store, retriever: Retriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.retrieval, "MAX_FACTS_OF_SEED", 10)
    found = retriever.candidates(QUESTION, nodes(store, "hub"), [])
    assert len(found) == 10
    assert column(found, "strength").min() == pytest.approx(0.90)


@given(seed=st.integers(0, 2**31), most=st.integers(0, 60))
def test_the_best_are_distinct_facts_and_lead_to_no_concept_too_often(
    store: Store, retriever: Retriever, seed: int, most: int
) -> None:
    chance = np.random.RandomState(seed)
    seeds = chance.choice(store.index.nodes, 6, replace=False).tolist()
    found = retriever.candidates(QUESTION, seeds[:3], seeds[3:])
    scores = chance.randint(0, 5, len(found)).astype(np.float32)
    best = retriever.best(found, scores, most)
    assert len(best) <= most
    assert scores[best].tolist() == sorted(scores[best].tolist(), reverse=True)
    chosen = [retriever.fact(found, int(one)) for one in best]
    assert len({(one.subject, one.relation, one.object) for one in chosen}) == len(chosen)
    assert np.bincount(found.other[best], minlength=1).max() <= MAX_FACTS_TO_CONCEPT
    if len(best) < most:  # then every fact left out is a repetition, or leads where enough lead
        for number in set(range(len(found))) - set(best.tolist()):
            again = retriever.fact(found, number) in chosen
            assert again or (found.other[best] == found.other[number]).sum() == MAX_FACTS_TO_CONCEPT
    if len(best):
        assert best[0] == scores.argmax()


def test_equal_scores_keep_their_order(store: Store, retriever: Retriever) -> None:
    found = retriever.candidates(QUESTION, nodes(store, "hub"), [])
    same = np.zeros(len(found), np.float32)
    assert retriever.best(found, same, 7).tolist() == list(range(7))


def test_the_same_question_gives_the_same_candidates_in_the_same_order(
    store: Store, retriever: Retriever
) -> None:
    asked, seen = nodes(store, "thing 3", "hub"), nodes(store, "thing 11", "thing 2")
    first = retriever.candidates(QUESTION, asked, seen)
    retriever.candidates("Another one?", seen, asked)
    for other in (retriever, Retriever(Store(store.folder))):
        again = other.candidates(QUESTION, asked, seen)
        for name in Candidates.__slots__:
            assert np.array_equal(getattr(first, name), getattr(again, name)), name


def test_relations_are_worded_both_ways(store: Store, retriever: Retriever) -> None:
    wordings = retriever.wordings()
    relations = [store.relations[iri] for iri in store.index.relations]
    assert wordings[: len(relations)] == [one.label for one in relations]
    assert {"used for", "is a", "likes"} < set(wordings)
    assert wordings[len(relations) :] == [one.inverse for one in relations]


def ranker(**changes: np.ndarray) -> Ranker:
    """Return a ranker of two hidden units, whose weights are 0 but for `changes`."""
    width = len(FEATURES)
    weights = {
        "mean": np.zeros(width, np.float32),
        "deviation": np.ones(width, np.float32),
        "hidden": np.zeros((width, 2), np.float32),
        "hidden_bias": np.zeros(2, np.float32),
        "output": np.zeros(2, np.float32),
        "asking": np.zeros((4, 3), np.float32),
        "told": np.zeros((4, 3), np.float32),
    }
    return Ranker(**(weights | changes))


def test_a_score_is_that_of_the_features_and_of_the_relation_asked_for(
    store: Store, retriever: Retriever
) -> None:
    found = retriever.candidates(QUESTION, nodes(store, "thing 3"), [])
    relations = np.random.RandomState(0).normal(size=(2, 5, 4)).astype(np.float32)
    question = np.ones(4, np.float32)
    assert (ranker()(found, question, relations) == 0).all()
    hidden = np.zeros((len(FEATURES), 2), np.float32)
    hidden[FEATURES.index("strength"), 0] = 1
    by_strength = ranker(hidden=hidden, output=np.array([3, 0], np.float32))
    expected = 3 * column(found, "strength")
    assert np.allclose(by_strength(found, question, relations), expected)
    meeting = np.eye(4, 3, dtype=np.float32)
    by_relation = ranker(asking=meeting, told=meeting)(found, question, relations)
    for number, score in enumerate(by_relation):
        told = relations[0 if found.outgoing[number] else 1, found.relation[number]]
        assert score == pytest.approx(told[:3].sum(), abs=1e-5)


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all"])
def test_a_ranker_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ranker.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SightGraphError, match=r"cannot read the ranker '.*ranker\.safetensors'"):
        Ranker.load(file)


def test_weights_of_something_else_are_no_ranker(tmp_path: Path) -> None:
    file = tmp_path / "ranker.safetensors"
    save_file({"kernel": np.zeros(3, np.float32)}, file)
    with pytest.raises(SightGraphError, match="cannot read the ranker"):
        Ranker.load(file)
