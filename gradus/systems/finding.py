"""Which systems there are, and the recipe of one: found by area and key in the folders beside this file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from gradus.errors import GradusError
from gradus.systems.contract import Recipe
from gradus.text import Text

SYSTEMS = Path(__file__).parent


def keys() -> dict[str, str]:
    """The area of each key that has a recipe, by area and key; reads names of files and imports none of them."""
    return {
        _key(file): area.name
        for area in sorted(SYSTEMS.iterdir())
        if (area / "__init__.py").is_file()
        for file in sorted(area.iterdir())
        if _is_system(file)
    }


def recipe_of(area: str, key: str) -> Recipe:
    """The recipe of a concept: RECIPE in `gradus/systems/<area>/<key with underscores>`.

    Raises:
        GradusError: it has none; the systems that have one are named.
    """
    systems = keys()
    if systems.get(key) != area:
        names = ", ".join(systems)
        raise GradusError(
            Text(
                f"{key} has no recipe; `gradus run` trains {names}",
                f"{key} 没有训练配方；`gradus run` 可训练 {names}",
            )
        )
    recipe: Recipe = import_module(f"gradus.systems.{area}.{key.replace('-', '_')}").RECIPE
    return recipe


def _is_system(path: Path) -> bool:
    """Whether it is a module or a package of its own, such as lenet.py or from_scratch/."""
    if path.is_dir():
        return (path / "__init__.py").is_file()
    return path.suffix == ".py" and path.stem != "__init__"


def _key(path: Path) -> str:
    return path.stem.replace("_", "-")
