"""Autoencoders beside principal components and posterior means."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.generative import Autoencoder, peak_signal_to_noise


def linear(D: int, k: int, noise: float = 0.0) -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(nn.Linear(D, k), nn.Linear(k, D), noise=noise).double()


def test_training_ends_at_the_discarded_eigenvalues() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [2.0, 1.5, 0.5, 0.3] + [1.0, -2.0, 0.0, 3.0]
    tail = np.linalg.eigvalsh(np.cov(X.T, bias=True))[:2].sum()
    x, model = torch.as_tensor(X), linear(4, 2)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model.error(x).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert math.isclose(model.error(x).mean().item(), tail, rel_tol=1e-4)


def test_score_of_the_best_denoiser_is_the_slope() -> None:
    model = linear(1, 1, noise=0.5)
    with torch.no_grad():
        for part, weight in ((model.encoder, 2 / 2.25), (model.decoder, 1.0)):
            part.weight.fill_(weight), part.bias.zero_()
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)[:, None]
    torch.testing.assert_close(model.score(x).detach(), -x / 2.25)  # of N(0, 2) with noise of variance 1/4


def test_noise_is_drawn_of_the_seed_and_of_its_size() -> None:
    model, x = linear(3, 3, noise=0.5), torch.zeros(4000, 3, dtype=torch.float64)
    with torch.no_grad():
        for part in (model.encoder, model.decoder):
            part.weight.copy_(torch.eye(3)), part.bias.zero_()
    state = torch.random.get_rng_state()
    first = model.error(x, seed=1).detach()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(model.error(x, seed=1).detach(), first)
    assert abs(first.mean().item() - 0.75) < 5 * 0.25 * math.sqrt(6 / 4000)  # 3σ², variance 6σ⁴
    assert float(model.error(x, corrupted=x).detach().sum()) == 0


def test_images_keep_their_shape() -> None:
    encoder = nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1), nn.ReLU())
    model = Autoencoder(encoder, nn.ConvTranspose2d(2, 1, 2, 2))
    x = torch.rand(5, 1, 8, 8)
    assert (
        model(x).shape == x.shape and model.error(x).shape == (5,) and model.encode(x).shape == (5, 2, 4, 4)
    )


def test_decibels() -> None:
    x = torch.tensor([[0.0, 255.0], [10.0, 20.0]])
    y = x + torch.tensor([[1.0, -1.0], [2.0, 0.0]])
    assert math.isclose(
        peak_signal_to_noise(y, x, peak=255).item(), 10 * math.log10(255**2 / 1.5), rel_tol=1e-6
    )
    assert peak_signal_to_noise(x, x).item() == math.inf


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: linear(3, 2)(torch.zeros(4, 5).double()), "x: expected samples"),
        (
            lambda: linear(3, 2).error(torch.zeros(4, 3).double(), corrupted=torch.zeros(3, 3).double()),
            "corrupted",
        ),
        (lambda: linear(3, 2).score(torch.zeros(4, 3).double()), "noise"),
        (lambda: Autoencoder(nn.Linear(3, 2), nn.Linear(2, 4))(torch.zeros(4, 3)), "decoder"),
        (lambda: Autoencoder(nn.Linear(3, 2), nn.Linear(2, 3), noise=-1.0), "noise"),
        (lambda: peak_signal_to_noise(torch.zeros(3), torch.zeros(4)), "reference"),
    ],
)
def test_what_makes_no_sense_is_refused(what: object, words: str) -> None:
    with pytest.raises(GradusError, match=words):
        what()  # type: ignore[operator]
