"""What `fit` computes, beside plain loops; its mistakes and its progress."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_run import data, digest_of, model, train
from torch import nn

from gradus import GradusError
from gradus.training import Callback, EarlyStopping, accuracy, fit, load_checkpoint
from gradus.training.randomness import epoch_order
from gradus.training.schedules import SCHEDULES, make_schedule


def by_hand(
    net: nn.Module, optimizer: torch.optim.Optimizer, epochs: int, batch: int, clip: float | None = None
) -> list[float]:
    inputs, targets = data()
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for indices in epoch_order(0, epoch, len(inputs), torch.device("cpu")).split(batch):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs[indices]), targets[indices])
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(indices)
        losses.append(total / len(inputs))
    return losses


def weights(net: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in net.parameters()])


@pytest.mark.parametrize("clip", [None, 0.3])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_plain_loop_is_reproduced(name: str, clip: float | None) -> None:
    mine, theirs = model("linear"), model("linear")
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name]
    losses = by_hand(theirs, kind(theirs.parameters(), lr=0.01), 3, 16, clip)
    fitted = train(mine, optimizer=name, clip_norm=clip)
    # Different but equal orders of float32 operations: a few hundred of them.
    torch.testing.assert_close(weights(mine), weights(theirs), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([row["loss"] for row in fitted.history], losses, rtol=1e-6)


def test_channels_last_changes_only_the_rounding() -> None:
    nets = [model() for _ in range(2)]
    for net, layout in zip(nets, (True, False), strict=True):
        train(net, channels_last=layout)
    torch.testing.assert_close(weights(nets[0]), weights(nets[1]), rtol=1e-4, atol=1e-5)
    assert nets[0][0].weight.is_contiguous()


def test_accumulated_batches_equal_the_joined_batch() -> None:
    nets = [model("linear") for _ in range(2)]
    train(nets[0], batch_size=16)
    train(nets[1], batch_size=4, accumulate=4)
    torch.testing.assert_close(weights(nets[0]), weights(nets[1]), rtol=1e-4, atol=1e-5)


def test_it_learns_the_digits() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    inputs = (digits.data / 16).reshape(-1, 1, 8, 8)  # float64 NumPy arrays, as users have them
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(576, 10))
    fitted = fit(
        net, nn.functional.cross_entropy, (inputs[:1400], digits.target[:1400]), progress="silent", learning_rate=3e-3,
        validation=(inputs[1400:], digits.target[1400:]), metrics={"accuracy": accuracy}, epochs=12, schedule="cosine",
    )  # fmt: skip
    assert fitted.history[-1]["validation_accuracy"] > 0.88
    assert fitted.history[-1]["accuracy"] > 0.98
    assert fitted.samples_per_second > 0 and len(fitted.epoch_seconds) == 12


def test_training_metrics_are_means_over_samples() -> None:
    net = model("linear")
    fitted = train(
        net, optimizer="sgd", learning_rate=0.0, epochs=1, metrics={"accuracy": accuracy}, validation=data()
    )
    inputs, targets = data()
    row = fitted.history[0]
    net.requires_grad_(False)
    expected = float(accuracy(net(inputs), targets))
    assert row["accuracy"] == pytest.approx(expected, abs=1e-6) and row[
        "validation_accuracy"
    ] == pytest.approx(expected, abs=1e-6)
    assert row["loss"] == pytest.approx(float(nn.functional.cross_entropy(net(inputs), targets)), rel=1e-6)


def test_the_average_follows_its_recurrence() -> None:
    seen: list[torch.Tensor] = []

    class Keep(Callback):
        def on_start(self, run: Any) -> None:
            seen.append(weights(run.model))

        def on_step_end(self, run: Any) -> None:
            seen.append(weights(run.model))

    fitted = train(model("linear"), ema=0.8, epochs=1, callbacks=[Keep()])
    mean = seen[0]
    for value in seen[1:]:
        mean = 0.8 * mean + 0.2 * value
    torch.testing.assert_close(
        torch.cat([v.reshape(-1) for v in fitted.averaged.values()]), mean, rtol=1e-5, atol=1e-6
    )


def test_schedules_are_pure_functions_of_the_step() -> None:
    seen = []

    class Keep(Callback):
        def on_step_end(self, run: Any) -> None:
            seen.append(run.learning_rate)

    for name in SCHEDULES:
        seen.clear()
        train(model("linear"), schedule=name, epochs=2, callbacks=[Keep()])
        curve = make_schedule(name, 12)
        assert seen == [0.01 * curve(step) for step in range(12)]
    seen.clear()
    train(model("linear"), schedule=lambda step: 1 / (1 + step), epochs=1, callbacks=[Keep()])
    assert seen == [0.01 * (1 / (1 + step)) for step in range(6)]
    assert make_schedule("cosine", 10)(0) == 1 and make_schedule("cosine", 10)(5) == pytest.approx(0.5)
    assert make_schedule("warmup-cosine", 40)(1) == 1 and make_schedule("step", 8)(4) == pytest.approx(0.1)


def test_an_optimizer_by_name_factory_and_instance() -> None:
    nets = [model("linear") for _ in range(3)]
    train(nets[0], optimizer="nesterov", learning_rate=0.01)
    train(nets[1], optimizer=lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, nesterov=True, fused=True))
    train(
        nets[2],
        optimizer=torch.optim.SGD(nets[2].parameters(), 0.01, momentum=0.9, nesterov=True, fused=True),
    )
    assert (
        digest_of(nets[0].state_dict()) == digest_of(nets[1].state_dict()) == digest_of(nets[2].state_dict())
    )


def test_lbfgs_gets_its_closure() -> None:
    fitted = train(model("linear"), optimizer="lbfgs", learning_rate=0.5, batch_size=90, epochs=4)
    assert fitted.history[-1]["loss"] < 0.2 * fitted.history[0]["loss"]


def test_early_stopping_and_the_best_epoch() -> None:
    fitted = train(model(), epochs=20, early_stopping=EarlyStopping("loss", 2, improvement=10.0))
    assert (fitted.stopped, fitted.epochs, fitted.best["epoch"]) == ("early", 3, 1)


def test_a_callback_may_stop_the_run() -> None:
    class Enough(Callback):
        ended = 0

        def on_step_end(self, run: Any) -> None:
            if run.step == 4:
                run.stop("enough")

        def on_end(self, run: Any) -> None:
            self.ended += 1

    callback = Enough()
    fitted = train(model(), callbacks=[callback])
    assert (fitted.steps, fitted.stopped, callback.ended) == (4, "enough", 1)


def test_the_checkpoint_holds_the_weights(tmp_path: Path) -> None:
    from gradus.training import export_weights

    net, other = model("conv norm"), model("conv norm", seed=8)
    fitted = train(net, tmp_path, ema=0.9)
    checkpoint = load_checkpoint(fitted.checkpoint)
    other.load_state_dict(export_weights(checkpoint))
    assert digest_of(other.state_dict()) == digest_of(net.state_dict())
    other.load_state_dict(export_weights(checkpoint, averaged=True))
    torch.testing.assert_close(other[0].weight.detach(), fitted.averaged["0.weight"])


# Mistakes


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"optimizer": "adamm"}, "expected an optimizer among"), ({"schedule": "cosin"}, "expected a schedule among"),
        ({"epochs": -1}, "epochs"), ({"batch_size": 0}, "batch_size"), ({"batch_size": 2.0}, "batch_size"),
        ({"accumulate": True}, "accumulate"), ({"precision": "float16"}, "precision"), ({"clip_norm": 0}, "clip_norm"),
        ({"ema": 1.0}, "ema"), ({"seed": "a"}, "seed"), ({"progress": "loud"}, "progress"), ({"compile": "maybe"}, "compile"),
        ({"device": "cuda:99"}, "device"), ({"data": data()[0]}, "pair"), ({"data": (data()[0], data()[1][:-1])}, "as many"),
        ({"data": ([1], [2])}, "tensor or a NumPy array"), ({"data": (torch.empty(0, 1), torch.empty(0))}, "at least one"),
        ({"data": (np.array([object()]), data()[1][:1])}, "Python objects"), ({"data": (torch.tensor(1.0), torch.tensor(1))}, "samples"),
        ({"early_stopping": EarlyStopping("accuracy")}, "monitor"), ({"early_stopping": EarlyStopping("loss", 0)}, "patience"),
        ({"optimizer": lambda p: 3}, "factory"), ({"validation": 3}, "validation"), ({"keep": 0}, "keep"),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_clear_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(GradusError, match=said) as caught:
        train(model(), **settings)
    assert "\n" not in str(caught.value)


def test_models_that_cannot_be_trained_are_refused() -> None:
    with pytest.raises(GradusError, match="parameters to train"):
        train(nn.Flatten())
    with pytest.raises(GradusError, match=r"torch\.nn\.Module"):
        train(lambda x: x)  # type: ignore[arg-type]
    with pytest.raises(GradusError, match="meta"):
        train(nn.Linear(3, 3, device="meta"))
    with pytest.raises(GradusError, match="one number"):
        fit(model(), lambda o, t: o, data(), progress="silent")


# Progress


def test_plain_lines_and_silence(capsys: pytest.CaptureFixture[str]) -> None:
    train(model(), progress="silent")
    assert capsys.readouterr() == ("", "")
    train(model(), progress="auto")
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 3 and err.startswith("epoch 1: ")


def test_a_bar_is_drawn_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    train(model(), progress="rich")
    assert "18/18" in capsys.readouterr().err
