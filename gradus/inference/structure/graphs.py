"""Graphs as a user may give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx

from gradus.arguments import refusal
from gradus.inference.directed_graph import DirectedAcyclicGraph, GraphQuestions

__all__ = ["directed_graph"]


def directed_graph(name: str, given: Any) -> GraphQuestions:
    """A graph or network as it is, or the parents by variable as a graph.

    Raises:
        GradusError: it is none of these.
    """
    if isinstance(given, GraphQuestions):
        return given
    if not isinstance(given, (Mapping, nx.DiGraph)):
        expected = (
            "a DirectedAcyclicGraph, a network, or the parents by variable",
            "DirectedAcyclicGraph、网络，或按变量给出的父变量",
        )
        raise refusal(name, expected, given, kind=True)
    return DirectedAcyclicGraph(given)
