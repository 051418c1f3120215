"""One call of `fit` at work: epochs, steps, checkpoints, and the ways in which it can end."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from gradus.errors import GradusError
from gradus.locks import run_lock
from gradus.progress import Reporter, Silent, make_reporter
from gradus.training.callbacks import Callback, overriding, watching
from gradus.training.checkpoint import load_checkpoint, step_of
from gradus.training.closed_form import hooked
from gradus.training.compiled import CompiledStep, CompileFailed, obstacle
from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.environment import environment, hash_tensors
from gradus.training.errors import Interrupted, NonFiniteError
from gradus.training.evaluation import validate
from gradus.training.folder import LOGS, RunFolder
from gradus.training.logs import JsonLines
from gradus.training.optimizers import direct_update
from gradus.training.randomness import epoch_order
from gradus.training.run import Run, unpack_run
from gradus.training.signals import SignalWatch
from gradus.training.step import NonFiniteStep, Stepper
from gradus.training.stopping import EarlyStopping

FRESH, FAILED = -1, -2


@contextlib.contextmanager
def opened(directory: str | Path | None, keep: int, group: Group) -> Iterator[RunFolder | None]:
    """The run folder, locked for this process; None without one, and on all ranks but the first."""
    if directory is None or group.rank:
        yield None
        return
    try:
        with run_lock(Path(directory)):
            yield RunFolder(Path(directory), keep)
    except BaseException:
        # The other ranks may be waiting for word of what to resume from (see `take_up`).
        group.abandon(FAILED)
        raise


@dataclass
class Session:
    """A run and all that serves it.

    Attributes:
        run: the state.
        stepper: computes gradients.
        validation: held-out data.
        folder: the run folder.
        callbacks: the user's.
        stopping: when to stop early.
        described: optimiser and schedule, for the record.
        exact: whether the run continues exactly where it was resumed.
        epoch_seconds: time in training steps, epoch by epoch, in this process.
        samples: training samples seen in that time.
    """

    run: Run
    stepper: Stepper
    validation: InMemory | None
    folder: RunFolder | None
    callbacks: tuple[Callback, ...]
    stopping: EarlyStopping | None
    described: dict[str, str]
    exact: bool = True
    epoch_seconds: list[float] = field(default_factory=list)
    samples: int = 0
    reporter: Reporter = field(default_factory=Silent)
    logs: list[JsonLines | None] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    watch: SignalWatch = field(default_factory=SignalWatch)
    compiled: CompiledStep | None = None

    def __post_init__(self) -> None:
        self.watching = watching(self.callbacks)
        self.update = direct_update(self.run.optimizer)

    @property
    def group(self) -> Group:
        """The processes of the run."""
        return self.stepper.group

    @property
    def seconds(self) -> float:
        """Time in training steps, in this process."""
        return sum(self.epoch_seconds)

    # Beginning

    def take_up(self, directory: str | Path | None, resume: bool, force: bool, progress: str) -> None:
        """Find what to resume from, agree on it with the other ranks, and get ready.

        Raises:
            GradusError: when the folder or the checkpoint does not allow it.
        """
        total = self.stepper.settings.epochs * self.stepper.steps_per_epoch
        found = None
        if self.folder is not None:
            self._record()
            quiet = make_reporter("silent" if progress == "silent" else "plain", total, 0)
            found = self.folder.prepare(resume, force, quiet)
            if found is not None:
                self.exact = self.folder.compare(found, self.notes, force, quiet)
        if directory is not None:
            step = FRESH if found is None else (step_of(found.path) or 0)
            agreed = self.group.broadcast(step)
            if agreed == FAILED:
                raise GradusError("the first process of the run could not begin; see its message")
            if self.folder is None and agreed >= 0:
                found = load_checkpoint(Path(directory) / "checkpoints" / f"step-{agreed:08d}")
        if found is not None:
            unpack_run(self.run, found)
        if self.folder is not None:
            self.folder.saved = None if found is None else found.path
            self.logs = [self.run.open_log(name) for name in LOGS]
        self.reporter = make_reporter(progress if self.group.rank == 0 else "silent", total, self.run.step)

    def _record(self) -> None:
        data = [self.stepper.data.inputs, self.stepper.data.targets]
        if self.validation is not None:
            data += [self.validation.inputs, self.validation.targets]
        self.notes = {
            "environment": environment(self.stepper.device, self.group.world, hash_tensors(*data)),
            "settings": {**self.stepper.settings.record(), **self.described},
        }

    # The loop

    def train(self) -> Path | None:
        """Train to the end; returns the last checkpoint.

        Raises:
            NonFiniteError: at the step whose loss or gradient is not finite.
            Interrupted: when a signal asked for an end.
        """
        run = self.run
        # An end that an earlier call came to is no end when more epochs are asked for now.
        if run.stopped == "finished" and run.epoch < self.stepper.settings.epochs:
            run.stopped = ""
        try:
            with self.watch:
                self._call("on_start")
                if hooked(run.model):
                    self.stepper.chain = None
                self.compiled = self._compile()
                while run.epoch < self.stepper.settings.epochs and not run.stopped:
                    self._epoch()
                run.stop("finished")
        finally:
            self._settle()
            self._call("on_end")
            self.reporter.close()
            for log in run.logs:
                log.close()
        return self.folder.saved if self.folder else None

    def _call(self, hook: str, *values: Any) -> None:
        for function in overriding(self.callbacks, hook):
            function(self.run, *values)

    def _epoch(self) -> None:
        run, settings = self.run, self.stepper.settings
        order = epoch_order(settings.seed, run.epoch, len(self.stepper.data), self.stepper.device)
        batches = order.split(settings.step_size)
        step_hooks = overriding(self.callbacks, "on_step_end")
        spent, since = 0.0, time.perf_counter()
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
        spent += time.perf_counter() - since
        self.epoch_seconds.append(spent)
        self._end_epoch(spent)

    def _step(self, indices: torch.Tensor) -> None:
        run = self.run
        run.rate.set(run.step)
        hooks = [watcher for watcher in self.watching if run.step % watcher.gradients_every == 0]
        try:
            totals = None if hooks else self._compiled_update(indices)
            totals = totals or self._update(indices, hooks)
        except NonFiniteStep as error:
            raise self._non_finite(error) from None
        if run.average is not None:
            run.average.update()
        run.step += 1
        run.position += 1
        run.loss = totals["loss"]
        run.add(totals, len(indices))

    def _compile(self) -> CompiledStep | None:
        if not self.stepper.settings.compile:
            return None
        if reason := obstacle(self.stepper, self.run.optimizer):
            self.reporter.say(f"the step is not compiled: {reason}")
            return None
        return CompiledStep(self.stepper, self.run.optimizer)

    def _compiled_update(self, indices: torch.Tensor) -> dict[str, float] | None:
        if self.compiled is None or not self.compiled.fits(indices):
            return None
        try:
            return self.compiled(indices, self.run.step)
        except CompileFailed as error:
            if self.stepper.settings.compile != "auto":
                raise GradusError(f"cannot compile the step: {error}; use compile='auto' or False") from None
            self.reporter.say(f"the step is not compiled: {error}")
            self.compiled = None
            return None

    def _update(self, indices: torch.Tensor, hooks: list[Callback]) -> dict[str, float]:
        run, clip = self.run, self.stepper.settings.clip_norm
        self._settle()

        def gradients() -> dict[str, float]:
            totals = self.stepper.gradients(indices, run.step)
            for watcher in hooks:
                watcher.on_gradients(run)
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(self.stepper.parameters, clip)
            return totals

        if not isinstance(run.optimizer, torch.optim.LBFGS):
            totals = gradients()
            self.update()
            return totals
        seen: list[dict[str, float]] = []

        def closure() -> float:
            seen.append(gradients())
            return seen[-1]["loss"]

        run.optimizer.step(closure)
        return seen[0]

    def _between_steps(self) -> None:
        every = self.stepper.settings.checkpoint_every
        caught = self._caught()
        if self.folder is not None and (caught or (every and self.run.step % every == 0)):
            self._save()
        if caught:
            raise self._interrupted(caught)

    def _caught(self) -> int:
        # All ranks must stop at the same step, whichever of them the signal reached.
        if self.group.world == 1:
            return self.watch.caught
        sums = self.group.sum(
            [float(self.watch.caught == number) for number in (signal.SIGINT, signal.SIGTERM)]
        )
        return signal.SIGINT if sums[0] else signal.SIGTERM if sums[1] else 0

    def _end_epoch(self, spent: float) -> None:
        run = self.run
        row: dict[str, Any] = {"step": run.step, "epoch": run.epoch + 1, "learning_rate": run.learning_rate}
        row |= {name: value / run.samples for name, value in run.sums.items()}
        if self.validation is not None:
            row |= self._validate()
        samples, run.sums, run.samples = run.samples, {}, 0
        run.epoch, run.position = run.epoch + 1, 0
        run.history.append(row)
        run.best.update(row)
        if self.stopping is not None and run.best.since >= self.stopping.patience:
            run.stop("early")
        self._call("on_epoch_end", row)
        if run.epoch == self.stepper.settings.epochs:
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
        if (caught := self._caught()) and run.epoch < self.stepper.settings.epochs:
            raise self._interrupted(caught)

    def _validate(self) -> dict[str, float]:
        assert self.validation is not None
        with self.run.average.applied() if self.run.average else contextlib.nullcontext():
            row = validate(self.stepper, self.validation)
        if not math.isfinite(row["validation_loss"]):
            raise self._non_finite(
                NonFiniteStep("validation loss", "the model on held-out data", row["validation_loss"]), 0
            )
        return row

    # Endings

    def _settle(self) -> None:
        if self.compiled is not None:
            self.compiled.settle()

    def _save(self) -> None:
        assert self.folder is not None
        self._settle()
        self.folder.save(self.run, self.notes)

    def _non_finite(self, error: NonFiniteStep, ahead: int = 1) -> NonFiniteError:
        step = self.run.step + ahead
        saved = self.folder.saved if self.folder else None
        kept = f"the last good checkpoint is {saved}" if saved else "no checkpoint had been written"
        message = (
            f"the {error.tensor} of step {step} (epoch {self.run.epoch + 1}) is not finite (loss {error.value}): "
            f"first in {error.layer}; {kept}; lower the learning rate, clip the gradient or check the data"
        )
        if self.folder is not None:
            self.folder.note(message)
        return NonFiniteError(message, step, error.tensor, error.layer, saved)

    def _interrupted(self, number: int) -> Interrupted:
        name = signal.Signals(number).name
        if self.folder is None:
            self.reporter.say(
                f"{name}: stopped after step {self.run.step}; without a run folder nothing is saved"
            )
            return Interrupted(number, None)
        where = self.folder.directory
        line = f"{name}: stopped after step {self.run.step}, state saved; go on with fit(..., directory={str(where)!r}, resume=True)"
        self.folder.tell(self.reporter, line)
        return Interrupted(number, self.folder.saved)
