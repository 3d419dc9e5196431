"""Our graph and rdflib's as plain networkx graphs, and back, without a loss."""

from kg.converters.rdf import networkx_to_rdf, rdf_to_networkx
from kg.converters.scene import from_networkx, from_rdf, to_networkx, to_rdf

__all__ = [
    "from_networkx",
    "from_rdf",
    "networkx_to_rdf",
    "rdf_to_networkx",
    "to_networkx",
    "to_rdf",
]
