"""What `torch.distributions` lacks: log-densities exact at the extremes, Fisher information, the bridge to SciPy."""

from gradus.foundations.distributions.divergence import kl_divergence
from gradus.foundations.distributions.entropies import entropy
from gradus.foundations.distributions.fisher import fisher_information
from gradus.foundations.distributions.log_density import log_density, multivariate_normal
from gradus.foundations.distributions.tails import log_cdf, log_survival
from gradus.foundations.distributions.with_scipy import as_scipy

__all__ = [
    "as_scipy",
    "entropy",
    "fisher_information",
    "kl_divergence",
    "log_cdf",
    "log_density",
    "log_survival",
    "multivariate_normal",
]
