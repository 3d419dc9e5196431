"""Our two spaCy components: each adds what it reads to the document and passes it on.

`doc._.sightgraph_text` tokens, `doc._.sightgraph_scene` a `Scene` and
`doc._.sightgraph_sentence` the whole `Sentence`. See https://spacy.io/usage/processing-pipelines.
"""

from __future__ import annotations

from spacy.language import Language
from spacy.tokens import Doc

from pipelines.reading.lemmas import mend_word
from pipelines.reading.mend import is_question, mend_caption, mend_tags
from pipelines.reading.question import read_question
from pipelines.reading.scene import read_scene
from pipelines.reading.sentence import Sentence, Token

SCENE = "sightgraph_scene"
QUESTION = "sightgraph_question"

for _extension in ("sightgraph_tokens", "sightgraph_scene", "sightgraph_sentence"):
    Doc.set_extension(_extension, default=None, force=True)


def scene(doc: Doc) -> Doc:
    """Set `doc._.sightgraph_tokens` and `doc._.sightgraph_scene`."""
    tokens = tokens_of(doc)
    asked = is_question(tokens)
    tokens = mend_tags(tokens) if asked else mend_caption(tokens)
    doc._.sightgraph_tokens = tokens
    doc._.sightgraph_scene = read_scene(doc.text, tokens, asserted=not asked)
    return doc


def question(doc: Doc) -> Doc:
    """Set `doc._.sightgraph_sentence`, with the question where the text asks one."""
    tokens, found = doc._.sightgraph_tokens, doc._.sightgraph_scene
    if is_question(tokens):
        doc._.sightgraph_sentence = read_question(doc.text, tokens, found)
    else:
        doc._.sightgraph_sentence = Sentence(
            doc.text, found.entities, found.relations, None, tokens
        )
    return doc


def tokens_of(doc: Doc) -> tuple[Token, ...]:
    """Return the tokens of a parsed document, white space left out."""
    kept = [token for token in doc if not token.is_space]
    index = {token.i: at for at, token in enumerate(kept)}
    return tuple(
        mend_word(
            Token(
                text=token.text,
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


Language.component(SCENE, func=scene)
Language.component(QUESTION, func=question)
