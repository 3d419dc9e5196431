"""kg/vocabulary.py: source, origin and strength in the name of a named graph, and back."""

from __future__ import annotations

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.vocabulary import SOURCE, graph_iri, read_graph_iri

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(names.filter(lambda name: "/" not in name), names, st.integers(0, 100))
def test_what_is_written_is_read_again(source: str, origin: str, hundredths: int) -> None:
    # A slash at the end is lost; an origin of slashes only says nothing.
    name, strength = read_graph_iri(graph_iri(source, origin, hundredths / 100))
    assert name == f"{source}/{origin}".rstrip("/")
    assert strength == hundredths / 100


@given(names, names, st.floats(0, 1))
def test_any_name_and_strength_makes_a_valid_iri(source: str, origin: str, strength: float) -> None:
    iri = graph_iri(source, origin, strength)
    assert pyoxigraph.NamedNode(iri).value == iri
    assert iri.startswith(SOURCE)
    (quad,) = pyoxigraph.parse(
        f"<urn:a> <urn:b> <urn:c> <{iri}> .".encode(), format=pyoxigraph.RdfFormat.N_QUADS
    )
    assert quad.graph_name.value == iri


@pytest.mark.parametrize("iri", ["https://example.org/graph", "urn:g", "https://sightgraph.org/x"])
def test_a_graph_of_another_kind_is_its_own_source_and_certain(iri: str) -> None:
    assert read_graph_iri(iri) == (iri, 1.0)
