"""The noise scale: by definition, from batches, of a model; the step size at another batch size."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from watched_models import labels, normal, seeded

from gradus.errors import GradusError
from gradus.optimization import gradient_noise_scale, measure_noise_scale, step_at_batch_size


def test_it_is_numpys_covariance():
    g = normal(20, 4) + 1
    trace, square, scale = gradient_noise_scale(g)
    assert float(trace) == pytest.approx(np.trace(np.cov(g.numpy().T)))
    assert float(square) == pytest.approx(float(g.mean(0).square().sum()) - float(trace) / 20)
    assert float(scale) == pytest.approx(float(trace / square))


def test_batches_estimate_the_same_as_samples():
    g = normal(20000, 3) * torch.tensor([1.0, 2.0, 0.5]) + 0.7
    one = gradient_noise_scale(g)
    of_batches = gradient_noise_scale(g.unflatten(0, (-1, 8)).mean(1), batch_size=8)
    # n' batches: relative standard error of a trace of d terms at most √(2/n')
    assert float(of_batches.trace) == pytest.approx(float(one.trace), rel=6 * math.sqrt(2 / 2500))
    assert float(of_batches.square) == pytest.approx(float(one.square), rel=1e-2)


def test_a_model_is_measured_as_its_gradients():
    model, x, y = seeded(nn.Linear(4, 3).double()), normal(40, 4), labels(40)
    model.weight.grad = torch.ones_like(model.weight)
    rows = torch.randint(40, (50,), generator=torch.Generator().manual_seed(3))
    gradients = []
    for i in rows.tolist():
        parts = torch.autograd.grad(F.cross_entropy(model(x[i : i + 1]), y[i : i + 1]), model.parameters())
        gradients.append(torch.cat([p.flatten() for p in parts]))
    expected = gradient_noise_scale(torch.stack(gradients))
    measured = measure_noise_scale(model, F.cross_entropy, (x, y), batch_size=1, batches=50, seed=3)
    assert measured == pytest.approx([float(v) for v in expected])
    assert torch.equal(model.weight.grad, torch.ones_like(model.weight)) and model.bias.grad is None


def test_noise_that_hides_the_gradient_is_infinite():
    g = torch.tensor([[1.0], [-1.0]])
    assert gradient_noise_scale(g).scale == math.inf and gradient_noise_scale(g).square < 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_precision(dtype):
    g = (normal(30, 4) + 1).to(dtype)
    found = gradient_noise_scale(g)
    exact = gradient_noise_scale(g.double())
    for value, want in zip(found, exact, strict=True):
        assert value.dtype == torch.promote_types(dtype, torch.float32)
        assert float(value) == pytest.approx(float(want), rel=8 * torch.finfo(value.dtype).eps)


def test_half_precision_holds_gradients_whose_squares_it_does_not():
    g = (400 * (normal(30, 4) + 1)).half()
    found, exact = gradient_noise_scale(g), gradient_noise_scale(g.double())
    assert float(exact.trace) > torch.finfo(torch.float16).max
    assert [float(v) for v in found] == pytest.approx([float(v) for v in exact], rel=1e-5)


def test_gradients_flow_through_it():
    g = (normal(5, 3) + 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda g: gradient_noise_scale(g).scale, (g,))


def test_the_step_grows_linearly_and_then_stands():
    assert step_at_batch_size(0.1, 1, 2, 1e9) == pytest.approx(0.2, rel=1e-8)
    assert step_at_batch_size(0.1, 1e9, 2e9, 1.0) == pytest.approx(0.1, rel=1e-8)
    there = step_at_batch_size(0.1, 8, 100, 30.0)
    assert step_at_batch_size(there, 100, 8, 30.0) == pytest.approx(0.1)


REFUSED = [
    (lambda: gradient_noise_scale(torch.ones(1, 3)), "gradients"),
    (lambda: gradient_noise_scale(torch.full((3, 3), 1e30)), "squares"),
    (
        lambda: measure_noise_scale(nn.ReLU(), F.mse_loss, (torch.ones(3, 1), torch.ones(3, 1))),
        "parameters to train",
    ),
    (
        lambda: measure_noise_scale(nn.Linear(1, 1), F.mse_loss, (torch.ones(3, 1), torch.ones(2, 1))),
        "as many",
    ),
    (
        lambda: measure_noise_scale(nn.Linear(1, 1), lambda o, t: o, (torch.ones(3, 1), torch.ones(3, 1))),
        "loss",
    ),
    (lambda: step_at_batch_size(0.1, 0, 2, 1.0), "batch_size"),
]


@pytest.mark.parametrize(
    ("call", "words"), REFUSED, ids=[f"{words} {k}" for k, (_, words) in enumerate(REFUSED)]
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_it_is_measured_under_any_mode_and_leaves_the_model_as_it_was(context):
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5), torch.nn.Linear(3, 1))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    generator = torch.get_rng_state()
    data = (torch.ones(20, 3).cumsum(0), torch.ones(20, 1))
    with context():
        inside = measure_noise_scale(model, torch.nn.functional.mse_loss, (data[0].clone(), data[1].clone()))
    assert inside == measure_noise_scale(model, torch.nn.functional.mse_loss, data)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())


def test_models_that_can_have_no_gradient_are_refused():
    with torch.inference_mode():
        made = torch.nn.Linear(3, 1)
    for model in (made, torch.nn.LazyLinear(1)):
        with pytest.raises(GradusError, match="model: expected one whose parameters"):
            measure_noise_scale(model, torch.nn.functional.mse_loss, (torch.ones(4, 3), torch.ones(4, 1)))
