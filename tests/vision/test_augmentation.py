"""Random affine maps: exact where they can be, the same with the same generator, sound about mistakes."""

import pytest
import torch
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.vision.augmentation import random_affine


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def images(*shape, dtype=torch.float64):
    return torch.rand(shape, dtype=dtype, generator=generator(1))


def test_no_range_leaves_the_images():
    x = images(5, 2, 8, 9)
    y = random_affine(x, generator(), degrees=0, shift=0, scale=1)
    torch.testing.assert_close(y, x, atol=1e-13, rtol=0)


def test_the_same_generator_gives_the_same_bits():
    x = images(5, 1, 8, 8)
    assert torch.equal(random_affine(x, generator(3)), random_affine(x, generator(3)))
    assert not torch.equal(random_affine(x, generator(3)), random_affine(x, generator(4)))


def test_global_state_and_input_are_left():
    x, before = images(3, 1, 8, 8), torch.random.get_rng_state()
    kept = x.clone()
    random_affine(x, generator())
    assert torch.equal(torch.random.get_rng_state(), before) and torch.equal(x, kept)


def centre(x):
    """Centre of mass (row, column) of each image, about the middle."""
    h, w = x.shape[-2:]
    rows, columns = torch.arange(h) - (h - 1) / 2, torch.arange(w) - (w - 1) / 2
    mass = x.sum((-2, -1))
    return torch.stack([(x * rows[:, None]).sum((-2, -1)) / mass, (x * columns).sum((-2, -1)) / mass], -1)[
        :, 0
    ]


def blob(row, column, n, size=33):
    """A Gaussian spot at (row, column) from the middle, broad enough to be resampled without error."""
    u = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    spot = torch.exp(-((u[:, None] - row) ** 2 + (u - column) ** 2) / 18)
    return spot.expand(n, 1, size, size)


def test_shifts_fill_their_range_and_no_more():
    moved = centre(random_affine(blob(0, 0, 400), generator(), degrees=0, shift=3, scale=1))
    assert moved.abs().max() <= 3 + 1e-3
    assert (moved.amax(0) > 2.9).all() and (moved.amin(0) < -2.9).all()
    assert (moved.mean(0).abs() <= 5 * 3 / 3**0.5 / 20).all()


@pytest.mark.parametrize("aspect", [1, 2])
def test_turns_keep_the_distance_from_the_centre(aspect):
    x = F.pad(blob(0, 6, 200), (0, 33 * (aspect - 1)))
    x = torch.roll(x, 33 * (aspect - 1) // 2, -1) if aspect > 1 else x
    start = centre(x)[0]
    moved = centre(random_affine(x, generator(), degrees=30, shift=0, scale=1))
    torch.testing.assert_close(moved.norm(dim=-1), start.norm().expand(200), atol=2e-2, rtol=0)
    turned = torch.rad2deg(torch.atan2(moved[:, 0], moved[:, 1]))
    assert 29 < turned.max() < 30.5 and -30.5 < turned.min() < -29


def test_scales_fill_their_range():
    moved = (
        centre(random_affine(blob(0, 6, 300, size=65), generator(), degrees=0, shift=0, scale=1.25))[:, 1] / 6
    )
    assert 1.24 < moved.max() < 1.26 and 1 / 1.26 < moved.min() < 1 / 1.24


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_dtype_is_kept_and_an_empty_batch_stays_empty(dtype):
    assert random_affine(images(2, 1, 8, 8).to(dtype), generator()).dtype == dtype
    assert random_affine(images(0, 1, 8, 8).to(dtype), generator()).shape == (0, 1, 8, 8)


@pytest.mark.parametrize("ranges", [dict(degrees=-1), dict(shift=-0.5), dict(scale=0.9)])
def test_impossible_ranges_are_named(ranges):
    with pytest.raises(
        GradusError, match=r"(degrees|shift|scale): expected a number ≥ [01]( and ≤ 1000000.0)?, got"
    ):
        random_affine(images(1, 1, 8, 8), generator(), **ranges)


@pytest.mark.parametrize("x", [torch.zeros(8, 8), torch.zeros(1, 1, 8, 8, dtype=torch.uint8)])
def test_inputs_that_are_no_images_are_named(x):
    with pytest.raises(GradusError, match=r"inputs: expected (the shape|a tensor of floating-point numbers)"):
        random_affine(x, generator())
