"""Rounding to formats and summation: beside hardware, beside exact sums, and with one-line errors."""

import math

import numpy as np
import pytest
import torch

from gradus import GradusError
from gradus.foundations.floating_point import FORMATS, round_to_format, summation


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_those_of_torch(name):
    info, ours = torch.finfo(getattr(torch, name)), FORMATS[name]
    assert (ours.epsilon, ours.largest, ours.smallest_normal) == (info.eps, info.max, info.smallest_normal)
    assert ours.smallest == info.smallest_normal * info.eps


def test_every_float16_and_every_midpoint_of_two():
    numbers = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(float)
    np.testing.assert_array_equal(round_to_format(numbers, "float16"), numbers)
    middle = (numbers[1:] + numbers[:-1]) / 2
    np.testing.assert_array_equal(round_to_format(middle, "float16"), middle.astype(np.float16).astype(float))
    np.testing.assert_array_equal(round_to_format(-middle, "float16"), -round_to_format(middle, "float16"))


def test_float32_of_many_sizes_rounds_once():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(100_000) * 2.0 ** rng.integers(-160, 140, 100_000)
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_equal(round_to_format(x, "float32"), x.astype(np.float32).astype(float))


def test_signs_zeros_and_no_numbers():
    y = round_to_format(np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e300, -1e-300]), "bfloat16")
    np.testing.assert_array_equal(y, [0.0, -0.0, np.nan, np.inf, -np.inf, np.inf, -0.0])
    np.testing.assert_array_equal(np.signbit(y), [False, True, False, False, True, False, True])
    assert round_to_format(np.array([1e9]), "float8_e4m3fn")[0] == 448


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 3, 127, 1000])
def test_sums_keep_their_type_and_bounds(n, dtype):
    x = np.random.default_rng(n).standard_normal((4, n)).astype(dtype)
    u = np.finfo(dtype).eps / 2
    limits = {"naive": max(n - 1, 1), "pairwise": max(math.ceil(math.log2(n)), 1), "kahan": 2}
    for method, limit in limits.items():
        got = summation(x, method)
        assert got.dtype == dtype and got.shape == (4,)
        for row, value in zip(x, got, strict=True):
            exact = math.fsum(row.astype(float))
            assert abs(float(value) - exact) <= limit * u * math.fsum(np.abs(row.astype(float)))


def test_integers_and_empty_sums():
    assert summation(np.arange(10)) == 45
    np.testing.assert_array_equal(summation(np.zeros((2, 0))), [0, 0])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: round_to_format(np.ones(2), "float7"), "float8_e4m3fn, got 'float7'"),
        (lambda: round_to_format(np.array(["a"])), "expected real numbers"),
        (lambda: summation(np.ones(2), "sorted"), "expected one of naive, pairwise, kahan"),
        (lambda: summation(np.array(1.0)), "got ()"),
    ],
)
def test_mistakes_are_one_line(wrong, words):
    with pytest.raises(GradusError) as caught:
        wrong()
    assert words in str(caught.value) and "\n" not in str(caught.value)
