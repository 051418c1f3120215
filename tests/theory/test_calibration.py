"""Calibration: beside other libraries, in every precision, of a model that is left as it was."""

import math

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.frozen import FrozenEstimator
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import calibration, fit_temperature, measure_calibration


def drawn(n, k, factor, seed=0):
    """Logits too large by a factor, and labels of the true ones."""
    rng = np.random.default_rng(seed)
    truth = 2 * rng.standard_normal((n, k))
    return torch.as_tensor(factor * truth), torch.as_tensor((truth + rng.gumbel(size=(n, k))).argmax(1))


def test_the_diagram_is_scikit_learns():
    z, y = drawn(500, 2, 2.0)
    c, guess = torch.softmax(z, -1).max(-1)
    found = calibration(z, y, bins=10)
    share, mean = calibration_curve((guess == y).int().numpy(), c.numpy(), n_bins=10)
    full = found.counts > 0
    assert found.accuracy[full].numpy() == pytest.approx(share)
    assert found.confidence[full].numpy() == pytest.approx(mean)


def test_an_edge_belongs_to_the_bin_below_as_in_scikit_learn():
    share, _ = calibration_curve(np.array([0, 1, 1]), np.array([0.25, 0.5, 0.75]), n_bins=4)
    assert share.tolist() == [0, 1, 1]
    counts = calibration(torch.zeros(3, 2), torch.tensor([0, 1, 1]), bins=2).counts
    assert counts.tolist() == [3, 0]


class Logits(ClassifierMixin, BaseEstimator):
    """A classifier whose decision is its input."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return X

    def predict(self, X):
        return X.argmax(1)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_the_temperature_is_scikit_learns(factor):
    z, y = drawn(400, 5, factor)
    base = FrozenEstimator(Logits().fit(z.numpy(), y.numpy()))
    fitted = CalibratedClassifierCV(base, method="temperature").fit(z.numpy(), y.numpy())
    beta = fitted.calibrated_classifiers_[0].calibrators[0].beta_
    assert float(fit_temperature(z, y)) == pytest.approx(1 / float(beta), rel=1e-6)


def test_the_slope_of_the_loss_is_zero():
    for factor, scale in ((2.0, 1.0), (2.0, 1e-12), (0.1, 1e9), (3.0, 1e300)):
        z, y = drawn(300, 7, factor, seed=3)
        T = fit_temperature(z * scale, y)
        beta = (1 / (T / scale)).requires_grad_()
        (slope,) = torch.autograd.grad(F.cross_entropy(z * beta, y), beta)
        assert abs(float(slope)) <= 300 * 2**-52 * float(z.abs().max()), scale


def test_the_code_published_with_the_paper_stops_early():
    """Its one call of L-BFGS with step 0.01 ends near 1.7 where the temperature is 2.5 or so; the page says so."""
    rng = np.random.default_rng(0)
    z = 3 * rng.standard_normal((4000, 10))
    z, y = torch.as_tensor(z), torch.as_tensor((z / 2.5 + rng.gumbel(size=z.shape)).argmax(1))
    T = nn.Parameter(torch.full((1,), 1.5, dtype=torch.float64))
    optimizer = torch.optim.LBFGS([T], lr=0.01, max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(z / T, y)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert float(fit_temperature(z, y)) == pytest.approx(2.5, rel=0.05)
    assert T.item() == pytest.approx(1.7, abs=0.1)


def test_the_ends_of_the_scale():
    z = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    assert float(fit_temperature(z, torch.tensor([0, 1]))) == 0
    assert float(fit_temperature(z, torch.tensor([1, 0]))) == math.inf
    assert float(fit_temperature(torch.ones(3, 4), torch.tensor([0, 1, 2]))) == 1
    huge = torch.tensor([[1.7e308, -1.7e308], [1.7e308, -1.7e308], [1.7e308, -1.7e308]], dtype=torch.float64)
    assert (
        float(fit_temperature(huge, torch.tensor([0, 0, 1]))) == math.inf
    )  # 3.4e308 / ln 2 is beyond double precision
    assert float(fit_temperature(huge / 4, torch.tensor([0, 0, 1]))) == pytest.approx(0.85e308 / math.log(2))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_precision_is_as_double_precision(dtype):
    z, y = drawn(200, 4, 1.5)
    z = z.to(dtype)
    found, want = calibration(z, y.to(torch.int32)), calibration(z.double(), y)
    out = torch.promote_types(dtype, torch.float32)
    for a, b in zip(found, want, strict=True):
        assert a.dtype in (out, torch.int64)
        assert torch.allclose(a.double(), b.double(), rtol=1e-6, atol=1e-7, equal_nan=True)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_measured_and_left_as_it_was(training):
    model = net().train(training)
    model[0].weight.grad = torch.ones_like(model[0].weight)
    x, y = torch.randn(90, 6), torch.arange(90) % 3
    before = {k: v.clone() for k, v in model.state_dict().items()}
    grad, state = model[0].weight.grad, torch.random.get_rng_state()
    found = measure_calibration(model, zip(x.split(25), y.split(25), strict=True), bins=7)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert model[0].weight.grad is grad and model.training == training and model[3].training == training
    assert int(found.counts.sum()) == 90
    if not training:
        with torch.no_grad():
            want = calibration(model(x), y, 7)
        assert float(found.ece) == pytest.approx(float(want.ece), abs=1e-6)


def test_measured_in_inference_mode_too():
    model = net().eval()
    with torch.inference_mode():
        x, y = torch.randn(20, 6), torch.arange(20) % 3
        inside = measure_calibration(model, [(x, y)])
    assert float(inside.ece) == float(measure_calibration(model, [(x.clone(), y.clone())]).ece)


def test_what_does_not_fit_is_refused_by_name():
    z, y = drawn(6, 3, 1.0)
    for call, name in (
        (lambda: calibration(z, y + 1), "labels"),
        (lambda: calibration(z, y[:4]), "labels"),
        (lambda: calibration(z[:0], y[:0]), "logits"),
        (lambda: calibration(z[:, :1], 0 * y), "logits"),
        (lambda: calibration(z / 0, y), "logits"),
        (lambda: calibration(z, y, bins=0), "bins"),
        (lambda: measure_calibration(nn.Identity(), []), "data"),
        (lambda: measure_calibration(nn.Identity(), (z, y)), r"data\[0\]"),
        (lambda: measure_calibration(nn.Identity(), [(z, y), (z[:, :2], 0 * y)]), "model"),
        (lambda: measure_calibration(nn.Identity(), [(z, y + 1)]), r"data\[0\]\[1\]"),
        (lambda: measure_calibration(nn.Flatten(0), [(z, y)]), r"model\(data\[0\]\[0\]\)"),
    ):
        with pytest.raises(GradusError, match=name):
            call()
