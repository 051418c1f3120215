"""The network of the variational autoencoder: one hidden layer on either side, as in the paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gradus.generative import VAE
from gradus.systems.sampler import Sampler


class NegativeBound(nn.Module):
    """Images in [0, 1] to minus their bound, (n,); grey ones are drawn anew as pixels 0 and 1 each time.

    Args:
        vae: the autoencoder.
    """

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, x: Tensor) -> Tensor:
        """Minus the bound of each, in nats."""
        return -self.vae.elbo(observed(self.vae, x)).value


def observed(vae: VAE, x: Tensor) -> Tensor:
    """What the model explains: of probabilities of pixels 1 a draw; of numbers these themselves."""
    return torch.bernoulli(x) if vae.likelihood == "bernoulli" else x


def network(settings: Mapping[str, Any]) -> VAE:
    """The autoencoder of these settings."""
    shape, units, latents = tuple(settings["shape"]), settings["units"], settings["latents"]
    pixels = math.prod(shape)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, units), nn.Tanh(), nn.Linear(units, 2 * latents))
    decoder = nn.Sequential(
        nn.Linear(latents, units), nn.Tanh(), nn.Linear(units, pixels), nn.Unflatten(1, shape)
    )
    if shape[0] == 1:
        return VAE(encoder, decoder, latents)
    return VAE(encoder, decoder, latents, likelihood="gaussian", scale=0.1, learn_scale=True)


def sampler_of(vae: VAE, settings: Mapping[str, Any]) -> Sampler:
    """The decoder's means of draws from the prior."""
    channels, height, width = settings["shape"]

    def make(noise: Tensor, condition: Tensor | None, steps: int, guidance: float) -> Tensor:
        return vae.decode(noise.to(next(vae.parameters()).device))

    return Sampler((channels, height, width), (settings["latents"],), make)
