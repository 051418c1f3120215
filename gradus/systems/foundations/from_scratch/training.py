"""Training by mini-batches with the tape and Adam; a checkpoint after each epoch and on a signal, from which a run goes on exactly."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.from_scratch.adam import Moments, adam_step
from gradus.foundations.from_scratch.gradient import loss_and_gradient
from gradus.foundations.from_scratch.networks import Parameters
from gradus.progress import Reporter, make_reporter
from gradus.systems.foundations.from_scratch.problems import Batches, definition
from gradus.text import Text
from gradus.training.checkpoint import load_arrays, manifest_path, save_checkpoint
from gradus.training.errors import CheckpointError, Interrupted
from gradus.training.signals import SignalWatch

STATE = "state"  # name of the checkpoint
Logits = Callable[[Mapping[str, Any], Any], Any]


@dataclass
class Fit:
    """Where a training is.

    Attributes:
        parameters, moments: of the network and of Adam.
        history: for each epoch done the means over its batches, and what `measure` gave after it.
        seconds: spent in training.
        losses, accuracies: of the batches done of an epoch that a signal cut short.
    """

    parameters: Parameters
    moments: Moments
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)


def fit(
    logits: Logits,
    start: Parameters,
    batches: Callable[[int], Batches],
    measure: Callable[[Parameters], dict[str, float]],
    *,
    epochs: int,
    steps: int,
    learning_rate: float,
    directory: Path | None = None,
    resume: bool = False,
    progress: str = "silent",
) -> Fit:
    """Trains for some epochs; the rate falls from `learning_rate` to 0 along a half cosine.

    Args:
        logits: the network: `(parameters, inputs) -> logits`.
        start: its first parameters.
        batches: the batches of an epoch, numbered from 0: a pure function of the number.
        measure: called with the parameters after each epoch; its figures go into the history.
        epochs: how many.
        steps: in each epoch, at most; the schedule and the progress count with it.
        learning_rate: at the start.
        directory: where the state is kept after each epoch.
        resume: go on from the state there, if there is one.
        progress: "auto", "rich", "plain" or "silent".

    Raises:
        GradusError: the loss is not finite, or the state cannot be read or written.
        Interrupted: on SIGINT or SIGTERM, once the state is written.
    """
    state = (_read(directory / STATE) if resume and directory else None) or Fit(start, Moments.zeros(start))
    reporter = make_reporter(progress, epochs * steps, len(state.history) * steps + len(state.losses))
    try:
        with SignalWatch() as watch:
            for epoch in range(len(state.history), epochs):
                begun = time.perf_counter()
                schedule = Schedule(epoch, epochs, steps, learning_rate)
                row = _epoch(logits, state, batches(epoch), schedule, watch, reporter)
                if row is not None:
                    row |= measure(state.parameters)
                    state.history.append(row)
                state.seconds += time.perf_counter() - begun
                if directory is not None:
                    _write(directory / STATE, state)
                if row is not None:
                    reporter.epoch(row, time.perf_counter() - begun)
                if watch.caught and (row is None or epoch + 1 < epochs):
                    raise _interrupted(watch.caught, directory, state, reporter)
    finally:
        reporter.close()
    return state


@dataclass(frozen=True)
class Schedule:
    """Where an epoch is in the whole: its number from 0, how many there are, the steps of each, and the rate at the start."""

    epoch: int
    epochs: int
    steps: int
    learning_rate: float

    def rate(self, i: int) -> float:
        """At a step of the epoch, along a half cosine."""
        done = (self.epoch * self.steps + i) / (self.epochs * self.steps)
        return self.learning_rate * 0.5 * (1 + np.cos(np.pi * done))


def _interrupted(number: int, directory: Path | None, state: Fit, reporter: Reporter) -> Interrupted:
    name = signal.Signals(number).name
    where = f"state saved in {directory}" if directory else "without a folder nothing is saved"
    reporter.say(f"{name}: stopped in epoch {len(state.history) + 1}, {where}")
    return Interrupted(number, directory / f"{STATE}.json" if directory else None)


def _epoch(
    logits: Logits, state: Fit, batches: Batches, schedule: Schedule, watch: SignalWatch, reporter: Reporter
) -> dict[str, Any] | None:
    """The means over an epoch's batches, from the first that is not yet done; None where a signal cut it short."""
    cross_entropy = definition("softmax-cross-entropy")
    epoch, steps, done = schedule.epoch, schedule.steps, len(state.losses)
    for i, (x, y) in enumerate(batches):
        if i < done:
            continue
        if watch.caught:
            return None
        loss, gradient, z = loss_and_gradient(logits, cross_entropy, state.parameters, x, y)
        if not np.isfinite(loss):
            raise GradusError(
                Text(
                    f"the loss is {loss} at epoch {epoch + 1}, step {i + 1}; lower the learning rate",
                    f"第 {epoch + 1} 轮第 {i + 1} 步的损失为 {loss}；请降低学习率",
                )
            )
        state.parameters, state.moments = adam_step(
            state.parameters, gradient, state.moments, schedule.rate(i)
        )
        state.losses.append(float(loss))
        state.accuracies.append(float((z.argmax(-1) == y).mean()))
        reporter.step(epoch + 1, epoch * steps + i + 1, loss)
    row = {
        "epoch": epoch + 1,
        "step": (epoch + 1) * steps,
        "loss": float(np.mean(state.losses)),
        "accuracy": float(np.mean(state.accuracies)),
    }
    state.losses, state.accuracies = [], []
    return row


def _write(path: Path, state: Fit) -> None:
    groups = {"p": state.parameters, "m": state.moments.m, "v": state.moments.v}
    arrays = {f"{g}/{name}": array for g, group in groups.items() for name, array in group.items()}
    about = {
        "t": state.moments.t, "history": state.history, "seconds": state.seconds,
        "losses": state.losses, "accuracies": state.accuracies,
    }  # fmt: skip
    save_checkpoint(path, arrays, about)


def _refuse_older(file: Path) -> None:
    """A state of version 0.1 is a single file without hashes; beginning anew beside it would pass for going on."""
    if file.is_file():
        raise GradusError(
            Text(
                f"{file} is the state of an older version, which cannot be taken up; begin again with --fresh",
                f"{file} 是旧版本的训练状态，无法继续；请用 --fresh 重新开始",
            )
        )


def _read(path: Path) -> Fit | None:
    if not manifest_path(path).is_file():
        _refuse_older(path.with_name(f"{path.name}.safetensors"))
        return None
    try:
        arrays, about = load_arrays(path)
        groups: dict[str, Parameters] = {"p": {}, "m": {}, "v": {}}
        for name, array in arrays.items():
            group, _, key = name.partition("/")
            groups[group][key] = array
        moments = Moments(groups["m"], groups["v"], about["t"])
        part = about.get("losses", []), about.get("accuracies", [])
        return Fit(groups["p"], moments, about["history"], about["seconds"], *part)
    except (CheckpointError, KeyError, TypeError, AttributeError) as error:
        raise GradusError(
            Text(
                f"{path} is no state of a training ({error}); begin again with --fresh",
                f"{path} 不是训练状态（{error}）；请用 --fresh 重新开始",
            )
        ) from None
