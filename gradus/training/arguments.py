"""The arguments of `fit` that are no numbers: each is checked before anything is touched, and named if it is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text
from gradus.training.callbacks import Callback
from gradus.training.stopping import EarlyStopping

# Columns of the history that `fit` itself writes; those of validation bear a prefix.
COLUMNS = ("step", "epoch", "learning_rate", "loss")
VALIDATION = "validation_"


def wrong(name: str, en: str, zh: str, got: Any) -> GradusError:
    """The error of an argument: what was expected of it, and what came."""
    shown = repr(got)
    if len(shown) > 80 or "\n" in shown:
        shown = f"an object of type {type(got).__name__}"
    return GradusError(Text(f"expected {name} as {en}, got {shown}", f"{name} 应为{zh}，实际为 {shown}"))


def check_arguments(
    *, loss: Any, optimizer: Any, schedule: Any, augment: Any, early_stopping: Any, directory: Any, resume: Any, force: Any,
    progress: Any,
) -> None:  # fmt: skip
    """See `fit`.

    Raises:
        GradusError: naming the argument that is of another type.
    """
    if not callable(loss) or isinstance(loss, type):
        raise wrong("loss", "a function of outputs and targets", "输出与目标的函数", loss)
    if not isinstance(optimizer, str) and not callable(optimizer) and not hasattr(optimizer, "param_groups"):
        raise wrong(
            "optimizer",
            "a name, a function of the parameters or an optimizer",
            "名称、参数的函数或优化器",
            optimizer,
        )
    if not (schedule is None or isinstance(schedule, str) or callable(schedule)):
        raise wrong("schedule", "a name, a function of the step or None", "名称、步数的函数或 None", schedule)
    if not (augment is None or callable(augment)):
        raise wrong(
            "augment",
            "a function of inputs and a generator, or None",
            "输入与随机数生成器的函数，或 None",
            augment,
        )
    if not (early_stopping is None or isinstance(early_stopping, EarlyStopping)):
        raise wrong("early_stopping", "an EarlyStopping or None", " EarlyStopping 或 None", early_stopping)
    if not (directory is None or (isinstance(directory, str | os.PathLike) and _named(directory))):
        raise wrong("directory", "the path of a folder or None", "文件夹路径或 None", directory)
    for name, value in (("resume", resume), ("force", force)):
        if not isinstance(value, bool):
            raise wrong(name, "True or False", " True 或 False", value)
    if not isinstance(progress, str):
        raise wrong("progress", "auto, rich, plain or silent", " auto、rich、plain 或 silent", progress)


def _named(directory: Any) -> bool:
    name = os.fspath(directory)
    return isinstance(name, str) and bool(name) and "\0" not in name


def checked_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    """The callbacks.

    Raises:
        GradusError: unless it is a list of instances of `Callback`.
    """
    if not isinstance(callbacks, list | tuple):
        raise wrong("callbacks", "a list of Callback instances", " Callback 实例的列表", callbacks)
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise wrong("callbacks", "a list of Callback instances", " Callback 实例的列表", callback)
    return tuple(callbacks)


def checked_metrics(metrics: Any) -> dict[str, Any]:
    """The metrics by name.

    Raises:
        GradusError: unless they are functions by names that are no columns of the history already.
    """
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise wrong(
            "metrics", "functions of outputs and targets by name", "按名称给出的（输出与目标的）函数", metrics
        )
    for name, metric in metrics.items():
        if not isinstance(name, str) or not name:
            raise wrong("metrics", "functions by names that are text", "以文本命名的函数", name)
        if name in COLUMNS or name.startswith(VALIDATION):
            taken = f"{', '.join(COLUMNS)}, {VALIDATION}…"
            raise GradusError(
                Text(
                    f"expected names of metrics other than the columns of the history ({taken}), got {name!r}: rename it",
                    f"指标名不得与历史记录的列（{taken}）重名，实际为 {name!r}：请改名",
                )
            )
        if not callable(metric) or isinstance(metric, type):
            raise wrong(f"metrics[{name!r}]", "a function of outputs and targets", "输出与目标的函数", metric)
    return dict(metrics)


def columns_of(metrics: Mapping[str, Any], validated: bool) -> list[str]:
    """The columns of the history."""
    figures = ["loss", *metrics]
    return [*COLUMNS[:-1], *figures, *(f"{VALIDATION}{name}" for name in figures if validated)]
