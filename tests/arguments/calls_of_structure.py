"""Right calls of structure learning: by trees, by scores, by tests; and graphs beside each other."""

from __future__ import annotations

from example_calls import Example, of

from gradus import inference


def calls_of_structure() -> dict[str, Example]:
    data = {"a": list("xxyyxy"), "b": list("uuvvuv"), "c": list("stststs"[:6])}
    graph = inference.DirectedAcyclicGraph({"a": [], "b": ["a"], "c": []})
    partial = inference.essential_graph(graph)
    states = {"a": ("x", "y")}
    name = "gradus.inference."
    return {
        name + "chow_liu": of(inference.chow_liu, data=data, root="a", states=states, missing=("?",)),
        name + "hill_climbing": of(
            inference.hill_climbing,
            data=data,
            score="bdeu",
            equivalent_size=1.0,
            max_parents=2,
            required=[("a", "b")],
            forbidden=[("c", "a")],
            start=graph,
            tabu=2,
            states=states,
            missing=("?",),
        ),
        name + "pc": of(inference.pc, data=data, level=0.05, max_condition=1, states=states, missing=("?",)),
        name + "essential_graph": of(inference.essential_graph, graph=graph),
        name + "compare_structures": of(inference.compare_structures, found=graph, true=partial),
        name + "PartiallyDirectedGraph": of(
            inference.PartiallyDirectedGraph, variables=("a", "b"), arrows=[("a", "b")], lines=[]
        ),
        name + "PartiallyDirectedGraph.directed": of(partial.directed),
    }
