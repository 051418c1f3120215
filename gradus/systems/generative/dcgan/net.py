"""The two networks of the DCGAN system: what they learn in one step, and how images are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gradus.generative import DCDiscriminator, DCGenerator
from gradus.systems.sampler import Sampler

REFRESHING = 20, 200  # batches of the generator's noise, and images in each


class AdversarialPair(nn.Module):
    r"""Images to the losses of discriminator and generator, (n, 2), from which each network gets its own gradient alone.

    The discriminator's is that of its logits with :math:`\tfrac\gamma2\lVert\nabla D(x)\rVert^2` on real images; the generator's the non-saturating one, by the
    discriminator as it is. Both step at once, so one optimiser, one average of the weights and one checkpoint serve both.

    Args:
        generator: noise to images.
        discriminator: images to logits.
        penalty: γ.
    """

    def __init__(self, generator: DCGenerator, discriminator: DCDiscriminator, penalty: float) -> None:
        super().__init__()
        self.generator, self.discriminator, self.penalty = generator, discriminator, penalty

    def forward(self, x: Tensor) -> Tensor:
        """Both losses of each image."""
        made = self.generator(torch.randn(len(x), self.generator.latent, device=x.device, dtype=x.dtype))
        x = x.detach().requires_grad_(True)
        real, fake = self.discriminator(x), self.discriminator(made.detach())
        (slope,) = torch.autograd.grad(real.sum(), x, create_graph=True)
        of_discriminator = (
            softplus(-real) + softplus(fake) + self.penalty / 2 * slope.square().flatten(1).sum(1)
        )
        frozen = {name: p.detach() for name, p in self.discriminator.named_parameters()}
        scores = torch.func.functional_call(self.discriminator, frozen, (made,))
        return torch.stack((of_discriminator, softplus(-scores)), 1)


def networks(settings: Mapping[str, Any]) -> tuple[DCGenerator, DCDiscriminator]:
    """Generator and discriminator of these settings; the discriminator is not normalised, as the penalty asks for."""
    channels, size, _ = settings["shape"]
    width = settings["base_channels"]
    return (
        DCGenerator(settings["latents"], channels, size, width=width),
        DCDiscriminator(channels, size, width=width, norm="none"),
    )


def refresh(generator: nn.Module) -> None:
    """Takes the statistics of batch normalisation anew, for the weights as they are: averaged weights have others than those of the training."""
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    modes = [(m, m.training) for m in generator.modules()]
    momenta = [m.momentum for m in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    generator.train()
    like, (batches, n) = next(generator.parameters()), REFRESHING
    latent: Any = generator.latent
    with torch.no_grad():
        for i in range(batches):
            source = torch.Generator().manual_seed(i)
            generator(torch.randn(n, latent, generator=source).to(like))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    for part, mode in modes:
        part.training = mode


def sampler_of(generator: DCGenerator) -> Sampler:
    """The generator in one go."""

    def make(noise: Tensor, condition: Tensor | None, steps: int, guidance: float) -> Tensor:
        generator.eval()
        made: Tensor = generator(noise.to(next(generator.parameters()).device))
        return (made + 1) / 2

    channels, height, width = generator.shape
    return Sampler((channels, height, width), (generator.latent,), make)
