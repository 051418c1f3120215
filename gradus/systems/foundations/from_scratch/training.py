"""Training by mini-batches with the tape and Adam; a checkpoint after each epoch, from which a run goes on exactly."""

from __future__ import annotations

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
from gradus.training.errors import CheckpointError

STATE = "state"  # name of the checkpoint
Logits = Callable[[Mapping[str, Any], Any], Any]


@dataclass
class Fit:
    """Where a training is.

    Attributes:
        parameters, moments: of the network and of Adam.
        history: for each epoch done the means over its batches, and what `measure` gave after it.
        seconds: spent in training.
    """

    parameters: Parameters
    moments: Moments
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


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
    """
    state = (_read(directory / STATE) if resume and directory else None) or Fit(start, Moments.zeros(start))
    reporter = make_reporter(progress, epochs * steps, len(state.history) * steps)
    try:
        for epoch in range(len(state.history), epochs):
            begun = time.perf_counter()
            row = _epoch(
                logits,
                state,
                batches(epoch),
                epoch,
                epochs=epochs,
                steps=steps,
                rate=learning_rate,
                reporter=reporter,
            )
            row |= measure(state.parameters)
            state.seconds += time.perf_counter() - begun
            state.history.append(row)
            if directory is not None:
                _write(directory / STATE, state)
            reporter.epoch(row, time.perf_counter() - begun)
    finally:
        reporter.close()
    return state


def _epoch(
    logits: Logits,
    state: Fit,
    batches: Batches,
    epoch: int,
    *,
    epochs: int,
    steps: int,
    rate: float,
    reporter: Reporter,
) -> dict[str, Any]:
    losses, accuracies = [], []
    cross_entropy = definition("softmax-cross-entropy")
    for i, (x, y) in enumerate(batches):
        done = (epoch * steps + i) / (epochs * steps)
        loss, gradient, z = loss_and_gradient(logits, cross_entropy, state.parameters, x, y)
        if not np.isfinite(loss):
            raise GradusError(
                f"the loss is {loss} at epoch {epoch + 1}, step {i + 1}; lower the learning rate"
            )
        alpha = rate * 0.5 * (1 + np.cos(np.pi * done))
        state.parameters, state.moments = adam_step(state.parameters, gradient, state.moments, alpha)
        losses.append(loss)
        accuracies.append(float((z.argmax(-1) == y).mean()))
        reporter.step(epoch + 1, epoch * steps + i + 1, loss)
    return {
        "epoch": epoch + 1,
        "step": (epoch + 1) * steps,
        "loss": float(np.mean(losses)),
        "accuracy": float(np.mean(accuracies)),
    }


def _write(path: Path, state: Fit) -> None:
    groups = {"p": state.parameters, "m": state.moments.m, "v": state.moments.v}
    arrays = {f"{g}/{name}": array for g, group in groups.items() for name, array in group.items()}
    about = {"t": state.moments.t, "history": state.history, "seconds": state.seconds}
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
        return Fit(groups["p"], moments, about["history"], about["seconds"])
    except (CheckpointError, KeyError, TypeError) as error:
        raise GradusError(
            Text(
                f"{path} is no state of a training ({error}); begin again with --fresh",
                f"{path} 不是训练状态（{error}）；请用 --fresh 重新开始",
            )
        ) from None
