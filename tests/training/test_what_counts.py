"""Means are over what counts, however the data are parted; targets, types and modes end as they are meant to."""

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
from gradus.training import Callback, NonFiniteError, accuracy, export_weights, fit, load_checkpoint


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


# Modes


def normed(*, shape: int = 8) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, shape), nn.BatchNorm1d(shape), nn.ReLU(), nn.Dropout(0.5), nn.Linear(shape, 2)
    )


@pytest.mark.parametrize("compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_layer_in_evaluation_mode_stays_frozen(compile: bool) -> None:
    model = normed()
    model[1].eval()
    x, y = torch.randn(32, 3) + 5, torch.arange(32) % 2
    seen = []

    class Modes(Callback):
        def on_epoch_end(self, run: Any, row: dict[str, Any]) -> None:
            seen.append([m.training for m in run.model.modules()])

    fit(
        model,
        F.cross_entropy,
        (x, y),
        validation=(x, y),
        epochs=3,
        batch_size=8,
        progress="silent",
        callbacks=[Modes()],
        compile=compile,
    )
    assert torch.equal(model[1].running_mean, torch.zeros(8)) and int(model[1].num_batches_tracked) == 0
    assert seen == [[True, True, False, True, True, True]] * 3
    model = normed().eval()
    fit(model, F.cross_entropy, (x, y), epochs=1, batch_size=8, progress="silent")
    assert int(model[1].num_batches_tracked) == 4 and not model.training


def test_what_a_callback_freezes_stays_frozen_after_validation() -> None:
    class Freeze(Callback):
        def on_step_end(self, run: Any) -> None:
            run.model[1].eval()

    model, x, y = normed(), torch.randn(32, 3), torch.arange(32) % 2
    fit(
        model,
        F.cross_entropy,
        (x, y),
        validation=(x, y),
        epochs=3,
        batch_size=8,
        progress="silent",
        callbacks=[Freeze()],
    )
    assert int(model[1].num_batches_tracked) == 1 and model[1].training


@pytest.mark.parametrize(
    ("batch", "accumulate", "steps"), [(8, 1, 4), (8, 2, 2), (16, 2, 1), (33, 1, 1), (4, 8, 1), (64, 1, 1)]
)
def test_a_last_sample_joins_the_batch_before_under_batch_norm(
    batch: int, accumulate: int, steps: int
) -> None:
    x, y = torch.randn(33, 3), torch.arange(33) % 2
    fitted = fit(normed(), F.cross_entropy, (x, y), epochs=2, batch_size=batch, accumulate=accumulate, progress="silent", schedule="cosine")  # fmt: skip
    assert fitted.steps == 2 * steps and fitted.epochs == 2
    plain = fit(
        nn.Sequential(nn.Linear(3, 2)), F.cross_entropy, (x, y), epochs=1, batch_size=8, progress="silent"
    )
    assert plain.steps == 5


def test_batches_of_one_sample_are_refused_in_words_by_batch_norm() -> None:
    x, y = torch.randn(6, 3), torch.arange(6) % 2
    with pytest.raises(GradusError, match=r"batch norm has more than one value .*larger batch_size"):
        fit(normed(), F.cross_entropy, (x, y), epochs=1, batch_size=1, progress="silent")
    net = normed()
    net[1].eval()
    assert fit(net, F.cross_entropy, (x, y), epochs=1, batch_size=1, progress="silent").steps == 6


def test_a_run_with_a_joined_batch_resumes_exactly(tmp_path: Path) -> None:
    x, y = torch.randn(17, 3, generator=torch.Generator().manual_seed(0)), torch.arange(17) % 2

    def train(folder: str, epochs: int, resume: bool = False) -> nn.Sequential:
        model = normed()
        fit(
            model,
            F.cross_entropy,
            (x, y),
            epochs=epochs,
            batch_size=4,
            progress="silent",
            directory=tmp_path / folder,
            resume=resume,
        )
        return model

    whole = train("whole", 4)
    train("cut", 2)
    cut = train("cut", 4, resume=True)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), cut.parameters(), strict=True))


def test_what_a_callback_thaws_is_not_accumulated() -> None:
    norms: list[float] = []

    class Thaw(Callback):
        def on_step_end(self, run: Any) -> None:
            run.model[0].requires_grad_(True)

        def on_gradients(self, run: Any) -> None:
            norms.append(0.0 if run.model[0].weight.grad is None else float(run.model[0].weight.grad.norm()))

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    x, y = torch.randn(8, 3), torch.arange(8) % 2
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    fit(
        model,
        F.cross_entropy,
        (x, y),
        epochs=5,
        batch_size=8,
        optimizer=optimizer,
        callbacks=[Thaw()],
        progress="silent",
    )
    assert norms[0] == 0 and norms[1] > 0 and norms[1:] == pytest.approx([norms[1]] * 4, rel=1e-5)


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


# Exports


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder, self.norm = nn.Linear(3, 3), nn.Linear(3, 3), nn.BatchNorm1d(3)
        self.decoder.weight = self.encoder.weight
        self.register_buffer("kept", torch.ones(2))
        self.register_buffer("again", self.kept)
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.norm(self.encoder(x)))


@pytest.mark.parametrize("averaged", [False, True])
def test_exports_of_tied_weights_hold_every_name(tmp_path: Path, averaged: bool) -> None:
    model = Tied()
    fitted = fit(
        model,
        F.mse_loss,
        (torch.randn(8, 3), torch.randn(8, 3)),
        epochs=2,
        ema=0.5,
        directory=tmp_path,
        progress="silent",
    )
    weights = export_weights(load_checkpoint(fitted.checkpoint), averaged=averaged)
    other = Tied()
    other.load_state_dict(weights)
    assert set(weights) == set(model.state_dict()) and "scratch" not in weights
    expected = fitted.averaged["encoder.weight"] if averaged else model.encoder.weight
    assert torch.equal(weights["decoder.weight"], expected) and torch.equal(
        weights["encoder.weight"], expected
    )
    assert torch.equal(other.decoder.weight, other.encoder.weight)
