"""A variational autoencoder that is told a condition: against closed forms, and on real digits."""

import math

import pytest
import torch
from torch import nn

from gradus.data import load
from gradus.errors import GradusError
from gradus.generative import VAE, ConditionalVAE


class Beside(nn.Module):
    """A linear layer, or two with tanh between them, of a vector with a one-hot class."""

    def __init__(self, inputs, outputs, classes, hidden=None):
        super().__init__()
        self.classes = classes
        wide = inputs + classes
        self.layers = (
            nn.Linear(wide, outputs)
            if hidden is None
            else nn.Sequential(nn.Linear(wide, hidden), nn.Tanh(), nn.Linear(hidden, outputs))
        )

    def forward(self, a, c):
        one_hot = torch.nn.functional.one_hot(c, self.classes).to(a.dtype)
        return self.layers(torch.cat((a.flatten(1), one_hot), 1))


class Table(nn.Module):
    def __init__(self, classes, latents):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(classes, 2 * latents))

    def forward(self, c):
        return self.rows[c]


def made(prior=True, likelihood="gaussian"):
    torch.manual_seed(0)
    model = ConditionalVAE(
        Beside(3, 4, 2), Beside(2, 3, 2), 2, prior=Table(2, 2) if prior else None, likelihood=likelihood
    )
    return model.double()


X, C = (
    torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)),
    torch.tensor([0, 1, 1, 0, 1]),
)


def test_the_weighted_bound_tends_to_the_density():
    model = made()
    with torch.no_grad():
        model.encoder.layers.weight.mul_(0.1)
        model.encoder.layers.bias.copy_(torch.tensor([0.0, 0.0, 1.0, 1.0]))  # as wide as the prior or wider
        model.prior.rows.mul_(0.5)
    W = model.decoder.layers.weight[:, :2]
    m0, s0 = model.prior(C).chunk(2, 1)
    for i in range(5):
        b = model.decoder(torch.zeros(1, 2, dtype=torch.float64), C[i : i + 1])[0]
        covariance = W @ torch.diag(s0[i].exp()) @ W.T + torch.eye(3)
        exact = torch.distributions.MultivariateNormal(W @ m0[i] + b, covariance).log_prob(X[i])
        found = model.importance_bound(X[i : i + 1], C[i : i + 1], 50_000, seed=1)
        assert abs(found.value - exact).item() < 0.05
        assert model.elbo(X[i : i + 1], C[i : i + 1], 2000, seed=1).value < exact + 0.05


def test_without_a_condition_that_matters_it_is_a_vae():
    model = made(prior=False, likelihood="bernoulli")
    with torch.no_grad():
        model.encoder.layers.weight[:, 3:] = 0
        model.decoder.layers.weight[:, 2:] = 0
    encoder, decoder = nn.Linear(3, 4).double(), nn.Linear(2, 3).double()
    with torch.no_grad():
        for ours, theirs in ((encoder, model.encoder.layers), (decoder, model.decoder.layers)):
            ours.weight.copy_(theirs.weight[:, : ours.in_features])
            ours.bias.copy_(theirs.bias)
    plain, x = VAE(encoder, decoder, 2), (X > 0).double()
    for a, b in zip(model.elbo(x, C, 3, seed=5), plain.elbo(x, 3, seed=5), strict=True):
        torch.testing.assert_close(a, b)
    torch.testing.assert_close(
        model.importance_bound(x, C, 7, seed=5).value, plain.importance_bound(x, 7, seed=5).value
    )


def test_samples_have_the_moments_of_the_model():
    model = made()
    c = torch.ones(40_000, dtype=torch.long)
    W, (m0, s0) = model.decoder.layers.weight[:, :2], model.prior(c[:1]).chunk(2, 1)
    mean = model.decoder(m0, c[:1])[0]
    covariance = W @ torch.diag(s0[0].exp()) @ W.T + torch.eye(3, dtype=torch.float64)
    x = model.sample(c, observe=True, seed=2)
    assert (x.mean(0) - mean).abs().max() < 5 * covariance.max().sqrt() / 200
    torch.testing.assert_close(torch.cov(x.T), covariance.detach(), atol=0.15, rtol=0.05)
    assert torch.equal(model.sample(c[:3], seed=4), model.sample(c[:3], seed=4))


def test_classes_by_bayes():
    model = made()
    found = model.class_log_probabilities(
        X, torch.arange(2), log_prior=torch.tensor([0.2, 0.8]).log(), samples=4000, seed=0
    )
    torch.testing.assert_close(found.exp().sum(1), torch.ones(5, dtype=torch.float64))
    each = [
        model.importance_bound(X, torch.full((5,), c), 4000, seed=0).value + math.log(p)
        for c, p in ((0, 0.2), (1, 0.8))
    ]
    torch.testing.assert_close(found[:, 1] - found[:, 0], each[1] - each[0])


def test_the_trained_prior_gets_a_gradient():
    model = made()
    (-model.elbo(X, C, seed=0).value.mean()).backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: made().elbo(X, C[:4]), "condition"),
        (lambda: made().elbo(X, torch.tensor(1)), "condition"),
        (lambda: made().class_log_probabilities(X, torch.arange(2), log_prior=torch.zeros(3)), "log_prior"),
        (
            lambda: ConditionalVAE(nn.Linear(3, 4), nn.Linear(2, 3), 2, likelihood="bernoulli", scale=0.5),
            "scale",
        ),
        (lambda: ConditionalVAE(nn.Linear(3, 4), nn.Linear(2, 3), 2, prior=3), "prior"),
    ],
)
def test_what_does_not_fit(call, says):
    with pytest.raises(GradusError, match=says):
        call()


@pytest.mark.slow
def test_conditional_samples_of_real_digits_are_of_their_class():
    """By a logistic regression that saw no sample: means of images asked for by class."""
    from sklearn.linear_model import LogisticRegression

    data = load("digits")
    torch.manual_seed(0)
    model = ConditionalVAE(Beside(64, 20, 10, 128), Beside(10, 64, 10, 128), 10)
    x, c = torch.from_numpy(data.train_inputs).flatten(1), torch.from_numpy(data.train_targets)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(1500):
        rows = torch.randint(len(x), (128,))
        optimizer.zero_grad()
        (-model.elbo(torch.bernoulli(x[rows]), c[rows]).value.mean()).backward()
        optimizer.step()
    judge = LogisticRegression(max_iter=2000).fit(x.numpy(), c.numpy())
    asked = torch.arange(10).repeat(100)
    made = model.sample(asked, seed=0)
    right = float((judge.predict(made.numpy()) == asked.numpy()).mean())
    held = torch.from_numpy(data.test_inputs).flatten(1).round()
    told = model.class_log_probabilities(held, torch.arange(10), samples=64, seed=0).argmax(1)
    accuracy = float((told.numpy() == data.test_targets).mean())
    assert right > 0.9 and accuracy > 0.9, (right, accuracy)
