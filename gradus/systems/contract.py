"""The contract between a system and the engine that runs it: what a recipe says, and what one seed is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradus.errors import GradusError
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult

Setting = Literal["epochs", "device"]


@dataclass(frozen=True)
class SeedRequest:
    """What one seed of a run is asked for.

    Attributes:
        seed: of everything random.
        target: what the mean score over the seeds must reach.
        directory: where the seed's state and logs are kept; None keeps nothing.
        resume: go on from the state in the directory.
        progress: "auto", "rich", "plain" or "silent".
        epochs, device: None leaves them to the recipe; given to recipes alone that honour them.
        options: the choice of each of the recipe's options.
    """

    seed: int
    target: float
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
class Recipe:
    """How a concept is run as a system, and what it must reach.

    Attributes:
        train: `(data, request) -> SeedResult`: trains one seed and says what came of it.
        data: names of data sets; the first that is there is taken unless one is given.
        metric: name of the score.
        targets: what the mean score over the seeds must reach, for each data set.
        settings: what is shown of the recipe; or such a table for each data set.
        text: the recipe in words.
        relation: "≥", or "≤" for a score that must be small.
        honours: which of a request's epochs and device the training heeds; the others are refused.
        options: the choices that the command line offers.
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

    def settings_for(self, data: str) -> Mapping[str, Any]:
        """What is shown of the recipe on a data set."""
        return self.settings.get(data, self.settings)

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
