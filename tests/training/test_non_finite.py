"""A number that is not finite stops the run at its step, and the layer or the input that made it is named."""

from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import data, model, train
from torch import nn

from gradus.training import Callback, NonFiniteError, fit, load_checkpoint


class Poison(nn.Module):
    """Gives NaN in its forward or its backward pass at a given call."""

    def __init__(self, at: int, backward: bool = False) -> None:
        super().__init__()
        self.at, self.backward_too, self.step = at, backward, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.step + 1 != self.at:
            return x
        # At 0 the root is 0 and its slope infinite: a finite loss with a gradient that is not.
        return x + (x * 0).abs().sqrt().sum() if self.backward_too else x * float("nan")


class Count(Callback):
    def __init__(self, poison: Poison) -> None:
        self.poison = poison

    def on_step_end(self, run: Any) -> None:
        self.poison.step = run.step


@pytest.mark.parametrize("step", [1, 5, 6, 7, 14])
@pytest.mark.parametrize("backward", [False, True])
def test_a_nan_stops_at_its_step_and_names_the_layer(tmp_path: Path, step: int, backward: bool) -> None:
    poison = Poison(step, backward)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), poison, nn.Linear(8, 4), nn.Softplus())
    with pytest.raises(NonFiniteError) as caught:
        train(net, tmp_path, checkpoint_every=2, callbacks=[Count(poison)])
    error = caught.value
    assert error.step == step and f"step {step} " in str(error) and "\n" not in str(error)
    assert error.tensor == ("gradient" if backward else "loss")
    assert ("'1" if False else "1 (Linear)" if backward else "2 (Poison)") in error.layer
    assert str(error) in (tmp_path / "log.txt").read_text()
    if step > 2:
        assert error.checkpoint is not None
        assert all(torch.isfinite(v).all() for v in load_checkpoint(error.checkpoint).tensors.values())
        expected = max(s for s in (*range(2, 18, 2), 6, 12) if s < step)
        assert error.checkpoint.name == f"step-{expected:08d}.json"


@pytest.mark.parametrize(("where", "value"), [("inputs", float("inf")), ("inputs", float("nan"))])
def test_a_bad_sample_is_named(where: str, value: float) -> None:
    inputs, targets = data()
    inputs[40, 0, 0, 0] = value
    with pytest.raises(NonFiniteError, match="the inputs of the batch"):
        train(model(), data=(inputs, targets))


def test_a_bad_loss_function_is_named() -> None:
    with pytest.raises(NonFiniteError, match="the loss function"):
        fit(model(), lambda o, t: (o.sum() * 0).log(), data(), progress="silent")


def test_a_bad_validation_loss_is_named() -> None:
    inputs, targets = data(10)
    inputs[3] = float("nan")
    with pytest.raises(NonFiniteError, match="validation loss"):
        train(model(), validation=(inputs, targets))


def test_a_nan_under_dropout_is_found_with_the_same_noise() -> None:
    class Rare(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            noise = torch.rand(())
            return x / 0 if self.training and noise < 0.1 else x

    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), Rare())
    with pytest.raises(NonFiniteError, match=r"2 \(Rare\)"):
        train(net, epochs=30)
