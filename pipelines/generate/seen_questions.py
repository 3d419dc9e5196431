"""Questions about what is seen: colours, sizes, positions, places, activities, the scene."""

from __future__ import annotations

from random import Random

from kg.graph import Edge, Node
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.detections import HAS_COLOUR, HAS_POSITION, HAS_SIZE
from pipelines.generate.question import GeneratedQuestion, References, ReferenceScene
from pipelines.generate.wordings import agreeing, capital, one_of
from pipelines.reading.wordings import grouped, listed
from pipelines.seeing.colours import COLOURS


class SeenQuestions:
    """Writes questions about what is seen; the graph's seen nodes are the answers."""

    def __init__(self, references: References, random: Random) -> None:
        self.references = references
        self.random = random

    def attribute(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What colour is X?, where in the picture is X?, how big is X?"""
        reference = self.references.choose(scene)
        relation = self.random.choice((HAS_COLOUR, HAS_COLOUR, HAS_POSITION, HAS_SIZE))
        edges = [edge for node in reference.targets for edge in _attributes(scene, node, relation)]
        if not edges:
            return None
        wording = self.random.choice(grouped("seen_questions", "attribute")[relation])
        return GeneratedQuestion(
            text=agreeing(wording, reference.phrase).format(s=reference.phrase),
            kind=relation.removeprefix("has "),
            subject=scene.concept[reference.targets[0].id],
            wording=wording,
            answers=frozenset(edge.target for edge in edges),
            path=reference.path | {(edge.source, edge.target) for edge in edges},
        )

    def colour_yes_no(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Is X red?: half yes, half another colour."""
        reference = self.references.choose(scene)
        edges = {
            scene.graph.node(edge.target).label: edge
            for node in reference.targets
            for edge in _attributes(scene, node, HAS_COLOUR)
        }
        if not edges:
            return None
        is_yes = self.random.random() < 0.5
        colour = self.random.choice(
            sorted(edges) if is_yes else [c for c in COLOURS if c not in edges]
        )
        wording = self.random.choice(listed("seen_questions", "colour_yes_no"))
        text = agreeing(wording, reference.phrase).format(s=reference.phrase, c=colour)
        found = {(edges[colour].source, edges[colour].target)} if is_yes else set()
        return GeneratedQuestion(
            text=capital(text),
            kind="colour yes/no",
            subject=scene.concept[reference.targets[0].id],
            wording=wording,
            yes=is_yes,
            path=reference.path | found,
        )

    def colour_select(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Which object is red?"""
        seen = [edge for node in scene.objects for edge in _attributes(scene, node, HAS_COLOUR)]
        if not seen:
            return None
        chosen = self.random.choice(seen).target
        edges = [edge for edge in seen if edge.target == chosen]
        wording = self.random.choice(listed("seen_questions", "colour_select"))
        return GeneratedQuestion(
            text=wording.format(c=scene.graph.node(chosen).label),
            kind="colour select",
            subject=scene.concept[edges[0].source],
            wording=wording,
            answers=frozenset(edge.source for edge in edges),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )

    def place(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What place is this?"""
        scenes = scene.graph.nodes(NodeKind.SCENE)
        if not scenes:
            return None
        wording = self.random.choice(listed("seen_questions", "scene"))
        return GeneratedQuestion(
            text=wording,
            kind="scene",
            subject=scenes[0].label,
            wording=wording,
            answers=frozenset(one.id for one in scenes),
        )

    def doing(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What is the person riding?, is the person riding a horse?"""
        doings = _doings(scene)
        if not doings:
            return None
        chosen = self.random.choice(doings)
        subject = scene.graph.node(chosen.source)
        alike = {one.id for one in scene.same_label(subject)}
        edges = [
            edge for edge in doings if edge.source in alike and edge.relation == chosen.relation
        ]
        asks = {"s": f"the {subject.label}", "doing": chosen.relation}
        if self.random.random() < 0.6:
            wording = self.random.choice(listed("seen_questions", "doing"))
            return GeneratedQuestion(
                text=wording.format(**asks),
                kind="doing",
                subject=scene.concept[subject.id],
                wording=chosen.relation,
                answers=frozenset(edge.target for edge in edges),
                path=frozenset((edge.source, edge.target) for edge in edges),
            )
        other = self.random.choice(scene.objects)
        done = [edge for edge in edges if scene.graph.node(edge.target).label == other.label]
        wording = self.random.choice(listed("seen_questions", "doing_yes_no"))
        return GeneratedQuestion(
            text=capital(wording.format(**asks, a_o=one_of(other.label))),
            kind="doing yes/no",
            subject=scene.concept[subject.id],
            wording=chosen.relation,
            yes=bool(done),
            path=frozenset((edge.source, edge.target) for edge in done),
        )


def _attributes(scene: ReferenceScene, node: Node, relation: str) -> list[Edge]:
    return [edge for edge in scene.graph.edges_from(node.id) if edge.relation == relation]


def _doings(scene: ReferenceScene) -> list[Edge]:
    """Return the semantic relations between objects."""
    return [
        edge
        for edge in scene.graph.edges(EdgeKind.SEMANTIC)
        if edge.origin == "relations" and edge.source in scene.concept
    ]


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
            x=other.label, a_x=one_of(other.label), where=where, anchor=anchor.label
        )
        return GeneratedQuestion(
            text=text,
            kind="spatial yes/no",
            subject=scene.concept[anchor.id],
            wording=where,
            yes=bool(edges),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )
