"""Graphical models: Bayesian and Markov networks, read, written, and inferred from exactly."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.inference.bayesian_network import BayesianNetwork
    from gradus.inference.bif import read_bif
    from gradus.inference.bif_writer import write_bif
    from gradus.inference.compiled import CompiledNetwork
    from gradus.inference.directed_graph import DirectedAcyclicGraph
    from gradus.inference.elimination_order import EliminationOrder, elimination_order
    from gradus.inference.network import MarkovNetwork, Network
    from gradus.inference.network_file import read_network
    from gradus.inference.network_tables import Factor, Table
    from gradus.inference.posterior import Explanation, Posterior
    from gradus.inference.queries import infer, most_probable, query
    from gradus.inference.separation import Independence, Separation
    from gradus.inference.uai import read_uai, read_uai_evidence, write_uai

__all__ = [
    "BayesianNetwork",
    "CompiledNetwork",
    "DirectedAcyclicGraph",
    "EliminationOrder",
    "Explanation",
    "Factor",
    "Independence",
    "MarkovNetwork",
    "Network",
    "Posterior",
    "Separation",
    "Table",
    "elimination_order",
    "infer",
    "most_probable",
    "query",
    "read_bif",
    "read_network",
    "read_uai",
    "read_uai_evidence",
    "write_bif",
    "write_uai",
]

export(
    __name__,
    {
        "bayesian_network": ["BayesianNetwork"],
        "bif": ["read_bif"],
        "bif_writer": ["write_bif"],
        "compiled": ["CompiledNetwork"],
        "directed_graph": ["DirectedAcyclicGraph"],
        "elimination_order": ["EliminationOrder", "elimination_order"],
        "network": ["MarkovNetwork", "Network"],
        "network_file": ["read_network"],
        "network_tables": ["Factor", "Table"],
        "posterior": ["Explanation", "Posterior"],
        "queries": ["infer", "most_probable", "query"],
        "separation": ["Independence", "Separation"],
        "uai": ["read_uai", "read_uai_evidence", "write_uai"],
    },
)
