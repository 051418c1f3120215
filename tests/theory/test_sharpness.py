"""The largest stable step against dense curvature of every kind of layer, and against the optimisers themselves, which are tried."""

import copy

import numpy as np
import pytest
import torch
from differentiated_models import DOUBLE, MODELS, example, normal
from torch import nn
from torch.func import functional_call
from torch.nn.functional import mse_loss

from gradus.errors import GradusError
from gradus.theory import largest_stable_step
from gradus.theory.weight_norm import differentiable_twice


class Bowl(nn.Module):
    """½θᵀHθ, θ in two parameters, one of which may have a learning rate of its own."""

    def __init__(self, theta):
        super().__init__()
        self.a, self.b = nn.Parameter(theta[:2].clone()), nn.Parameter(theta[2:].clone())

    def forward(self, H):
        theta = torch.cat([self.a, self.b])
        return (theta @ H @ theta / 2).reshape(-1)


def total(outputs, targets):
    return outputs.mean()


def matrix(seed=0):
    A = normal(5, 5, seed=seed)
    return A @ A.mT + torch.diag(torch.tensor([0.1, 3.0, 0.5, 1.0, 2.0], dtype=DOUBLE))


def bowl(H):
    return Bowl(torch.zeros(5, dtype=DOUBLE)), (H[None], torch.zeros(1))


FROZEN = 1 - 1e-13  # a second average that does not move within the test
SETTINGS = {
    "descent": lambda g: torch.optim.SGD(g, lr=1.0),
    "heavy ball": lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.7),
    "dampened": lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.7, dampening=0.4),
    "Nesterov": lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.6, nesterov=True),
    "decay": lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.5, weight_decay=2.0),
    "Adam": lambda g: torch.optim.Adam(g, lr=1.0, betas=(0.8, FROZEN), eps=0.1),
    "Adam, no momentum": lambda g: torch.optim.Adam(g, lr=1.0, betas=(0.0, FROZEN), eps=0.1),
    "Adam, decay": lambda g: torch.optim.Adam(g, lr=1.0, betas=(0.6, FROZEN), weight_decay=1.5),
    "AMSGrad": lambda g: torch.optim.Adam(g, lr=1.0, betas=(0.8, FROZEN), amsgrad=True),
    "AdamW": lambda g: torch.optim.AdamW(g, lr=1.0, betas=(0.8, FROZEN), weight_decay=0.5),
    "RMSprop": lambda g: torch.optim.RMSprop(g, lr=1.0, alpha=FROZEN),
    "RMSprop, momentum": lambda g: torch.optim.RMSprop(g, lr=1.0, alpha=FROZEN, momentum=0.6, centered=True),
    "Adagrad": lambda g: torch.optim.Adagrad(g, lr=1.0, lr_decay=0.1),
}


def with_state(name, model, groups, times=1.0):
    """The optimiser in the middle of a run: its averages stand at numbers of every size."""
    optimizer = SETTINGS[name](groups(model))
    for p in (model.a, model.b):
        p.grad = torch.zeros_like(p)
    optimizer.step()
    for k, p in enumerate((model.a, model.b)):
        v = torch.logspace(-1, 1, len(p), dtype=DOUBLE) * (k + 1)
        state = optimizer.state[p]
        for key in ("exp_avg_sq", "square_avg", "sum", "max_exp_avg_sq"):
            if key in state:
                state[key] = (2.0 if key == "max_exp_avg_sq" else 1.0) * v
        if "grad_avg" in state:
            state["grad_avg"] = 0.3 * v.sqrt()
        if "step" in state:
            state["step"] = torch.tensor(4e4 if name == "Adagrad" else 1e17, dtype=DOUBLE)
    for group in optimizer.param_groups:
        group["lr"] *= times
    return optimizer


def one_step(name, H, groups, times):
    """The matrix of one step on the parameters and the velocities, a column from each, by the optimiser itself."""
    columns, small = [], 1e-9
    for k in range(10):
        model, (x, _) = bowl(H)
        optimizer = with_state(name, model, groups, times)
        start = small * torch.eye(10, dtype=DOUBLE)[k]
        with torch.no_grad():
            model.a.copy_(start[:2])
            model.b.copy_(start[2:5])
        velocity = [("momentum_buffer" if "momentum_buffer" in optimizer.state[p] else "exp_avg") for p in (model.a, model.b)]  # fmt: skip
        for p, key, part in zip((model.a, model.b), velocity, (start[5:7], start[7:]), strict=True):
            if key in optimizer.state[p] and optimizer.state[p][key] is not None:
                optimizer.state[p][key] = part.clone()
        total(model(x), None).backward()
        optimizer.step()
        after = [model.a.detach(), model.b.detach()]
        for p, key in zip((model.a, model.b), velocity, strict=True):
            value = optimizer.state[p].get(key)
            after.append(torch.zeros_like(p) if value is None else value)
        columns.append(torch.cat(after).detach() / small)
    return torch.stack(columns, 1)


def one_group(model):
    return list(model.parameters())


def two_groups(model):
    return [{"params": [model.a]}, {"params": [model.b], "lr": 0.3}]


@pytest.mark.parametrize("groups", [one_group, two_groups])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_small_error_grows_beyond_the_step_and_only_there(name, groups):
    H = matrix()
    model, data = bowl(H)
    optimizer = with_state(name, model, groups)
    found = largest_stable_step(model, total, data, optimizer, tolerance=1e-12)
    assert found.converged and found.learning_rate == 1.0
    for times, grows in ((0.999, False), (1.001, True)):
        radius = torch.linalg.eigvals(one_step(name, H, groups, times * found.step)).abs().max()
        assert (radius > 1) == grows


LONG = ("encoder", "LSTM", "RNN", "attention", "frames", "a layer twice", "an activation last, in place")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in MODELS]
)
def test_every_layer_equals_a_dense_computation(name):
    model, x, _ = example(name)
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        y = normal(*model(x).shape, seed=7)
    sizes = [p.numel() for p in parameters.values()]

    def value(flat):
        parts = flat.split(sizes)
        named = {n: v.reshape(p.shape) for (n, p), v in zip(parameters.items(), parts, strict=True)}
        return mse_loss(functional_call(model, named, (x,)), y)

    flat = torch.cat([p.detach().reshape(-1) for p in parameters.values()])
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH), differentiable_twice(model):
        H = torch.autograd.functional.hessian(value, flat)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.99), eps=1e-3)
    mse_loss(model(x), y).backward()
    g = torch.cat(
        [(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in parameters.values()]
    )
    before = copy.deepcopy(model.state_dict())
    optimizer.step()
    model.load_state_dict(before)
    P = (1 - 0.9) * (g.abs() + 1e-3)  # after one step of Adam v̂ = g², and the bias of m is 1 − β₁
    for chosen, dense, threshold in (
        (None, H, 2.0),
        (optimizer, H / P.sqrt() / P.sqrt()[:, None], 2 * 1.9 / 0.1),
    ):
        found = largest_stable_step(model, mse_loss, (x, y), chosen, tolerance=1e-9)
        top = torch.linalg.eigvalsh(dense)[-1]
        assert found.converged and abs(found.eigenvalue - top) <= 1e-5 * top
        assert abs(found.step - threshold / top) <= 1e-5 * found.step
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))


def second_moments(H, alpha, beta, nesterov=False):
    """The spectral radius of what a step, on one of the Hessians at random, makes of the second moments."""
    n, total_ = H.shape[1], 0
    for h in H:
        eye, zero = np.eye(n), np.zeros((n, n))
        c = eye - alpha * h
        A = (1 + beta) * c if nesterov else (1 + beta) * eye - alpha * h
        B = -beta * c if nesterov else -beta * eye
        step = np.block([[A, B], [eye, zero]])
        total_ = total_ + np.kron(step, step) / len(H)
    return np.abs(np.linalg.eigvals(total_)).max()


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("noise", [0.02, 1.0, 30.0])
def test_one_batch_a_step_is_where_second_moments_begin_to_grow(noise, nesterov):
    H = torch.zeros(2, 5, 5, dtype=DOUBLE) + torch.diag(torch.tensor([0.3, 0.2, 4.0, 1.0, 0.5], dtype=DOUBLE))
    spread = torch.zeros(5, 5, dtype=DOUBLE)
    spread[2, 2] = 4 * noise**0.5
    H = H + torch.stack([spread, -spread])
    model = Bowl(torch.zeros(5, dtype=DOUBLE))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.8, nesterov=nesterov)
    batches = [(h[None], torch.zeros(1)) for h in H]
    found = largest_stable_step(model, total, batches, optimizer, stochastic=True, tolerance=1e-10)
    assert abs(found.variance - 16 * noise) <= 1e-9 * 16 * noise and abs(found.eigenvalue - 4) < 1e-9
    along = H[:, 2:3, 2:3].numpy()
    assert second_moments(along, 0.999 * found.step, 0.8, nesterov) < 1
    assert second_moments(along, 1.001 * found.step, 0.8, nesterov) > 1
    whole = largest_stable_step(model, total, batches, optimizer, tolerance=1e-10)
    assert found.step < whole.step and ("noise decides" in found.reason.en) == (noise > 0.2 / 1.8)
    with pytest.raises(GradusError, match="several batches"):
        largest_stable_step(model, total, batches[:1], optimizer, stochastic=True)


def test_nothing_that_curves_upwards_sets_no_limit():
    model, data = bowl(-matrix())
    found = largest_stable_step(model, total, data)
    assert found.step == float("inf") and found.eigenvalue < 0 and "no limit" in found.reason.en


def test_what_has_not_converged_says_so():
    model, data = bowl(matrix())
    found = largest_stable_step(model, total, data, max_products=2)
    assert not found.converged and "may be larger" in found.reason.en
    assert found.eigenvalue < float(torch.linalg.eigvalsh(matrix())[-1])


def test_optimisers_without_a_law_are_refused_in_words():
    model, data = bowl(matrix())
    other = nn.Parameter(torch.ones(2))
    for optimizer, words in (
        (torch.optim.Rprop(model.parameters()), "critical_sharpness"),
        (torch.optim.Adam(model.parameters()), "no step"),
        (torch.optim.SGD([other], lr=0.1), "holds none"),
        (torch.optim.SGD(model.parameters(), lr=0.1, maximize=True), "maximizes"),
        (
            torch.optim.SGD([{"params": [model.a], "momentum": 0.5}, {"params": [model.b]}], lr=0.1),
            "different",
        ),
        ("adam", "SGD, Adam"),
    ):
        with pytest.raises(GradusError, match=words):
            largest_stable_step(model, total, data, optimizer)


def test_what_the_optimiser_does_not_hold_stands_still():
    H = matrix()
    model, data = bowl(H)
    found = largest_stable_step(model, total, data, torch.optim.SGD([model.b], lr=0.1), tolerance=1e-12)
    assert abs(found.eigenvalue - float(torch.linalg.eigvalsh(H[2:, 2:])[-1])) < 1e-9
    assert "2 numbers" in found.reason.en and found.vector[:2].abs().max() < 1e-12
