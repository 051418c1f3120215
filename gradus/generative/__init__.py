"""Generative models: adversarial, variational, by diffusion and by flows; the distances that measure what they make."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.generative.adversarial.coverage import ModeCoverage, mode_coverage
    from gradus.generative.adversarial.losses import critic_loss, discriminator_loss, generator_loss
    from gradus.generative.adversarial.penalty import gradient_penalty
    from gradus.generative.adversarial.record import AdversarialTraining
    from gradus.generative.adversarial.training import train_gan
    from gradus.generative.convolutional.discriminator import DCDiscriminator
    from gradus.generative.convolutional.generator import DCGenerator
    from gradus.generative.convolutional.interpolation import spherical_interpolation
    from gradus.generative.diffusion.guidance import classifier_guided, guided
    from gradus.generative.diffusion.implicit import ddim_invert, ddim_sample, diffusion_times
    from gradus.generative.diffusion.loss import diffusion_loss
    from gradus.generative.diffusion.mixture_denoiser import GaussianMixtureDenoiser
    from gradus.generative.diffusion.predictions import add_noise, convert_prediction
    from gradus.generative.diffusion.reverse import DenoisingStep, denoising_step
    from gradus.generative.diffusion.sampling import ddpm_sample
    from gradus.generative.diffusion.schedule import NoiseSchedule
    from gradus.generative.diffusion.unet import DenoisingUNet
    from gradus.generative.flow_matching.following import flow_matching_sample
    from gradus.generative.flow_matching.matching import flow_matching_loss, optimal_coupling
    from gradus.generative.metrics.frechet import FrechetDistance, frechet_distance
    from gradus.generative.metrics.frechet_limit import FrechetLimit, frechet_limit
    from gradus.generative.metrics.kernel import KernelDistance, kernel_distance
    from gradus.generative.metrics.neighbours import (
        DensityCoverage,
        PrecisionRecall,
        density_coverage,
        precision_recall,
    )
    from gradus.generative.scores.matching import score_matching_loss
    from gradus.generative.scores.sampling import langevin_sample, score_sample
    from gradus.generative.variational.autoencoder import Autoencoder, peak_signal_to_noise
    from gradus.generative.variational.conditional import ConditionalVAE
    from gradus.generative.variational.divergence import bits_per_dimension, gaussian_kl
    from gradus.generative.variational.results import ActiveUnits, ImportanceBound, VAEBound
    from gradus.generative.variational.vae import VAE

__all__ = [
    "VAE",
    "ActiveUnits",
    "AdversarialTraining",
    "Autoencoder",
    "ConditionalVAE",
    "DCDiscriminator",
    "DCGenerator",
    "DenoisingStep",
    "DenoisingUNet",
    "DensityCoverage",
    "FrechetDistance",
    "FrechetLimit",
    "GaussianMixtureDenoiser",
    "ImportanceBound",
    "KernelDistance",
    "ModeCoverage",
    "NoiseSchedule",
    "PrecisionRecall",
    "VAEBound",
    "add_noise",
    "bits_per_dimension",
    "classifier_guided",
    "convert_prediction",
    "critic_loss",
    "ddim_invert",
    "ddim_sample",
    "ddpm_sample",
    "denoising_step",
    "density_coverage",
    "diffusion_loss",
    "diffusion_times",
    "discriminator_loss",
    "flow_matching_loss",
    "flow_matching_sample",
    "frechet_distance",
    "frechet_limit",
    "gaussian_kl",
    "generator_loss",
    "gradient_penalty",
    "guided",
    "kernel_distance",
    "langevin_sample",
    "mode_coverage",
    "optimal_coupling",
    "peak_signal_to_noise",
    "precision_recall",
    "score_matching_loss",
    "score_sample",
    "spherical_interpolation",
    "train_gan",
]

export(
    __name__,
    {
        "adversarial.coverage": ["ModeCoverage", "mode_coverage"],
        "adversarial.losses": ["critic_loss", "discriminator_loss", "generator_loss"],
        "adversarial.penalty": ["gradient_penalty"],
        "adversarial.record": ["AdversarialTraining"],
        "adversarial.training": ["train_gan"],
        "convolutional.discriminator": ["DCDiscriminator"],
        "convolutional.generator": ["DCGenerator"],
        "convolutional.interpolation": ["spherical_interpolation"],
        "diffusion.guidance": ["classifier_guided", "guided"],
        "diffusion.implicit": ["ddim_invert", "ddim_sample", "diffusion_times"],
        "diffusion.loss": ["diffusion_loss"],
        "diffusion.mixture_denoiser": ["GaussianMixtureDenoiser"],
        "diffusion.predictions": ["add_noise", "convert_prediction"],
        "diffusion.reverse": ["DenoisingStep", "denoising_step"],
        "diffusion.sampling": ["ddpm_sample"],
        "diffusion.schedule": ["NoiseSchedule"],
        "diffusion.unet": ["DenoisingUNet"],
        "flow_matching.following": ["flow_matching_sample"],
        "flow_matching.matching": ["flow_matching_loss", "optimal_coupling"],
        "metrics.frechet": ["FrechetDistance", "frechet_distance"],
        "metrics.frechet_limit": ["FrechetLimit", "frechet_limit"],
        "metrics.kernel": ["KernelDistance", "kernel_distance"],
        "metrics.neighbours": ["DensityCoverage", "PrecisionRecall", "density_coverage", "precision_recall"],
        "scores.matching": ["score_matching_loss"],
        "scores.sampling": ["langevin_sample", "score_sample"],
        "variational.autoencoder": ["Autoencoder", "peak_signal_to_noise"],
        "variational.conditional": ["ConditionalVAE"],
        "variational.divergence": ["bits_per_dimension", "gaussian_kl"],
        "variational.results": ["ActiveUnits", "ImportanceBound", "VAEBound"],
        "variational.vae": ["VAE"],
    },
)
