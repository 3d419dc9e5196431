"""WordNet's database files and Open English WordNet's YAML."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.open_english_wordnet import ILI, OPEN_ENGLISH, RELATIONS, WIKIDATA
from kg.sources.wordnet import read_wordnet
from kg.vocabulary import ALIAS_IRI, GLOSS_IRI, IS_A_IRI, LABEL_IRI, ONTOLOGY, RDFS, SKOS

PWN = "http://wordnet-rdf.princeton.edu/pwn30/"
LICENCE = "  1 This software\n  2 WordNet 3.0 Copyright 2006 by Princeton University.\n"
DOG = (
    "02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 006 @ 02083346 n 0000 "
    "@i 01317541 n 0000 #m 02083863 n 0000 %p 02158846 n 0000 ~ 01322604 n 0000 + 00692347 v 0101 "
    '| a member of the genus Canis; "the dog barked all night"  \n'
)
AFRAID = "00077645 00 s 01 afraid(p) 0 002 & 00076921 a 0000 ! 00078576 a 0101 | having fear  \n"
BREATHE = (
    "00001740 29 v 02 breathe 0 take_a_breath 0 001 * 00005041 v 0000 02 + 02 00 + 08 00 | air\n"
)

SYNSETS = """02086723-n:
  definition:
  - a member of the genus Canis
  example:
  - text: the dog barked
    source: someone
  hypernym:
  - 02085998-n
  ili: i46360
  members:
  - dog
  - domestic dog
  mero_part:
  - 02161498-n
  partOfSpeech: n
  wikidata: Q144
07214432-n:
  definition:
  - the negative
  hypernym: 07213664-n
  members:
  - no
  partOfSpeech: n
"""
ENTRIES = """dog:
  n:
    sense:
    - derivation:
      - 'doggy%5:00:00:animal:00'
      - 'missing%1:00:00::'
      id: 'dog%1:05:00::'
      synset: 02086723-n
    - id: 'dog%1:18:00::'
      synset: 10133978-n
doggy:
  a:
    sense:
    - antonym:
      - 'dog%1:05:00::'
      id: 'doggy%5:00:00:animal:00'
      subcat:
      - vtai
      synset: 02777100-s
"""


def read(path: Path, report: ReadReport | None = None) -> list[ImportedTriple]:
    return list(read_wordnet(path, Choice(), report or ReadReport()))


def princeton(folder: Path, **files: str) -> Path:
    for name, lines in files.items():
        (folder / f"data.{name}").write_text(LICENCE + lines, encoding="utf-8")
    return folder


def open_english(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.replace('_', '.')}.yaml").write_text(text, encoding="utf-8")
    return folder


def said(statements: list[ImportedTriple], subject: str) -> list[tuple[str, str]]:
    return [(s.predicate, s.object) for s in statements if s.subject == subject]


def test_a_princeton_synset_is_read_whole(tmp_path: Path) -> None:
    statements = read(princeton(tmp_path, noun=DOG), ReadReport(strict=True))
    assert said(statements, PWN + "02084071-n") == [
        (LABEL_IRI, "dog"),
        (ALIAS_IRI, "domestic dog"),
        (ALIAS_IRI, "Canis familiaris"),
        (GLOSS_IRI, "a member of the genus Canis"),
        (IS_A_IRI, PWN + "02083346-n"),
        (IS_A_IRI, PWN + "01317541-n"),
        (RELATIONS + "holo_member", PWN + "02083863-n"),
        (ONTOLOGY + "hasPart", PWN + "02158846-n"),
        (RELATIONS + "derivation", PWN + "00692347-v"),
    ]


def test_relations_are_named_once_and_not_inherited(tmp_path: Path) -> None:
    statements = read(princeton(tmp_path, noun=DOG * 2))
    assert said(statements, RELATIONS + "holo_member") == [
        (RDFS + "label", "member of"),
        (ONTOLOGY + "inheritsDown", "false"),
    ]


def test_satellites_and_markers_of_adjectives_and_frames_of_verbs(tmp_path: Path) -> None:
    statements = read(princeton(tmp_path, adj=AFRAID, verb=BREATHE), ReadReport(strict=True))
    assert said(statements, PWN + "00077645-a")[0] == (LABEL_IRI, "afraid")
    assert (RELATIONS + "antonym", PWN + "00078576-a") in said(statements, PWN + "00077645-a")
    assert said(statements, PWN + "00001740-v")[-1] == (RELATIONS + "entails", PWN + "00005041-v")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (DOG[:60], "the gloss is missing: the line may be cut off"),
        (DOG.replace(" 006 ", " 009 "), "not as counted"),
        (DOG.replace(" 03 dog", " zz dog"), "not as counted"),
        (DOG.replace("#m", "?!"), "'?!' is no relation"),
        ("x" + DOG, "does not begin a synset"),
    ],
)
def test_bad_lines_are_skipped_with_their_number(tmp_path: Path, line: str, reason: str) -> None:
    folder = princeton(tmp_path, noun=line.rstrip("\n") + "\n" + DOG)
    statements = read(folder, report := ReadReport())
    assert said(statements, PWN + "02084071-n")[0] == (LABEL_IRI, "dog")
    assert f"{folder / 'data.noun'}, line 3: " in report.problems[0]
    assert reason in report.problems[0]
    with pytest.raises(SightGraphError, match="Nothing was imported"):
        read(folder, ReadReport(strict=True))


def test_another_version_has_other_identifiers(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(LICENCE.replace("3.0", "3.1") + DOG)
    assert read(tmp_path)[0].subject == "http://wordnet-rdf.princeton.edu/pwn31/02084071-n"


def test_open_english_synsets_and_words_are_read(tmp_path: Path) -> None:
    folder = open_english(tmp_path, noun_animal=SYNSETS, **{"entries-d": ENTRIES})
    statements = read(folder, ReadReport(strict=True))
    dog = OPEN_ENGLISH + "02086723-n"
    assert said(statements, dog) == [
        (LABEL_IRI, "dog"),
        (ALIAS_IRI, "domestic dog"),
        (GLOSS_IRI, "a member of the genus Canis"),
        (SKOS + "exactMatch", ILI + "i46360"),
        (SKOS + "exactMatch", WIKIDATA + "Q144"),
        (IS_A_IRI, OPEN_ENGLISH + "02085998-n"),
        (ONTOLOGY + "hasPart", OPEN_ENGLISH + "02161498-n"),
        (RELATIONS + "derivation", OPEN_ENGLISH + "02777100-s"),
    ]
    assert (RELATIONS + "antonym", dog) in said(statements, OPEN_ENGLISH + "02777100-s")


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path) -> None:
    statements = read(open_english(tmp_path, noun_all=SYNSETS))
    assert said(statements, OPEN_ENGLISH + "07214432-n")[0] == (LABEL_IRI, "no")


def archive(path: Path, **members: str) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, text in members.items():
            info = tarfile.TarInfo(name.replace("_", "."))
            info.size = len(text.encode())
            packed.addfile(info, io.BytesIO(text.encode()))
    return path


def test_an_archive_says_the_same_as_the_folder(tmp_path: Path) -> None:
    (folder := tmp_path / "yaml").mkdir()
    members = {"entries-d": ENTRIES, "noun_animal": SYNSETS}
    packed = archive(tmp_path / "yaml.tar.gz", **{f"a/{k}_yaml": v for k, v in members.items()})
    assert read(packed) == read(open_english(folder, **members))


def test_nothing_of_an_archive_is_written(tmp_path: Path) -> None:
    packed = tmp_path / "in" / "here" / "evil.tar.gz"
    packed.parent.mkdir(parents=True)
    with tarfile.open(packed, "w:gz") as evil:
        for name, target in (("../../noun.evil.yaml", ""), ("noun.link.yaml", "/etc/passwd")):
            info = tarfile.TarInfo(name)
            if target:
                info.type, info.linkname = tarfile.SYMTYPE, target
            else:
                info.size = len(SYNSETS)
            evil.addfile(info, io.BytesIO(SYNSETS.encode()))
    before = sorted(tmp_path.rglob("*.yaml"))
    assert read(packed)
    assert sorted(tmp_path.rglob("*.yaml")) == before


def test_half_an_archive_and_an_archive_of_something_else_are_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "yaml.tar.gz", noun_animal_yaml=SYNSETS * 500)
    packed.write_bytes(packed.read_bytes()[:-200])
    with pytest.raises(SightGraphError, match="cut off or damaged"):
        read(packed)
    with pytest.raises(SightGraphError, match=r"holds no noun"):
        read(archive(tmp_path / "other.tar.gz", readme_md="hello"))
    (tmp_path / "plain.tar").write_text("no archive")
    with pytest.raises(SightGraphError, match="no whole tar archive"):
        read(tmp_path / "plain.tar")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("02086723-n:\n  members: [dog\n", "does not begin a YAML entry"),
        ("02086723-n:\n- members\n", "does not begin a YAML entry"),
        ("02086723-n:\n  members: &a [*a]\n", "does not begin a YAML entry"),
        ("02086723-n:\n  definition: x\n", "has no members"),
        ("02086723-n:\n  members: {a: b}\n", "'members' is no list of words"),
        ("02086723-n:\n  members: [dog]\n  hypernym: [../x]\n", "'../x' is no synset"),
        ("dog-n:\n  members: [dog]\n", "'dog-n' is no synset"),
        ("02086723-n: " + "[" * 200_000 + "\n", "does not begin a YAML entry"),
        ("02086723-n:\n  " + "- " * 200_000 + "\n", "does not begin a YAML entry"),
        ("02086723-n: !!python/object/apply:os.system [touch x]\n", "does not begin a YAML entry"),
    ],
)
def test_broken_entries_are_skipped_with_their_line(
    tmp_path: Path, broken: str, reason: str
) -> None:
    folder = open_english(tmp_path, noun_animal=f"# note\n{broken}{SYNSETS}")
    statements = read(folder, report := ReadReport())
    assert (LABEL_IRI, "dog") in said(statements, OPEN_ENGLISH + "02086723-n")
    assert report.problems[0].startswith(f"{folder / 'noun.animal.yaml'}, line 2: ")
    assert reason in report.problems[0]


def test_brackets_that_never_close_do_not_add_up_to_a_crash(tmp_path: Path) -> None:
    bad = "".join(f"{number:08}-n: {'[' * 900}\n" for number in range(1000))
    statements = read(open_english(tmp_path, noun_animal=bad + SYNSETS), report := ReadReport())
    assert report.skipped == 1000
    assert sum(statement.predicate == LABEL_IRI for statement in statements) == 2


@pytest.mark.parametrize(
    "broken",
    [
        "cat:\n  n:\n    sense:\n    - id: 'cat%1:05:00::'\n",
        "cat:\n  n:\n    sense:\n    - id: x\n      synset: cat\n",
        "cat:\n  n:\n    sense:\n    - id: x\n      synset: 02086723-n\n      a b: [y]\n",
        "cat:\n  n:\n    sense:\n    - id: x\n      synset: 02086723-n\n      antonym: {a: b}\n",
    ],
)
def test_broken_words_are_skipped_with_their_line(tmp_path: Path, broken: str) -> None:
    folder = open_english(tmp_path, noun_animal=SYNSETS, **{"entries-c": broken + ENTRIES})
    read(folder, report := ReadReport())
    assert report.problems[0].startswith(f"{folder / 'entries-c.yaml'}, line 1: ")
    assert report.skipped == 1


def test_what_is_no_wordnet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"holds neither data\.noun"):
        read(tmp_path)
    with pytest.raises(SightGraphError, match="is English, but 'de' is asked for"):
        list(read_wordnet(princeton(tmp_path, noun=DOG), Choice(language="de"), ReadReport()))


SOME = {
    *("noun.animal.yaml", "noun.body.yaml", "noun.food.yaml", "adv.all.yaml"),
    *("entries-c.yaml", "entries-j.yaml"),
}
"""Files of Open English WordNet: all of them take a minute."""


def test_files_of_open_english_wordnet_are_read_whole(datasets: Path, tmp_path: Path) -> None:
    with (
        tarfile.open(datasets / "oewn" / "yaml.tar.gz") as whole,
        tarfile.open(tmp_path / "some.tar", "w") as some,
    ):
        for member in whole:
            if Path(member.name).name in SOME:
                some.addfile(member, whole.extractfile(member))
    report = ReadReport(strict=True)
    names = parts = 0
    for statement in read_wordnet(tmp_path / "some.tar", Choice(), report):
        names += statement.predicate == LABEL_IRI
        parts += statement.predicate == ONTOLOGY + "hasPart"
    assert (names, parts) == (12_968, 1_304)


def test_debians_wordnet_is_read_whole() -> None:
    folder = Path("/usr/share/wordnet")
    if not (folder / "data.noun").is_file():
        pytest.skip("Debian's package wordnet-base is not installed")
    statements = read_wordnet(folder, Choice(), ReadReport(strict=True))
    assert sum(statement.predicate == LABEL_IRI for statement in statements) == 117_659
