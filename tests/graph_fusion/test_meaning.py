"""graph_fusion/meaning.py: nearness in meaning, and the bundled vectors that it goes by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.meaning import NameMeanings
from kg.errors import SightGraphError
from kg.files import bundled
from kg.knowledge.memory import Knowledge

OWN = """\
@prefix ex: <https://example.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
ex:astrolabe skos:prefLabel "astrolabe"@en ; skos:altLabel "star taker"@en ;
    skos:definition "an old instrument that measures the height of stars"@en .
ex:sextant skos:prefLabel "ship's sextant"@en ;
    skos:definition "an instrument by which sailors find their place at sea"@en .
"""
EX = "https://example.org/"


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    torch.set_num_threads(1)
    return TEXT_ENCODERS.make("minilm")


@pytest.fixture(scope="module")
def meanings(encoder: TextEncoder) -> NameMeanings:
    return NameMeanings(Knowledge.bundled(), encoder)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.ttl"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def with_own(encoder: TextEncoder, own: Path) -> NameMeanings:
    return NameMeanings(Knowledge.load([own]), encoder)


def concept(meanings: NameMeanings, label: str) -> str:
    return meanings.concepts[meanings.names.index(label)]


def test_the_bundled_file_holds_every_name_and_gloss_of_the_bundled_knowledge(
    meanings: NameMeanings,
) -> None:
    tensors = load_file(bundled("models", "names", "model.safetensors"))
    held = set(tensors["texts"].tobytes().decode().split("\n"))
    missing = sorted({*meanings.names, *meanings.gloss.values()} - held)
    assert not missing, (
        f"data/kg was edited: {len(missing)} names and glosses have no vector, e.g. "
        f"{missing[:3]}. Encode them: sightgraph train names --out data/models/names"
    )


def test_the_bundled_vectors_are_the_encoders_own_as_near_as_whole_numbers_can_be(
    encoder: TextEncoder,
) -> None:
    tensors = load_file(bundled("models", "names", "model.safetensors"))
    texts = tensors["texts"].tobytes().decode().split("\n")
    assert len(texts) == len(tensors["vectors"]) == len(tensors["scale"])
    some = slice(0, None, len(texts) // 60)
    vectors = torch.tensor(tensors["vectors"][some] * tensors["scale"][some, None])
    cosines = torch.cosine_similarity(vectors, encoder(texts[some]))
    assert cosines.min() > 0.999
    assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)), atol=0.01)


def test_a_known_name_is_nearest_to_itself(meanings: NameMeanings) -> None:
    found = meanings.nearest("motorcycle", most=8)
    assert found[0][0] == concept(meanings, "motorcycle")
    assert found[0][1] == pytest.approx(1, abs=0.01)
    cosines = [cosine for _, cosine in found]
    assert cosines == sorted(cosines, reverse=True)
    assert len({iri for iri, _ in found}) == 8


@pytest.mark.parametrize(
    ("name", "label"),
    [("infirmary", "hospital"), ("portable PC", "laptop"), ("drenched", "wet")],
)
def test_names_that_no_file_has_are_near_to_what_means_the_same(
    meanings: NameMeanings, name: str, label: str
) -> None:
    assert name not in meanings.names
    assert meanings.nearest(name)[0][0] == concept(meanings, label)


def test_the_gloss_that_the_context_speaks_of_fits_best(meanings: NameMeanings) -> None:
    boot, trunk, tree = (concept(meanings, one) for one in ("car trunk", "trunk", "tree trunk"))
    fits = dict(zip((boot, trunk, tree), meanings.fits([boot, trunk, tree], ["car"]), strict=True))
    assert max(fits, key=fits.__getitem__) == boot
    in_zoo = meanings.fits([boot, trunk, tree], ["elephant", "tusk"])
    assert in_zoo[1] == max(in_zoo)
    assert all(-1.01 <= fit <= 1.01 for fit in [*fits.values(), *in_zoo])


def test_names_of_an_own_file_are_encoded_when_they_are_needed(with_own: NameMeanings) -> None:
    assert with_own.nearest("star taker")[0] == (EX + "astrolabe", pytest.approx(1, abs=0.01))
    assert with_own.nearest("sextant")[0][0] == EX + "sextant"
    sea, sky = with_own.fits([EX + "sextant", EX + "astrolabe"], ["sailor", "sea"])
    assert sea > sky


def test_own_names_do_not_change_what_is_near_to_others(
    meanings: NameMeanings, with_own: NameMeanings
) -> None:
    for name in ("infirmary", "moggy", "chair"):
        assert with_own.nearest(name) == meanings.nearest(name)


def test_own_knowledge_alone_has_meanings(encoder: TextEncoder, own: Path) -> None:
    meanings = NameMeanings(Knowledge.load([own], with_bundled=False), encoder)
    assert {iri for iri, _ in meanings.nearest("stars")} == {EX + "astrolabe", EX + "sextant"}


def test_where_nothing_is_known_nothing_is_near(encoder: TextEncoder) -> None:
    meanings = NameMeanings(Knowledge.load([], with_bundled=False), encoder)
    assert meanings.nearest("cat") == []


def test_what_was_saved_is_read_again(encoder: TextEncoder, own: Path, tmp_path: Path) -> None:
    knowledge = Knowledge.load([own], with_bundled=False)
    file = tmp_path / "model.safetensors"
    fresh = NameMeanings(knowledge, encoder)
    assert fresh.save(file) == 5
    first = file.read_bytes()
    fresh.save(file)
    assert file.read_bytes() == first
    again = NameMeanings(knowledge, encoder, file)
    for (iri, cosine), (other, exact) in zip(
        again.nearest("telescope"), fresh.nearest("telescope"), strict=True
    ):
        assert iri == other
        assert cosine == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("content", [None, b"", b"no tensors at all"])
def test_vectors_that_cannot_be_read_are_named(
    encoder: TextEncoder, own: Path, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "names.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SightGraphError, match=r"names\.safetensors"):
        NameMeanings(Knowledge.load([own], with_bundled=False), encoder, file).nearest("cat")


def test_vectors_that_are_not_finite_are_refused(
    encoder: TextEncoder, own: Path, tmp_path: Path
) -> None:
    knowledge = Knowledge.load([own], with_bundled=False)
    file = tmp_path / "names.safetensors"
    NameMeanings(knowledge, encoder).save(file)
    tensors = load_file(file)
    tensors["scale"][2] = np.nan
    save_file(tensors, file)
    with pytest.raises(SightGraphError, match=r"names\.safetensors.*'scale'.*damaged"):
        NameMeanings(knowledge, encoder, file).nearest("cat")
