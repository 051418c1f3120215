"""Gradient transformations along a trajectory; and `gradus verify adam --implementation …`: a torch optimiser, an Optax-style factory, a plain function."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from gradus.concepts.foundations.norm import NORM
from gradus.concepts.optimization.adam import ADAM
from gradus.concepts.optimization.gradient_descent import DESCENT
from gradus.concepts.optimization.rmsprop import RMSPROP
from gradus.concepts.optimization.sgd import SGD
from gradus.errors import GradusError
from gradus.frameworks import adapt_function
from gradus.frameworks.optax import is_transformation, optax_trajectory
from gradus.optimization.problems import quadratic
from gradus.optimization.trajectory import trajectory
from gradus.verify import verify
from gradus.verify.user_code import load_implementation


class Plain:
    """Gradient descent in the form of a gradient transformation, without Optax."""

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def init(self, params):
        return 0

    def update(self, gradients, state, params=None):
        return -self.learning_rate * gradients, state + 1


def test_a_transformation_is_driven_on_numpy():
    points = optax_trajectory(Plain(0.25), quadratic([1.0, 2.0]), np.array([8.0, -4.0]), 5)
    want = trajectory(lambda p: torch.optim.SGD(p, lr=0.25), quadratic([1.0, 2.0]), np.array([8.0, -4.0]), 5)
    np.testing.assert_array_equal(points, want.numpy())


@pytest.mark.parametrize("steps", [3, 120])
def test_a_transformation_is_driven_on_jax_compiled_or_not(steps):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        start = jax.numpy.array([8.0, -4.0])
        points = optax_trajectory(Plain(0.25), quadratic([1.0, 2.0]), start, steps)
    want = trajectory(
        lambda p: torch.optim.SGD(p, lr=0.25), quadratic([1.0, 2.0]), np.array([8.0, -4.0]), steps
    )
    np.testing.assert_allclose(points, want.numpy(), rtol=1e-15)


def test_optax_adam_equals_torch_adam():
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    H, start = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])
    with jax.enable_x64(True):
        got = optax_trajectory(optax.adam(0.1), quadratic(H), jax.numpy.array(start), 150)
    want = trajectory(lambda p: torch.optim.Adam(p, lr=0.1), quadratic(H), start, 150)
    np.testing.assert_allclose(got, want.numpy(), atol=1e-13)


def test_misuse_of_a_transformation_is_named():
    with pytest.raises(GradusError, match=r"init\(params\).*got function"):
        optax_trajectory(lambda: 0, quadratic([1.0]), np.ones(1), 2)
    with pytest.raises(GradusError, match="point's shape"):
        optax_trajectory(Plain(0.1), lambda theta: theta[:1], np.ones(2), 2)
    with pytest.raises(GradusError, match="0 or more"):
        optax_trajectory(Plain(0.1), quadratic([1.0]), np.ones(1), -2)
    assert is_transformation(Plain(0.1))
    assert not is_transformation(torch.optim.SGD)


class MyAdam(torch.optim.Optimizer):
    """Adam as a user writes it, with the usual constructor."""

    root_epsilon = False

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (b1, b2), eps = group["betas"], group["eps"]
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["t"] += 1
                s["m"] = b1 * s["m"] + (1 - b1) * p.grad
                s["v"] = b2 * s["v"] + (1 - b2) * p.grad**2
                m, v = s["m"] / (1 - b1 ** s["t"]), s["v"] / (1 - b2 ** s["t"])
                denominator = (v + eps).sqrt() if self.root_epsilon else v.sqrt() + eps
                p -= group["lr"] * m / denominator


class EpsilonInside(MyAdam):
    root_epsilon = True


class State(NamedTuple):
    t: object
    m: object
    v: object


class Transformation(NamedTuple):
    init: object
    update: object


def my_factory(learning_rate, b1=0.9, b2=0.999, eps=1e-8, corrected=True):
    """Adam as an Optax-style factory, in operators alone: for JAX and NumPy arrays."""

    def init(params):
        return State(0, 0 * params, 0 * params)

    def update(g, state, params=None):
        t = state.t + 1
        m, v = b1 * state.m + (1 - b1) * g, b2 * state.v + (1 - b2) * g**2
        m_hat, v_hat = (m / (1 - b1**t), v / (1 - b2**t)) if corrected else (m, v)
        return -learning_rate * m_hat / (v_hat**0.5 + eps), State(t, m, v)

    return Transformation(init, update)


def uncorrected_factory(learning_rate, b1=0.9, b2=0.999, eps=1e-8):
    return my_factory(learning_rate, b1, b2, eps, corrected=False)


def plain(gradient, theta0, steps, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam with the page's contract; the step size by another name."""
    theta, m, v = [theta0], 0.0, 0.0
    for t in range(1, steps + 1):
        g = gradient(theta[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        root = np.sqrt(v / (1 - beta2**t)) + epsilon
        theta.append(theta[-1] - lr * m / (1 - beta1**t) / root)
    return np.stack(theta)


def plain_torch(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8):
    theta, m, v = [theta0], torch.zeros_like(theta0), torch.zeros_like(theta0)
    for t in range(1, steps + 1):
        g = gradient(theta[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        root = (v / (1 - beta2**t)).sqrt() + epsilon
        theta.append(theta[-1] - alpha * m / (1 - beta1**t) / root)
    return torch.stack(theta)


def outcome(function, framework=None):
    report = verify([ADAM], adapt_function(ADAM, function, framework))
    return {
        v: {r.claim.name for r in report.results if r.verdict == v} for v in ("holds", "fails", "skipped")
    }


@pytest.mark.parametrize("function", [torch.optim.Adam, MyAdam, plain, plain_torch, my_factory])
def test_right_implementations_hold(function):
    found = outcome(function)
    assert found["fails"] == set()
    assert {"equals-definition", "circulated-bound-is-exceeded", "sharp-bound-is-attained"} <= found["holds"]
    skipped = {"amsgrad-descends"} if function is not torch.optim.Adam else set()
    assert found["skipped"] >= skipped


def test_optaxs_own_adam_holds():
    pytest.importorskip("jax")
    optax = pytest.importorskip("optax")
    adapted = adapt_function(ADAM, optax.adam)
    assert adapted.framework.name == "jax"
    assert outcome(optax.adam)["fails"] == set()


@pytest.mark.parametrize(
    ("function", "claim"),
    [
        (EpsilonInside, "correction-is-exact-for-a-constant-gradient"),
        (uncorrected_factory, "first-step-is-alpha-sign"),
        (torch.optim.SGD, "equals-definition"),
        (torch.optim.AdamW, "equals-definition"),
    ],
)
def test_wrong_implementations_fail(function, claim):
    assert claim in outcome(function)["fails"]


def test_a_transformation_runs_on_jax_when_asked():
    pytest.importorskip("jax")
    adapted = adapt_function(ADAM, my_factory, "jax")
    arguments = ADAM.cases(np.random.default_rng(0))[0][1]
    np.testing.assert_allclose(adapted(**arguments), ADAM.definition(**arguments), atol=1e-14)


class Averaged(NamedTuple):
    """RMSprop as Optax names its settings: decay for β₂, eps for ε."""

    learning_rate: float
    decay: float
    eps: float

    def init(self, params):
        return 0 * params

    def update(self, g, v, params=None):
        v = self.decay * v + (1 - self.decay) * g**2
        return -self.learning_rate * g / (v**0.5 + self.eps), v


def averaged_factory(learning_rate, decay=0.99, eps=1e-8, momentum=None):
    return Averaged(learning_rate, decay, eps) if momentum is None else None


def test_a_decay_of_the_squares_reaches_the_factory_under_its_own_name():
    adapted = adapt_function(RMSPROP, averaged_factory, "numpy")
    arguments = dict(gradient=quadratic([1.0, 8.0]), theta0=np.ones(2), steps=5, alpha=0.1, beta2=0.5)
    np.testing.assert_allclose(adapted(**arguments), RMSPROP.definition(**arguments), atol=1e-15)


def test_a_factory_on_a_page_that_cannot_drive_it_is_named():
    with pytest.raises(GradusError, match=r"my_factory makes a gradient transformation.*sgd.*batches"):
        adapt_function(SGD, my_factory, name="my_factory")


def test_another_areas_functions_are_not_probed():
    called = []

    def one_argument(x):
        called.append(x)
        return x

    adapt_function(NORM, one_argument)
    assert called == []


def test_from_the_command_line(tmp_path, monkeypatch):
    (tmp_path / "my.py").write_text(
        "import torch\n\nclass MyAdam(torch.optim.Adam):\n    pass\n\n"
        "class Uncorrected(torch.optim.RMSprop):\n"
        "    def __init__(self, params, lr, betas, eps):\n        super().__init__(params, lr, betas[1], eps)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert outcome(load_implementation("my.py:MyAdam"))["fails"] == set()
    assert "first-step-is-alpha-sign" in outcome(load_implementation("my.py:Uncorrected"))["fails"]


def torch_factory(learning_rate):
    """Gradient descent as a transformation of tensors."""
    return Transformation(
        lambda params: torch.zeros(()), lambda g, state, params=None: (torch.mul(g, -learning_rate), state)
    )


def test_a_transformation_is_driven_on_tensors():
    start = torch.tensor([8.0, -4.0], dtype=torch.float64)
    points = optax_trajectory(torch_factory(0.25), quadratic([1.0, 2.0]), start, 5)
    assert isinstance(points, torch.Tensor)
    want = trajectory(lambda p: torch.optim.SGD(p, lr=0.25), quadratic([1.0, 2.0]), start, 5)
    np.testing.assert_array_equal(points.numpy(), want.numpy())


def test_a_factory_is_called_in_the_framework_that_its_code_names():
    assert adapt_function(DESCENT, torch_factory).framework.name == "torch"
    assert adapt_function(ADAM, my_factory).framework.name == "numpy"
