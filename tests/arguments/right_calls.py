"""A right call of every public function and method: what its bad inputs are made from."""

from __future__ import annotations

import inspect

from calls_elsewhere import calls_elsewhere
from calls_of_approximation import calls_of_approximation
from calls_of_boltzmann import calls_of_boltzmann
from calls_of_bounds import calls_of_bounds
from calls_of_calibration import calls_of_calibration
from calls_of_certificates import calls_of_certificates
from calls_of_chains import calls_of_chains
from calls_of_convergence import calls_of_convergence
from calls_of_curvature import calls_of_curvature
from calls_of_descents import calls_of_descents
from calls_of_dimensions import calls_of_dimensions
from calls_of_dropout_and_norms import calls_of_dropout_and_norms
from calls_of_dynamics import calls_of_dynamics
from calls_of_flows import calls_of_flows
from calls_of_foundations import calls_of_distributions, calls_of_estimator, calls_of_foundations
from calls_of_gaussian_processes import calls_of_gaussian_processes
from calls_of_inference import calls_of_inference
from calls_of_ising import calls_of_ising
from calls_of_kalman import calls_of_kalman
from calls_of_landscape import calls_of_landscape
from calls_of_margins import calls_of_margins
from calls_of_mixtures import calls_of_mixtures
from calls_of_monte_carlo import calls_of_monte_carlo
from calls_of_networks import calls_of_networks
from calls_of_optimization import calls_of_optimization
from calls_of_searches import calls_of_searches
from calls_of_sharpness import calls_of_sharpness
from calls_of_signals import calls_of_signals
from calls_of_structure import calls_of_structure
from calls_of_theory import calls_of_theory
from calls_of_variation import calls_of_variation
from example_calls import Example

from tools.public_surface import PACKAGES, methods, public

RESULT = "a record of results, which its function makes"
RESULTS_OF_INFERENCE = (
    "AnnealedPartition", "Beliefs", "BinderCrossing", "BoltzmannGradient", "ClampingError", "Diagnosis", "Draws", "ELBO", "ELBOTrace",
    "EliminationOrder", "Estimate", "Explanation", "Factor", "FilteredStates", "GaussianELBO", "GaussianMeanField", "GaussianProcessPosterior",
    "GradientEstimate", "HamiltonianStep", "HiddenMarkovFit", "Independence", "IndependenceFit", "IsingDraws", "IsingEstimates",
    "IsingMoments", "LeaveOneOut", "LoopyPosterior", "MetropolisMatrix", "NetworkDraws", "NetworkSample", "ParameterFit", "PlaneIsing",
    "Posterior", "PredictedStates", "RegressionMeanField", "SampledStates", "Separation", "SmoothedStates", "SmoothedWeights", "StatePath", "StatePosterior",
    "StripMoments", "StructureComparison", "StructureFit", "Table", "TorusIsing", "VariationalFit",
)  # fmt: skip
ALONE = (
    "PlanarLayer.direction", "BayesianNetwork.joint", "Diagnosis.to_arviz", "IsingModel.colours", "Draws.to_arviz", "NetworkDraws.to_arviz", "VariationalFit.to_arviz",
)  # fmt: skip
WITHOUT: dict[str, str] = {
    **{
        f"gradus.foundations.{name}": RESULT
        for name in (
            "AnalysisOfVariance",
            "GradientCheck",
            "LikelihoodFit",
            "LinearFit",
            "LogisticFit",
            "PenalizedFit",
            "PerceptronFit",
        )
    },
    "gradus.networks.ActivationProperties": RESULT,
    "gradus.networks.Risk": RESULT,
    "gradus.networks.Graph": "made by its methods of_edges, of_matrix and batch",
    "gradus.networks.SparseMatrix": "made by its methods of_entries and of_dense",
    "gradus.optimization.Farkas": RESULT,
    "gradus.optimization.LineSearch": RESULT,
    "gradus.optimization.Multipliers": RESULT,
    "gradus.optimization.QPResult": RESULT,
    "gradus.optimization.CertifiedFit": RESULT,
    "gradus.data.Characters": RESULT,
    "gradus.data.Dataset": RESULT,
    "gradus.data.Listed": RESULT,
    "gradus.data.NodeGraph": RESULT,
    "gradus.data.Sentences": RESULT,
    **{
        f"gradus.optimization.FlatUpdate.{name}": "takes no argument"
        for name in ("apply", "attach", "collect", "release", "step", "zero_grad")
    },
    "gradus.theory.Calibration": RESULT,
    "gradus.theory.FlowComparison": RESULT,
    "gradus.inference.Network": "what BayesianNetwork and MarkovNetwork share; they check",
    **{
        f"gradus.inference.{of}.{method}": "as of BayesianNetwork: the same function"
        for of in ("MarkovNetwork", "Network")
        for method in ("conditional", "given", "index", "joint", "markov_blanket", "size")
    },
    **{
        f"gradus.inference.{of}.{method}": "as of NormalizingFlow: the same function"
        for of in ("MaskedAutoregressiveFlow", "PlanarFlow", "RealNVP")
        for method in ("forward", "inverse", "log_prob", "rsample", "sample")
    },
    **{f"gradus.inference.{name}": "takes no arguments" for name in ALONE},
    **{f"gradus.inference.{name}.begin": "what `sample` calls" for name in ("HMC", "Metropolis", "NUTS")},
    **{f"gradus.inference.{name}": RESULT for name in RESULTS_OF_INFERENCE},
    **{
        f"gradus.theory.{name}": RESULT
        for name in (
            "InformationPlane",
            "LayerCurvature",
            "LayerInformation",
            "LayerJacobian",
            "LipschitzBound",
            "LipschitzStep",
            "Singular",
            "SpectralComplexity",
            "SpectralNorm",
        )
    },
    "gradus.training.Checkpoint": RESULT,
    "gradus.training.Fitted": RESULT,
    "gradus.training.Run": RESULT,
    "gradus.optimization.MGHProblem": "made by mgh_problem",
    "gradus.optimization.mgh_problems": "without arguments",
    "gradus.GradusError": "an exception",
    "gradus.training.CheckpointError": "an exception",
    "gradus.training.Interrupted": "an exception",
    "gradus.training.NonFiniteError": "an exception",
    "gradus.examine": "takes any model, loss and data of the user's; tests/examination holds what it refuses",
    "gradus.explain": "takes any function of the user's; tests/explanation holds what it refuses",
    "gradus.watch": "takes any model and optimizers of the user's; tests/examination holds what it refuses",
    "gradus.training.Callback": "a class to be overridden, without arguments",
    "gradus.training.Callback.on_end": "called by `fit` alone",
    "gradus.training.Callback.on_epoch_end": "called by `fit` alone",
    "gradus.training.Callback.on_gradients": "called by `fit` alone",
    "gradus.training.Callback.on_start": "called by `fit` alone",
    "gradus.training.Callback.on_step_end": "called by `fit` alone",
    "gradus.training.GradientNorms.on_end": "called by `fit` alone",
    "gradus.training.GradientNorms.on_epoch_end": "called by `fit` alone",
    "gradus.training.GradientNorms.on_gradients": "called by `fit` alone",
    "gradus.training.GradientNorms.on_start": "called by `fit` alone",
    "gradus.training.GradientNorms.on_step_end": "called by `fit` alone",
    "gradus.training.TrackSharpness.on_end": "called by `fit` alone",
    "gradus.training.TrackSharpness.on_epoch_end": "called by `fit` alone",
    "gradus.training.TrackSharpness.on_gradients": "called by `fit` alone",
    "gradus.training.TrackSharpness.on_start": "called by `fit` alone",
    "gradus.training.TrackSharpness.on_step_end": "called by `fit` alone",
    "gradus.training.Run.add": "called by `fit` alone",
    "gradus.training.Run.open_log": "called by callbacks alone",
    "gradus.training.Run.stop": "called by callbacks alone",
    "gradus.training.EarlyStopping": "options of `fit`; tests/training holds what they refuse",
    "gradus.training.GradientNorms": "options of `fit`; tests/training holds what they refuse",
    "gradus.training.TrackSharpness": "takes a tracker, which refuses; tests/theory holds what it measures",
    "gradus.training.fit": "its refusals are tests/training/test_fitting.py's",
    "gradus.training.export_weights": "a checkpoint's refusals are in tests/training/test_checkpoint*.py",
    "gradus.training.load_checkpoint": "a checkpoint's refusals are in tests/training/test_checkpoint*.py",
    "gradus.training.newest_checkpoint": "a checkpoint's refusals are in tests/training/test_checkpoint*.py",
    "gradus.training.read_rows": "a log's refusals are tests/training's",
    "gradus.training.save_checkpoint": "a checkpoint's refusals are in tests/training/test_checkpoint*.py",
    "gradus.data.fetch": "needs the network; tests/data/test_download.py holds what it refuses",
    "gradus.data.load_graph": "needs files that are not embedded",
    "gradus.data.load_sentences": "needs files that are not embedded",
    "gradus.data.Limits.budget": "called by `extract` alone",
    "gradus.data.Characters.summary": "takes no arguments",
    "gradus.data.NodeGraph.dense": "the numbers of nodes that it holds itself",
    "gradus.data.NodeGraph.summary": "takes no arguments",
    "gradus.data.Sentences.summary": "takes no arguments",
    "gradus.optimization.NoiseScale": RESULT,
    "gradus.optimization.StepSizeSearch": RESULT,
    "gradus.optimization.StepSizeSearch.figure": "takes no arguments",
    "gradus.optimization.KFAC.load_state_dict": "PyTorch's own, with its refusals",
    "gradus.optimization.KFAC.remove_hooks": "takes no arguments",
    "gradus.optimization.KFAC.step": "gives back what its closure returns, as PyTorch's optimisers do",
    "gradus.networks.Graph.to": "hands its arguments to torch.Tensor.to",
    "gradus.networks.SparseMatrix.dense": "takes no arguments",
    "gradus.networks.SparseMatrix.to": "hands its arguments to torch.Tensor.to",
    "gradus.networks.C4Convolution.extra_repr": "takes no arguments",
    "gradus.networks.GRU.extra_repr": "takes no arguments",
    "gradus.networks.GRU.reset_parameters": "takes no arguments",
    "gradus.networks.NeuralODE.extra_repr": "takes no arguments",
    "gradus.networks.PeepholeLSTM.extra_repr": "takes no arguments",
    "gradus.networks.PeepholeLSTM.reset_parameters": "takes no arguments",
    "gradus.networks.Residual.extra_repr": "takes no arguments",
    "gradus.networks.RotaryEncoding.extra_repr": "takes no arguments",
    "gradus.networks.SinusoidalEncoding.extra_repr": "takes no arguments",
    "gradus.optimization.LBFGS.add_param_group": "PyTorch's own; tests/optimization holds what it refuses besides",
    "gradus.optimization.LBFGS.load_state_dict": "PyTorch's own, with its refusals",
    "gradus.optimization.LBFGS.objective": "called by its own step alone",
    "gradus.optimization.LBFGS.setting": "called by its own step alone",
    "gradus.optimization.LBFGS.step": "gives back what its closure returns; tests/optimization holds what it refuses",
    "gradus.optimization.NewtonCG.add_param_group": "PyTorch's own; tests/optimization holds what it refuses besides",
    "gradus.optimization.NewtonCG.load_state_dict": "PyTorch's own, with its refusals",
    "gradus.optimization.NewtonCG.objective": "called by its own step alone",
    "gradus.optimization.NewtonCG.setting": "called by its own step alone",
    "gradus.optimization.NewtonCG.step": "gives back what its closure returns; tests/optimization holds what it refuses",
    "gradus.optimization.LBFGS.method": "takes no arguments",
    "gradus.optimization.NewtonCG.method": "takes no arguments",
    "gradus.optimization.NaturalGradient.begin": "called by its hooks alone",
    "gradus.optimization.NaturalGradient.end": "called by its hooks alone",
    "gradus.optimization.NaturalGradient.remove_hooks": "takes no arguments",
    "gradus.optimization.NaturalGradient.step": "gives back what its closure returns, as PyTorch's optimisers do",
    "gradus.optimization.Nesterov.add_param_group": "PyTorch's own, with its refusals",
    "gradus.optimization.Nesterov.iterates": "takes no arguments",
    "gradus.optimization.Nesterov.step": "returns whatever the closure returns, as torch.optim's do",
    "gradus.theory.Certificate": RESULT,
    "gradus.theory.EffectiveDimension": RESULT,
    "gradus.theory.DescentCurve": RESULT,
    "gradus.theory.Extrapolation": RESULT,
    "gradus.theory.OptimalSplit": RESULT,
    "gradus.theory.RidgeRisk": RESULT,
    "gradus.theory.Eigenpairs": RESULT,
    "gradus.theory.RademacherComplexity": RESULT,
    "gradus.theory.InfiniteKernels": RESULT,
    "gradus.theory.KernelDrift": RESULT,
    "gradus.theory.LossSmoothness": RESULT,
    "gradus.theory.PredictedTraining": RESULT,
    "gradus.theory.ImplicitBias": RESULT,
    "gradus.theory.NoiseFloor": RESULT,
    "gradus.theory.NormalizedMargin": RESULT,
    "gradus.theory.RitzValues": RESULT,
    "gradus.theory.SGDBounds": RESULT,
    "gradus.theory.SpectralDensity": RESULT,
    "gradus.theory.GeneralisationBound": RESULT,
    "gradus.theory.TraceEstimate": RESULT,
    "gradus.theory.GreedyNetwork": RESULT,
    "gradus.theory.LinearPieces": RESULT,
    "gradus.theory.VCDimension": RESULT,
    "gradus.theory.MeanField": RESULT,
    "gradus.theory.MeanFieldLimit": RESULT,
    "gradus.theory.ClassAverages": RESULT,
    "gradus.theory.CriticalSharpness": RESULT,
    "gradus.theory.DropoutPredictions": RESULT,
    "gradus.theory.PathLosses": RESULT,
    "gradus.theory.PacBayesBound": RESULT,
    "gradus.theory.RandomSubspace.forward": "hands its arguments to the model's",
    "gradus.theory.RandomSubspace.weights": "takes no arguments",
    "gradus.theory.SubspaceFit": RESULT,
    "gradus.theory.Signal": RESULT,
    "gradus.theory.StableStep": RESULT,
    "gradus.vision.LeNet.layers_in_order": "takes no arguments",
}


def callables() -> list[str]:
    """The names of all public functions, classes and methods that take arguments."""
    names = []
    for package in PACKAGES:
        for name, value in public(package):
            if not callable(value):
                continue
            names.append(f"{package}.{name}")
            if inspect.isclass(value):
                names += [
                    f"{package}.{name}.{m}"
                    for m in methods(value)
                    if not isinstance(inspect.getattr_static(value, m), property)
                ]
    return names


_SHARED = dict(l1_ratio=0.5, fit_intercept=True, tol=1e-6, max_iter=200)
EXAMPLES: dict[str, Example] = {
    **calls_of_foundations(),
    **calls_of_distributions(),
    **calls_of_networks(),
    **calls_elsewhere(),
    **calls_of_approximation(),
    **calls_of_bounds(),
    **calls_of_calibration(),
    **calls_of_certificates(),
    **calls_of_chains(),
    **calls_of_optimization(),
    **calls_of_searches(),
    **calls_of_convergence(),
    **calls_of_curvature(),
    **calls_of_descents(),
    **calls_of_dimensions(),
    **calls_of_inference(),
    **calls_of_landscape(),
    **calls_of_ising(),
    **calls_of_structure(),
    **calls_of_kalman(),
    **calls_of_margins(),
    **calls_of_monte_carlo(),
    **calls_of_mixtures(),
    **calls_of_theory(),
    **calls_of_boltzmann(),
    **calls_of_gaussian_processes(),
    **calls_of_variation(),
    **calls_of_flows(),
    **calls_of_sharpness(),
    **calls_of_signals(),
    **calls_of_dropout_and_norms(),
    **calls_of_dynamics(),
    **calls_of_estimator(
        "Adaline", step_size=0.01, decay=0.1, max_iter=20, tol=0.5, fit_intercept=True, random_state=0
    ),
    **calls_of_estimator("Hopfield", max_iter=5, threshold=0.0),
    **calls_of_estimator("ModernHopfield", beta=1.0, max_iter=5, tol=1e-6),
    **calls_of_estimator("LinearRegression", penalty="l2", alpha=0.1, **_SHARED),
    **calls_of_estimator("LogisticRegression", penalty="l2", C=1.0, **_SHARED),
    **calls_of_estimator("Perceptron", max_iter=50, fit_intercept=True, averaged=False),
}
