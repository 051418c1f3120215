"""Right calls of a conditional variational autoencoder."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, of, tensors, vector
from torch import Tensor, nn

from gradus import generative


class Told(nn.Module):
    def __init__(self, inputs: int, outputs: int, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, outputs, dtype=dtype)

    def forward(self, a: Tensor, c: Tensor) -> Tensor:
        found: Tensor = self.layer(torch.cat((a, c.to(a.dtype)), 1))
        return found


def calls_of_conditional_vae() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    name = "gradus.generative.ConditionalVAE"
    state = torch.random.get_rng_state()
    model = generative.ConditionalVAE(
        Told(5, 4), Told(4, 3), 2, prior=nn.Linear(2, 4, dtype=torch.float64), likelihood="gaussian"
    )
    torch.random.set_rng_state(state)
    x, c = Fresh(lambda: tensors(0, 4, 3)), Fresh(lambda: tensors(1, 4, 2))
    noise = Fresh(lambda: tensors(2, 5, 4, 2))
    return {
        name: of(
            model_of(generative.ConditionalVAE),
            encoder=Fresh(lambda: Told(5, 4)),
            decoder=Fresh(lambda: Told(4, 3)),
            latents=2,
            prior=Fresh(lambda: nn.Linear(2, 4)),
            likelihood="gaussian",
            scale=0.5,
            learn_scale=True,
        ),
        name + ".elbo": of(model.elbo, x=x, condition=c, samples=2, beta=0.5, noise=noise, seed=0),
        name + ".importance_bound": of(
            model.importance_bound, x=x, condition=c, samples=2, chunk=3, noise=noise, seed=0
        ),
        name + ".sample": of(model.sample, condition=c, observe=True, seed=0),
        name + ".class_log_probabilities": of(
            model.class_log_probabilities,
            x=x,
            classes=Fresh(lambda: tensors(3, 2, 2)),
            log_prior=vector(-0.5, -1.0),
            samples=3,
            seed=0,
        ),
    }
