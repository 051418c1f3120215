"""The contract between a system and the engine that runs it: what a recipe says, and what one seed is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradus.errors import GradusError
from gradus.systems.system import System
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data.dataset import Task
    from gradus.report import SeedResult
    from gradus.systems.sampler import Sampler

Setting = Literal["epochs", "device"]


@dataclass(frozen=True)
class SeedRequest:
    """What one seed of a run is asked for.

    Attributes:
        seed: of everything random.
        target: what the mean score over the seeds must reach; None where nothing was promised for the data.
        directory: where the seed's state and logs are kept; None keeps nothing.
        resume: go on from the state in the directory.
        progress: "auto", "rich", "plain" or "silent".
        epochs, device: None leaves them to the recipe; given to recipes alone that honour them.
        options: the choice of each of the recipe's options.
    """

    seed: int
    target: float | None
    directory: Path | None = None
    resume: bool = False
    progress: str = "silent"
    epochs: int | None = None
    device: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """A choice that a recipe offers on the command line as `--NAME CHOICE`; the first is taken unless one is given.

    `choices` maps each choice to what it replaces in the recipe: fields of `Recipe` such as data, metric and targets.
    """

    name: str
    meaning: Text
    choices: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Fitting:
    """Which data a recipe takes beside those that it promises a score on.

    Attributes:
        task: "classification" or "regression".
        images, tables, graphs: whether it takes these.
        sentences, characters: whether it takes a CSV file of sentences with classes, or a plain text.
        sizes: heights of square images that it takes; empty for any size.
        channels: how many an image may have.
        columns: how many pixels or columns it needs at least.
    """

    task: Task = "classification"
    images: bool = True
    tables: bool = False
    graphs: bool = False
    sentences: bool = False
    characters: bool = False
    sizes: tuple[int, ...] = ()
    channels: tuple[int, ...] = (1,)
    columns: int = 1

    @property
    def text(self) -> Text:
        """What fits, in words."""
        if self.characters:
            return Text("a text file of your own", "您自己的文本文件")
        kinds = [
            k
            for k, takes in (
                (Text("grey images", "灰度图像") if self.sentences else Text("images", "图像"), self.images),
                (Text("tables", "表格"), self.tables),
                (Text("graphs", "图"), self.graphs),
                (Text("a CSV file of sentences", "句子的 CSV 文件"), self.sentences),
            )
            if takes
        ]
        en, zh = " or ".join(k.en for k in kinds), "或".join(k.zh for k in kinds)
        en, zh = (
            (f"{en} with classes", f"有类别的{zh}")
            if self.task == "classification"
            else (f"{en} with one number to predict", f"以一个数为目标的{zh}")
        )
        if self.sizes:
            sizes = [f"{n}×{n}" for n in self.sizes]
            en, zh = f"{en}, {' or '.join(sizes)} pixels", f"{zh}，{'、'.join(sizes)} 像素"
        if self.images and self.channels == (1,) and not self.sentences:
            en, zh = f"{en}, grey", f"{zh}，灰度"
        if self.columns > 1:
            en, zh = f"{en}, {self.columns} values or more each", f"{zh}，每个样本至少 {self.columns} 个值"
        return Text(en, zh)

    def takes(self, task: str, shape: Sequence[int], targets: int = 1) -> bool:
        """Whether data of this task, this shape of an input and so many targets of a row fit."""
        if task != self.task or math.prod(shape) < self.columns or targets != 1:
            return False
        if len(shape) == 1:
            return self.tables
        square = shape[-1] == shape[-2] and shape[-1] in self.sizes if self.sizes else True
        return self.images and len(shape) == 3 and shape[0] in self.channels and square


@dataclass(frozen=True)
class Recipe:
    """How a concept is run as a system, and what it must reach.

    Attributes:
        train: `(data, request) -> SeedResult`: trains one seed and says what came of it.
        data: names of data sets; the first that is there is taken unless one is given.
        metric: name of the score.
        targets: what the mean score over the seeds must reach, for each data set.
        settings: what is shown of the recipe; or such a table for each data set, and for others that `like` names.
        text: the recipe in words.
        relation: "≥", or "≤" for a score that must be small.
        honours: which of a request's epochs and device the training heeds; the others are refused.
        options: the choices that the command line offers.
        fitting: which other data it takes; None for none.
        like: the one of its data sets whose settings other data take, by the shape of an input; None for the last.
        about: what it is called and which pages teach it; None where a page of its key says all.
        findings: what was found, in words, from what all seeds measured (`SeedResult.measured`).
        sampler: `(tensors, settings) -> Sampler`: of a generative system, what makes images, from what `sampler.keep` kept of a seed.
    """

    train: Callable[[Any, SeedRequest], SeedResult]
    data: tuple[str, ...]
    metric: str
    targets: Mapping[str, float]
    settings: Mapping[str, Any]
    text: Text
    relation: Literal["≥", "≤"] = "≥"
    honours: tuple[Setting, ...] = ()
    options: tuple[Option, ...] = ()
    fitting: Fitting | None = None
    like: Callable[[Sequence[int]], str] | None = None
    about: System | None = None
    findings: Callable[[Sequence[Mapping[str, Any]]], Sequence[Text]] | None = None
    sampler: Callable[[Mapping[str, Any], Mapping[str, Any]], Sampler] | None = None

    def settings_for(self, data: str, shape: Sequence[int] | None = None) -> Mapping[str, Any]:
        """What is shown of the recipe on a data set; on one that it was not made for, those of the one that it is like."""
        if not set(self.data) <= set(self.settings):
            return self.settings
        if data not in self.data:
            data = self.like(shape) if self.like and shape else self.data[-1]
        settings: Mapping[str, Any] = self.settings[data]
        return settings

    def with_choices(self, choices: Mapping[str, str]) -> Recipe:
        """The recipe after its options are chosen.

        Raises:
            GradusError: there is no such option or choice.
        """
        changed: dict[str, Any] = {}
        known = {o.name: o for o in self.options}
        for name, choice in choices.items():
            if name not in known:
                names = ", ".join(known)
                raise GradusError(
                    Text(
                        f"the recipe has no option {name!r}; it has {names or 'none'}",
                        f"该配方没有选项 {name!r}；它的选项：{names or '无'}",
                    )
                )
            if choice not in known[name].choices:
                names = ", ".join(known[name].choices)
                raise GradusError(
                    Text(
                        f"expected {name} as one of {names}, got {choice!r}",
                        f"{name} 应为 {names} 之一，得到 {choice!r}",
                    )
                )
            changed |= known[name].choices[choice]
        return replace(self, **changed)
