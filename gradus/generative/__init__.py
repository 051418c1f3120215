"""Generative models: adversarial, variational, by diffusion and by flows; the distances that measure what they make."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.generative.variational.divergence import bits_per_dimension, gaussian_kl
    from gradus.generative.variational.results import ActiveUnits, ImportanceBound, VAEBound
    from gradus.generative.variational.vae import VAE

__all__ = [
    "VAE",
    "ActiveUnits",
    "ImportanceBound",
    "VAEBound",
    "bits_per_dimension",
    "gaussian_kl",
]

export(
    __name__,
    {
        "variational.divergence": ["bits_per_dimension", "gaussian_kl"],
        "variational.results": ["ActiveUnits", "ImportanceBound", "VAEBound"],
        "variational.vae": ["VAE"],
    },
)
