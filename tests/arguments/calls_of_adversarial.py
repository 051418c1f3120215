"""Right calls of adversarial training."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, new, of, shares, tensors
from torch import nn

from gradus import generative


def _linear(features: int, out: int) -> Fresh:
    def make() -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            return nn.Linear(features, out).double()

    return Fresh(make)


def calls_of_adversarial() -> dict[str, Example]:
    """Of every public function, by its full name."""
    name = "gradus.generative."
    pair = dict(
        real=new(tensors, 0, 4),
        fake=new(tensors, 1, 3),
        real_weights=new(shares, 2, 4),
        fake_weights=new(shares, 3, 3),
        dim=0,
    )
    return {
        name + "discriminator_loss": of(generative.discriminator_loss, **pair),
        name + "critic_loss": of(generative.critic_loss, **pair),
        name + "generator_loss": of(
            generative.generator_loss,
            fake=new(tensors, 0, 4),
            weights=new(shares, 1, 4),
            kind="minimax",
            dim=0,
        ),
        name + "gradient_penalty": of(
            generative.gradient_penalty,
            critic=_linear(2, 1),
            real=new(tensors, 0, 3, 2),
            fake=new(tensors, 1, 3, 2),
            coefficients=Fresh(lambda: torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)),
            target=1.0,
            one_sided=False,
            seed=0,
        ),
        name + "mode_coverage": of(
            generative.mode_coverage,
            samples=new(tensors, 0, 5, 2),
            modes=new(tensors, 1, 3, 2),
            radius=1.0,
            least=1,
        ),
        name + "train_gan": of(
            generative.train_gan,
            generator=_linear(1, 2),
            discriminator=_linear(2, 1),
            real=new(tensors, 0, 5, 2),
            latent=1,
            steps=1,
            batch=4,
            kind="non-saturating",
            discriminator_steps=1,
            learning_rate=0.01,
            discriminator_rate=0.01,
            betas=Fresh(lambda: (0.5, 0.9)),
            penalty=0.0,
            seed=0,
        ),
    }
