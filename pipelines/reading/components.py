"""Our two spaCy components: each adds what it reads to the document and passes it on.

`doc._.sightgraph_tokens` tokens, `doc._.sightgraph_scene` a `Scene` and
`doc._.sightgraph_sentence` the whole `Sentence`. See https://spacy.io/usage/processing-pipelines.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.tokens import Token as SpacyToken

from pipelines.reading import lexicon
from pipelines.reading.constraints import with_constraints
from pipelines.reading.entities import read_scene
from pipelines.reading.parse_corrections import (
    correct_caption,
    correct_tags,
    correct_word,
    is_question,
)
from pipelines.reading.question import read_question
from pipelines.reading.sentence import Attribute, Entity, Sentence, SentenceRelation, Token
from pipelines.reading.text_graph_reader import ReadGraph, TrainedReader
from pipelines.reading.triples import IS, canonical

SCENE = "sightgraph_scene"
QUESTION = "sightgraph_question"

for _extension in ("sightgraph_tokens", "sightgraph_scene", "sightgraph_sentence"):
    Doc.set_extension(_extension, default=None, force=True)


def scene(doc: Doc) -> Doc:
    """Set `doc._.sightgraph_tokens` and `doc._.sightgraph_scene`."""
    tokens = tokens_of(doc)
    is_query = is_question(tokens)
    tokens = correct_tags(tokens) if is_query else correct_caption(tokens)
    doc._.sightgraph_tokens = tokens
    doc._.sightgraph_scene = read_scene(doc.text, tokens, asserted=not is_query)
    return doc


def question(doc: Doc) -> Doc:
    """Set `doc._.sightgraph_sentence`, with the question where the text asks one."""
    tokens, found = doc._.sightgraph_tokens, doc._.sightgraph_scene
    if is_question(tokens):
        doc._.sightgraph_sentence = read_question(doc.text, tokens, found)
    else:
        statement = Sentence(doc.text, found.entities, found.relations, None, tokens)
        doc._.sightgraph_sentence = with_constraints(statement)
    return doc


def tokens_of(doc: Doc) -> tuple[Token, ...]:
    """Return the tokens of a parsed document, white space left out.

    The parts of a contraction are spelt out, with the offsets of what was typed: "cant" is "can"
    and "n't", "what're" is "what" and "are". The other files know one spelling of each.
    """
    kept = [token for token in doc if not token.is_space]
    index = {token.i: at for at, token in enumerate(kept)}
    return tuple(
        correct_word(
            Token(
                text=_spelt_out(token),
                lemma=token.lemma_ or token.lower_,
                tag=token.tag_,
                pos=token.pos_,
                dep=token.dep_,
                head=index.get(token.head.i, at),
                start=token.idx,
                end=token.idx + len(token.text),
            )
        )
        for at, token in enumerate(kept)
    )


def _spelt_out(token: SpacyToken) -> str:
    """Return the text of a token, in full where it is joined to a word that it is a part of."""
    doc, at = token.doc, token.i
    after = at > 0 and doc[at - 1].is_alpha and not doc[at - 1].whitespace_
    before = at + 1 < len(doc) and not token.whitespace_ and doc[at + 1].norm_ == "not"
    if after or before:
        return lexicon.CONTRACTED.get(str(token.lower_), str(token.text))
    return str(token.text)


Language.component(SCENE, func=scene)
Language.component(QUESTION, func=question)


TEXT_GRAPH = "sightgraph_text_graph"
_DETERMINERS = ("DT", "PRP$", "WDT", "PDT")


def text_graph(nlp: Language, name: str, folder: str | None) -> TextGraphReader:
    """Return the component; folder: a model other than the bundled one."""
    return TextGraphReader(None if folder is None else Path(folder))


Language.factory(TEXT_GRAPH, default_config={"folder": None}, func=text_graph)


class TextGraphReader:
    """Reads statements with the trained network and leaves questions as they are."""

    def __init__(self, folder: Path | None) -> None:
        self._reader = TrainedReader(folder)

    def __call__(self, doc: Doc) -> Doc:
        sentence: Sentence = doc._.sightgraph_sentence
        if sentence.question is None:
            doc._.sightgraph_sentence = sentence_of(
                doc.text, self._reader.read(doc.text), sentence.tokens
            )
        return doc


def sentence_of(text: str, graph: ReadGraph, tokens: Sequence[Token]) -> Sentence:
    """Return the graph as a `Sentence`; offsets count characters of `text`.

    A node that only occurs as what another node "is" is an attribute, the others are
    entities. A link of a node with itself ("cats next to each other") has no second entity
    and is left out.
    """
    linked = {at for s, label, o in graph.links for at in ((s,) if label == IS else (s, o))}
    linked |= {at for at, _ in graph.implied}
    kept = sorted(linked)
    place = {node: index for index, node in enumerate(kept)}
    entities = tuple(_entity(text, graph, tokens, node) for node in kept)
    relations = tuple(
        _relation(graph, place, subject, label, target)
        for subject, label, target in graph.links
        if label != IS and subject != target
    )
    return with_constraints(Sentence(text, entities, relations, None, tuple(tokens)))


def _span(graph: ReadGraph, node: int) -> tuple[int, int]:
    one = graph.nodes[node]
    return graph.words[one.first].start, graph.words[one.last].end


def _entity(text: str, graph: ReadGraph, tokens: Sequence[Token], node: int) -> Entity:
    start, end = _span(graph, node)
    inside = [token for token in tokens if start <= token.start < end]
    own = text[start:end]
    name = graph.nodes[node].name
    lemma = name if name != own.lower() else _lemma(own, inside)
    attributes = [
        _attribute(text, graph, o) for s, label, o in graph.links if s == node and label == IS
    ]
    attributes += [Attribute(own, start, end, name) for at, name in graph.implied if at == node]
    return Entity(own, start, end, lemma, tuple(attributes), _determiner(tokens, start, attributes))


def _determiner(tokens: Sequence[Token], start: int, attributes: Sequence[Attribute]) -> str | None:
    """Return the determiner before a name, over the attributes that stand between."""
    for token in reversed([one for one in tokens if one.end <= start]):
        if token.tag in _DETERMINERS:
            return token.text.lower()
        if not any(one.start <= token.start < one.end for one in attributes) and token.tag != "CC":
            return None
    return None


def _lemma(own: str, inside: Sequence[Token]) -> str:
    if not inside:
        return own.lower()
    return " ".join([*(one.text.lower() for one in inside[:-1]), inside[-1].lemma.lower()])


def _attribute(text: str, graph: ReadGraph, node: int) -> Attribute:
    start, end = _span(graph, node)
    return Attribute(text[start:end], start, end, graph.nodes[node].name)


def _relation(
    graph: ReadGraph, place: dict[int, int], subject: int, label: str, target: int
) -> SentenceRelation:
    """Return a relation; its span is that of its label's words, or all between the two ends."""
    forms = {canonical(part).text for part in label.split()} | set(label.split())
    first, last = sorted((graph.nodes[subject], graph.nodes[target]), key=lambda one: one.last)
    words = [
        word
        for word in graph.words[first.last + 1 : last.first]
        if word.text in forms or canonical(word.text).text in forms
    ]
    ends = (words[0].start, words[-1].end) if words else None
    start, end = ends or (graph.words[first.first].start, graph.words[last.last].end)
    return SentenceRelation(place[subject], label, place[target], start, end)
