"""Graphs of who calls whom; the one door to networkx, whose import takes longer than reading a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from networkx import DiGraph


def directed(nodes: Mapping[str, Mapping[str, Any]], edges: Mapping[tuple[str, str], Mapping[str, Any]]) -> DiGraph[str]:
    """A graph of networkx's, of nodes and edges with their attributes."""
    import networkx as nx

    graph: DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from((name, dict(attributes)) for name, attributes in nodes.items())
    graph.add_edges_from((caller, callee, dict(attributes)) for (caller, callee), attributes in edges.items())
    return graph


def depths(calls: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many calls lie above each name, on the longest way there; those that reach each other are equally deep.

    Every name has a place in `calls`, those that call nobody too.
    """
    import networkx as nx

    condensed = nx.condensation(nx.DiGraph([(caller, callee) for caller in calls for callee in calls[caller]]))
    layers = enumerate(nx.topological_generations(condensed))
    found = {name: depth for depth, layer in layers for knot in layer for name in condensed.nodes[knot]["members"]}
    return {name: found.get(name, 0) for name in calls}


def knots(edges: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Groups of names that reach each other."""
    import networkx as nx

    return [set(group) for group in nx.strongly_connected_components(nx.DiGraph(list(edges)))]
