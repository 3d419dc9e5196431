"""Scores of written captions against references: BLEU, CIDEr, SPICE and CHAIR.

BLEU and CIDEr are computed by the official code of COCO captions, kept as `pycocoevalcap`, of which
only these two scorers are plain Python. Its METEOR needs Java and is left out. SPICE is that of
`pipelines.evaluate.captioning.spice`, whose tuples come from our own caption reader.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kg.errors import SightGraphError
from pipelines.evaluate.captioning.caption_kinds import bundled_kind_names
from pipelines.evaluate.captioning.caption_tokens import caption_words
from pipelines.evaluate.captioning.spice import Reader, WordNetSynsets, spice


def score_captions(
    written: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    present: Mapping[str, Collection[str]] | None = None,
    reader: Reader | None = None,
) -> dict[str, float]:
    """Return the scores of one caption for each photograph, all means over the photographs.

    written: the captions by photograph. references: people's captions of the same photographs.
    present: COCO's kinds of the objects that are known to be in a photograph, where they are.
    reader: reads captions for SPICE, which is left out without one.

    Returns "BLEU-1" to "BLEU-4", "CIDEr", "SPICE" (our own parser), "CHAIRi" and "CHAIRs"; CHAIRi
    only where a kind of COCO is named. CIDEr is usually written in percent; here 1 is 100.

    Raises:
        SightGraphError: there is no caption, or a photograph has no caption or no reference.
    """
    _check(written, references)
    figures = ngram_scores(written, references)
    if reader is not None:
        figures["SPICE"] = spice(written, references, reader, WordNetSynsets.official())
    return figures | chair(written, references, present or {})


def ngram_scores(
    written: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Return BLEU-1 to 4 (Papineni et al., ACL 2002) and CIDEr-D (Vedantam et al., CVPR 2015).

    BLEU counts over all captions together, with the closest reference length. CIDEr weighs n-grams
    by their rarity among the references of these photographs: 0 for a single photograph.

    Raises:
        SightGraphError: pycocoevalcap is not installed.
    """
    bleu_scorer, cider_scorer = official_scorers()
    guesses = {photo: [" ".join(caption_words(text))] for photo, text in written.items()}
    truths = {
        photo: [" ".join(caption_words(text)) for text in references[photo]] for photo in written
    }
    bleu, _ = bleu_scorer.compute_score(truths, guesses, verbose=0)
    cider, _ = cider_scorer.compute_score(truths, guesses)
    return {f"BLEU-{n}": float(one) for n, one in enumerate(bleu, 1)} | {"CIDEr": float(cider)}


def official_scorers() -> tuple[Any, Any]:
    """Return the scorers of BLEU-1 to 4 and of CIDEr-D.

    Raises:
        SightGraphError: pycocoevalcap is not installed.
    """
    try:
        from pycocoevalcap.bleu.bleu import Bleu
        from pycocoevalcap.cider.cider import Cider
    except ImportError as error:
        raise SightGraphError(
            "captions are scored by pycocoevalcap. Install: pip install 'sightgraph[scores]'"
        ) from error
    return Bleu(4), Cider()


def chair(
    written: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    present: Mapping[str, Collection[str]],
) -> dict[str, float]:
    """Return CHAIRi and CHAIRs (Rohrbach et al., EMNLP 2018): smaller is better.

    CHAIRi: the share of the mentions of COCO's kinds whose kind is not in the photograph.
    CHAIRs: the share of captions with such a mention. A kind is there if a reference names it or
    `present` lists it. Without `present`, an object that no reference cares to name counts as not
    there, so that such figures compare only with others of the same references.
    """
    names = bundled_kind_names()
    mentions = wrong = captions = 0
    for photo, text in written.items():
        there = set(present.get(photo, ()))
        for reference in references[photo]:
            there.update(names.mentions(caption_words(reference)))
        named = names.mentions(caption_words(text))
        absent = sum(kind not in there for kind in named)
        mentions, wrong, captions = mentions + len(named), wrong + absent, captions + bool(absent)
    shares = {"CHAIRs": captions / len(written)}
    return {"CHAIRi": wrong / mentions, **shares} if mentions else shares


def _check(written: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> None:
    if not written:
        raise SightGraphError("there is no caption to score.")
    if lacking := [photo for photo in written if not references.get(photo)]:
        raise SightGraphError(
            f"{len(lacking)} photographs have no reference, the first is '{lacking[0]}'. Give the "
            "references of every photograph that is captioned."
        )
    if lacking := [photo for photo in references if photo not in written]:
        raise SightGraphError(
            f"{len(lacking)} photographs have no caption, the first is '{lacking[0]}'. A score of "
            "a part would not compare: leave their references out, or caption them."
        )
