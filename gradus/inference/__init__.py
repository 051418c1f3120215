"""Graphical models, inferred from exactly; Monte Carlo, and how good its draws are."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.inference.bayesian_network import BayesianNetwork
    from gradus.inference.bif import read_bif
    from gradus.inference.bif_writer import write_bif
    from gradus.inference.compiled import CompiledNetwork
    from gradus.inference.elimination_order import EliminationOrder, elimination_order
    from gradus.inference.monte_carlo.diagnose import Diagnosis, diagnose
    from gradus.inference.monte_carlo.draws import Draws
    from gradus.inference.monte_carlo.gibbs import NetworkDraws, gibbs, gibbs_matrix
    from gradus.inference.monte_carlo.metropolis import Metropolis
    from gradus.inference.monte_carlo.sample import sample
    from gradus.inference.monte_carlo.transition_matrices import MetropolisMatrix, metropolis_matrix
    from gradus.inference.network import MarkovNetwork, Network
    from gradus.inference.network_file import read_network
    from gradus.inference.network_tables import Factor, Table
    from gradus.inference.posterior import Explanation, Posterior
    from gradus.inference.queries import infer, most_probable, query
    from gradus.inference.uai import read_uai, read_uai_evidence, write_uai

__all__ = [
    "BayesianNetwork",
    "CompiledNetwork",
    "Diagnosis",
    "Draws",
    "EliminationOrder",
    "Explanation",
    "Factor",
    "MarkovNetwork",
    "Metropolis",
    "MetropolisMatrix",
    "Network",
    "NetworkDraws",
    "Posterior",
    "Table",
    "diagnose",
    "elimination_order",
    "gibbs",
    "gibbs_matrix",
    "infer",
    "metropolis_matrix",
    "most_probable",
    "query",
    "read_bif",
    "read_network",
    "read_uai",
    "read_uai_evidence",
    "sample",
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
        "elimination_order": ["EliminationOrder", "elimination_order"],
        "monte_carlo.diagnose": ["Diagnosis", "diagnose"],
        "monte_carlo.draws": ["Draws"],
        "monte_carlo.gibbs": ["NetworkDraws", "gibbs", "gibbs_matrix"],
        "monte_carlo.metropolis": ["Metropolis"],
        "monte_carlo.sample": ["sample"],
        "monte_carlo.transition_matrices": ["MetropolisMatrix", "metropolis_matrix"],
        "network": ["MarkovNetwork", "Network"],
        "network_file": ["read_network"],
        "network_tables": ["Factor", "Table"],
        "posterior": ["Explanation", "Posterior"],
        "queries": ["infer", "most_probable", "query"],
        "uai": ["read_uai", "read_uai_evidence", "write_uai"],
    },
)
