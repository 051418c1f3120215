"""Inference: graphical models, exactly or by belief propagation; chains; mixtures; Gaussian processes; variational bounds; flows; Monte Carlo."""

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
    from gradus.inference.flows.autoregressive import MaskedAutoregressiveLayer
    from gradus.inference.flows.coupling import AffineCoupling
    from gradus.inference.flows.families import MaskedAutoregressiveFlow, PlanarFlow, RealNVP
    from gradus.inference.flows.flow import NormalizingFlow
    from gradus.inference.flows.planar import PlanarLayer
    from gradus.inference.gaussian_processes.gaussian_process import GaussianProcess
    from gradus.inference.gaussian_processes.kernels import (
        linear_kernel,
        matern_kernel,
        periodic_kernel,
        squared_exponential_kernel,
    )
    from gradus.inference.gaussian_processes.results import GaussianProcessPosterior, LeaveOneOut
    from gradus.inference.ising.draws import BinderCrossing, IsingDraws, IsingEstimates, binder_crossing
    from gradus.inference.ising.enumeration import IsingMoments
    from gradus.inference.ising.model import IsingModel
    from gradus.inference.ising.plane import PlaneIsing, TorusIsing, kaufman_torus, onsager_plane
    from gradus.inference.ising.sampling import ising_sample
    from gradus.inference.ising.transfer import StripMoments, ising_strip
    from gradus.inference.junction_tree import JunctionTree, junction_tree
    from gradus.inference.loopy.posterior import ClampingError, LoopyPosterior
    from gradus.inference.loopy.propagation import belief_propagation
    from gradus.inference.mixtures.gaussian_mixture import GaussianMixture
    from gradus.inference.monte_carlo.diagnose import Diagnosis, diagnose
    from gradus.inference.monte_carlo.draws import Draws
    from gradus.inference.monte_carlo.dynamics import HamiltonianStep, hamiltonian_step
    from gradus.inference.monte_carlo.gibbs import NetworkDraws, gibbs, gibbs_matrix
    from gradus.inference.monte_carlo.hmc import HMC
    from gradus.inference.monte_carlo.metropolis import Metropolis
    from gradus.inference.monte_carlo.network_sample import Estimate, NetworkSample
    from gradus.inference.monte_carlo.nuts import NUTS
    from gradus.inference.monte_carlo.sample import sample
    from gradus.inference.monte_carlo.transition_matrices import MetropolisMatrix, metropolis_matrix
    from gradus.inference.monte_carlo.weighting import likelihood_weighting, rejection_sampling
    from gradus.inference.network import MarkovNetwork, Network
    from gradus.inference.network_file import read_network
    from gradus.inference.network_tables import Factor, Table
    from gradus.inference.parameters.fit_parameters import ParameterFit, fit_parameters
    from gradus.inference.posterior import Explanation, Posterior
    from gradus.inference.queries import infer, max_marginals, most_probable, query
    from gradus.inference.separation import Independence, Separation
    from gradus.inference.structure.chow_liu import chow_liu
    from gradus.inference.structure.comparison import StructureComparison, compare_structures
    from gradus.inference.structure.constraint_based import IndependenceFit, pc
    from gradus.inference.structure.hill_climbing import StructureFit, hill_climbing
    from gradus.inference.structure.partial_graph import PartiallyDirectedGraph, essential_graph
    from gradus.inference.uai import read_uai, read_uai_evidence, write_uai
    from gradus.inference.variational.advi import advi
    from gradus.inference.variational.expectation_gradients import (
        GradientEstimate,
        pathwise_gradient,
        score_gradient,
    )
    from gradus.inference.variational.gaussian_bound import GaussianELBO, gaussian_elbo
    from gradus.inference.variational.gaussian_mean_field import GaussianMeanField, mean_field_gaussian
    from gradus.inference.variational.lower_bound import ELBO, elbo
    from gradus.inference.variational.pareto_smoothing import SmoothedWeights, psis
    from gradus.inference.variational.regression_mean_field import RegressionMeanField, mean_field_regression
    from gradus.inference.variational.variational_fit import ELBOTrace, VariationalFit
    from gradus.inference.weight_posteriors.bayes_by_backprop import BayesByBackprop
    from gradus.inference.weight_posteriors.dropout_posterior import mc_dropout
    from gradus.inference.weight_posteriors.laplace import LaplacePosterior, laplace
    from gradus.inference.weight_posteriors.predictive import (
        PredictiveDraws,
        predictive_entropy,
        predictive_information,
    )

__all__ = [
    "ELBO",
    "HMC",
    "NUTS",
    "AffineCoupling",
    "AnnealedPartition",
    "BayesByBackprop",
    "BayesianNetwork",
    "Beliefs",
    "BinderCrossing",
    "BoltzmannGradient",
    "ClampingError",
    "CompiledNetwork",
    "Diagnosis",
    "DirectedAcyclicGraph",
    "Draws",
    "ELBOTrace",
    "EliminationOrder",
    "Estimate",
    "Explanation",
    "Factor",
    "FilteredStates",
    "GaussianELBO",
    "GaussianEmission",
    "GaussianMeanField",
    "GaussianMixture",
    "GaussianProcess",
    "GaussianProcessPosterior",
    "GradientEstimate",
    "HamiltonianStep",
    "HiddenMarkovFit",
    "HiddenMarkovModel",
    "Independence",
    "IndependenceFit",
    "IsingDraws",
    "IsingEstimates",
    "IsingModel",
    "IsingMoments",
    "JunctionTree",
    "KalmanFilter",
    "LaplacePosterior",
    "LeaveOneOut",
    "LinearChainCRF",
    "LoopyPosterior",
    "MarkovNetwork",
    "MaskedAutoregressiveFlow",
    "MaskedAutoregressiveLayer",
    "Metropolis",
    "MetropolisMatrix",
    "Network",
    "NetworkDraws",
    "NetworkSample",
    "NormalizingFlow",
    "ParameterFit",
    "PartiallyDirectedGraph",
    "PlanarFlow",
    "PlanarLayer",
    "PlaneIsing",
    "Posterior",
    "PredictedStates",
    "PredictiveDraws",
    "RealNVP",
    "RegressionMeanField",
    "RestrictedBoltzmann",
    "SampledStates",
    "Separation",
    "SmoothedStates",
    "SmoothedWeights",
    "StatePath",
    "StatePosterior",
    "StripMoments",
    "StructureComparison",
    "StructureFit",
    "Table",
    "TorusIsing",
    "VariationalFit",
    "advi",
    "belief_propagation",
    "binder_crossing",
    "chow_liu",
    "compare_structures",
    "diagnose",
    "elbo",
    "elimination_order",
    "essential_graph",
    "fit_parameters",
    "gaussian_elbo",
    "gibbs",
    "gibbs_matrix",
    "hamiltonian_step",
    "hill_climbing",
    "infer",
    "ising_sample",
    "ising_strip",
    "junction_tree",
    "kaufman_torus",
    "laplace",
    "likelihood_weighting",
    "linear_kernel",
    "matern_kernel",
    "max_marginals",
    "mc_dropout",
    "mean_field_gaussian",
    "mean_field_regression",
    "metropolis_matrix",
    "most_probable",
    "onsager_plane",
    "pathwise_gradient",
    "pc",
    "periodic_kernel",
    "predictive_entropy",
    "predictive_information",
    "psis",
    "query",
    "read_bif",
    "read_network",
    "read_uai",
    "read_uai_evidence",
    "rejection_sampling",
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
        "flows.autoregressive": ["MaskedAutoregressiveLayer"],
        "flows.coupling": ["AffineCoupling"],
        "flows.families": ["MaskedAutoregressiveFlow", "PlanarFlow", "RealNVP"],
        "flows.flow": ["NormalizingFlow"],
        "flows.planar": ["PlanarLayer"],
        "gaussian_processes.gaussian_process": ["GaussianProcess"],
        "gaussian_processes.kernels": [
            "linear_kernel",
            "matern_kernel",
            "periodic_kernel",
            "squared_exponential_kernel",
        ],
        "gaussian_processes.results": ["GaussianProcessPosterior", "LeaveOneOut"],
        "ising.draws": ["BinderCrossing", "IsingDraws", "IsingEstimates", "binder_crossing"],
        "ising.enumeration": ["IsingMoments"],
        "ising.model": ["IsingModel"],
        "ising.plane": ["PlaneIsing", "TorusIsing", "kaufman_torus", "onsager_plane"],
        "ising.sampling": ["ising_sample"],
        "ising.transfer": ["StripMoments", "ising_strip"],
        "junction_tree": ["JunctionTree", "junction_tree"],
        "loopy.posterior": ["ClampingError", "LoopyPosterior"],
        "loopy.propagation": ["belief_propagation"],
        "mixtures.gaussian_mixture": ["GaussianMixture"],
        "monte_carlo.diagnose": ["Diagnosis", "diagnose"],
        "monte_carlo.draws": ["Draws"],
        "monte_carlo.dynamics": ["HamiltonianStep", "hamiltonian_step"],
        "monte_carlo.gibbs": ["NetworkDraws", "gibbs", "gibbs_matrix"],
        "monte_carlo.hmc": ["HMC"],
        "monte_carlo.metropolis": ["Metropolis"],
        "monte_carlo.network_sample": ["Estimate", "NetworkSample"],
        "monte_carlo.nuts": ["NUTS"],
        "monte_carlo.sample": ["sample"],
        "monte_carlo.transition_matrices": ["MetropolisMatrix", "metropolis_matrix"],
        "monte_carlo.weighting": ["likelihood_weighting", "rejection_sampling"],
        "network": ["MarkovNetwork", "Network"],
        "network_file": ["read_network"],
        "network_tables": ["Factor", "Table"],
        "parameters.fit_parameters": ["ParameterFit", "fit_parameters"],
        "posterior": ["Explanation", "Posterior"],
        "queries": ["infer", "max_marginals", "most_probable", "query"],
        "separation": ["Independence", "Separation"],
        "structure.chow_liu": ["chow_liu"],
        "structure.comparison": ["StructureComparison", "compare_structures"],
        "structure.constraint_based": ["IndependenceFit", "pc"],
        "structure.hill_climbing": ["StructureFit", "hill_climbing"],
        "structure.partial_graph": ["PartiallyDirectedGraph", "essential_graph"],
        "uai": ["read_uai", "read_uai_evidence", "write_uai"],
        "variational.advi": ["advi"],
        "variational.expectation_gradients": ["GradientEstimate", "pathwise_gradient", "score_gradient"],
        "variational.gaussian_bound": ["GaussianELBO", "gaussian_elbo"],
        "variational.gaussian_mean_field": ["GaussianMeanField", "mean_field_gaussian"],
        "variational.lower_bound": ["ELBO", "elbo"],
        "variational.pareto_smoothing": ["SmoothedWeights", "psis"],
        "variational.regression_mean_field": ["RegressionMeanField", "mean_field_regression"],
        "variational.variational_fit": ["ELBOTrace", "VariationalFit"],
        "weight_posteriors.bayes_by_backprop": ["BayesByBackprop"],
        "weight_posteriors.dropout_posterior": ["mc_dropout"],
        "weight_posteriors.laplace": ["LaplacePosterior", "laplace"],
        "weight_posteriors.predictive": ["PredictiveDraws", "predictive_entropy", "predictive_information"],
    },
)
