"""The state of a run: what callbacks see, and what a checkpoint holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradus.errors import GradusError
from gradus.text import Text
from gradus.training import tree
from gradus.training.averaging import Average
from gradus.training.checkpoint import Checkpoint
from gradus.training.errors import CheckpointError
from gradus.training.logs import JsonLines
from gradus.training.optimizers import Rate, pack_optimizer, unpack_optimizer
from gradus.training.run_files import RunFiles
from gradus.training.stopping import Best


@dataclass
class Run:
    """A run of `fit`, as callbacks see it.

    Attributes:
        model: the user's module.
        optimizer: its optimiser.
        rate: the learning rate by step.
        best: the best epoch so far.
        average: the moving average of the parameters, where one is kept.
        directory: the run folder; None where there is none, and on all ranks but the first.
        step: steps done.
        epoch: the epoch at hand, counted from 0.
        position: steps done within it.
        sums: the epoch's running sums of loss and metrics, each weighted by what it is a mean over.
        samples: the epoch's samples so far.
        history: one row per finished epoch.
        loss: of the last step.
        stopped: why the run ended; empty while it goes on.
        counts: what is behind the sums, by figure.
        files: which files of the run folder are the run's own.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    rate: Rate
    best: Best
    average: Average | None = None
    directory: Path | None = None
    step: int = 0
    epoch: int = 0
    position: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    samples: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    loss: float = float("nan")
    stopped: str = ""
    logs: list[JsonLines] = field(default_factory=list)
    counts: dict[str, float] = field(default_factory=dict, init=False)
    files: RunFiles | None = field(default=None, init=False)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step."""
        return self.rate.now

    def open_log(self, name: str) -> JsonLines | None:
        """A file of JSON lines in the run folder, cut to the step at hand; None where nothing is written.

        Raises:
            GradusError: for a name that is no plain file name, is another's file, or is open already.
        """
        if self.files is None:
            return None
        self.files.claim(name, resumed=self.step > 0)
        path = self.files.directory / name
        if any(log.path == path for log in self.logs):
            raise GradusError(
                Text(
                    f"expected a log's name that is not in use, got {name!r}: give one of the two another",
                    f"日志名不应与已有的重复，得到 {name!r}：请为其中之一另取名称",
                )
            )
        log = JsonLines(path, self.step)
        self.logs.append(log)
        return log

    def stop(self, reason: str) -> None:
        """End the run after this step."""
        self.stopped = self.stopped or reason

    def add(self, values: dict[str, float], samples: float) -> None:
        """Take means over so many samples into the epoch's sums; `samples` is what counts, where not all do."""
        for name, value in values.items():
            self.counts[name] = self.counts.get(name, 0.0) + samples
            self.sums[name] = self.sums.get(name, 0.0) + (value * samples if samples else 0.0)


_COUNTERS = ("step", "epoch", "position", "sums", "counts", "samples", "history", "stopped")


def _model_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    # Buffers that a state_dict leaves out (persistent=False) count too: the next step may depend on them.
    tensors = {f"parameter.{name}": value for name, value in model.named_parameters()}
    return tensors | {f"buffer.{name}": value for name, value in model.named_buffers()}


def _exports(model: nn.Module) -> dict[str, str]:
    """Under which name a checkpoint holds each entry of the model's `state_dict`; tied weights are held once."""
    names = {id(value): name for name, value in _model_tensors(model).items()}
    entries = model.state_dict(keep_vars=True)
    return {key: names[id(value)] for key, value in entries.items() if id(value) in names}


def pack_run(run: Run) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and the JSON that bring a run back exactly."""
    tensors = dict(_model_tensors(run.model))
    if run.average is not None:
        tensors |= {f"average.{name}": value for name, value in run.average.mean.items()}
    state = {
        "run": tree.pack({name: getattr(run, name) for name in _COUNTERS}, "run", {}),
        "best": tree.pack(vars(run.best), "best", {}),
        "optimizer": pack_optimizer(run.optimizer, tensors),
        "exports": _exports(run.model),
    }
    return tensors, state


def _copy(into: dict[str, torch.Tensor], stored: dict[str, torch.Tensor], what: Text) -> None:
    wrong = [
        f"{name} {tuple(value.shape)}"
        for name, value in into.items()
        if name not in stored or stored[name].shape != value.shape or stored[name].dtype != value.dtype
    ]
    surplus = [name for name in stored if name not in into]
    if wrong or surplus:
        raise CheckpointError(
            Text(
                f"the checkpoint is of another {what.en}: this one has {', '.join(wrong[:3]) or 'fewer tensors'}, "
                f"the checkpoint has {', '.join(surplus[:3]) or 'other shapes or types'}; build the model as it was",
                f"检查点属于另一{what.zh}：此处有 {'、'.join(wrong[:3]) or '较少的张量'}，检查点有 {'、'.join(surplus[:3]) or '其他形状或类型'}；请按原样建立模型",
            )
        )
    with torch.no_grad():
        for name, value in into.items():
            value.detach().copy_(stored[name])


def _part(tensors: dict[str, torch.Tensor], *prefixes: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in tensors.items() if name.startswith(prefixes)}


def unpack_run(run: Run, checkpoint: Checkpoint) -> None:
    """Bring `run` to where it was when `checkpoint` was written.

    Raises:
        CheckpointError: when it is of another model, optimiser or kind of run.
    """
    tensors, state = checkpoint.tensors, checkpoint.state
    try:
        packed_run, packed_best, optimizer = state["run"], state["best"], state["optimizer"]
    except (KeyError, TypeError):
        raise CheckpointError(
            Text(
                f"expected a checkpoint of a run in {checkpoint.path}, got another one",
                f"{checkpoint.path} 应为一次训练的检查点，得到其他检查点",
            )
        ) from None
    _copy(_model_tensors(run.model), _part(tensors, "parameter.", "buffer."), Text("model", "模型"))
    average = (
        {} if run.average is None else {f"average.{name}": value for name, value in run.average.mean.items()}
    )
    _copy(average, _part(tensors, "average."), Text("moving average", "滑动平均"))
    unpack_optimizer(run.optimizer, optimizer, _part(tensors, "optimizer#"))
    counters, stored = tree.unpack(packed_run, {}), tree.unpack(packed_best, {})
    if not _sensible(counters) or not isinstance(stored, dict) or set(stored) != set(vars(run.best)):
        raise CheckpointError(
            Text(
                f"expected the counters of a run in {checkpoint.path}, got other values",
                f"{checkpoint.path} 应含有训练的计数，得到其他值",
            )
        )
    for name in counters:
        setattr(run, name, counters[name])
    for name in run.sums:  # earlier versions counted samples
        run.counts.setdefault(name, float(run.samples))
    if (stored["monitor"], stored["mode"]) == (run.best.monitor, run.best.mode):
        run.best = Best(**stored | {"improvement": run.best.improvement})


def _sensible(counters: Any) -> bool:
    """Whether the counters of a run are what they should be, by type and sign."""
    if not isinstance(counters, dict) or not {*_COUNTERS} - {"counts"} <= set(counters) <= {*_COUNTERS}:
        return False
    figures = [counters["sums"], counters.get("counts", {})]
    return (
        all(
            type(counters[name]) is int and counters[name] >= 0
            for name in ("step", "epoch", "position", "samples")
        )
        and all(isinstance(d, dict) and all(isinstance(v, float) for v in d.values()) for d in figures)
        and isinstance(counters["history"], list)
        and all(isinstance(row, dict) for row in counters["history"])
        and isinstance(counters["stopped"], str)
    )


def export_weights(checkpoint: Checkpoint, averaged: bool = False) -> dict[str, torch.Tensor]:
    """The model's tensors in a checkpoint, by the names that `load_state_dict` takes; a tied weight by each of its names.

    Args:
        checkpoint: as read by `load_checkpoint`.
        averaged: take the moving average of the parameters, where one was kept.
    """
    tensors = checkpoint.tensors
    held = checkpoint.state.get("exports") if isinstance(checkpoint.state, dict) else None
    if not isinstance(held, dict) or not all(isinstance(n, str) and n in tensors for n in held.values()):
        held = {name.split(".", 1)[1]: name for name in _part(tensors, "parameter.", "buffer.")}
    average = {f"parameter.{n.split('.', 1)[1]}": n for n in _part(tensors, "average.")} if averaged else {}
    return {key: tensors[average.get(name, name)] for key, name in held.items()}
