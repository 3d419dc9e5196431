"""Captions against those that people wrote: BLEU, CIDEr, SPICE, and objects that are not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.captioning.captioner import BEAMS, Captioner
from pipelines.datasets.captioned import Captioned, measured_photographs
from pipelines.datasets.scene_files import SceneFiles
from pipelines.evaluate.captioning.caption_scores import official_scorers, score_captions
from pipelines.evaluate.protocol import Report, Source
from pipelines.progress import track
from pipelines.reading.captions import READERS
from pipelines.sightgraph import SightGraph

TOGETHER = 16
"""Photographs that are written about at once."""


@dataclass(frozen=True)
class CaptionsEvaluator:
    """Writes a caption for each photograph of a folder in Flickr8k's format, and scores them.

    beams: of the search for the best sentence. seen: where the looked-at photographs are kept,
    as in `pipelines.training.captioning.captions`; None: nowhere.
    """

    beams: int = BEAMS
    seen: Path | None = None

    def dataset(self, source: Source) -> list[Captioned]:
        """Return the photographs, or those of the official list that --split names.

        Raises:
            SightGraphError: the folder is of another format, the list is empty, or the scorers
                are not installed.
        """
        official_scorers()
        return measured_photographs(source.data, source.split)

    def system(self, model: Path | None = None) -> Captioner:
        return Captioner(model)

    def __call__(self, captioner: Captioner, dataset: Sequence[Captioned]) -> Report:
        written: dict[str, str] = {}
        with TemporaryDirectory() as nowhere:
            files = SceneFiles(self.seen or Path(nowhere), SightGraph.from_pretrained)
            starts = range(0, len(dataset), TOGETHER)
            for start in track(starts, "writing"):
                some = dataset[start : start + TOGETHER]
                scenes = [files(one).scene for one in some]
                captions = captioner.write_all(scenes, self.beams)
                written |= {one.name: text for one, text in zip(some, captions, strict=True)}
        references = {one.name: one.captions for one in dataset}
        figures = score_captions(written, references, reader=READERS.make("trained"))
        rows = [
            {"file_name": name, "caption": text, "references": list(references[name])}
            for name, text in written.items()
        ]
        return Report("BLEU-4", {"photographs": float(len(dataset)), **figures}, rows)
