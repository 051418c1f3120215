"""Graphical models: Bayesian and Markov networks, read, written, and inferred from exactly; chains of states; mixtures."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.inference.bayesian_network import BayesianNetwork
    from gradus.inference.bif import read_bif
    from gradus.inference.bif_writer import write_bif
    from gradus.inference.chains.kalman_filter import KalmanFilter
    from gradus.inference.chains.kalman_results import (
        FilteredStates,
        PredictedStates,
        SampledStates,
        SmoothedStates,
    )
    from gradus.inference.compiled import CompiledNetwork
    from gradus.inference.elimination_order import EliminationOrder, elimination_order
    from gradus.inference.mixtures.gaussian_mixture import GaussianMixture
    from gradus.inference.network import MarkovNetwork, Network
    from gradus.inference.network_file import read_network
    from gradus.inference.network_tables import Factor, Table
    from gradus.inference.posterior import Explanation, Posterior
    from gradus.inference.queries import infer, most_probable, query
    from gradus.inference.uai import read_uai, read_uai_evidence, write_uai

__all__ = [
    "BayesianNetwork",
    "CompiledNetwork",
    "EliminationOrder",
    "Explanation",
    "Factor",
    "FilteredStates",
    "GaussianMixture",
    "KalmanFilter",
    "MarkovNetwork",
    "Network",
    "Posterior",
    "PredictedStates",
    "SampledStates",
    "SmoothedStates",
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
        "chains.kalman_filter": ["KalmanFilter"],
        "chains.kalman_results": ["FilteredStates", "PredictedStates", "SampledStates", "SmoothedStates"],
        "compiled": ["CompiledNetwork"],
        "elimination_order": ["EliminationOrder", "elimination_order"],
        "mixtures.gaussian_mixture": ["GaussianMixture"],
        "network": ["MarkovNetwork", "Network"],
        "network_file": ["read_network"],
        "network_tables": ["Factor", "Table"],
        "posterior": ["Explanation", "Posterior"],
        "queries": ["infer", "most_probable", "query"],
        "uai": ["read_uai", "read_uai_evidence", "write_uai"],
    },
)
