"""Right calls of what infers from graphical models."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from example_calls import Example, Fresh, of

from gradus import inference

STATES = {"rain": ["yes", "no"], "wet": ["yes", "no"]}
FOLDER = Path(tempfile.mkdtemp(prefix="gradus-networks-"))


def network() -> inference.BayesianNetwork:
    return inference.BayesianNetwork(
        STATES, {"rain": [0.2, 0.8], "wet": (["rain"], [[0.9, 0.1], [0.1, 0.9]])}
    )


def file(name: str, text: str) -> Path:
    place = FOLDER / name
    place.write_text(text, encoding="utf-8")
    return place


def bif() -> Path:
    inference.write_bif(network(), FOLDER / "net.bif")
    return FOLDER / "net.bif"


def uai() -> Path:
    return file("net.uai", "MARKOV 1 2 1 1 0 2 1 3")


ASKED: dict[str, dict[str, Any]] = {  # of a graph
    "d_separated": {"x": "rain", "y": "wet"},
    "d_connected": {"x": "rain"},
    "separation": {"x": "rain", "y": "wet"},
    "independencies": {"minimal": False},
    "markov_blanket": {"variable": "rain"},
    **{method: {"variable": "wet"} for method in ("parents", "children")},
    **{method: {"variables": Fresh(lambda: ["wet"])} for method in ("ancestors", "descendants")},
}


def calls_of_inference() -> dict[str, Example]:
    model, evidence, soft = Fresh(network), {"wet": "yes"}, Fresh(lambda: {"rain": np.array([0.5, 1.0])})
    made, own, found = (
        network(),
        inference.CompiledNetwork(network(), last=["rain"]),
        inference.infer(network()),
    )
    beliefs = inference.belief_propagation(network())
    name = "gradus.inference."
    return {
        name + "BayesianNetwork": of(
            inference.BayesianNetwork, states=STATES, tables={"rain": [0.2, 0.8], "wet": [0.5, 0.5]}
        ),
        **{
            name + f"{kind}.{method}": of(getattr(asked, method), **given)
            for kind, asked in (("BayesianNetwork", made), ("DirectedAcyclicGraph", inference.DirectedAcyclicGraph(made.graph)))
            for method, given in ASKED.items()
        },
        name + "DirectedAcyclicGraph": of(
            inference.DirectedAcyclicGraph, parents=Fresh(lambda: {"rain": [], "wet": ["rain"]})
        ),
        name + "BayesianNetwork.do": of(made.do, intervention={"rain": "yes"}),
        name + "BayesianNetwork.given": of(made.given, evidence=evidence),
        name + "BayesianNetwork.index": of(made.index, evidence=evidence),
        name + "BayesianNetwork.markov_blanket": of(made.markov_blanket, variable="rain"),
        name + "BayesianNetwork.conditional": of(made.conditional, variable="rain", given=evidence),
        name + "BayesianNetwork.size": of(made.size, variable="rain"),
        name + "MarkovNetwork": of(inference.MarkovNetwork, states=STATES, factors=Fresh(lambda: [("rain", [1.0, 2.0])])),
        name + "CompiledNetwork": of(inference.CompiledNetwork, network=model, rule="min-fill", last=Fresh(lambda: ["rain"]), memory=1e6),
        name + "CompiledNetwork.infer": of(own.infer, evidence=evidence, soft=soft),
        name + "CompiledNetwork.log_evidence": of(own.log_evidence, evidence=evidence, soft=soft),
        name + "CompiledNetwork.joint": of(own.joint, evidence=evidence, soft=soft),
        name + "CompiledNetwork.beliefs": of(own.beliefs, evidence=evidence, soft=soft),
        name + "CompiledNetwork.max_marginals": of(own.max_marginals, evidence=evidence, soft=soft),
        name + "JunctionTree": of(
            inference.JunctionTree, clusters=Fresh(lambda: [["rain", "wet"], ["wet"]]), edges=Fresh(lambda: [(0, 1)])
        ),
        name + "JunctionTree.check": of(inference.JunctionTree([["rain", "wet"]], []).check, network=model),
        name + "junction_tree": of(inference.junction_tree, network=model, rule="min-fill"),
        name + "max_marginals": of(
            inference.max_marginals, network=model, evidence=evidence, variables="rain", soft=soft, memory=1e6
        ),
        name + "CompiledNetwork.maximize": of(own.maximize, evidence=evidence, soft=soft),
        name + "Posterior.of": of(found.of, variable="rain"),
        name + "Posterior.table": of(found.table, variables=Fresh(lambda: ["rain"]), lang="en"),
        name + "LoopyPosterior.factor": of(beliefs.factor, place=0),
        name + "LoopyPosterior.clamping_error": of(beliefs.clamping_error, probes=2),
        name + "LoopyPosterior.of": of(beliefs.of, variable="rain"),
        name + "LoopyPosterior.table": of(beliefs.table, variables=Fresh(lambda: ["rain"]), lang="en"),
        name + "belief_propagation": of(
            inference.belief_propagation, network=model, evidence=evidence, soft=soft, mode="sum", damping=0.25, schedule="flooding",
            tolerance=1e-6, iterations=20,
        ),
        name + "elimination_order": of(inference.elimination_order, network=model, rule="min-fill", last=Fresh(lambda: ["rain"])),
        name + "infer": of(inference.infer, network=model, evidence=evidence, soft=soft, memory=1e6),
        name + "query": of(inference.query, network=model, variables="rain", evidence=evidence, soft=soft, memory=1e6),
        name + "most_probable": of(
            inference.most_probable, network=model, evidence=evidence, variables="rain", soft=soft, memory=1e6
        ),
        name + "read_bif": of(inference.read_bif, file=Fresh(bif)),
        name + "read_network": of(inference.read_network, file=Fresh(bif)),
        name + "read_uai": of(inference.read_uai, file=Fresh(uai)),
        name + "read_uai_evidence": of(
            inference.read_uai_evidence, file=Fresh(lambda: file("net.uai.evid", "1 0 1"))
        ),
        name + "write_bif": of(inference.write_bif, network=model, file=str(FOLDER / "out.bif")),
        name + "write_uai": of(inference.write_uai, network=model, file=str(FOLDER / "out.uai")),
    }  # fmt: skip
