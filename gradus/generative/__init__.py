"""Generative models: adversarial, variational, by diffusion and by flows; the distances that measure what they make."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.generative.variational.autoencoder import Autoencoder, peak_signal_to_noise
    from gradus.generative.variational.divergence import bits_per_dimension, gaussian_kl
    from gradus.generative.variational.results import ActiveUnits, ImportanceBound, VAEBound
    from gradus.generative.variational.vae import VAE

__all__ = [
    "VAE",
    "ActiveUnits",
    "Autoencoder",
    "ImportanceBound",
    "VAEBound",
    "bits_per_dimension",
    "gaussian_kl",
    "peak_signal_to_noise",
]

export(
    __name__,
    {
        "variational.autoencoder": ["Autoencoder", "peak_signal_to_noise"],
        "variational.divergence": ["bits_per_dimension", "gaussian_kl"],
        "variational.results": ["ActiveUnits", "ImportanceBound", "VAEBound"],
        "variational.vae": ["VAE"],
    },
)
