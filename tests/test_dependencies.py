"""What is imported is declared, and what is declared is imported."""

import ast
import functools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {"gradus", "tests", "tools", "benchmarks", *(p.stem for p in (ROOT / "tests").rglob("*.py"))}
DISTRIBUTIONS = packages_distributions()
# extras that each folder may use beside the dependencies
FOLDERS = {"gradus": ["jax"], "tests": ["jax", "test"], "benchmarks": ["bench"], "tools": ["dev", "test"]}


def plain(name: str) -> str:
    """A distribution's name as package indices compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    return {plain(re.match(r"[\w.-]+", r)[0]) for r in requirements} - {"gradus"}


@functools.cache
def imported(folder: str) -> dict[str, str]:
    """The distributions that a folder imports, each with one file that does."""
    places: dict[str, str] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            names = [a.name for a in node.names]
            if isinstance(node, ast.ImportFrom):
                names = [node.module] if node.level == 0 else []
            for top in {n.partition(".")[0] for n in names} - OURS - sys.stdlib_module_names:
                # a package that is not installed here is asked for by the name of its module
                places[plain(DISTRIBUTIONS.get(top, [top])[0])] = str(path.relative_to(ROOT))
    return places


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_import_is_declared(folder):
    declared = named(PROJECT["dependencies"]).union(*(named(EXTRAS[e]) for e in FOLDERS[folder]))
    undeclared = {name: place for name, place in imported(folder).items() if name not in declared}
    assert undeclared == {}, "declare them in pyproject.toml, and pin them in constraints.txt"


def test_every_dependency_is_imported():
    assert named(PROJECT["dependencies"]) - set(imported("gradus")) == set()


def test_every_declared_package_is_pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {plain(line.partition("==")[0]) for line in lines if "==" in line}
    declared = named(PROJECT["dependencies"]).union(*(named(r) for r in EXTRAS.values()))
    assert declared - pinned == set(), "a version that was not tested could be installed"


def test_every_dependency_has_a_lower_bound():
    everything = [*PROJECT["dependencies"], *(r for rs in EXTRAS.values() for r in rs)]
    assert [r for r in everything if ">=" not in r and not r.startswith("gradus[")] == []
