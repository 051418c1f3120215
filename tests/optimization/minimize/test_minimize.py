"""The interface of `minimize`: trees, batches, reasons, counts, history."""

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import minimize
from gradus.optimization.minimize.reason import Reason

F64 = torch.float64
METHODS = ("gradient-descent", "bfgs", "lbfgs")
QUASI_NEWTON = ("bfgs", "lbfgs")


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def tensor(*numbers):
    return torch.tensor(numbers, dtype=F64)


@pytest.mark.parametrize("method", METHODS)
def test_a_quadratic_is_minimised(method):
    A, b = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=F64), tensor(1.0, -1.0)
    result = minimize(lambda x: x @ A @ x / 2 - b @ x, tensor(5.0, 5.0), method)
    assert result.reason is Reason.CONVERGED and result.converged
    torch.testing.assert_close(result.x, torch.linalg.solve(A, b), rtol=0, atol=1e-8)
    assert result.gradient_norm <= 1e-8


@pytest.mark.parametrize("method", QUASI_NEWTON)
def test_the_start_is_not_changed_and_the_result_counts_every_evaluation(method):
    calls, start = [], tensor(-1.2, 1.0)

    def counted(x):
        calls.append(x.detach().clone())
        return rosenbrock(x)

    result = minimize(counted, start, method)
    assert len(calls) == result.evaluations == result.history.evaluations[-1]
    assert start.tolist() == [-1.2, 1.0]
    assert result.iterations == result.history.iteration[-1] < result.evaluations < 60
    torch.testing.assert_close(result.x, tensor(1.0, 1.0), rtol=0, atol=1e-7)


def test_the_history_has_a_row_for_each_iteration():
    result = minimize(rosenbrock, tensor(-1.2, 1.0), "bfgs", keep_points=True)
    history = result.history
    assert history.iteration.tolist() == list(range(result.iterations + 1))
    assert history.step_length[0] == 0 and (history.step_length[1:] > 0).all()
    assert (np.diff(history.value) < 0).all() and (np.diff(history.evaluations) >= 1).all()
    values = [rosenbrock(x).item() for x in history.points]
    np.testing.assert_array_equal(values, history.value)
    assert history.value[-1] == result.value and history.gradient_norm[-1] == result.gradient_norm


@pytest.mark.parametrize("method", METHODS)
def test_trees_come_back_as_they_went_in(method):
    start = {"a": torch.zeros(2, 3, dtype=F64), "b": (torch.ones((), dtype=F64), [tensor(2.0)])}

    def f(tree):
        return (
            (tree["a"] - 1).square().sum()
            + (tree["b"][0] - 2).square()
            + (tree["b"][1][0] + 3).square().sum()
        )

    x = minimize(f, start, method).x
    torch.testing.assert_close(x["a"], torch.ones(2, 3, dtype=F64))
    torch.testing.assert_close(x["b"][0], torch.tensor(2.0, dtype=F64))
    torch.testing.assert_close(x["b"][1][0], tensor(-3.0))


@pytest.mark.parametrize("method", QUASI_NEWTON)
def test_many_problems_take_the_steps_that_each_would_alone(method):
    starts = torch.randn(40, 4, dtype=F64, generator=torch.Generator().manual_seed(0))
    scales = torch.linspace(1, 50, 40, dtype=F64)

    def f(x, scale):
        return scale * (x[1:] - x[:-1] ** 2).square().sum() + (1 - x[:-1]).square().sum()

    together = minimize(f, starts, method, args=(scales,), batched=True)
    assert together.converged.all() and len(set(together.iterations.tolist())) > 5
    for k in (0, 7, 39):
        alone = minimize(f, starts[k], method, args=(scales[k],))
        # the same up to rounding, which a nonconvex path may blow up in its last steps
        assert abs(alone.evaluations - together.evaluations[k]) <= 3
        torch.testing.assert_close(alone.x, together.x[k], rtol=0, atol=1e-6)
        first = min(5, alone.iterations)
        np.testing.assert_allclose(
            together.history.of(k).value[:first], alone.history.value[:first], rtol=1e-9
        )


def test_a_problem_that_ended_is_evaluated_no_more_once_most_have_ended():
    sizes = []

    def f(x, scale):
        return (scale * x.square()).sum()

    class Counted:
        def __call__(self, x, scale):
            return f(x, scale)

    # one ill-conditioned problem among easy ones
    scales = torch.ones(32, 2, dtype=F64)
    scales[3, 0] = 1e4
    result = minimize(
        Counted(), torch.ones(32, 2, dtype=F64), "gradient-descent", args=(scales,), batched=True,
        max_iterations=400, callback=lambda it: sizes.append(len(it.problem)),
    )  # fmt: skip
    assert sizes[0] == 32 and sizes[-1] == 1
    assert result.evaluations[3] == result.evaluations.max() > result.evaluations[4]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("f", "start", "reason"),
    [
        (lambda x: x.sum(), tensor(1.0, 2.0), Reason.UNBOUNDED_BELOW),
        (lambda x: -x.square().sum(), tensor(1.0, 2.0), Reason.UNBOUNDED_BELOW),
        (lambda x: -(x**4).sum(), tensor(1.0, 2.0), Reason.UNBOUNDED_BELOW),
        (lambda x: (x * torch.nan).sum(), tensor(1.0, 2.0), Reason.NOT_FINITE),
        (lambda x: x.log().sum(), tensor(-1.0, 2.0), Reason.NOT_FINITE),
    ],
    ids=["linear", "concave", "quartic", "nan", "log of a negative number"],
)
def test_what_has_no_minimum_ends_with_a_reason(method, f, start, reason):
    result = minimize(f, start, method)
    assert result.reason is reason and not result.converged
    assert result.message == reason.text and reason.text.en in str(result)
    assert result.x.isfinite().all()


@pytest.mark.parametrize("method", METHODS)
def test_steps_out_of_the_domain_are_shortened(method):
    result = minimize(lambda x: (100 * x - x.log()).sum(), tensor(0.5, 2.0), method)
    torch.testing.assert_close(result.x, tensor(0.01, 0.01), rtol=1e-6, atol=0)


def test_a_tolerance_below_rounding_ends_at_rounding():
    f = lambda x: 1e6 + (x - 0.3).cosh().sum() * 1e3 + (x[0] * x[1]).exp()
    result = minimize(f, tensor(1.0, 2.0), "bfgs", tolerance=0.0)
    assert result.reason is Reason.AT_ROUNDING
    assert result.evaluations < 200 and result.gradient_norm < 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_where_numbers_are_too_coarse_it_ends_at_rounding(method):
    # the minimum lies between two neighbouring numbers: steps are shorter than their distance
    result = minimize(lambda x: x.cos().sum(), tensor(0.1), method, tolerance=0.0)
    assert result.reason is Reason.AT_ROUNDING and result.value == -1.0
    # values of 1e12, whose slope cannot fall to the tolerance
    result = minimize(lambda x: 1e12 * rosenbrock(x), tensor(1 + 1e-9, 1.0), method, tolerance=1e-12)
    assert result.reason in (Reason.AT_ROUNDING, Reason.CONVERGED) and abs(result.x - 1).max() < 1e-12


@pytest.mark.parametrize("method", QUASI_NEWTON)
@pytest.mark.parametrize("unit", [1e-30, 1e-12, 1e12, 1e30])
def test_the_unit_of_the_value_does_not_matter(method, unit):
    # a pair of L-BFGS was once judged by sᵀy/yᵀy, which has a unit
    result = minimize(lambda x: unit * rosenbrock(x), tensor(-1.2, 1.0), method, tolerance=1e-9 * unit)
    assert result.converged and result.evaluations < 120
    assert abs(result.x - 1).max() < 1e-8


def test_limits_end_with_the_best_point():
    few = minimize(rosenbrock, tensor(-1.2, 1.0), max_evaluations=10)
    assert few.reason is Reason.MAX_EVALUATIONS and few.evaluations == 10
    assert few.value == few.history.value.min() == rosenbrock(few.x).item()
    short = minimize(rosenbrock, tensor(-1.2, 1.0), max_iterations=3)
    assert short.reason is Reason.MAX_ITERATIONS and short.iterations == 3
    none = minimize(rosenbrock, tensor(-1.2, 1.0), max_iterations=0)
    assert none.x.tolist() == [-1.2, 1.0] and none.evaluations == 1


def test_a_diverging_constant_step_returns_the_best_point():
    result = minimize(lambda x: x.square().sum(), tensor(1.0), "gradient-descent", step_size=1.5)
    assert result.reason is Reason.NOT_FINITE and result.value == 1.0
    gradient_descent = minimize(lambda x: x.square().sum(), tensor(1.0), "gradient-descent", step_size=0.25)
    assert gradient_descent.converged
    np.testing.assert_array_equal(gradient_descent.history.value[:3], [1, 0.25, 0.0625])


def test_a_callback_stops_all_or_some():
    one = minimize(rosenbrock, tensor(-1.2, 1.0), callback=lambda it: it.value < 1)
    assert one.reason is Reason.STOPPED and 1e-3 < one.value < 1
    some = minimize(
        rosenbrock, torch.randn(8, 2, dtype=F64), batched=True, callback=lambda it: it.problem < 3
    )
    assert some.reason == [Reason.STOPPED] * 3 + [Reason.CONVERGED] * 5


@pytest.mark.parametrize("method", QUASI_NEWTON)
def test_gradients_by_hand(method):
    f = lambda x: (x - 1).pow(4).sum()
    both = lambda x: (f(x), 4 * (x - 1) ** 3)
    plain = minimize(f, tensor(3.0, -1.0), method)
    for result in (
        minimize(both, tensor(3.0, -1.0), method, gradient=True),
        minimize(f, tensor(3.0, -1.0), method, gradient=lambda x: 4 * (x - 1) ** 3),
    ):
        assert abs(result.evaluations - plain.evaluations) <= 1
        torch.testing.assert_close(result.x, plain.x, rtol=0, atol=1e-3)
    batch = minimize(
        both, torch.tensor([[3.0, -1.0], [0.0, 5.0]], dtype=F64), method, gradient=True, batched=True
    )
    assert batch.converged.all()


@pytest.mark.parametrize("method", QUASI_NEWTON)
def test_single_precision(method):
    result = minimize(rosenbrock, torch.tensor([-1.2, 1.0]), method, tolerance=1e-4)
    assert result.converged and result.x.dtype == torch.float32
    torch.testing.assert_close(result.x, torch.ones(2), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: minimize(rosenbrock, [1.0, 2.0]), "x0"),
        (lambda: minimize(rosenbrock, torch.tensor([1, 2])), "floating-point"),
        (lambda: minimize(rosenbrock, tensor()), "at least one number"),
        (lambda: minimize(lambda x: x, tensor(1.0, 2.0)), "a real scalar tensor"),
        (lambda: minimize(lambda x: x.sum().item(), tensor(1.0, 2.0)), "a real scalar tensor"),
        (lambda: minimize(lambda x: torch.tensor(x.sum().item()), tensor(1.0)), "carries no gradient"),
        (lambda: minimize(rosenbrock, tensor(1.0, 2.0), "newtown"), "method"),
        (lambda: minimize(rosenbrock, tensor(1.0, 2.0), memroy=3), "memroy"),
        (lambda: minimize(rosenbrock, tensor(1.0, 2.0), memory=0), "memory"),
        (lambda: minimize(rosenbrock, tensor(1.0, 2.0), decrease=0.9, curvature=0.5), "curvature"),
        (lambda: minimize(rosenbrock, tensor(1.0, 2.0), gradient=True), r"\(value, gradient\)"),
        (lambda: minimize(rosenbrock, tensor(1.0, 2.0), gradient=lambda x: x[:1]), "the shape"),
        (lambda: minimize(rosenbrock, (tensor(1.0), torch.ones(1))), "float64"),
        (lambda: minimize(rosenbrock, torch.ones(3, 2), args=(torch.ones(2),), batched=True), "args"),
        (lambda: minimize(rosenbrock, torch.tensor(1.0), batched=True), "leading axis"),
    ],
)  # fmt: skip
def test_what_was_mistyped_is_an_error(call, words):
    with pytest.raises(GradusError, match=words):
        call()


@pytest.mark.parametrize(
    "method", ["gradient-descent", "bfgs", "lbfgs", "newton", "trust-region", "newton-cg"]
)
def test_inference_mode_changes_nothing(method):
    def bowl(x, a):
        return ((x - a) ** 2).sum()

    start, goal = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    outside = minimize(bowl, start, method, args=(goal,))
    with torch.inference_mode():
        inside = minimize(bowl, torch.zeros(2, dtype=torch.float64), method, args=(goal.clone(),))
    assert inside.converged and torch.equal(inside.x, outside.x)


def test_what_f_writes_into_its_argument_changes_no_iterate():
    def bowl(x):
        pair = (x - 1).square().sum(), 2 * (x - 1)
        x.zero_()
        return pair

    start = torch.full((3,), 5.0, dtype=torch.float64)
    result = minimize(bowl, start, gradient=True)
    assert result.converged and bool((start == 5).all())
    torch.testing.assert_close(result.x, torch.ones_like(start))


def test_a_complex_value_is_refused():
    with pytest.raises(GradusError, match="f: expected a real scalar"):
        minimize(lambda x: x.square().sum() + 0j, torch.ones(2))


@pytest.mark.parametrize("answer", ["no", [True, False], object()])
def test_a_callback_answers_yes_or_no(answer):
    with pytest.raises(GradusError, match="callback: expected"):
        minimize(lambda x: x.square().sum(), torch.ones(3, 2), batched=True, callback=lambda _: answer)


@pytest.mark.parametrize(
    ("spelt", "name"), [("L-BFGS", "lbfgs"), ("BFGS", "bfgs"), ("Newton-CG", "newton-cg")]
)
def test_a_method_is_known_however_it_is_spelt(spelt: str, name: str) -> None:
    def bowl(x: torch.Tensor) -> torch.Tensor:
        return (x - 1).pow(4).sum() + (x[0] * x[1]).square()

    ours, same = (minimize(bowl, torch.zeros(2, dtype=torch.float64), method=m) for m in (spelt, name))
    assert torch.equal(ours.x, same.x) and ours.evaluations == same.evaluations
