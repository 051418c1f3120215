"""What `fit` leaves alone: generators, settings and flags; its result depends on its seed alone."""

import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_run import data, digest_of, model, noisy, train

from gradus.training import NonFiniteError
from gradus.training.randomness import epoch_order, mix


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    cpu = torch.device("cpu")
    assert torch.equal(epoch_order(1, 2, 50, cpu), epoch_order(1, 2, 50, cpu))
    orders = {tuple(epoch_order(seed, epoch, 50, cpu).tolist()) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100
    assert (
        len(
            {
                mix(*numbers)
                for numbers in [(a, b, c) for a in range(20) for b in range(20) for c in range(20)]
            }
        )
        == 8000
    )


def state_of_the_world() -> list[Any]:
    return [
        torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state()), torch.get_num_threads(),
        torch.get_default_dtype(), torch.is_grad_enabled(), list(warnings.filters), torch.is_autocast_enabled("cpu"),
        torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision(),
        __import__("signal").getsignal(2), __import__("signal").getsignal(15),
    ]  # fmt: skip


@pytest.mark.parametrize("grad", [True, False])
def test_nothing_global_is_changed(tmp_path: Path, grad: bool) -> None:
    with torch.set_grad_enabled(grad):
        before = state_of_the_world()
        train(
            model("conv norm dropout"),
            tmp_path,
            augment=noisy,
            precision="bfloat16",
            validation=data(),
            ema=0.9,
        )
        assert state_of_the_world() == before
        with pytest.raises(NonFiniteError):
            train(model(), learning_rate=1e30, optimizer="sgd")
        assert state_of_the_world() == before


def test_flags_of_modules_are_put_back() -> None:
    net = model("conv norm dropout").eval()
    net[1].train()
    flags = [module.training for module in net.modules()]
    train(net, validation=data())
    assert [module.training for module in net.modules()] == flags


def test_the_result_does_not_depend_on_the_generator_outside() -> None:
    nets = [model("conv dropout") for _ in range(2)]
    for seed, net in enumerate(nets):
        torch.manual_seed(seed)
        train(net, augment=noisy)
    assert digest_of(nets[0].state_dict()) == digest_of(nets[1].state_dict())
