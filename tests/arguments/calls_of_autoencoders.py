"""Right calls of autoencoders."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, of, tensors, vector
from torch import nn

from gradus import generative


def calls_of_autoencoders() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    name, kind = "gradus.generative.", {"dtype": torch.float64}
    state = torch.random.get_rng_state()
    vae = generative.VAE(nn.Linear(3, 4, **kind), nn.Linear(2, 3, **kind), 2)
    auto = generative.Autoencoder(nn.Linear(3, 2, **kind), nn.Linear(2, 3, **kind), noise=0.5)
    torch.random.set_rng_state(state)
    x, noise = Fresh(lambda: torch.sigmoid(tensors(0, 4, 3))), Fresh(lambda: tensors(1, 5, 4, 2))
    return {
        name + "VAE": of(
            model_of(generative.VAE),
            encoder=Fresh(lambda: nn.Linear(3, 4)),
            decoder=Fresh(lambda: nn.Linear(2, 3)),
            latents=2,
            likelihood="gaussian",
            scale=0.5,
            learn_scale=True,
        ),
        name + "Autoencoder": of(
            model_of(generative.Autoencoder),
            encoder=Fresh(lambda: nn.Linear(3, 2)),
            decoder=Fresh(lambda: nn.Linear(2, 3)),
            noise=0.5,
        ),
        name + "Autoencoder.encode": of(auto.encode, x=x),
        name + "Autoencoder.forward": of(auto.forward, x=x),
        name + "Autoencoder.error": of(auto.error, x=x, corrupted=Fresh(lambda: tensors(2, 4, 3)), seed=0),
        name + "Autoencoder.score": of(auto.score, x=x),
        name + "peak_signal_to_noise": of(
            generative.peak_signal_to_noise,
            x=Fresh(lambda: tensors(0, 4, 3)),
            reference=Fresh(lambda: tensors(1, 4, 3)),
            peak=2.0,
        ),
        name + "VAE.encode": of(vae.encode, x=x),
        name + "VAE.decode": of(vae.decode, z=Fresh(lambda: tensors(0, 4, 2))),
        name + "VAE.elbo": of(vae.elbo, x=x, samples=2, beta=0.5, noise=noise, seed=0),
        name + "VAE.importance_bound": of(vae.importance_bound, x=x, samples=2, chunk=3, noise=noise, seed=0),
        name + "VAE.sample": of(vae.sample, count=2, observe=True, seed=0),
        name + "VAE.reconstruct": of(vae.reconstruct, x=x),
        name + "VAE.active_units": of(vae.active_units, x=x, threshold=0.1),
        name + "gaussian_kl": of(
            generative.gaussian_kl,
            mean=Fresh(lambda: tensors(0, 4, 2)),
            log_variance=Fresh(lambda: tensors(1, 4, 2)),
            prior_mean=Fresh(lambda: tensors(2, 2)),
            prior_log_variance=Fresh(lambda: tensors(3, 2)),
        ),
        name + "bits_per_dimension": of(
            generative.bits_per_dimension, nats=vector(-3.0, -4.0), dimensions=4, levels=256
        ),
    }
