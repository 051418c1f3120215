"""Means are over what counts, however the data are parted; targets of all types, complex numbers and accuracies."""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus import GradusError
from gradus.training import NonFiniteError, accuracy, fit


def linear(n: int = 3, k: int = 4) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(n, k)).double()


def ignoring(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, 3, dtype=torch.float64, generator=generator)
    y = torch.randint(0, 4, (count,), generator=generator)
    y[torch.rand(count, generator=generator) < 0.4] = -100
    return x, y


WEIGHT = torch.tensor([0.1, 1.0, 2.0, 5.0], dtype=torch.float64)
LOSSES = {
    "ignored": F.cross_entropy,
    "module": nn.CrossEntropyLoss(),
    "another number": nn.CrossEntropyLoss(ignore_index=2),
    "weights": nn.CrossEntropyLoss(weight=WEIGHT),
    "weights of a partial": functools.partial(F.cross_entropy, weight=WEIGHT, ignore_index=1),
    "smoothed": nn.CrossEntropyLoss(label_smoothing=0.2, weight=WEIGHT),
    "sum": nn.CrossEntropyLoss(reduction="sum"),
    "sum with weights": nn.CrossEntropyLoss(reduction="sum", weight=WEIGHT),
}


def data_of(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = ignoring()
    return x, y if name in (
        "ignored",
        "module",
        "weights",
        "smoothed",
        "sum",
        "sum with weights",
    ) else y.clamp(min=0)


@pytest.mark.parametrize("closed_form", [True, False])
@pytest.mark.parametrize("name", LOSSES)
def test_any_parting_of_a_step_gives_the_joined_step(name: str, closed_form: bool) -> None:
    loss, (x, y) = LOSSES[name], data_of(name)
    ends, losses = [], []
    for batch, accumulate in ((20, 1), (5, 4), (3, 7)):
        model = linear()
        fitted = fit(
            model, loss, (x[:20], y[:20]), epochs=1, batch_size=batch, accumulate=accumulate, optimizer="sgd",
            learning_rate=0.1, progress="silent", closed_form=closed_form,
        )  # fmt: skip
        ends.append(model[0].weight.detach())
        losses.append(fitted.history[0]["loss"])
    by_hand = linear()
    value = loss(by_hand(x[:20]), y[:20])
    value.backward()
    expected = by_hand[0].weight.detach() - 0.1 * by_hand[0].weight.grad
    for end in ends:
        torch.testing.assert_close(end, expected, rtol=1e-12, atol=1e-12)
    total = float(value.detach()) / (20 if "sum" in name else 1)
    assert losses == pytest.approx([total] * 3, rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_validation_and_epochs_are_means_over_what_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradus.training.evaluation.LEAST_BATCH", 7)
    loss, (x, y) = LOSSES[name], data_of(name)
    model = linear()
    row = fit(
        model, loss, (x, y), validation=(x, y), epochs=1, batch_size=7, optimizer="sgd", learning_rate=0.0,
        metrics={"accuracy": accuracy}, progress="silent",
    ).history[0]  # fmt: skip
    with torch.no_grad():
        outputs = model(x)
        expected = float(loss(outputs, y)) / (len(x) if "sum" in name else 1)
    assert row["loss"] == pytest.approx(expected, rel=1e-12)
    assert row["validation_loss"] == pytest.approx(expected, rel=1e-12)
    counts = y != -100
    share = float((outputs.argmax(1) == y)[counts].double().mean())
    assert row["accuracy"] == pytest.approx(share, rel=1e-6) == row["validation_accuracy"]


def test_the_value_of_a_small_case() -> None:
    """Three samples of which one counts, beside three that all do: the mean is over four."""
    x = torch.eye(2, dtype=torch.float64)[[0, 0, 0, 1, 1, 1]]
    y = torch.tensor([0, -100, -100, 0, 0, 0])
    model = nn.Sequential(nn.Linear(2, 2, bias=False)).double()
    model[0].weight.data = torch.tensor([[0.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    row = fit(model, F.cross_entropy, (x, y), validation=(x, y), batch_size=3, epochs=1, learning_rate=0.0, optimizer="sgd",
              progress="silent").history[0]  # fmt: skip
    counted = torch.tensor([math.log(2), *[math.log(1 + math.e)] * 3])
    assert row["loss"] == pytest.approx(float(counted.mean()), rel=1e-6)
    assert row["validation_loss"] == pytest.approx(float(counted.mean()), rel=1e-6)


def test_a_part_that_ignores_all_is_left_out_and_a_step_that_does_is_named() -> None:
    x, y = ignoring(12)
    y[:] = torch.arange(12) % 4
    y[4:8] = -100
    model = linear()
    order_free = fit(model, F.cross_entropy, (x, y), batch_size=1, accumulate=12, epochs=2, progress="silent")
    assert math.isfinite(order_free.history[-1]["loss"])
    with pytest.raises(NonFiniteError, match="it ignores every target of the batch"):
        fit(linear(), F.cross_entropy, (x[4:8], y[4:8]), epochs=1, progress="silent")


@pytest.mark.parametrize("kind", [torch.int8, torch.int16, torch.int32, torch.uint8, torch.bool])
@pytest.mark.parametrize("loss", [F.cross_entropy, nn.NLLLoss(), F.mse_loss, nn.L1Loss(), F.binary_cross_entropy_with_logits, lambda o, t: F.cross_entropy(o, t)])  # fmt: skip
def test_targets_of_any_whole_type_are_trained_as_those_of_the_usual(kind: torch.dtype, loss: Any) -> None:
    x, y = ignoring(16)[0], torch.arange(16) % 2
    of_classes = (
        loss in (F.cross_entropy,)
        or isinstance(loss, nn.NLLLoss)
        or getattr(loss, "__name__", "") == "<lambda>"
    )
    if not of_classes:
        y = F.one_hot(y, 4)
    elif getattr(loss, "__name__", "") == "<lambda>" and kind in (torch.bool, torch.uint8):
        pytest.skip("of a loss that is not known, truth values may be a mask")
    models = [linear(), linear()]
    for model, targets in zip(models, (y.to(kind), y if of_classes else y.double()), strict=True):
        fit(model, loss, (x, targets), validation=(x, targets), epochs=2, batch_size=5, progress="silent")
    assert torch.equal(models[0][0].weight, models[1][0].weight)


def test_numpy_targets_of_small_types() -> None:
    x = np.random.default_rng(0).normal(size=(9, 3))
    for kind in (np.int32, np.uint16, np.bool_):
        fit(linear(), F.cross_entropy, (x, (np.arange(9) % 2).astype(kind)), epochs=1, progress="silent")


# Complex numbers


class Complex(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1 + 1j], dtype=torch.complex64))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z * self.w


class Magnitude(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.layer(z.abs())


def test_complex_data_keep_their_imaginary_part(tmp_path: Path) -> None:
    z = torch.polar(torch.ones(16, 1, dtype=torch.float64), torch.arange(16, dtype=torch.float64)[:, None])
    model = Complex()
    loss = lambda o, t: (o - t).abs().square().mean()
    fitted = fit(
        model, loss, (z, z * (2 - 3j)), epochs=200, optimizer="sgd", learning_rate=0.1, progress="silent", clip_norm=10.0,
        directory=tmp_path,
    )  # fmt: skip
    assert fitted.history[-1]["loss"] < 1e-8
    assert complex(model.w.detach()[0]) == pytest.approx(2 - 3j, abs=1e-4)
    real = Magnitude()
    fit(
        real,
        F.mse_loss,
        (3 * z, torch.full((16, 1), 6.0)),
        epochs=100,
        optimizer="sgd",
        learning_rate=0.05,
        progress="silent",
    )
    assert float(real.layer.weight.detach()) == pytest.approx(2, abs=1e-4)


# Accuracy


def test_accuracy_of_rows_without_numbers_is_wrong() -> None:
    nan = float("nan")
    assert float(accuracy(torch.tensor([[nan, nan], [nan, 1.0]]), torch.tensor([0, 0]))) == 0
    assert float(accuracy(torch.tensor([[1.0, nan], [0.0, 1.0]]), torch.tensor([1, 1]))) == 0.5
    assert float(accuracy(torch.tensor([[math.inf, 0.0], [-math.inf, 0.0]]), torch.tensor([0, 1]))) == 1
    assert (
        float(accuracy(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, -100, 1]))) == 0.5
    )
    assert float(accuracy(torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.int32))) == 1
    assert float(accuracy(torch.eye(2), torch.tensor([False, True]))) == 1


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [
        (torch.zeros(3, 2), torch.zeros(3, 1, dtype=torch.long)), (torch.zeros(3), torch.zeros(3, dtype=torch.long)),
        (torch.zeros(3, 1), torch.zeros(3, dtype=torch.long)), (torch.zeros(3, 2), torch.zeros(3)), (torch.zeros(3, 2), torch.zeros(3, 2)),
        (torch.zeros(3, 2), torch.tensor([0, 1, 2])), (torch.zeros(3, 2), torch.tensor([0, 1, -1])), (torch.zeros(0, 2), torch.zeros(0, dtype=torch.long)),
        (torch.zeros(3, 2, dtype=torch.complex64), torch.zeros(3, dtype=torch.long)), ([[1.0, 2.0]], torch.tensor([0])),
        (torch.zeros(3, 2), torch.zeros(1, dtype=torch.long)), (torch.zeros(3, 2), torch.tensor(0)),
    ],
)  # fmt: skip
def test_accuracy_refuses_what_it_would_broadcast(outputs: Any, targets: Any) -> None:
    with pytest.raises(GradusError, match="expected"):
        accuracy(outputs, targets)
