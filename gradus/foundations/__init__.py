"""Calculus, linear algebra, probability, information, differentiation, classical learners: what no library has."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.foundations.adaline import Adaline, lms
    from gradus.foundations.analysis_of_variance import AnalysisOfVariance, analysis_of_variance
    from gradus.foundations.autodiff import checkpoint, grad, jacobian, jvp, value_and_grad, vjp
    from gradus.foundations.compensated import two_product, two_sum
    from gradus.foundations.critical_points import classify, classify_hessian
    from gradus.foundations.differentiation import derivative, step_size
    from gradus.foundations.estimators import LinearRegression, LogisticRegression
    from gradus.foundations.exact_determinant import exact_determinant
    from gradus.foundations.floating_point import round_to_format, summation
    from gradus.foundations.gradient_check import GradientCheck, check_gradient
    from gradus.foundations.gram_schmidt import gram_schmidt
    from gradus.foundations.hopfield import Hopfield, ModernHopfield, modern_recall, recall
    from gradus.foundations.information import cross_entropy, entropy, js_divergence, kl_divergence
    from gradus.foundations.linear_regression import LinearFit, linear_regression
    from gradus.foundations.logistic_regression import LogisticFit, logistic_regression, newton_ascent
    from gradus.foundations.maximum_likelihood import LikelihoodFit, maximum_likelihood
    from gradus.foundations.mutual_information import ksg, mutual_information
    from gradus.foundations.perceptron import Perceptron, PerceptronFit, perceptron
    from gradus.foundations.power_iteration import power_iteration
    from gradus.foundations.quadrature import integral_over_image, quadrature, rule_on_unit_interval
    from gradus.foundations.regularization import PenalizedFit, penalized, soft_threshold
    from gradus.foundations.reverse_chain import binomial_evaluations, reverse_chain
    from gradus.foundations.taylor import taylor_coefficients, taylor_polynomial

__all__ = [
    "Adaline",
    "AnalysisOfVariance",
    "GradientCheck",
    "Hopfield",
    "LikelihoodFit",
    "LinearFit",
    "LinearRegression",
    "LogisticFit",
    "LogisticRegression",
    "ModernHopfield",
    "PenalizedFit",
    "Perceptron",
    "PerceptronFit",
    "analysis_of_variance",
    "binomial_evaluations",
    "check_gradient",
    "checkpoint",
    "classify",
    "classify_hessian",
    "cross_entropy",
    "derivative",
    "entropy",
    "exact_determinant",
    "grad",
    "gram_schmidt",
    "integral_over_image",
    "jacobian",
    "js_divergence",
    "jvp",
    "kl_divergence",
    "ksg",
    "linear_regression",
    "lms",
    "logistic_regression",
    "maximum_likelihood",
    "modern_recall",
    "mutual_information",
    "newton_ascent",
    "penalized",
    "perceptron",
    "power_iteration",
    "quadrature",
    "recall",
    "reverse_chain",
    "round_to_format",
    "rule_on_unit_interval",
    "soft_threshold",
    "step_size",
    "summation",
    "taylor_coefficients",
    "taylor_polynomial",
    "two_product",
    "two_sum",
    "value_and_grad",
    "vjp",
]

export(
    __name__,
    {
        "adaline": ["Adaline", "lms"],
        "analysis_of_variance": ["AnalysisOfVariance", "analysis_of_variance"],
        "autodiff": ["checkpoint", "grad", "jacobian", "jvp", "value_and_grad", "vjp"],
        "compensated": ["two_product", "two_sum"],
        "critical_points": ["classify", "classify_hessian"],
        "differentiation": ["derivative", "step_size"],
        "estimators": ["LinearRegression", "LogisticRegression"],
        "exact_determinant": ["exact_determinant"],
        "floating_point": ["round_to_format", "summation"],
        "gradient_check": ["GradientCheck", "check_gradient"],
        "gram_schmidt": ["gram_schmidt"],
        "hopfield": ["Hopfield", "ModernHopfield", "modern_recall", "recall"],
        "information": ["cross_entropy", "entropy", "js_divergence", "kl_divergence"],
        "linear_regression": ["LinearFit", "linear_regression"],
        "logistic_regression": ["LogisticFit", "logistic_regression", "newton_ascent"],
        "maximum_likelihood": ["LikelihoodFit", "maximum_likelihood"],
        "mutual_information": ["ksg", "mutual_information"],
        "perceptron": ["Perceptron", "PerceptronFit", "perceptron"],
        "power_iteration": ["power_iteration"],
        "quadrature": ["integral_over_image", "quadrature", "rule_on_unit_interval"],
        "regularization": ["PenalizedFit", "penalized", "soft_threshold"],
        "reverse_chain": ["binomial_evaluations", "reverse_chain"],
        "taylor": ["taylor_coefficients", "taylor_polynomial"],
    },
)
