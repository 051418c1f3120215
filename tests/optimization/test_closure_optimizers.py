"""L-BFGS and Newton–CG as optimisers: the search of `minimize`, its state, its ends."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from watched_models import DOUBLE, labels, normal, seeded

from gradus.errors import GradusError
from gradus.optimization import LBFGS, NewtonCG, minimize
from gradus.optimization.closure_objective import GraphObjective
from gradus.optimization.minimize.reason import Reason

EVERY = [
    pytest.param(LBFGS, id="lbfgs"),
    pytest.param(NewtonCG, id="hessian"),
    pytest.param(lambda p, **o: NewtonCG(p, curvature="gauss-newton", **o), id="gauss-newton"),
]


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def closure_of(optimizer, loss):
    """What the optimiser asks for, of a function that returns the loss, or the loss and the outputs."""

    def gradients():
        optimizer.zero_grad()
        returned = loss()
        value = returned[0] if isinstance(returned, tuple) else returned
        value.backward()
        return value

    return loss if optimizer.needs_graph else gradients


def start(dtype=DOUBLE):
    return torch.tensor([-1.2, 1.0, 0.7], dtype=dtype, requires_grad=True)


@pytest.mark.parametrize(("kind", "method"), [(LBFGS, "lbfgs"), (NewtonCG, "newton-cg")])
@pytest.mark.parametrize("iterations", [1, 3, 50])
def test_the_steps_are_iterations_of_minimize(kind, method, iterations):
    """To the last bit, however many of them are one step."""
    options = {} if kind is LBFGS else {"max_products": 50}
    expected = minimize(rosenbrock, start(), method, tolerance=1e-9, keep_points=True, **options)
    theta = start()
    optimizer = kind([theta], iterations=iterations, tolerance=1e-9)
    closure, steps = closure_of(optimizer, lambda: rosenbrock(theta)), 0
    while optimizer.reason in (Reason.NONE, Reason.MAX_ITERATIONS) and steps < 60:
        optimizer.step(closure)
        steps += 1
        at = min(steps * iterations, expected.iterations)
        np.testing.assert_array_equal(theta.detach().numpy(), expected.history.points[at].numpy())
    assert (optimizer.reason is expected.reason is Reason.CONVERGED and steps > 1) or iterations == 50
    assert optimizer.evaluations == expected.evaluations + steps - 1
    assert optimizer.result.hessian_products == expected.hessian_products


def network(dtype=DOUBLE):
    model = seeded(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()).to(dtype)
    x, y = normal(30, 4).to(dtype), labels(30)

    def loss():
        outputs = model(x)
        return F.cross_entropy(outputs, y), outputs

    return model, loss


def test_products_are_those_of_dense_matrices():
    """Of the Hessian, and of Jᵀ ∇²ℓ J, both in float64 by PyTorch's own functions."""
    model, loss = network()
    parameters = dict(model.named_parameters())
    sizes = [p.numel() for p in parameters.values()]
    x, y = normal(30, 4), labels(30)

    def outputs(vector):
        parts = [v.view(p.shape) for v, p in zip(vector.split(sizes), parameters.values(), strict=True)]
        return torch.func.functional_call(model, dict(zip(parameters, parts, strict=True)), x)

    at = torch.cat([p.detach().flatten() for p in parameters.values()])
    hessian = lambda f: torch.func.jacrev(torch.func.jacrev(f))
    H = hessian(lambda t: F.cross_entropy(outputs(t), y))(at)
    J = torch.func.jacrev(lambda t: outputs(t).flatten())(at)
    bend = hessian(lambda z: F.cross_entropy(z.view(30, 3), y))(outputs(at).detach().flatten())
    v = normal(1, len(at), seed=3)
    for gauss_newton, matrix in ((False, H), (True, J.T @ bend @ J)):
        objective = GraphObjective(loss, list(parameters.values()), gauss_newton=gauss_newton)
        product = objective.hessian_product(at[None])
        torch.testing.assert_close(product(v), v @ matrix)
        objective.value_and_gradient(at[None] + 1)
        torch.testing.assert_close(
            product(v), v @ matrix
        )  # where it was asked for, wherever the parameters are


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE, torch.bfloat16])
def test_a_stored_state_goes_on_bit_for_bit(kind, dtype):
    def steps(model, loss, optimizer, count):
        return [optimizer.step(closure_of(optimizer, loss)).item() for _ in range(count)]

    model, loss = network(dtype)
    optimizer = kind(model.parameters(), iterations=2)
    steps(model, loss, optimizer, 3)
    again, same_loss = network(dtype)
    again.load_state_dict(model.state_dict())
    other = kind(again.parameters(), iterations=7)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert other.reason is optimizer.reason and other.evaluations == optimizer.evaluations > 3
    losses = steps(model, loss, optimizer, 3)
    assert losses == steps(again, same_loss, other, 3) and len(set(losses)) > 1
    for one, two in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    assert repr(optimizer.state_dict()) == repr(other.state_dict())


ENDS = {
    "not finite": (lambda x: (x * torch.nan).sum(), Reason.NOT_FINITE),
    "unbounded": (lambda x: -(x**4).sum(), Reason.UNBOUNDED_BELOW),
    "converged": (lambda x: (x - 1).square().sum(), Reason.CONVERGED),
    "out of the domain": (lambda x: (100 * (x + 1.3) - (x + 1.3).log()).sum(), Reason.CONVERGED),
}


@pytest.mark.parametrize("kind", EVERY[:2])
@pytest.mark.parametrize("end", ENDS)
def test_a_step_ends_with_a_reason_and_the_best_point(kind, end):
    f, reason = ENDS[end]
    theta = start()
    before = f(theta).item()
    optimizer = kind([theta], iterations=300)
    closure = closure_of(optimizer, lambda: f(theta))
    optimizer.step(closure)
    assert optimizer.reason is reason, optimizer.result
    assert theta.isfinite().all() and (end == "not finite" or f(theta) < before)
    if end == "not finite":
        assert theta.tolist() == start().tolist()


def test_a_wrong_gradient_moves_nothing_and_is_named():
    theta = start()
    optimizer = LBFGS([theta])

    def closure():
        theta.grad = -2 * theta.detach()
        return theta.square().sum()

    optimizer.step(closure)
    assert optimizer.reason is Reason.WRONG_GRADIENT and theta.tolist() == start().tolist()


def test_a_loss_with_noise_ends_and_is_not_blamed_on_the_gradient():
    theta, noise = start(), torch.Generator().manual_seed(0)
    optimizer = LBFGS([theta], iterations=100)
    loss = lambda: theta.square().sum() + 1e-2 * torch.rand((), dtype=DOUBLE, generator=noise)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, loss))
    assert optimizer.reason in (Reason.LINE_SEARCH_FAILED, Reason.AT_ROUNDING, Reason.CONVERGED)
    assert theta.abs().max() < 0.5


@pytest.mark.parametrize("kind", EVERY[:2])
def test_an_error_within_the_closure_leaves_parameters_and_state(kind):
    model, loss = network()
    optimizer, calls = kind(model.parameters(), iterations=3), []
    optimizer.step(closure_of(optimizer, loss))
    before, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())

    def breaking():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return loss()

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure_of(optimizer, breaking))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert repr(state) == repr(optimizer.state_dict())


def half(model):
    model[0].half()
    return model.parameters()


REFUSED = {
    "no parameters": (lambda: LBFGS([]), "parameters: expected at least one tensor"),
    "precisions": (lambda: LBFGS(half(network()[0])), "float64"),
    "no closure": (lambda: LBFGS(network()[0].parameters()).step(), "closure"),
    "settings of a group": (
        lambda: LBFGS([{"params": [start()], "memory": 3}]),
        "memory: expected no settings",
    ),
    "memory": (lambda: LBFGS([start()], memory=0), "memory"),
    "iterations": (lambda: NewtonCG([start()], iterations=0), "iterations"),
    "curvature": (lambda: NewtonCG([start()], curvature="newton"), "curvature"),
    "radius": (lambda: NewtonCG([start()], radius=-1.0), "radius"),
    "a vector": (
        lambda: LBFGS([t := start()]).step(lambda: t * 1),
        "closure: expected one that returns the loss",
    ),
    "no graph": (lambda: NewtonCG([t := start()]).step(lambda: t.detach().sum()), "loss in its graph"),
    "backward": (lambda: stepped_backwards(), "without backward"),
    "no outputs": (
        lambda: NewtonCG([t := start()], curvature="gauss-newton").step(lambda: t.square().sum()),
        r"returns \(loss, outputs\)",
    ),
}


def stepped_backwards():
    theta = start()

    def closure():
        loss = theta.square().sum()
        loss.backward()
        return loss

    NewtonCG([theta]).step(closure)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(case):
    call, words = REFUSED[case]
    with pytest.raises(GradusError, match=words):
        call()


def test_a_state_of_other_options_is_refused():
    theta = start()
    optimizer = LBFGS([theta])
    closure = closure_of(optimizer, lambda: rosenbrock(theta))
    optimizer.step(closure)
    optimizer.param_groups[0]["memory"] = 3
    with pytest.raises(GradusError, match="steps: expected the shape"):
        optimizer.step(closure)


@pytest.mark.slow
def test_no_worse_per_evaluation_than_pytorchs():
    """A network on its whole batch, three seeds: the mean of the logarithms of the losses at 60 evaluations."""
    x, y, gains = normal(200, 4), labels(200), []
    for seed in range(3):
        least = []
        for make in (
            LBFGS,
            lambda p: torch.optim.LBFGS(p, line_search_fn="strong_wolfe", tolerance_change=0.0),
        ):
            torch.manual_seed(seed)
            model = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 3)).double()
            optimizer, values = make(model.parameters()), []

            def closure(model=model, optimizer=optimizer, values=values):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                values.append(loss.item())
                return loss

            while len(values) < 60:
                optimizer.step(closure)
            least.append(min(values[:60]))
        gains.append(np.log(least[0] / least[1]))
    assert np.mean(gains) < 0.05, gains
