"""Graphs of other libraries as PyG's data, and back, without a loss; see docs/converters.md."""

from graph_fusion.converters.columns import Column
from graph_fusion.converters.hetero import from_hetero, to_hetero
from graph_fusion.converters.homogeneous import (
    data_to_rdf,
    data_to_scene,
    from_data,
    hetero_to_rdf,
    hetero_to_scene,
    rdf_to_data,
    rdf_to_hetero,
    scene_to_data,
    scene_to_hetero,
    to_data,
)

__all__ = [
    "Column",
    "data_to_rdf",
    "data_to_scene",
    "from_data",
    "from_hetero",
    "hetero_to_rdf",
    "hetero_to_scene",
    "rdf_to_data",
    "rdf_to_hetero",
    "scene_to_data",
    "scene_to_hetero",
    "to_data",
    "to_hetero",
]
