"""text_graph*.py and wordnet.py: the scores, and how captions are taught."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.datasets.factual import (
    CaptionGraph,
    learn_renamings,
    read_factual,
    word_graph,
)
from pipelines.evaluate import Source
from pipelines.evaluate.answering.wups import synonym_sets
from pipelines.evaluate.reading.text_graph import TextGraphEvaluator, scores, spice_f1
from pipelines.reading.triples import Triple

DOG: list[Triple] = [("dog", "on", "sofa"), ("dog", "is", "brown")]


def test_set_match_wants_all_triples_in_any_order() -> None:
    found = scores([DOG, DOG[:1], DOG[::-1]], [DOG, DOG, DOG])
    assert found["Set Match"] == pytest.approx(2 / 3)


def test_spice_counts_objects_attributes_and_relations() -> None:
    assert spice_f1(DOG, DOG, {}) == 1
    # (dog) (sofa) (dog on sofa) of (dog) (sofa) (dog on sofa) (dog brown)
    assert spice_f1(DOG[:1], DOG, {}) == pytest.approx(2 * 3 / (3 + 4))
    assert spice_f1([], [], {}) == 1
    assert spice_f1([], DOG, {}) == 0


def test_synonyms_count_as_equal_where_they_are_given(tmp_path: Path) -> None:
    lines = {
        "noun": "  licence\n04256520 06 n 02 sofa 0 couch 0 001 @ 1 n 0000 | seat\n",
        "verb": "",
        "adj": "00382635 00 a 02 brown 0 brownish(a) 0 000 | colour\n",
        "adv": "",
    }
    for part, text in lines.items():
        (tmp_path / f"data.{part}").write_text(text)
    sets = synonym_sets(tmp_path)
    couch: list[Triple] = [("dog", "on", "couch"), ("dog", "is", "brownish")]
    assert spice_f1(couch, DOG, sets) == 1
    assert spice_f1(couch, DOG, {}) < 1
    (tmp_path / "data.adv").unlink()
    with pytest.raises(SightGraphError, match=r"data\.adv.*wordnet-base"):
        synonym_sets(tmp_path)


def test_a_file_in_factuals_format_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "dev.csv"
    file.write_text(
        "image_id,region_id,caption,scene_graph\n"
        '1,2,brown dog on a sofa,"( dog , on , sofa ) , ( dog , is , brown )"\n'
        '1,3,a cat,"( cat , is , small )"\n'
    )
    evaluate = TextGraphEvaluator()
    report = evaluate(lambda caption: DOG, evaluate.dataset(Source(file)))
    assert report.figures == {"captions": 2.0, "Set Match": 0.5, "SPICE F1": 0.5}
    assert [row["match"] for row in report.rows] == [True, False]
    assert evaluate.dataset(Source(tmp_path, "dev")) == read_factual(file)


def test_only_the_trained_reader_takes_a_model(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="'rules' has no model"):
        TextGraphEvaluator("rules").system(tmp_path)


@pytest.mark.parametrize("text", ["", "image_id,caption\n1,a dog\n"])
def test_a_file_that_lacks_a_column_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "dev.csv").write_text(text)
    with pytest.raises(SightGraphError, match="lacks the column"):
        read_factual(tmp_path / "dev.csv")


def test_triples_are_brought_onto_the_words() -> None:
    caption = CaptionGraph(
        "1",
        "two men wearing black t-shirts",
        (("men", "is", "2"), ("men", "wear", "t-shirts"), ("t-shirts", "is", "black")),
        "train",
    )
    read = word_graph(caption, learn_renamings([]))
    assert read.whole
    assert read.words == ("two", "men", "wearing", "black", "t-shirts")
    assert set(read.links) == {(1, "is", 0), (1, "wear", 4), (4, "is", 3)}
    assert read.names == {0: "2"}


def test_attributes_without_a_word_are_implied_and_other_names_missing() -> None:
    feet = CaptionGraph("1", "feet on sand", (("feet", "on", "sand"), ("feet", "is", "2")), "train")
    assert word_graph(feet).implied == ((0, "2"),)
    unknown = CaptionGraph("1", "feet on sand", (("feet", "on", "beach"),), "train")
    assert not word_graph(unknown).whole


def test_other_names_are_learnt_where_they_are_usual() -> None:
    said = [CaptionGraph("1", "a guy on sand", (("person", "on", "sand"),), "train")] * 5
    assert ("guy", "person") in learn_renamings(said)
    assert ("sand", "person") not in learn_renamings(
        [*said, *[CaptionGraph("1", "dog on sand", (("dog", "on", "sand"),), "train")] * 30]
    )
