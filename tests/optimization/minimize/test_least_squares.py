"""`least_squares`: against SciPy's MINPACK and NIST's certified values, alone and batched, and where it must end."""

import numpy as np
import pytest
import torch
from scipy import optimize

from gradus import GradusError
from gradus.optimization import certified_fits, least_squares
from gradus.optimization.minimize import Reason
from tools.nist_table import STARTS
from tools.nist_table import reached as reached_now


def tensor(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


T = torch.arange(8, dtype=torch.float64) / 2


def decay(x, y):
    return x[0] * torch.exp(-x[1] * T.to(x)) - y


def valley(x):
    return torch.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def test_the_sums_of_squares_are_those_that_nist_certifies():
    for fit in certified_fits().values():
        r = fit.residual(torch.from_numpy(fit.certified))
        if fit.name != "Lanczos1":  # its residuals lie below the rounding of eleven digits
            assert np.isclose((r @ r).item(), fit.residual_sum_of_squares, rtol=1e-8), fit.name
        assert fit.starts.shape == (2, len(fit.certified)) and len(fit.deviations) == len(fit.certified)
    assert len(certified_fits()) == 27


@pytest.mark.slow
def test_the_table_of_the_page_is_what_is_reached():
    import json
    from importlib.resources import files

    frozen = json.loads(
        (files("gradus") / "assets" / "nist_strd_nonlinear.json").read_text(encoding="utf-8")
    )["reached"]
    now = reached_now()
    for start, least in zip(STARTS, (24, 25), strict=True):
        digits, old = np.array(now[start])[:, 0], np.array(frozen[start])[:, 0]
        assert (digits >= 6).sum() >= least
        assert ((digits >= 6) == (old >= 6)).all()


@pytest.mark.parametrize("name", ["Misra1a", "Eckerle4", "Gauss3", "Rat43", "Thurber"])
def test_certified_values_are_reached_alone_and_with_the_jacobian_in_either_mode(name):
    fit = certified_fits()[name]
    for jacobian in (None, "forward", "reverse"):
        result = least_squares(fit.residual, torch.from_numpy(fit.starts[1]), jacobian=jacobian)
        assert result.converged
        assert np.allclose(result.x.numpy(), fit.certified, rtol=1e-6)
        assert np.isclose(2 * result.value, fit.residual_sum_of_squares, rtol=1e-7)


def test_evaluations_are_as_few_as_minpacks():
    fit = certified_fits()["Hahn1"]
    result = least_squares(fit.residual, torch.from_numpy(fit.starts[1]))
    other = optimize.least_squares(
        fit.residual,
        fit.starts[1],
        method="lm",
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        jac=lambda v: torch.func.jacfwd(fit.residual)(torch.from_numpy(v)).numpy(),
    )
    assert np.allclose(result.x.numpy(), other.x, rtol=1e-5)
    assert result.evaluations <= other.nfev + 2


def test_a_batch_is_its_members():
    rng = np.random.default_rng(0)
    truth = torch.from_numpy(rng.uniform([1, 0.2], [4, 1.5], (12, 2)))
    y = torch.stack([decay(t, 0.0) for t in truth]) + torch.from_numpy(0.01 * rng.standard_normal((12, 8)))
    starts = torch.ones(12, 2, dtype=torch.float64)
    together = least_squares(decay, starts, args=(y,), batched=True)
    assert together.converged.all()
    for i in range(12):
        alone = least_squares(decay, starts[i], args=(y[i],))
        assert torch.allclose(together.x[i], alone.x, rtol=1e-9)
        assert together.iterations[i] == alone.iterations
    assert len(set(together.iterations.tolist())) > 1


def test_float32_trees_and_a_written_jacobian():
    y = decay(tensor(3.0, 0.5), 0.0)

    def residual(x):
        return decay(torch.stack([x["level"], x["rate"]]), y.to(x["level"]))

    for dtype in (torch.float32, torch.float64):
        x = least_squares(
            residual, {"level": tensor(1.0, dtype=dtype)[0], "rate": tensor(1.0, dtype=dtype)[0]}
        ).x
        assert x["level"].dtype == dtype
        assert abs(x["level"].item() - 3) < 100 * torch.finfo(dtype).eps
    written = least_squares(
        valley,
        tensor(-1.2, 1.0),
        jacobian=lambda x: torch.stack([torch.stack([-20 * x[0], 10 + 0 * x[0]]), tensor(-1.0, 0.0)]),
    )
    assert torch.allclose(written.x, tensor(1.0, 1.0))
    with pytest.raises(GradusError, match=r"jacobian.*\(2, 2\)"):
        least_squares(valley, tensor(-1.2, 1.0), jacobian=lambda x: torch.eye(3))


def test_the_minimum_depends_on_its_arguments():
    start = (decay(tensor(3.0, 0.5), 0.0) + 0.1 * torch.sin(5 * T)).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda y: least_squares(decay, tensor(1.0, 1.0), args=(y,), tolerance=1e-14).x, (start,), atol=1e-5
    )


def test_ends_are_told():
    assert least_squares(lambda x: x - x.detach() * 0 - 1, tensor(1.0)).reason is Reason.CONVERGED
    assert least_squares(lambda x: x * torch.nan, tensor(1.0)).reason is Reason.NOT_FINITE
    summed = least_squares(
        lambda x: x.square().sum(), torch.ones(2)
    )  # its squares end below the least of float32
    assert summed.value == 0 and summed.reason is Reason.CONVERGED
    wrong = least_squares(lambda x: x, tensor(1.0), jacobian=lambda x: -torch.eye(1).double())
    assert wrong.reason is Reason.WRONG_GRADIENT and wrong.x.item() == 1.0
    assert least_squares(valley, tensor(-1.2, 1.0), max_iterations=2).reason is Reason.MAX_ITERATIONS
    stopped = least_squares(valley, tensor(-1.2, 1.0), callback=lambda iterate: iterate.iterations == 1)
    assert stopped.reason is Reason.STOPPED and stopped.iterations == 1
    runaway = least_squares(
        lambda x: torch.stack([x[0] + 1, -2 * x[0] ** 2 + x[0] - 1]),
        tensor(0.3),
        "gauss-newton",
        max_iterations=50,
    )
    assert runaway.value <= 0.5 * (1.3**2 + 0.88**2) + 1e-12, "the best point seen"


def test_fewer_residuals_than_parameters_and_equal_columns():
    few = least_squares(lambda x: (x.sum() - 3)[None], torch.zeros(4, dtype=torch.float64))
    assert torch.allclose(few.x, torch.full((4,), 0.75, dtype=torch.float64))
    zero = least_squares(lambda x: torch.stack([x[0] - 1, 0 * x[1]]), tensor(5.0, 7.0))
    assert torch.allclose(zero.x, tensor(1.0, 7.0))


def test_options_are_checked():
    with pytest.raises(GradusError, match="factor"):
        least_squares(valley, tensor(-1.2, 1.0), factor=0.0)
    with pytest.raises(GradusError, match="an option of gauss-newton"):
        least_squares(valley, tensor(-1.2, 1.0), "gauss-newton", factor=1.0)
    with pytest.raises(GradusError, match="residual"):
        least_squares(lambda x: 1, tensor(1.0))


@pytest.mark.parametrize("batched", [False, True])
def test_residuals_outside_of_the_graph_are_refused(batched):
    with pytest.raises(GradusError, match="carry no gradient"):
        least_squares(lambda x: x.detach() - 1, torch.zeros(3, 2), batched=batched)


def test_residuals_that_change_their_number_are_refused():
    with pytest.raises(GradusError, match="got 2, then 3"):
        least_squares(lambda x: x[: 2 if x[0] < 0.5 else 3] - 1, torch.zeros(3))


def test_whole_steps_that_went_astray_have_not_converged():
    t = torch.linspace(0, 4, 9, dtype=torch.float64)
    start = torch.ones(2, dtype=torch.float64)
    result = least_squares(
        lambda x: x[0] * torch.exp(-x[1] * t) - 3 * torch.exp(-t / 2), start, "gauss-newton"
    )
    assert not result.converged or result.gradient_norm < 1e-6
