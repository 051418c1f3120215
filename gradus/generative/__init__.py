"""Generative models: adversarial, variational, by diffusion and by flows; the distances that measure what they make."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.generative.adversarial.coverage import ModeCoverage, mode_coverage
    from gradus.generative.adversarial.losses import critic_loss, discriminator_loss, generator_loss
    from gradus.generative.adversarial.penalty import gradient_penalty
    from gradus.generative.adversarial.record import AdversarialTraining
    from gradus.generative.adversarial.training import train_gan

__all__ = [
    "AdversarialTraining",
    "ModeCoverage",
    "critic_loss",
    "discriminator_loss",
    "generator_loss",
    "gradient_penalty",
    "mode_coverage",
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
    },
)
