"""What is asked for, checked before anything is trained: the recipe with its options, the seeds, the device, the data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradus.catalogue import load as load_catalogue
from gradus.errors import GradusError
from gradus.page import Concept, Recipe

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Asked:
    """One run as it is asked for.

    Attributes:
        recipe: after the choice of its options.
        data: name of the data set.
        seeds, epochs, device: as given; None leaves it to the recipe.
        options: the chosen value of each option of the recipe.
    """

    system: str
    recipe: Recipe
    data: str
    data_dir: str | None
    seeds: tuple[int, ...]
    epochs: int | None
    device: str | None
    options: Mapping[str, str]

    @property
    def config(self) -> dict[str, Any]:
        """What decides the result, as JSON keeps it."""
        config = {
            "system": self.system, "data": self.data, "seeds": list(self.seeds), "epochs": self.epochs
        }  # fmt: skip
        return {**config, "options": dict(self.options)} if self.options else config

    @property
    def command(self) -> str:
        """What to type to repeat it."""
        words = ["gradus", "run", self.system]
        words += [word for name, choice in self.options.items() for word in (f"--{name}", choice)]
        words += ["--data", self.data]
        whole = self.seeds == tuple(range(len(self.seeds)))
        words += ["--seeds", str(len(self.seeds))] if whole else ["--seed", str(self.seeds[0])]
        words += ["--epochs", str(self.epochs)] if self.epochs else []
        words += ["--data-dir", "DIR"] if self.data_dir else []
        return " ".join(words)


def ask(
    concept: Concept,
    data: str | None,
    data_dir: str | None,
    seeds: Sequence[int] | None,
    epochs: int | None,
    device: str | None,
    options: Mapping[str, str],
) -> Asked:
    """Completes what is given by the recipe's own.

    Raises:
        GradusError: no recipe, an unknown option, unknown data, or an impossible setting.
    """
    recipe = recipe_of(concept)
    chosen = {o.name: options.get(o.name) or next(iter(o.choices)) for o in recipe.options}
    recipe = recipe.with_choices({**options, **chosen})
    _check(recipe, concept.key, SEEDS if seeds is None else seeds, epochs, device)
    name = data or _first(recipe, data_dir)
    return Asked(
        concept.key, recipe, name, data_dir, tuple(SEEDS if seeds is None else seeds), epochs, device, chosen
    )


def recipe_of(concept: Concept) -> Recipe:
    """The concept's recipe.

    Raises:
        GradusError: it has none; the concepts that have one are named.
    """
    if concept.recipe is None:
        systems = [c.key for c in load_catalogue() if c.recipe]
        raise GradusError(
            f"{concept.key} is a {concept.kind} without a recipe; `gradus run` trains {', '.join(systems)}"
        )
    return concept.recipe


def load_data(asked: Asked) -> Any:
    """The data set.

    Raises:
        GradusError: it is unknown, is not there, or is none of the recipe's.
    """
    if asked.data not in asked.recipe.data:
        raise GradusError(f"the recipe trains on {', '.join(asked.recipe.data)}, not on {asked.data}")
    return function(asked.recipe.load)(asked.data, asked.data_dir)


def taken(train: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given arguments that the function takes."""
    names = inspect.signature(train).parameters
    return {name: value for name, value in given.items() if name in names}


def function(path: str) -> Callable[..., Any]:
    """The function that "module:function" names."""
    from gradus.frameworks import resolve

    return resolve(path)


def _first(recipe: Recipe, data_dir: str | None) -> str:
    """The first data set of the recipe that is there."""
    if not recipe.present:
        return recipe.data[0]
    present = function(recipe.present)
    return next((name for name in recipe.data if present(name, data_dir)), recipe.data[0])


def _check(recipe: Recipe, key: str, seeds: Sequence[int], epochs: int | None, device: str | None) -> None:
    if not seeds:
        raise GradusError("expected at least one seed, got none; give --seeds 1 or more")
    if epochs is not None and epochs < 1:
        raise GradusError(f"expected epochs of 1 or more, got {epochs}")
    names = inspect.signature(function(recipe.train)).parameters
    for name, value in (("epochs", epochs), ("device", device)):
        if value is not None and name not in names:
            raise GradusError(f"{key} is trained without {name}; leave --{name} out")
    if device is not None:
        _check_device(device)


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).strip().splitlines()[0].rstrip(".")
        raise GradusError(
            f"device {device!r} cannot be used here: {why}; leave --device out to train on the processor"
        ) from None
