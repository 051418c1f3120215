"""Schedules: what PyTorch's classes do at the ends, and that `fit`'s closed forms are those of the page."""

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR

from gradus.concepts.optimization.schedules import schedule
from gradus.optimization import quadratic, trajectory
from gradus.training.schedules import make_schedule, warmup


def sizes_of(make, count, alpha=1.0):
    """The step sizes of a PyTorch scheduler, one a call of its `step()`."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=alpha)
    scheduler, sizes = make(optimizer), []
    for _ in range(count):
        sizes.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(sizes)


def test_torchs_cosine_rises_again_beyond_its_end():
    theirs = sizes_of(lambda o: CosineAnnealingLR(o, T_max=10), 21)
    ours = schedule(np.arange(21), 1.0, 10)
    np.testing.assert_allclose(theirs[:11], ours[:11], atol=1e-15)
    np.testing.assert_allclose(theirs[10:], theirs[10::-1], atol=1e-12)
    assert (ours[10:] == 0).all()


def test_torchs_linear_rise_begins_at_a_share_of_the_step_size():
    theirs = sizes_of(lambda o: LinearLR(o, start_factor=1 / 4, total_iters=3), 6, alpha=0.8)
    np.testing.assert_allclose(theirs, schedule(np.arange(6), 0.8, 6, "constant", warmup=4), rtol=1e-14)


@pytest.mark.parametrize("total", [7, 100, 1000])
def test_the_closed_forms_of_training_are_those_of_the_page(total):
    t, w = np.arange(total), warmup(0, total)
    for name, want in (
        ("constant", schedule(t, 1.0, total, "constant")),
        ("cosine", schedule(t, 1.0, total, "cosine")),
        ("warmup", schedule(t, 1.0, total, "constant", warmup=w)),
        ("warmup-cosine", schedule(t, 1.0, total, "cosine", warmup=w)),
    ):
        curve = make_schedule(name, total)
        np.testing.assert_allclose([curve(int(k)) for k in t], want, atol=1e-15)


def test_a_schedule_drives_a_trajectory():
    sizes = schedule(np.arange(30), 0.5, 30, "step", every=10, gamma=0.5)
    points = trajectory(
        lambda p: torch.optim.SGD(p, lr=9.9), quadratic([1.0]), np.ones(1), 30, step_sizes=sizes
    )
    np.testing.assert_allclose(points[:, 0], np.r_[1.0, np.cumprod(1 - sizes)], rtol=1e-13)
