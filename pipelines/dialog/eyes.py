"""What was seen in the photograph when the dialog began, with what a person corrected since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kg.graph import SceneGraph
from kg.knowledge.edits import Edits
from pipelines.build.builder import Step
from pipelines.build.steps import add_entities, add_texts
from pipelines.corrected import CorrectedGraph
from pipelines.detections import Detection
from pipelines.dialog.changes import changed, edits_of, renamed
from pipelines.dialog.turns import Change
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph


@dataclass
class Kept:
    """A detector that returns what was detected when the dialog began."""

    name: str
    detections: Sequence[Detection]
    labels: Collection[str] = ()
    deduplicates: bool = True

    def __call__(self, photo: Photo) -> list[Detection]:
        return list(self.detections)


@dataclass(frozen=True)
class View:
    """A photograph that was looked at once, and the graph that its dialog begins with.

    unset: facts that the graph's file leaves out (`CorrectedGraph`).
    is_blank: nobody gave the photograph itself, but only its graph.
    """

    sightgraph: SightGraph
    photo: Photo
    scene: SceneGraph
    detections: tuple[Detection, ...] = ()
    unset: tuple[str, ...] = ()
    is_blank: bool = False

    @classmethod
    def of(cls, sightgraph: SightGraph, photo: Photo) -> View:
        """Look at `photo`."""
        detections = sightgraph.detect(photo)
        scene = sightgraph.graph_of(photo, detections)
        return cls(sightgraph, photo, scene, tuple(detections))

    @classmethod
    def corrected(
        cls, sightgraph: SightGraph, photo: Photo | None, corrected: CorrectedGraph
    ) -> View:
        """Take a corrected graph in place of what the eyes see; photo: None for a blank one."""
        opened = photo or corrected.photo()
        scene = corrected.in_place_of_eyes(sightgraph).graph(opened)
        return cls(sightgraph, opened, scene, (), corrected.unset, photo is None)

    def changed(self, changes: Sequence[Change]) -> SceneGraph:
        """Return the graph after `changes`, with what is known of what is new."""
        if not changes:
            return self.scene
        return self._models(changes).graph(self.photo)

    def answering(self, changes: Sequence[Change], after_entities: Step) -> SightGraph:
        """Return models that answer from the graph after `changes`.

        after_entities: a step of the builder, which settles what the words refer to.
        """
        models = self._models(changes)
        steps: list[Step] = []
        for step in models.builder.text_steps:
            steps += [step, after_entities] if step is add_entities else [step]
        photo_steps = (*models.builder.photo_steps, add_texts)
        builder = replace(models.builder, text_steps=tuple(steps), photo_steps=photo_steps)
        own = self.sightgraph
        gone = renamed(changes)
        return replace(
            models,
            detector=Kept(
                own.detector.name,
                [
                    replace(one, feature=None) if f"object:{at}" in gone else one
                    for at, one in enumerate(self.detections)
                ],
                getattr(own.detector, "labels", ()),
            ),
            builder=builder,
            text_reader=None if self.is_blank else own.text_reader,
        )

    def _models(self, changes: Sequence[Change]) -> SightGraph:
        """Return the models with the changed graph in place of their eyes."""
        edits = edits_of(changes)
        corrected = CorrectedGraph(changed(self.scene, changes), (*self.unset, *edits.unset))
        return corrected.in_place_of_eyes(self.sightgraph, Edits(set=edits.set))
