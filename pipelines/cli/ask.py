"""sightgraph ask, explain and parse: an answer, its evidence, the parse."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.answering.rules import checked
from pipelines.batch.photo_files import ENDINGS
from pipelines.cli.batch import batch_options
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.modality import Beside, modality_options
from pipelines.cli.options import (
    FILE,
    Command,
    InPlaceOfArgument,
    check_edits,
    check_targets,
    edit_options,
    edits_of,
    json_option,
    load_reader,
    reader_option,
    targets_option,
)
from pipelines.cli.output import (
    print_answer,
    print_columns,
    print_headline,
    print_json,
    print_line,
)
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options
from pipelines.reading.captions import DEFAULT_READER

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.answering.evidence import Answer
    from pipelines.corrected import CorrectedGraph
    from pipelines.explain import Effect, Explanation
    from pipelines.photo import Photo
    from pipelines.reading.parser import Constraint, Sentence


PICTURES = (".png", ".html")
"""Endings of the formats that show the weights."""


@click.command(cls=Command)
@click.argument("photo", required=False)
@click.argument("question", required=False)
@click.option(
    "--graph",
    "graph_file",
    cls=InPlaceOfArgument,
    type=FILE,
    metavar="FILE",
    help="Answer from this graph, as the inspector or `sightgraph graph` wrote it, in place of "
    "what the eyes see; PHOTO may be left out.",
)
@knowledge_options
@edit_options
@eyes_options
@modality_options
@reader_option
@click.option(
    "--translate",
    "translator_model",
    metavar="MODEL",
    help="Translate a question that is not English with this Hugging Face model (id or folder).",
)
@click.option(
    "--without-rule",
    "rules_off",
    multiple=True,
    metavar="NAME",
    help="Switch off this rule of answering (docs/answer-format.md). May be repeated.",
)
@json_option
@targets_option("--export", about="Write the graph with the evidence marked; format by ending.")
@batch_options
def ask(
    photo: str | None,
    question: str | None,
    graph_file: Path | None,
    own_knowledge: OwnKnowledge,
    to_set: tuple[str, ...],
    to_unset: tuple[str, ...],
    edit_file: Path | None,
    eyes: Eyes,
    beside: Beside,
    reader_model: str | None,
    translator_model: str | None,
    rules_off: tuple[str, ...],
    as_json: bool,
    targets: tuple[Path, ...],
) -> None:
    """Answer QUESTION about PHOTO and say why.

    PHOTO is an image file or example:NAME (astronaut, camera, cat, coffee, motorcycle, rocket); it
    may be left out, and a sound or other modality may stand beside it or in its place.
    With --batch, the questions of a file are answered in its place.

    \b
    sightgraph ask example:motorcycle "What powers this motorcycle?"
    sightgraph ask kitchen.jpg "How many cups are there?" --export answer.html
    sightgraph ask example:cat "What is this cat used for?" --set "cat usedFor pest control"
    sightgraph ask --batch questions.jsonl -o answers.jsonl --jobs 2
    sightgraph ask --graph corrected.json "What is on the table?"
    sightgraph ask --modality sound=bark.wav "Which animal makes this sound?"
    sightgraph ask "What is a cup made of?"
    """
    photo, question = _arguments(photo, question, graph_file)
    checked(rules_off)
    question = _in_english(question, translator_model)
    _check(question, targets)
    corrected, opened = _opened(photo, graph_file)
    eyes.check(opened)
    modalities = beside.open()
    knowledge = own_knowledge.load()
    edits = edits_of(to_set, to_unset, edit_file)
    if edits:
        check_edits(edits, knowledge)
    reader = load_reader(reader_model)
    sightgraph = beside.added_to(eyes.load(knowledge)).without_rules(rules_off)
    if corrected:
        sightgraph = corrected.in_place_of_eyes(sightgraph, edits)
    elif edits:
        sightgraph = sightgraph.edited(edits)
    answer = sightgraph.ask(opened, question, modalities=modalities)
    if reader is not None:
        if opened is None:
            raise SightGraphError("--reader looks at the photograph, and none was given.")
        answer = reader(answer, opened)
        if answer.refusal:
            click.echo(f"sightgraph: {answer.refusal}", err=True)
    for note in sightgraph.notes(answer):
        click.echo(f"sightgraph: {note}", err=True)
    if targets:
        _export(answer, targets, None if photo is None or opened is None else opened.image)
    if as_json:
        print_json(answer.as_json())
    else:
        print_answer(answer)


def _in_english(question: str, model: str | None) -> str:
    """Return the question in English, by the model of --translate; without one it stays."""
    if model is None:
        return question
    from pipelines.answering.translation import Translator

    english = Translator(model)(question)
    if english != question:
        click.echo(f'sightgraph: the question is read as "{english}"', err=True)
    return english


def _check(question: str, targets: tuple[Path, ...]) -> None:
    """Find out before long work whether the question can be read and targets be written."""
    if not question.strip():
        raise SightGraphError('the question is empty. Ask, for example, "What is on the table?".')
    from pipelines.reading.language import check_english

    check_english(question)
    if targets:
        from kg.formats import EXPORTERS

        check_targets(targets, EXPORTERS)


def _arguments(
    photo: str | None, question: str | None, graph_file: Path | None
) -> tuple[str | None, str]:
    """Return photograph and question; a single argument that is no photograph is the question."""
    if question is None and photo is not None:
        if graph_file is None and _is_photo(photo):
            raise click.UsageError("Missing argument 'QUESTION'.")
        photo, question = None, photo
    if question is None:
        raise click.UsageError("Missing argument 'QUESTION'.")
    return photo, question


def _is_photo(argument: str) -> bool:
    """Whether an argument is a photograph, or was meant to be one."""
    known = argument.startswith("example:") or os.path.exists(argument)
    return known or Path(argument).suffix.lower() in ENDINGS


def _opened(
    photo: str | None, graph_file: Path | None
) -> tuple[CorrectedGraph | None, Photo | None]:
    """Return the corrected graph, if one is given, and the photograph; a graph has a blank one."""
    from pipelines.photo import Photo

    if graph_file is None:
        return None, None if photo is None else Photo.open(photo)
    from pipelines.corrected import CorrectedGraph

    corrected = CorrectedGraph.read(graph_file)
    return corrected, corrected.photo() if photo is None else Photo.open(photo)


def _export(answer: Answer, targets: tuple[Path, ...], image: Image.Image | None) -> None:
    """Write the graph with the evidence marked."""
    from kg.formats import export
    from pipelines.cli.output import picture

    export(answer.graph, targets, image=image, view=picture(answer))


@click.command(cls=Command)
@click.argument("photo")
@click.argument("question")
@knowledge_options
@eyes_options
@json_option
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same controls.")
@targets_option("--export", about="Draw the evidence by weight, as PNG or HTML.")
def explain(
    photo: str,
    question: str,
    own_knowledge: OwnKnowledge,
    eyes: Eyes,
    as_json: bool,
    seed: int,
    targets: tuple[Path, ...],
) -> None:
    """Answer QUESTION about PHOTO, and again without each piece of the evidence.

    Each line: what was deleted, what is answered then, how probable the first answer is then,
    the change, and as a control the mean change when as many random other facts are deleted.

    \b
    sightgraph explain example:cat "Is this animal a mammal?"
    sightgraph explain kitchen.jpg "What is the cup used for?" --export why.png
    """
    if not question.strip():
        raise SightGraphError('the question is empty. Ask, for example, "What is on the table?".')
    check_targets(targets, PICTURES)
    from pipelines.photo import Photo

    opened = Photo.open(photo)
    eyes.check(opened)
    knowledge = own_knowledge.load()
    sightgraph = eyes.load(knowledge)
    from pipelines.explain import explain as explain_answer

    explanation = explain_answer(sightgraph, opened, question, seed=seed)
    if targets:
        from kg.formats import export
        from pipelines.cli.output import picture

        answer = explanation.answer
        effects = explanation.as_json()["effects"]
        view = replace(picture(answer), effects=effects)
        export(answer.graph, targets, image=opened.image, view=view)
    if as_json:
        print_json(explanation.as_json())
    else:
        print_explanation(explanation)


def print_explanation(explanation: Explanation) -> None:
    """Print the answer, and below it a line for each piece, the greatest loss first."""
    answer = explanation.answer
    print_headline(answer)
    if not explanation.effects:
        print_line("no evidence: nothing to delete")
        return
    print_line(f'probability of "{explanation.text}" {explanation.probability:.2f}; without')
    head = ("", "piece", "answer then", "probability", "change", "random facts")
    print_columns([head, *map(_row, explanation.effects)], indent="  ")


def _row(effect: Effect) -> tuple[str, ...]:
    control = "-" if effect.control is None else f"{effect.control:+.2f}"
    return (
        effect.piece.kind,
        effect.piece.name,
        effect.answer,
        f"{effect.probability:.2f}",
        f"{effect.change:+.2f}",
        control,
    )


@click.command(cls=Command)
@click.argument("sentence")
@click.option(
    "--caption-reader",
    "reader",
    default=DEFAULT_READER,
    show_default=True,
    metavar="NAME",
    help="How statements are read: rules or trained.",
)
@json_option
def parse(sentence: str, reader: str, as_json: bool) -> None:
    """Show how SENTENCE is read: entities, relations, and what it asks for.

    \b
    sightgraph parse "What is the red cup on the table used for?"
    """
    if not sentence.strip():
        raise SightGraphError('the sentence is empty. Write, for example, "a cat on a red couch".')
    from pipelines.reading.parser import Parser

    read = Parser(reader=reader)(sentence)
    if as_json:
        print_json(sentence_json(read))
    else:
        _print_sentence(read)


def sentence_json(sentence: Sentence) -> dict[str, Any]:
    """Return the public JSON of a sentence: without its constraints and the question's text."""
    content = asdict(sentence)
    del content["constraints"]
    if content["question"] is not None:
        del content["question"]["text"]
    return content


def _print_sentence(sentence: Sentence) -> None:
    print_line((sentence.text, "bold"))
    names = [entity.text for entity in sentence.entities]
    for title, rows in (
        (
            "entities",
            [(one.text, f"{one.start}-{one.end}", one.lemma) for one in sentence.entities],
        ),
        (
            "attributes",
            [
                (attribute.text, f"{attribute.start}-{attribute.end}", f"of {entity.text}")
                for entity in sentence.entities
                for attribute in entity.attributes
            ],
        ),
        (
            "relations",
            [(names[r.subject], r.predicate, names[r.object]) for r in sentence.relations],
        ),
    ):
        if rows:
            print_line(("  " + title, "dim"))
            print_columns(rows, indent="    ")
    if sentence.question is not None:
        query = sentence.question
        compared = [query.comparison] if query.comparison else []
        print_line(("  question", "dim"))
        print_columns(
            [
                ("focus", query.focus or "-"),
                ("answer type", query.answer_type),
                ("relation", query.relation or "-"),
                ("topic", "-" if query.topic is None else names[query.topic]),
                ("steps", " > ".join(query.steps) or "-"),
                *[("where", _constraint(one, names)) for one in query.constraints],
                *[("compare", f"{one.compared}, {one.end_of_scale}") for one in compared],
            ],
            indent="    ",
        )


def _constraint(one: Constraint, names: list[str]) -> str:
    value = one.value if one.other is None else f"{one.value} {names[one.other]}"
    owner = "" if one.entity is None else f" ({names[one.entity]})"
    return f"{one.kind}: {value}{owner}"
