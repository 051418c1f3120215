"""Inference: graphical models, exactly or by belief propagation; chains; mixtures; Gaussian processes; Boltzmann machines; variational bounds; Monte Carlo and its diagnostics."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.inference.bayesian_network import BayesianNetwork
    from gradus.inference.beliefs import Beliefs
    from gradus.inference.bif import read_bif
    from gradus.inference.bif_writer import write_bif
    from gradus.inference.boltzmann.restricted_boltzmann import RestrictedBoltzmann
    from gradus.inference.boltzmann.results import AnnealedPartition, BoltzmannGradient
    from gradus.inference.chains.conditional_random_field import LinearChainCRF
    from gradus.inference.chains.emissions import GaussianEmission
    from gradus.inference.chains.hidden_markov_model import HiddenMarkovModel
    from gradus.inference.chains.kalman_filter import KalmanFilter
    from gradus.inference.chains.kalman_results import (
        FilteredStates,
        PredictedStates,
        SampledStates,
        SmoothedStates,
    )
    from gradus.inference.chains.results import HiddenMarkovFit, StatePath, StatePosterior
    from gradus.inference.compiled import CompiledNetwork
    from gradus.inference.directed_graph import DirectedAcyclicGraph
    from gradus.inference.elimination_order import EliminationOrder, elimination_order
    from gradus.inference.gaussian_processes.gaussian_process import GaussianProcess
    from gradus.inference.gaussian_processes.kernels import (
        linear_kernel,
        matern_kernel,
        periodic_kernel,
        squared_exponential_kernel,
    )
    from gradus.inference.gaussian_processes.results import GaussianProcessPosterior, LeaveOneOut
    from gradus.inference.junction_tree import JunctionTree, junction_tree
    from gradus.inference.loopy.posterior import ClampingError, LoopyPosterior
    from gradus.inference.loopy.propagation import belief_propagation
    from gradus.inference.mixtures.gaussian_mixture import GaussianMixture
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
    from gradus.inference.queries import infer, max_marginals, most_probable, query
    from gradus.inference.separation import Independence, Separation
    from gradus.inference.uai import read_uai, read_uai_evidence, write_uai
    from gradus.inference.variational.expectation_gradients import (
        GradientEstimate,
        pathwise_gradient,
        score_gradient,
    )
    from gradus.inference.variational.gaussian_mean_field import GaussianMeanField, mean_field_gaussian
    from gradus.inference.variational.lower_bound import ELBO, elbo
    from gradus.inference.variational.regression_mean_field import RegressionMeanField, mean_field_regression

__all__ = [
    "ELBO",
    "AnnealedPartition",
    "BayesianNetwork",
    "Beliefs",
    "BoltzmannGradient",
    "ClampingError",
    "CompiledNetwork",
    "Diagnosis",
    "DirectedAcyclicGraph",
    "Draws",
    "EliminationOrder",
    "Explanation",
    "Factor",
    "FilteredStates",
    "GaussianEmission",
    "GaussianMeanField",
    "GaussianMixture",
    "GaussianProcess",
    "GaussianProcessPosterior",
    "GradientEstimate",
    "HiddenMarkovFit",
    "HiddenMarkovModel",
    "Independence",
    "JunctionTree",
    "KalmanFilter",
    "LeaveOneOut",
    "LinearChainCRF",
    "LoopyPosterior",
    "MarkovNetwork",
    "Metropolis",
    "MetropolisMatrix",
    "Network",
    "NetworkDraws",
    "Posterior",
    "PredictedStates",
    "RegressionMeanField",
    "RestrictedBoltzmann",
    "SampledStates",
    "Separation",
    "SmoothedStates",
    "StatePath",
    "StatePosterior",
    "Table",
    "belief_propagation",
    "diagnose",
    "elbo",
    "elimination_order",
    "gibbs",
    "gibbs_matrix",
    "infer",
    "junction_tree",
    "linear_kernel",
    "matern_kernel",
    "max_marginals",
    "mean_field_gaussian",
    "mean_field_regression",
    "metropolis_matrix",
    "most_probable",
    "pathwise_gradient",
    "periodic_kernel",
    "query",
    "read_bif",
    "read_network",
    "read_uai",
    "read_uai_evidence",
    "sample",
    "score_gradient",
    "squared_exponential_kernel",
    "write_bif",
    "write_uai",
]

export(
    __name__,
    {
        "bayesian_network": ["BayesianNetwork"],
        "beliefs": ["Beliefs"],
        "bif": ["read_bif"],
        "bif_writer": ["write_bif"],
        "boltzmann.restricted_boltzmann": ["RestrictedBoltzmann"],
        "boltzmann.results": ["AnnealedPartition", "BoltzmannGradient"],
        "chains.conditional_random_field": ["LinearChainCRF"],
        "chains.emissions": ["GaussianEmission"],
        "chains.hidden_markov_model": ["HiddenMarkovModel"],
        "chains.kalman_filter": ["KalmanFilter"],
        "chains.kalman_results": ["FilteredStates", "PredictedStates", "SampledStates", "SmoothedStates"],
        "chains.results": ["HiddenMarkovFit", "StatePath", "StatePosterior"],
        "compiled": ["CompiledNetwork"],
        "directed_graph": ["DirectedAcyclicGraph"],
        "elimination_order": ["EliminationOrder", "elimination_order"],
        "gaussian_processes.gaussian_process": ["GaussianProcess"],
        "gaussian_processes.kernels": [
            "linear_kernel",
            "matern_kernel",
            "periodic_kernel",
            "squared_exponential_kernel",
        ],
        "gaussian_processes.results": ["GaussianProcessPosterior", "LeaveOneOut"],
        "junction_tree": ["JunctionTree", "junction_tree"],
        "loopy.posterior": ["ClampingError", "LoopyPosterior"],
        "loopy.propagation": ["belief_propagation"],
        "mixtures.gaussian_mixture": ["GaussianMixture"],
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
        "queries": ["infer", "max_marginals", "most_probable", "query"],
        "separation": ["Independence", "Separation"],
        "uai": ["read_uai", "read_uai_evidence", "write_uai"],
        "variational.expectation_gradients": ["GradientEstimate", "pathwise_gradient", "score_gradient"],
        "variational.gaussian_mean_field": ["GaussianMeanField", "mean_field_gaussian"],
        "variational.lower_bound": ["ELBO", "elbo"],
        "variational.regression_mean_field": ["RegressionMeanField", "mean_field_regression"],
    },
)
