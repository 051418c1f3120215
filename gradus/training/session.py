"""One call of `fit` at work: epochs, steps, checkpoints, and the ways in which it can end."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gradus.progress import Reporter, Silent, make_reporter
from gradus.training.callbacks import Callback, overriding
from gradus.training.checkpoint import Checkpoint
from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.endings import interrupted, non_finite_error
from gradus.training.evaluation import validate
from gradus.training.folder import RunFolder
from gradus.training.logs import JsonLines
from gradus.training.nonfinite import NonFiniteStep
from gradus.training.objective import Objective
from gradus.training.optimizers import restore_settings, settings_of
from gradus.training.randomness import epoch_order
from gradus.training.resumption import (
    agreed_checkpoint,
    asks_for_another_optimizer,
    prepared_checkpoint,
    record_of,
)
from gradus.training.run import Run, unpack_run
from gradus.training.run_files import LOGS
from gradus.training.signals import SignalWatch
from gradus.training.stopping import EarlyStopping
from gradus.training.update import Update


@dataclass(kw_only=True)
class Session:
    """A run and all that serves it.

    Attributes:
        run: the state.
        objective: whose loss falls.
        choose_update: chooses how the steps are computed, just before the first (see `choice.choose_update`).
        validation: held-out data.
        folder: the run folder.
        callbacks: the user's.
        stopping: when to stop early.
        description: optimiser and schedule, for the record.
        exact: whether the run continues exactly where it was resumed.
        epoch_seconds: time in training steps, epoch by epoch, in this process.
        samples: training samples seen in that time.
        record: environment and settings, stored in every checkpoint.
    """

    run: Run
    objective: Objective
    choose_update: Callable[..., Update]
    validation: InMemory | None
    folder: RunFolder | None
    callbacks: tuple[Callback, ...]
    stopping: EarlyStopping | None
    description: dict[str, str]
    exact: bool = True
    epoch_seconds: list[float] = field(default_factory=list)
    samples: int = 0
    reporter: Reporter = field(default_factory=Silent)
    logs: list[JsonLines | None] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    watch: SignalWatch = field(default_factory=SignalWatch)
    update: Update = field(init=False)

    @property
    def group(self) -> Group:
        """The processes of the run."""
        return self.objective.group

    @property
    def epochs(self) -> int:
        """How many epochs the run is to have."""
        return self.objective.settings.epochs

    @property
    def seconds(self) -> float:
        """Time in training steps, in this process."""
        return sum(self.epoch_seconds)

    # Beginning

    def take_up(self, *, directory: str | Path | None, resume: bool, force: bool, progress: str) -> None:
        """Find what to resume from, agree on it with the other ranks, and get ready.

        Raises:
            GradusError: when the folder or the checkpoint does not allow it.
        """
        total = self.epochs * self.objective.steps_per_epoch
        checkpoint: Checkpoint | None = None
        if self.folder is not None:
            self.record = record_of(self.objective, self.validation, self.description)
            quiet = make_reporter("silent" if progress == "silent" else "plain", total, 0)
            checkpoint, self.exact = prepared_checkpoint(
                self.folder, self.record, resume=resume, force=force, reporter=quiet
            )
        if directory is not None:
            checkpoint = agreed_checkpoint(Path(directory), checkpoint, folder=self.folder, group=self.group)
        if checkpoint is not None:
            settings = settings_of(self.run.optimizer)
            unpack_run(self.run, checkpoint)
            if asks_for_another_optimizer(checkpoint, self.description):
                restore_settings(self.run.optimizer, settings)
        if self.folder is not None:
            self.folder.saved = None if checkpoint is None else checkpoint.path
            self.logs = [self.run.open_log(name) for name in LOGS]
        self.reporter = make_reporter(progress if self.group.rank == 0 else "silent", total, self.run.step)

    # The loop

    def train(self) -> Path | None:
        """Train to the end; returns the last checkpoint.

        Raises:
            NonFiniteError: at the step whose loss or gradient is not finite.
            Interrupted: when a signal asked for an end.
        """
        run = self.run
        # An end that an earlier call came to is no end when more epochs are asked for now.
        if run.stopped == "finished" and run.epoch < self.epochs:
            run.stopped = ""
        try:
            with self.watch:
                self._call("on_start")
                self._epochs()
                run.stop("finished")
        finally:
            self._call("on_end")
            self.reporter.close()
            for log in run.logs:
                log.close()
        self.watch.pass_on()
        return self.folder.saved if self.folder else None

    def _epochs(self) -> None:
        # Only now: callbacks may have set hooks, and the optimiser has its state.
        self.update = self.choose_update(
            objective=self.objective, run=self.run, callbacks=self.callbacks, say=self.reporter.say
        )
        try:
            while self.run.epoch < self.epochs and not self.run.stopped:
                self._epoch()
        finally:
            self.update.settle()

    def _call(self, hook: str, *values: Any) -> None:
        for function in overriding(self.callbacks, hook):
            function(self.run, *values)

    def _epoch(self) -> None:
        run, settings = self.run, self.objective.settings
        order = epoch_order(settings.seed, run.epoch, len(self.objective.data), self.objective.device)
        batches = self.objective.steps(order)
        step_hooks = overriding(self.callbacks, "on_step_end")
        began = time.perf_counter()
        for indices in batches[run.position :]:
            self._step(indices)
            self.samples += len(indices)
            for hook in step_hooks:
                hook(run)
            self.reporter.step(run.epoch + 1, run.step, run.loss)
            if run.position < len(batches):
                self._between_steps()
            if run.stopped:
                break
        spent = time.perf_counter() - began
        self.epoch_seconds.append(spent)
        self._end_epoch(spent)

    def _step(self, indices: torch.Tensor) -> None:
        run = self.run
        run.rate.set(run.step)
        try:
            totals = self.update.update(indices, run.step)
        except NonFiniteStep as error:
            raise non_finite_error(error, run=run, folder=self.folder, step=run.step + 1) from None
        if run.average is not None:
            run.average.update()
        run.step += 1
        run.position += 1
        run.loss = totals["loss"]
        run.samples += len(indices)
        for name, value in totals.items():
            tally = self.objective.tally
            run.add({name: tally.per_count(name, value, len(indices))}, tally.of(name, indices))

    def _between_steps(self) -> None:
        every = self.objective.settings.checkpoint_every
        caught = self.watch.agreed(self.group)
        if self.folder is not None and (caught or (every and self.run.step % every == 0)):
            self._save()
        if caught:
            raise interrupted(caught, run=self.run, folder=self.folder, reporter=self.reporter)

    def _end_epoch(self, spent: float) -> None:
        run = self.run
        row: dict[str, Any] = {"step": run.step, "epoch": run.epoch + 1, "learning_rate": run.learning_rate}
        row |= {name: total / n if (n := run.counts[name]) else math.nan for name, total in run.sums.items()}
        if self.validation is not None:
            row |= self._validate()
        samples, run.sums, run.counts, run.samples = run.samples, {}, {}, 0
        run.epoch, run.position = run.epoch + 1, 0
        run.history.append(row)
        run.best.update(row)
        if self.stopping is not None and run.best.since >= self.stopping.patience:
            run.stop("early")
        self._call("on_epoch_end", row)
        if run.epoch == self.epochs:
            run.stop("finished")
        if self.folder is not None:
            metrics, timings = self.logs
            assert metrics is not None and timings is not None
            metrics.append(row)
            timings.append(
                {
                    "step": run.step,
                    "epoch": run.epoch,
                    "seconds": spent,
                    "samples_per_second": samples / spent,
                }
            )
            self._save()
        self.reporter.epoch(row, spent)
        if (caught := self.watch.agreed(self.group)) and run.epoch < self.epochs:
            raise interrupted(caught, run=self.run, folder=self.folder, reporter=self.reporter)

    def _validate(self) -> dict[str, float]:
        assert self.validation is not None
        with self.run.average.applied() if self.run.average else contextlib.nullcontext():
            row = validate(self.objective, self.validation)
        if not math.isfinite(row["validation_loss"]):
            where = "the model on held-out data"
            error = NonFiniteStep(tensor="validation loss", layer=where, value=row["validation_loss"])
            raise non_finite_error(error, run=self.run, folder=self.folder, step=self.run.step)
        return row

    def _save(self) -> None:
        assert self.folder is not None
        self.update.settle()
        self.folder.save(self.run, self.record)
