"""The sections of an examination in their order: what each is called, how much of the time is its own, what it checks."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from gradus.arguments import refusal
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section
from gradus.text import Text


class Check(NamedTuple):
    """One thing that is looked at.

    Attributes:
        name: what is looked at.
        look: fills the section.
    """

    name: Text
    look: Callable[[Subject, Section], None]


class Kind(NamedTuple):
    """A section before it is run: its heading, its share of the time, the module of its checks, the concepts it stands on."""

    title: Text
    weight: float
    module: str
    pages: tuple[str, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Its checks."""
        module = import_module(f"gradus.examination.{self.module}")
        return tuple(Check(name, look) for name, look in module.CHECKS)


SECTIONS: dict[str, Kind] = {
    "anatomy": Kind(Text("Anatomy", "结构"), 1, "anatomy", ("mlp", "fully-connected", "conv-layer")),
    "data": Kind(Text("Data", "数据"), 1.5, "data_checks", ("model-selection", "mutual-information")),
    "outputs": Kind(
        Text("Outputs and loss", "输出与损失"), 2, "output_checks", ("softmax-cross-entropy", "losses")
    ),
    "signals": Kind(Text("Signals", "信号"), 3, "signal_checks", ("signal-propagation", "initialization")),
    "gradients": Kind(Text("Gradients", "梯度"), 2, "gradient_checks", ("reverse-mode", "backprop-mlp")),
    "curvature": Kind(Text("Curvature", "曲率"), 6, "curvature_checks", ("hessian-spectrum", "gauss-newton")),
    "step": Kind(
        Text("Step size", "步长"), 4, "step_checks", ("sharpness", "gradient-descent", "momentum", "adam")
    ),
    "kernel": Kind(
        Text("Tangent kernel", "神经切线核"), 5, "kernel_checks", ("ntk-empirical", "kernel-methods")
    ),
    "generalisation": Kind(
        Text("Generalisation", "泛化"),
        2,
        "generalisation_checks",
        ("rademacher", "vc-dimension", "spectral-bounds", "regularization", "model-selection"),
    ),
    "calibration": Kind(
        Text("Calibration", "校准"), 1, "calibration_checks", ("calibration", "proper-scores")
    ),
}


def chosen(sections: object) -> list[str]:
    """The names of the sections asked for, in the report's order; all where nothing is asked for.

    Raises:
        GradusError: there is no such section.
    """
    if sections is None:
        return list(SECTIONS)
    names = [n.strip() for n in sections.split(",")] if isinstance(sections, str) else sections
    if (
        not isinstance(names, (list, tuple, set, frozenset))
        or not names
        or not all(n in SECTIONS for n in names)
    ):
        known = ", ".join(SECTIONS)
        raise refusal("sections", (f"names out of {known}", f"取自 {known} 的名称"), sections)
    return [name for name in SECTIONS if name in names]
