"""Training: a loop that is fast on data in memory, and that a kill at any moment does not harm."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.training.allocator import warm_heap
from gradus.training.arguments import check_arguments, checked_callbacks, checked_metrics, columns_of
from gradus.training.averaging import Average
from gradus.training.callbacks import Callback
from gradus.training.choice import choose_update, closed_form_layers, flat_update
from gradus.training.closed_form import LayerSequence
from gradus.training.closures import check_closure
from gradus.training.data import InMemory, in_memory
from gradus.training.distributed import Group, process_group
from gradus.training.known_losses import describe_function
from gradus.training.modes import memory_format, modes_kept, place_of
from gradus.training.objective import Augment, Metric, Objective
from gradus.training.optimizers import Factory, Rate, describe_groups, describe_optimizer, make_optimizer
from gradus.training.randomness import forked
from gradus.training.resumption import opened
from gradus.training.run import Run
from gradus.training.schedules import Schedule, describe_schedule, make_schedule
from gradus.training.session import Session
from gradus.training.settings import Loss, Settings
from gradus.training.stopping import EarlyStopping, best_for, check_stopping


@dataclass(frozen=True)
class Fitted:
    """What came of a run.

    Attributes:
        history: one row per epoch: step, epoch, learning rate, loss, metrics, and their `validation_` twins.
        steps: optimisation steps done, those before a resumption included.
        epochs: epochs finished.
        stopped: "finished", "early", or the reason a callback gave.
        best: `monitor`, `value`, `epoch`, `step` of the best epoch, and its `checkpoint` where one was kept.
        averaged: the moving average of the parameters by name; None without `ema`.
        directory: the run folder.
        checkpoint: the last checkpoint.
        exact: whether a resumed run continued in the same environment with the same settings.
        seconds: time in training steps, in this process.
        samples_per_second: training samples per second of that time.
        epoch_seconds: the same, epoch by epoch.
    """

    history: list[dict[str, Any]] = field(repr=False)
    steps: int
    epochs: int
    stopped: str
    best: dict[str, Any]
    averaged: dict[str, Tensor] | None = field(repr=False)
    directory: Path | None
    checkpoint: Path | None
    exact: bool
    seconds: float
    samples_per_second: float
    epoch_seconds: list[float]


def fit(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    validation: Any = None,
    epochs: int = 10,
    batch_size: int = 64,
    optimizer: str | Factory | Optimizer = "adam",
    learning_rate: float = 1e-3,
    schedule: str | Schedule | None = None,
    clip_norm: float | None = None,
    precision: str = "float32",
    compile: bool | str = False,
    channels_last: bool | str = "auto",
    closed_form: bool = True,
    seed: int = 0,
    device: str | torch.device | None = None,
    augment: Augment | None = None,
    accumulate: int = 1,
    ema: float | None = None,
    metrics: Mapping[str, Metric] | None = None,
    early_stopping: EarlyStopping | None = None,
    directory: str | Path | None = None,
    checkpoint_every: int | None = None,
    keep: int = 2,
    resume: bool = False,
    force: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: str = "auto",
) -> Fitted:
    """Train a module on data in memory: θ_{t+1} = θ_t - update(∇ (1/|B_t|) Σ_{i∈B_t} ℓ(f_θ(x_i), y_i)).

    The order of the data is a pure function of (seed, epoch), the noise of a step (dropout, augmentation) one of
    (seed, step). A run with a `directory` that is killed at any moment and resumed ends, on a CPU, with the very bits of
    the unbroken run. Global state (generators, grad mode, handlers of signals) is left as it was found.

    Args:
        model: any module; its parameters are trained in place. Modules in evaluation mode within a model in training mode
            stay in it (frozen statistics); a model that is as a whole in evaluation mode is put in training mode.
        loss: `loss(outputs, targets)`, a mean over the batch. Of PyTorch's own it is known over what: targets that they
            ignore do not count, in accumulated batches and in validation neither; of any other, samples count alike.
        data: `(inputs, targets)`, tensors or NumPy arrays with samples along the first axis; floating-point
            numbers are converted to the precision of the model's parameters, targets to the type that the loss takes.
        validation: the like, measured after every epoch (with the averaged parameters, given `ema`).
        epochs: passes over the data.
        batch_size: samples per forward pass; where there is batch norm, a last one of one sample joins the one before.
        optimizer: a name (see `optimizers.OPTIMIZERS`), a function of the parameters, or an optimiser; one that needs a
            closure (see `closures`) is given that of the step's samples, with the same noise at every call.
        learning_rate: for a named optimiser.
        schedule: a name (see `schedules.SCHEDULES`), or a function from the step to a factor of the learning rate.
        clip_norm: the largest Euclidean norm of the whole gradient.
        precision: "float32", or "bfloat16" for autocast.
        compile: compile the model and its loss; "auto" falls back to eager execution where that is impossible.
        channels_last: the memory layout of images; "auto" takes it for convolutions on a CPU, where it is faster.
        closed_form: write the gradients of a plain sequence of small layers on a CPU in closed form, without recording a
            graph (see `closed_form.layer_sequence`); equal to the recorded ones within roundoff. Any other model is not
            affected, nor one with a loss that is not PyTorch's own.
        seed: of the data's order and of all noise.
        device: where to train; the model is moved there. By default where the model is.
        augment: `augment(inputs, generator)`, applied to each training batch.
        accumulate: batches per optimisation step.
        ema: the decay of a moving average of the parameters.
        metrics: figures of merit by name, `metric(outputs, targets)`, means over the batch; not called as a column of the
            history is (step, epoch, learning_rate, loss, validation_…).
        early_stopping: when to stop before the last epoch.
        directory: the run folder for checkpoints and logs.
        checkpoint_every: steps between checkpoints, beside the one after each epoch.
        keep: how many checkpoints are kept, beside the best epoch's.
        resume: go on from the newest whole checkpoint in `directory`, if there is one.
        force: resume in a changed environment, inexactly; without `resume`, replace the run that is there, or begin beside
            files of others, which are left alone.
        callbacks: see `Callback`.
        progress: "auto", "rich", "plain" or "silent".

    Returns:
        The history and the figures of the run.

    Raises:
        GradusError: for settings or data that make no sense, a folder in use, a full disk.
        NonFiniteError: at the step whose loss or gradient is not finite, naming the layer where that began.
        CheckpointError: when no checkpoint to resume from is whole, or it is of another model.
        Interrupted: on SIGINT or SIGTERM, once a checkpoint is written.

    Source: robbins1951stochastic; the loop is the usual one.
    """
    settings = Settings(
        epochs=epochs, batch_size=batch_size, accumulate=accumulate, clip_norm=clip_norm, precision=precision,
        compile=compile, channels_last=channels_last, closed_form=closed_form, seed=seed, ema=ema,
        checkpoint_every=checkpoint_every, keep=keep, learning_rate=learning_rate,
    )  # fmt: skip
    check_arguments(
        loss=loss, optimizer=optimizer, schedule=schedule, augment=augment, early_stopping=early_stopping,
        directory=directory, resume=resume, force=force, progress=progress,
    )  # fmt: skip
    figures, watchers = checked_metrics(metrics), checked_callbacks(callbacks)
    plain = any(callback.every_call for callback in watchers)
    check_stopping(early_stopping, columns_of(figures, validation is not None))
    place = place_of(model, device)
    training, held_out = in_memory(data), None if validation is None else in_memory(validation, "validation")
    with contextlib.ExitStack() as stack:
        stack.enter_context(forked(place))
        stack.enter_context(torch.enable_grad())
        group = stack.enter_context(process_group())
        folder = stack.enter_context(opened(directory, keep=keep, group=group))
        model.to(place)
        warm_heap()
        dtype = next(p.dtype for p in model.parameters() if p.requires_grad)
        stack.enter_context(modes_kept(model))
        # PyTorch's L-BFGS views each gradient as one row, which channels-last does not allow.
        by_lbfgs = optimizer == "lbfgs" or isinstance(optimizer, torch.optim.LBFGS)
        objective, layers = _objective(
            stack, model, loss, training.to(place, dtype).fitting(loss, dtype), settings=settings, group=group, metrics=figures,
            augment=augment, channels_last=False if by_lbfgs else channels_last, plain=plain,
        )  # fmt: skip
        total = epochs * objective.steps_per_epoch
        chosen_optimizer = make_optimizer(optimizer, objective.parameters, settings.learning_rate)
        check_closure(chosen_optimizer, settings, schedule, group)
        # before anything looks at where the parameters lie
        flat = None if plain else flat_update(chosen_optimizer, objective)
        if flat is not None:
            stack.enter_context(flat)
        run = Run(
            model=model,
            optimizer=chosen_optimizer,
            rate=Rate(chosen_optimizer, make_schedule(schedule, total)),
            best=best_for(early_stopping, held_out is not None),
            average=None if ema is None else Average(model, ema),
            directory=folder.directory if folder else None,
        )
        run.files = folder.files if folder else None
        session = Session(
            run=run,
            objective=objective,
            choose_update=partial(choose_update, layers=layers, flat=flat),
            validation=None if held_out is None else held_out.to(place, dtype).fitting(loss, dtype),
            folder=folder,
            callbacks=watchers,
            stopping=early_stopping,
            description={
                "optimizer": describe_optimizer(chosen_optimizer),
                "schedule": describe_schedule(schedule, total),
                "learning_rate": ", ".join(map(repr, run.rate.base)),
                "groups": describe_groups(chosen_optimizer),
                "loss": describe_function(loss),
                "augment": describe_function(augment),
                "metrics": ", ".join(figures),
                "update": "by tensor" if flat is None else "in one call",
            },
        )
        session.take_up(directory=directory, resume=resume, force=force, progress=progress)
        return _result(session, session.train())


def _objective(
    stack: contextlib.ExitStack,
    model: nn.Module,
    loss: Loss,
    data: InMemory,
    *,
    settings: Settings,
    group: Group,
    metrics: dict[str, Metric],
    augment: Augment | None,
    channels_last: bool | str,
    plain: bool,
) -> tuple[Objective, LayerSequence | None]:
    """The objective, with the model in its memory layout until the stack ends; and its layers in closed form, if any."""
    layers = (
        None if plain else closed_form_layers(model, loss=loss, data=data, settings=settings, group=group)
    )
    layout = channels_last if layers is None else False
    by_channel = stack.enter_context(memory_format(model, data.inputs, layout, data.inputs.device))
    objective = Objective(
        model=model, loss=loss, data=data, metrics=metrics, augment=augment, settings=settings, group=group,
        channels_last=by_channel,
    )  # fmt: skip
    stack.callback(objective.release)
    return objective, layers


def _result(session: Session, last: Path | None) -> Fitted:
    run = session.run
    best = {} if run.best.value is None else {
        "monitor": run.best.monitor, "value": run.best.value, "epoch": run.best.epoch, "step": run.best.step
    }  # fmt: skip
    if session.folder is not None and best:
        best["checkpoint"] = session.folder.checkpoints / f"step-{run.best.step:08d}.json"
    return Fitted(
        history=run.history, steps=run.step, epochs=run.epoch, stopped=run.stopped, best=best,
        averaged=None if run.average is None else run.average.mean, directory=run.directory, checkpoint=last,
        exact=session.exact, seconds=session.seconds,
        samples_per_second=session.samples / session.seconds if session.seconds else 0.0,
        epoch_seconds=session.epoch_seconds,
    )  # fmt: skip
