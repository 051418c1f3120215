"""A run as it is requested, checked before anything is trained: the recipe with its options, the seeds, the device, the data."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gradus.data.characters import TEXTS, Characters
from gradus.data.contents import contents_digest
from gradus.data.dataset import Dataset
from gradus.data.generated import GENERATED
from gradus.data.graphs import NodeGraph
from gradus.data.kinds import is_present, load_any
from gradus.data.of_user import is_path
from gradus.data.own_texts import read_characters, read_sentences
from gradus.data.registry import ENTRIES, entry_of
from gradus.data.sentences import NAME as SENTENCES
from gradus.data.sentences import Sentences
from gradus.errors import GradusError
from gradus.files import user_path
from gradus.page import Concept
from gradus.systems import Recipe, SeedRequest, System, recipe_of
from gradus.text import Text

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class RunRequest:
    """One run as it is requested.

    Attributes:
        system: key of the concept.
        recipe: after the choice of its options.
        data: name of the data set.
        data_dir: folder of downloaded data; None for the usual one.
        seeds: each is trained once.
        epochs, device: None leaves them to the recipe.
        options: the chosen value of each option of the recipe.
        contents: identifies what a user's own data hold, once they are read; empty for those that Gradus knows.
    """

    system: str
    recipe: Recipe
    data: str
    data_dir: str | None
    seeds: tuple[int, ...]
    epochs: int | None
    device: str | None
    options: Mapping[str, str]
    contents: str = ""

    @property
    def config(self) -> dict[str, Any]:
        """What decides the result, as JSON keeps it."""
        config = {
            "system": self.system, "data": self.data, "seeds": list(self.seeds), "epochs": self.epochs
        }  # fmt: skip
        options = {"options": dict(self.options)} if self.options else {}
        return config | options | ({"contents": self.contents} if self.contents else {})

    @property
    def command(self) -> str:
        """What to type to repeat it."""
        words = ["gradus", "run", self.system]
        words += [word for name, choice in self.options.items() for word in (f"--{name}", choice)]
        words += ["--data", shlex.quote(self.data)]
        whole = self.seeds == tuple(range(len(self.seeds)))
        words += ["--seeds", str(len(self.seeds))] if whole else ["--seed", str(self.seeds[0])]
        words += ["--epochs", str(self.epochs)] if self.epochs else []
        words += ["--data-dir", "DIR"] if self.data_dir else []
        return " ".join(words)

    @property
    def target(self) -> float | None:
        """What the mean score over the seeds must reach; None where nothing was promised for the data."""
        return self.recipe.targets.get(self.data)

    def of_seed(self, seed: int, directory: Path, resume: bool, progress: str) -> SeedRequest:
        """What one of the seeds is asked for."""
        return SeedRequest(
            seed, self.target, directory, resume, progress, self.epochs, self.device, self.options
        )


def request_run(
    concept: Concept | System,
    *,
    data: str | None = None,
    data_dir: str | None = None,
    seeds: Sequence[int] | None = None,
    epochs: int | None = None,
    device: str | None = None,
    options: Mapping[str, str] | None = None,
) -> RunRequest:
    """Completes what is requested by the recipe's own.

    Raises:
        GradusError: no recipe, an unknown option, data that are none of the recipe's, or an impossible setting.
    """
    recipe = recipe_of(concept.area, concept.key)
    if data_dir is not None:
        user_path(data_dir)  # refuses what is no path, even where embedded data need none
    wanted = dict(options or {})
    choices = {o.name: wanted.get(o.name) or next(iter(o.choices)) for o in recipe.options}
    recipe = recipe.with_choices({**wanted, **choices})
    chosen_seeds = tuple(SEEDS if seeds is None else seeds)
    _check(recipe, concept.key, chosen_seeds, epochs, device)
    name = data or _first_present(recipe, data_dir)
    if name not in recipe.data:
        name = _fitting_name(recipe, name)
    return RunRequest(concept.key, recipe, name, data_dir, chosen_seeds, epochs, device, choices)


def with_data(request: RunRequest) -> tuple[RunRequest, Any]:
    """The request, which now identifies what a user's own data hold, and the data set.

    Raises:
        GradusError: it is not there, or is damaged.
    """
    data = load_data(request)
    own = is_path(request.data) and isinstance(data, Dataset | NodeGraph | Sentences | Characters)
    return replace(request, contents=contents_digest(data)) if own else request, data


def load_data(request: RunRequest) -> Any:
    """The data set.

    Raises:
        GradusError: it is not there, or is damaged.
    """
    recipe = request.recipe
    if request.data in recipe.data or recipe.fitting is None:
        return load_any(request.data, request.data_dir)
    if is_path(request.data):
        path = user_path(request.data)
        if recipe.fitting.characters:
            return read_characters(path)
        if path.suffix == ".txt" and path.is_file():
            raise _unfitting(recipe, request.data, None)
        if recipe.fitting.sentences and path.is_file():
            return read_sentences(path)
    data = load_any(request.data, request.data_dir, recipe.fitting.task)
    if isinstance(data, NodeGraph) and recipe.fitting.graphs:
        return data
    if not isinstance(data, Dataset):
        raise _unfitting(recipe, request.data, None)
    _check_fitting(recipe, request.data, data.task, data.shape, math.prod(data.train_targets.shape[1:]))
    return data


def _fitting_name(recipe: Recipe, name: str) -> str:
    """The name of data that the recipe promises nothing on, refused where it is known already that they do not fit; of a path the whole."""
    other = name in TEXTS or name == SENTENCES or name in GENERATED
    known = other or name in ENTRIES
    if is_path(name) or (not known and user_path(name).exists()):
        if recipe.fitting is None:
            raise _unfitting(recipe, name, None)
        return str(user_path(name))
    if other or (not known and (recipe.fitting is None or recipe.fitting.characters)):
        raise _unfitting(recipe, name, None)
    entry = entry_of(name)
    _check_fitting(recipe, name, entry.task, entry.shape)
    return name


def _check_fitting(recipe: Recipe, name: str, task: str, shape: Sequence[int], targets: int = 1) -> None:
    if recipe.fitting is None or not recipe.fitting.takes(task, shape, targets):
        raise _unfitting(recipe, name, (task, shape))


def _unfitting(recipe: Recipe, name: str, what: tuple[str, Sequence[int]] | None) -> GradusError:
    names = ", ".join(recipe.data)
    en, zh = f"the recipe trains on {names}", f"该配方在 {names} 上训练"
    if recipe.fitting is not None:
        en, zh = f"{en}, and on {recipe.fitting.text.en}", f"{zh}，也可用{recipe.fitting.text.zh}"
    task = {
        "classification": Text("with classes", "有类别"),
        "regression": Text("with numbers to predict", "以数值为目标"),
    }
    ours, theirs = (
        ("", "")
        if what is None
        else (
            f" of shape {tuple(what[1])} {task[what[0]].en}",
            f"（形状 {tuple(what[1])}，{task[what[0]].zh}）",
        )
    )
    return GradusError(Text(f"{en}, not on {name}{ours}", f"{zh}，不能用 {name}{theirs}"))


def _first_present(recipe: Recipe, data_dir: str | None) -> str:
    """The first data set of the recipe that is there, or else its first."""
    return next((name for name in recipe.data if is_present(name, data_dir)), recipe.data[0])


def _check(recipe: Recipe, key: str, seeds: Sequence[int], epochs: int | None, device: str | None) -> None:
    if not seeds:
        raise GradusError(
            Text(
                "expected at least one seed, got none; give --seeds 1 or more",
                "至少需要一个种子；请给出 --seeds 1 或更大的数",
            )
        )
    for seed in seeds:
        if isinstance(seed, bool) or not 0 <= seed < 2**32:
            raise GradusError(
                Text(
                    f"expected seeds from 0 to {2**32 - 1}, got {seed}",
                    f"种子应为 0 到 {2**32 - 1} 的整数，得到 {seed}",
                )
            )
    if epochs is not None and epochs < 1:
        raise GradusError(
            Text(f"expected epochs of 1 or more, got {epochs}", f"训练轮数应不小于 1，得到 {epochs}")
        )
    for name, value in (("epochs", epochs), ("device", device)):
        if value is not None and name not in recipe.honours:
            raise GradusError(
                Text(
                    f"{key} is trained without {name}; leave --{name} out",
                    f"{key} 的训练不用 {name}；请去掉 --{name}",
                )
            )
    if device is not None:
        _check_device(device)


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).strip().splitlines()[0].rstrip(".")
        raise GradusError(
            Text(
                f"device {device!r} cannot be used here: {why}; leave --device out to train on the processor",
                f"此处无法使用设备 {device!r}：{why}；去掉 --device 即在处理器上训练",
            )
        ) from None
