"""Scene graphs and RDF as PyG's data, by way of networkx."""

from __future__ import annotations

from rdflib import Graph
from torch_geometric.data import Data, HeteroData

from graph_fusion.converters.hetero import from_hetero, to_hetero
from graph_fusion.converters.homogeneous import from_data, to_data
from kg.formats.networkx import from_networkx, to_networkx
from kg.formats.rdf_networkx import networkx_to_rdf, rdf_to_networkx
from kg.graph import SceneGraph


def scene_to_hetero(scene: SceneGraph) -> HeteroData:
    """Return a scene graph with its node kinds and relations as types."""
    return to_hetero(to_networkx(scene))


def hetero_to_scene(data: HeteroData) -> SceneGraph:
    """Undo `scene_to_hetero`.

    Raises:
        SightGraphError: `data` holds an attribute that a scene graph has no field for.
    """
    return from_networkx(from_hetero(data))


def scene_to_data(scene: SceneGraph) -> Data:
    """Return a scene graph as one kind of nodes and edges."""
    return to_data(to_networkx(scene))


def data_to_scene(data: Data) -> SceneGraph:
    """Undo `scene_to_data`; raises as `hetero_to_scene`."""
    return from_networkx(from_data(data))


def rdf_to_hetero(rdf: Graph) -> HeteroData:
    """Return an RDF graph or dataset; classes and datatypes are node types, predicates relations.

    Classes and predicates are named with the graph's prefixes: data["foaf:Person"],
    data["foaf:Person", "foaf:age", "xsd:integer"]. A literal's number is `value`.
    """
    return to_hetero(rdf_to_networkx(rdf), node_type="class")


def hetero_to_rdf(data: HeteroData) -> Graph:
    """Undo `rdf_to_hetero`.

    Raises:
        SightGraphError: `data` holds an attribute or a node that RDF has no place for.
    """
    return networkx_to_rdf(from_hetero(data))


def rdf_to_data(rdf: Graph) -> Data:
    """Return an RDF graph or dataset as one kind of nodes and edges."""
    return to_data(rdf_to_networkx(rdf))


def data_to_rdf(data: Data) -> Graph:
    """Undo `rdf_to_data`; raises as `hetero_to_rdf`."""
    return networkx_to_rdf(from_data(data))
