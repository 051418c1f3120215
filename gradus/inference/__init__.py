"""Graphical models: Bayesian and Markov networks, read, written, and inferred from exactly."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.inference.bif import read_bif, write_bif
    from gradus.inference.compiled import CompiledNetwork
    from gradus.inference.elimination_order import EliminationOrder, elimination_order
    from gradus.inference.network import BayesianNetwork, Factor, MarkovNetwork, Network, Table
    from gradus.inference.posterior import Explanation, Posterior
    from gradus.inference.uai import read_uai, read_uai_evidence, write_uai

__all__ = [
    "BayesianNetwork",
    "CompiledNetwork",
    "EliminationOrder",
    "Explanation",
    "Factor",
    "MarkovNetwork",
    "Network",
    "Posterior",
    "Table",
    "elimination_order",
    "read_bif",
    "read_uai",
    "read_uai_evidence",
    "write_bif",
    "write_uai",
]

export(
    __name__,
    {
        "bif": ["read_bif", "write_bif"],
        "compiled": ["CompiledNetwork"],
        "elimination_order": ["EliminationOrder", "elimination_order"],
        "network": ["BayesianNetwork", "Factor", "MarkovNetwork", "Network", "Table"],
        "posterior": ["Explanation", "Posterior"],
        "uai": ["read_uai", "read_uai_evidence", "write_uai"],
    },
)
