"""Questions about where objects stand to each other."""

from __future__ import annotations

from random import Random

from kg.english import with_article
from pipelines.generate.question import GeneratedQuestion
from pipelines.generate.references import References, ReferenceScene
from pipelines.generate.wordings import grouped, listed


class SpatialQuestions:
    """Writes questions whose answer is read off the spatial edges."""

    def __init__(self, references: References, random: Random) -> None:
        self.references = references
        self.random = random

    def which(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What is left of X?"""
        found = self.references.spatial_pair(scene)
        if found is None:
            return None
        anchor, relation, targets, edges = found
        wording = self.random.choice(listed("spatial_questions", "select"))
        where = self.random.choice(grouped("spatial_questions", "phrases")[relation])
        return GeneratedQuestion(
            text=wording.format(where=where, anchor=anchor.label),
            kind="spatial",
            subject=scene.concept[anchor.id],
            wording=where,
            answers=frozenset(node.id for node in targets),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )

    def whether(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Is X left of Y?"""
        found = self.references.spatial_pair(scene)
        if found is None:
            return None
        anchor, relation, _, _ = found
        other = self.random.choice(scene.objects)
        if other.label == anchor.label:
            return None
        edges = [
            edge
            for one in scene.same_label(other)
            for edge in scene.graph.edges_between(one.id, anchor.id)
            if edge.relation == relation
        ]
        where = self.random.choice(grouped("spatial_questions", "phrases")[relation])
        wording = self.random.choice(listed("spatial_questions", "yes_no"))
        text = wording.format(
            x=other.label, a_x=with_article(other.label), where=where, anchor=anchor.label
        )
        return GeneratedQuestion(
            text=text,
            kind="spatial yes/no",
            subject=scene.concept[anchor.id],
            wording=where,
            yes=bool(edges),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )
