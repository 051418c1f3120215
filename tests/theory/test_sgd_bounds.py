"""The promises of stochastic descent: batches of schedules, edges of their range, precision, and what is refused."""

import math

import pytest
import torch

from gradus.errors import GradusError
from gradus.theory import sgd_bounds

DOUBLE = torch.float64
CONSTANTS = dict(distance=1.0, second_moment=2.0, gap=0.5, smoothness=2.0, variance=0.3, growth=0.5, pl=0.4)


def test_schedules_are_rows():
    steps = torch.rand(3, 2, 11, dtype=DOUBLE) * 0.5 + 0.01
    found = sgd_bounds(steps, **CONSTANTS)
    assert [x.shape[-1] for x in found] == [11, 11, 12, 11, 11]
    for i in range(3):
        for j in range(2):
            for all_, one in zip(found, sgd_bounds(steps[i, j], **CONSTANTS), strict=True):
                assert torch.allclose(all_[i, j], one, rtol=1e-13, atol=0)


def test_long_schedules_are_quick_and_right():
    a = 0.3 / (1 + 0.01 * torch.arange(5000, dtype=DOUBLE))
    found = sgd_bounds(a, **CONSTANTS)
    value = 0.5
    for x in a.tolist():
        value = (1 - 2 * 0.4 * x * (1 - 1.5 * x)) * value + 0.3 * x * x
    assert float(found.loss[-1]) == pytest.approx(value, rel=1e-12)
    harmonic = sum(x * x / max(4999 - s, 1) for s, x in enumerate(a.tolist()))
    assert float(found.last[-1]) == pytest.approx((1 / 5000 + 4 * harmonic) / (2 * float(a[-1])), rel=1e-12)


def test_what_is_unknown_promises_nothing():
    a = torch.full((3,), 0.1)
    everything = sgd_bounds(a)
    assert all(bool(x[1:].isinf().all()) for x in everything)
    assert bool(sgd_bounds(a, gap=1.0, smoothness=1.0).loss[1:].isinf().all())
    assert bool(sgd_bounds(a, distance=1.0).averaged.isinf().all())
    only = sgd_bounds(a, second_moment=0.0, distance=1.0)
    assert only.averaged.tolist() == pytest.approx([5.0, 2.5, 5 / 3])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_precision_of_the_steps_is_kept(dtype):
    found = sgd_bounds(torch.full((9,), 0.125, dtype=dtype), **CONSTANTS)
    assert all(x.dtype == dtype for x in found)


@pytest.mark.parametrize(
    ("steps", "given", "words"),
    [
        ([0.1, -0.1], {}, "step_sizes"),
        ([0.1, math.nan], {}, "step_sizes"),
        ([0.1], dict(smoothness=0.0), "smoothness"),
        ([0.1], dict(variance=-1.0), "variance"),
        ([0.1], dict(smoothness=1.0, pl=2.0), "pl"),
        ([], {}, "step_sizes"),
    ],
)
def test_refused(steps, given, words):
    with pytest.raises(GradusError, match=words):
        sgd_bounds(torch.tensor(steps), **given)
