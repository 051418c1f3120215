"""What a report says of one training run: plain data, kept as JSON beside the run."""

from __future__ import annotations

import importlib.metadata
import inspect
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    import torch

PACKAGES = ("gradus", "torch", "numpy", "scipy", "scikit-learn", "matplotlib")


@dataclass(frozen=True)
class Layer:
    """One row of the architecture: name, kind, shape of its output for one example, number of parameters."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class RunSummary:
    """One training run, or the same recipe over several seeds.

    Attributes:
        layers: the architecture.
        data: what it was trained on.
        settings: of the training: batch size, learning rate …, in the order in which they are shown.
        metric: name of the score, such as "accuracy", see `gradus.report.words.METRICS`.
        scores: the score of each seed.
        target: what the mean of the scores must reach; None where nothing was promised for the data.
        seconds: how long each phase took, such as `{"training": 21.3}`.
        environment: versions and machine, see `environment`.
        command: what to type to repeat it.
        finished: when, ISO 8601.
        recipe: how it was trained, in words.
        findings: what was found, in words.
        pages: keys of the concepts that teach it.
    """

    layers: Sequence[Layer]
    data: DataSummary
    settings: Mapping[str, Any]
    metric: str
    scores: Mapping[int, float]
    target: float | None
    relation: Literal["≥", "≤"] = "≥"
    seconds: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    finished: str = ""
    recipe: Text = Text("", "")
    findings: Sequence[Text] = ()
    pages: Sequence[str] = ()

    @property
    def mean(self) -> float:
        """The mean score."""
        return sum(self.scores.values()) / len(self.scores)

    @property
    def holds(self) -> bool:
        """Whether the mean score reaches the target; where there is none, nothing is missed."""
        if self.target is None:
            return True
        return self.mean >= self.target if self.relation == "≥" else self.mean <= self.target

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return sum(layer.parameters for layer in self.layers)

    def as_dict(self) -> dict[str, Any]:
        """As what JSON can hold; `from_dict` is its inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunSummary:
        """From `as_dict`, or what JSON made of it; of an older build, too, which called the target "bar".

        Raises:
            GradusError: a part is missing, is unknown or has the wrong form.
        """
        parts = {
            "target" if name == "bar" else name: value for name, value in values.items() if name != "format"
        }
        try:
            data = dict(parts.pop("data"))
            data = {k: Text(*v) if k in ("title", "split") else v for k, v in data.items()}
            data |= {k: tuple(data[k]) for k in ("shape", "classes")}
            layers = [Layer(**{**row, "shape": tuple(row["shape"])}) for row in parts.pop("layers")]
            scores = {int(seed): float(v) for seed, v in parts.pop("scores").items()}
            parts["recipe"] = Text(*parts.get("recipe", ("", "")))
            parts["findings"] = tuple(Text(*f) for f in parts.get("findings", ()))
            parts["pages"] = tuple(parts.get("pages", ()))
            run = cls(layers=layers, data=DataSummary(**data), scores=scores, **parts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"the part {error} is missing" if isinstance(error, KeyError) else str(error)
            raise GradusError(
                Text(
                    f"expected the summary of a run as RunSummary.as_dict gives it: {reason}",
                    f"训练摘要应为 RunSummary.as_dict 给出的形式：{reason}",
                )
            ) from None
        if not run.scores:
            raise GradusError(
                Text(
                    "the summary of a run needs the score of at least one seed, got none",
                    "训练摘要至少需要一个随机种子的得分，得到零个",
                )
            )
        return run


def layers_of(
    model: torch.nn.Module, *example: torch.Tensor, parts: Sequence[torch.nn.Module] | None = None
) -> list[Layer]:
    """The architecture: every leaf module in the order in which it is first called, with its output's shape.

    Args:
        model: called once, without gradient and in evaluation mode; its mode is restored.
        example: its inputs, a batch of at least one.
        parts: the modules to list in place of the leaves, for a network of many.
    """
    import torch

    names = {module: name for name, module in model.named_modules()}
    rows: dict[str, Layer] = {}

    def note(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        name = names[module] or type(module).__name__
        output = output[0] if isinstance(output, tuple) else output  # of a recurrent layer
        if name not in rows and isinstance(output, torch.Tensor):
            own = sum(p.numel() for p in module.parameters())
            rows[name] = Layer(name, _kind(module), tuple(output.shape[1:]), own)

    listed = [m for m in model.modules() if next(m.children(), None) is None] if parts is None else parts
    handles = [m.register_forward_hook(note) for m in listed]
    training = {m: m.training for m in model.modules()}
    try:
        model.eval()
        with torch.no_grad():
            model(*example)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in training.items():
            module.training = mode
    return list(rows.values())


def _kind(module: torch.nn.Module) -> str:
    """The class and what `repr` says of it, without what is the default: "Conv2d(1, 6, kernel_size=(5, 5))"."""
    defaults = {k: p.default for k, p in inspect.signature(type(module).__init__).parameters.items()}
    parts = [part for part in _parts(module.extra_repr()) if not _is_default(part, defaults)]
    return f"{type(module).__name__}({', '.join(parts)})" if parts else type(module).__name__


def _parts(text: str) -> list[str]:
    """Arguments at the commas that stand outside brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


def _is_default(part: str, defaults: Mapping[str, Any]) -> bool:
    name, equals, value = part.partition("=")
    default = defaults.get(name, inspect.Parameter.empty)
    return bool(equals) and value in (repr(default), repr((default, default)), str(default))


def environment() -> dict[str, str]:
    """Versions, threads and machine, for a report; nothing that names the user or the host."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    versions["system"] = f"{platform.system()} {platform.release()} ({platform.machine()})"
    versions["processor"] = _processor()
    versions["cores"] = str(os.cpu_count())
    torch = sys.modules.get("torch")
    if torch is not None:
        versions["threads"] = str(torch.get_num_threads())
        if torch.cuda.is_available():
            versions["accelerator"] = torch.cuda.get_device_name()
    return versions


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
