"""The natural gradient beside a dense Fisher matrix, its state, what it refuses."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from watched_models import DOUBLE, dense_fisher, labels, normal, seeded

from gradus.errors import GradusError
from gradus.optimization import NaturalGradient
from gradus.training import fit
from gradus.training.attachments import is_attached


def vector(tensors):
    return torch.cat([v.detach().flatten() for v in tensors])


def network():
    return seeded(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double())


@pytest.mark.parametrize("likelihood", ["categorical", "bernoulli", "gaussian"])
@pytest.mark.parametrize("count", [6, 40], ids=["among samples", "among parameters"])
def test_the_step_is_that_of_the_dense_fisher_matrix(likelihood, count):
    model, x = network(), normal(count, 4)
    optimizer = NaturalGradient(
        model, lr=0.5, damping=0.02, likelihood=likelihood, loss_scale=2.0, weight_decay=0.1
    )
    before, curvature = vector(model.parameters()), 2 * dense_fisher(model, x, likelihood)
    optimizer.columns, optimizer.samples = [], 0
    (model(x) - 1).square().mean().backward()
    gradient = vector(p.grad for p in model.parameters()) + 0.1 * before
    optimizer.step()
    expected = torch.linalg.solve(curvature + 0.02 * torch.eye(len(before), dtype=DOUBLE), gradient)
    torch.testing.assert_close(before - vector(model.parameters()), 0.5 * expected)


def test_drawn_targets_agree_in_expectation():
    model, x = network(), normal(5, 4).repeat(300, 1)
    optimizer = NaturalGradient(model, fisher="sampled")
    model(x).sum().backward()
    U = torch.cat(optimizer.columns) / len(x) ** 0.5
    exact = dense_fisher(network(), x[:5], "categorical")
    assert (U.T @ U - exact).abs().max() < 6 * 2 * exact.abs().max() / len(x) ** 0.5


def test_every_layer_is_treated_and_passes_add_up():
    """Embeddings, attention, normalisation, tokens as rows of the output; two passes are one of both halves."""

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.norm = nn.Embedding(7, 4), nn.LayerNorm(4)
            self.attention, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 3)

        def forward(self, tokens):
            x = self.embedding(tokens)
            return self.head(self.norm(x + self.attention(x, x, x)[0]))

    tokens, y = labels(6, 5, classes=7), labels(6, 5, seed=1)
    moved = []
    for parts in (1, 2):
        model = seeded(Tokens().double())
        optimizer, before = NaturalGradient(model, lr=1.0, damping=0.1), vector(model.parameters())
        for x, target in zip(tokens.chunk(parts), y.chunk(parts), strict=True):
            (F.cross_entropy(model(x).flatten(0, 1), target.flatten()) / parts).backward()
        assert optimizer.samples == 30
        optimizer.step()
        moved.append(before - vector(model.parameters()))
    torch.testing.assert_close(*moved)

    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = seeded(Tokens().double())

        def forward(self, tokens):
            return self.inner(tokens).flatten(0, 1)

    model = Flat()
    F.cross_entropy(model(tokens), y.flatten()).backward()
    gradient = vector(p.grad for p in model.parameters())
    curvature = dense_fisher(model, tokens, "categorical") / 5 + 0.1 * torch.eye(len(gradient), dtype=DOUBLE)
    torch.testing.assert_close(moved[0], torch.linalg.solve(curvature, gradient))


def test_other_units_of_the_inputs_change_no_prediction():
    """Where the damping is 0: gradient descent from the same start depends on them."""
    x, y, units = normal(30, 4), labels(30), torch.tensor([1.0, 10.0, 0.1, 3.0], dtype=DOUBLE)
    outputs = []
    for scale in (torch.ones(4, dtype=DOUBLE), units):
        model = seeded(nn.Linear(4, 2).double())
        with torch.no_grad():
            model.weight.div_(scale)
        optimizer = NaturalGradient(model, lr=0.5, damping=0.0, likelihood="bernoulli")
        for _ in range(3):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x * scale), F.one_hot(y, 3)[:, :2].double()).backward()
            optimizer.step()
        outputs.append(model(x * scale).detach())
    torch.testing.assert_close(*outputs)


def test_a_run_of_fit_resumes_exactly(tmp_path):
    def run(folder, epochs):
        model = seeded(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Tanh(), nn.Linear(4, 3)))
        optimizer = NaturalGradient(model, 0.1, damping=0.1, fisher="sampled")
        fit(model, F.cross_entropy, (normal(24, 4).float(), labels(24)), epochs=epochs, batch_size=8, optimizer=optimizer,
            directory=folder, resume=True, progress="silent")  # fmt: skip
        return model, optimizer

    whole, optimizer = run(tmp_path / "whole", 4)
    run(tmp_path / "parts", 2)
    parts, _ = run(tmp_path / "parts", 4)
    assert optimizer.steps == 12
    for one, two in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, two)


def test_hooks_are_left_behind_by_copies_and_can_be_removed():
    model, x = network(), normal(3, 4)
    optimizer = NaturalGradient(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        other(x)
        assert not is_attached(other) and optimizer.samples == 0
    with torch.no_grad():
        model(x)
    model.eval()(x)
    assert optimizer.samples == 0
    optimizer.remove_hooks()
    model.train()(x)
    assert optimizer.samples == 0 and not is_attached(model)


def test_what_cannot_be_is_refused():
    model = network()
    optimizer = NaturalGradient(model, damping=0.0)
    with pytest.raises(GradusError, match="forward pass of the model in training mode"):
        optimizer.step()
    model(normal(2, 4)).sum().backward()
    with pytest.raises(GradusError, match="singular at damping 0; raise the damping"):
        optimizer.step()
    model(normal(2, 4) * torch.nan).sum().backward()
    with pytest.raises(GradusError, match="not finite at damping 0; look for NaN"):
        optimizer.step()
    with pytest.raises(GradusError, match="at least one tensor"):
        NaturalGradient(nn.Tanh())
    for settings in (dict(lr=-1.0), dict(damping=-1.0), dict(likelihood="poisson"), dict(fisher="empirical")):
        with pytest.raises(GradusError, match=next(iter(settings))):
            NaturalGradient(network(), **settings)
