"""What is wrong with an argument of `fit` is said in one line that names it, before anything is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_run import StopAt, Stopped, data, model, train
from torch import nn
from torch.nn import functional as F

from gradus import GradusError
from gradus.training import Callback, CheckpointError, EarlyStopping, accuracy, fit, load_checkpoint
from gradus.training.checkpoint import save_checkpoint
from gradus.training.step_folder import list_checkpoints
from gradus.training.stopping import Best, falls

WRONG: list[tuple[str, Any]] = [
    (name, value)
    for name, values in {
        "clip_norm": ("x", True, [], float("nan"), float("inf"), -1, 1j, np.ones(2)), "callbacks": (5, [5], Callback(), [Callback], None, "x", {}),
        "ema": ("x", True, [], -0.1, 2, float("nan")), "learning_rate": ("x", None, True, float("nan"), -1.0, float("inf"), [0.1]),
        "optimizer": (5, None, [], {}), "schedule": (5, [], {}, True), "augment": (5, "x"), "early_stopping": (5, "loss", EarlyStopping),
        "directory": (5, "", b"x", [], "a\0b"), "resume": ("yes", 1, None), "force": ("yes", 1, None), "progress": (5, None),
        "metrics": (5, [accuracy], "x", {"a": 5}, {3: accuracy}, {"": accuracy}, {"a": nn.Module}), "precision": (5, [], None, {}),
        "compile": (1, [], "x", None), "channels_last": (0, [], None), "closed_form": (1, "x", None), "epochs": ("x", 1.5, None, True, -1),
        "batch_size": ("x", 0, 1.0, None), "accumulate": (0, "x", None), "checkpoint_every": (0, "x", 1.5), "keep": (0, None), "seed": (None, "x", 1.5),
        "device": (object(), [], "abc"), "validation": (5, (1, 2), "x"), "loss": (None, 5, nn.MSELoss, "mse"), "data": (5, None, "x"),
    }.items()
    for value in values
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{n}-{i}" for i, (n, _) in enumerate(WRONG)])
def test_a_wrong_type_names_its_argument(tmp_path: Path, name: str, value: Any) -> None:
    before = sorted(tmp_path.iterdir())
    settings: dict[str, Any] = {
        "directory": tmp_path / "run",
        "loss": F.cross_entropy,
        "data": data(),
        "progress": "silent",
    }
    with pytest.raises(GradusError) as caught:
        fit(model(), **(settings | {name: value}))
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_numbers_of_numpy_are_taken(tmp_path: Path) -> None:
    train(
        model(),
        tmp_path,
        epochs=1,
        clip_norm=np.float32(1),
        ema=np.float64(0.5),
        learning_rate=np.float32(0.01),
    )


@pytest.mark.parametrize(
    "name",
    ["loss", "step", "epoch", "learning_rate", "validation_loss", "validation_accuracy", "validation_"],
)
def test_a_metric_called_as_a_column_is_refused(name: str) -> None:
    with pytest.raises(GradusError, match="other than the columns of the history"):
        train(model(), metrics={name: accuracy})


@pytest.mark.parametrize("result", [torch.zeros(2), "x", None, [1.0]])
def test_a_metric_that_is_no_number_is_named(result: Any) -> None:
    with pytest.raises(GradusError, match="the metric 'figure' to return one number"):
        train(model(), metrics={"figure": lambda o, t: result})


# Early stopping

FALLING = ["mae", "validation_mae", "rmse", "validation_loss", "mean_absolute_error", "perplexity", "nll", "negative_log_likelihood",
           "brier", "wer", "kl_divergence", "valLoss", "MSE", "top5_error", "loss"]  # fmt: skip
RISING = [
    "accuracy",
    "validation_accuracy",
    "f1",
    "auc",
    "r2",
    "log_likelihood",
    "bleu",
    "top5",
    "mean_reward",
    "IoU",
    "neg_mean_squared_error",
]
UNKNOWN = ["validation_x", "quality", "fpr", "learning_rate", "step"]


def test_which_way_a_figure_goes_is_told_by_its_name() -> None:
    assert all(falls(name, "auto") for name in FALLING[:-4] + FALLING[-4:])
    known = [name for name in RISING if not name.startswith("neg")]
    assert not any(falls(name, "auto") for name in known)
    for name in [*UNKNOWN, "neg_mean_squared_error"]:
        with pytest.raises(GradusError, match="fall or to rise"):
            falls(name, "auto")
        assert falls(name, "min") and not falls(name, "max")


def test_early_stopping_by_an_error_keeps_the_least() -> None:
    figures = iter([3.0, 1.0, 2.0, 2.5, 4.0, 5.0])
    fitted = train(
        model(),
        epochs=6,
        batch_size=90,
        metrics={"mae": lambda o, t: next(figures)},
        early_stopping=EarlyStopping("mae", 3),
    )
    assert (fitted.best["value"], fitted.best["epoch"], fitted.stopped, fitted.epochs) == (1.0, 2, "early", 5)


@pytest.mark.parametrize("offset", [-100.0, 0.0, 100.0])
@pytest.mark.parametrize("improvement", [0.0, 1e-2])
def test_standing_still_and_rising_are_no_improvement_on_either_side_of_zero(
    offset: float, improvement: float
) -> None:
    best = Best("loss", improvement=improvement)
    for epoch in range(50):
        best.update({"loss": offset + 0.005 * max(0, epoch - 25), "epoch": epoch, "step": epoch})
    assert best.epoch == 0 and best.since == 49
    assert best.update({"loss": offset - 0.02, "epoch": 50, "step": 50}) and best.value == offset - 0.02


@pytest.mark.parametrize(
    "stopping",
    [EarlyStopping("loss", "x"), EarlyStopping("loss", 1.5), EarlyStopping("loss", True), EarlyStopping("loss", improvement=float("nan")),
     EarlyStopping("loss", improvement=-1), EarlyStopping("loss", improvement="x"), EarlyStopping("loss", mode="best"), EarlyStopping(3),
     EarlyStopping("validation_loss"), EarlyStopping("figure")],
)  # fmt: skip
def test_early_stopping_without_sense_is_refused_before_the_first_step(stopping: EarlyStopping) -> None:
    net = model()
    before = [p.detach().clone() for p in net.parameters()]
    with pytest.raises(GradusError):
        train(net, early_stopping=stopping, metrics={"figure": accuracy})
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


# Resuming


def groups(net: nn.Module, **first: Any) -> torch.optim.Optimizer:
    parameters = list(net.parameters())
    return torch.optim.SGD([{"params": parameters[:2], **first}, {"params": parameters[2:]}], lr=0.01)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("learning_rate", {"learning_rate": 0.01}, {"learning_rate": 0.02}),
        ("learning_rate", {"learning_rate": 0.01, "schedule": "cosine"}, {"learning_rate": 0.02, "schedule": "cosine"}),
        ("learning_rate", {"optimizer": lambda p: torch.optim.Adam(p, 0.01)}, {"optimizer": lambda p: torch.optim.Adam(p, 0.02)}),
        ("optimizer", {"optimizer": lambda p: torch.optim.SGD(p, 0.01)}, {"optimizer": lambda p: torch.optim.SGD(p, 0.01, weight_decay=0.1)}),
        ("metrics", {}, {"metrics": {"accuracy": accuracy}}), ("augment", {}, {"augment": lambda x, g: x}),
    ],
)  # fmt: skip
def test_another_setting_is_noticed_and_forced_it_holds(
    tmp_path: Path, name: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    with pytest.raises(Stopped):
        train(model(), tmp_path, callbacks=[StopAt(8)], checkpoint_every=6, **before)
    with pytest.raises(GradusError, match=f"{name} was"):
        train(model(), tmp_path, resume=True, checkpoint_every=6, **after)
    rates: list[float] = []

    class Rates(Callback):
        def on_start(self, run: Any) -> None:
            group = run.optimizer.param_groups[0]
            rates.extend([group["lr"], group["weight_decay"]])

        def on_step_end(self, run: Any) -> None:
            rates.append(run.learning_rate)

    fitted = train(
        model(), tmp_path, resume=True, force=True, checkpoint_every=6, callbacks=[Rates()], **after
    )
    assert not fitted.exact
    if name == "learning_rate" and "schedule" not in after:
        assert set(rates[2:]) == {0.02}
    if name == "optimizer":
        assert rates[1] == 0.1


def test_another_setting_of_a_group_is_noticed(tmp_path: Path) -> None:
    nets = [model() for _ in range(3)]
    with pytest.raises(Stopped):
        train(nets[0], tmp_path, callbacks=[StopAt(8)], optimizer=groups(nets[0]))
    with pytest.raises(GradusError, match="groups was"):
        train(nets[1], tmp_path, resume=True, optimizer=groups(nets[1], weight_decay=0.1))
    with pytest.raises(GradusError, match="learning_rate was"):
        train(nets[1], tmp_path, resume=True, optimizer=groups(nets[1], lr=0.3))
    assert train(nets[2], tmp_path, resume=True, optimizer=groups(nets[2])).exact


def test_another_loss_is_noticed(tmp_path: Path) -> None:
    fit(model(), F.cross_entropy, data(), epochs=1, directory=tmp_path, progress="silent")
    with pytest.raises(GradusError, match="loss was"):
        fit(
            model(),
            nn.CrossEntropyLoss(label_smoothing=0.1),
            data(),
            epochs=2,
            directory=tmp_path,
            progress="silent",
            resume=True,
        )
    assert fit(
        model(), nn.CrossEntropyLoss(), data(), epochs=2, directory=tmp_path, progress="silent", resume=True
    ).exact


def test_a_rate_that_a_callback_set_is_kept(tmp_path: Path) -> None:
    class Halve(Callback):
        def on_epoch_end(self, run: Any, row: dict[str, Any]) -> None:
            run.optimizer.param_groups[0]["lr"] /= 2

    train(model(), tmp_path / "whole", callbacks=[Halve()])
    with pytest.raises(Stopped):
        train(model(), tmp_path / "cut", callbacks=[Halve(), StopAt(14)])
    fitted = train(model(), tmp_path / "cut", callbacks=[Halve()], resume=True)
    assert fitted.exact and [row["learning_rate"] for row in fitted.history] == [0.01, 0.005, 0.0025]


def test_what_an_earlier_version_did_not_record_is_not_held_against_it(tmp_path: Path) -> None:
    train(model(), tmp_path, epochs=1)
    path = list_checkpoints(tmp_path / "checkpoints")[-1]
    checkpoint = load_checkpoint(path)
    state = checkpoint.state
    for name in ("learning_rate", "groups", "loss", "augment", "metrics"):
        del state["settings"][name]
    state["run"]["dict"] = [pair for pair in state["run"]["dict"] if pair[0] != "counts"]
    del state["exports"]
    save_checkpoint(path, checkpoint.tensors, state)
    assert train(model(), tmp_path, epochs=2, resume=True).exact


@pytest.mark.parametrize("part", ["run", "best", "optimizer"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        [],
        {"dict": []},
        {"dict": [["step", -1]]},
        {"dict": [["step", "x"]]},
        {"list": []},
        {"float": "x"},
    ],
)
def test_a_sealed_state_without_sense_is_refused(tmp_path: Path, part: str, value: Any) -> None:
    train(model(), tmp_path, epochs=1)
    path = list_checkpoints(tmp_path / "checkpoints")[-1]
    checkpoint = load_checkpoint(path)
    save_checkpoint(path, checkpoint.tensors, checkpoint.state | {part: value})
    with pytest.raises(CheckpointError):
        train(model(), tmp_path, epochs=2, resume=True)


def test_moments_of_another_shape_are_refused(tmp_path: Path) -> None:
    train(model(), tmp_path, epochs=1)
    path = list_checkpoints(tmp_path / "checkpoints")[-1]
    checkpoint = load_checkpoint(path)
    tensors = {
        k: v[..., :1] if k.startswith("optimizer#") and v.dim() > 1 else v
        for k, v in checkpoint.tensors.items()
    }
    save_checkpoint(path, tensors, checkpoint.state)
    with pytest.raises(CheckpointError, match="does not fit the optimizer"):
        train(model(), tmp_path, epochs=2, resume=True)
