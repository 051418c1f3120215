"""The rooms of Gradus and their order: read by the test of the direction of imports, and by the picture of it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

GRADUS = Path(__file__).resolve().parent.parent / "gradus"

GROUND_ROWS = (
    ("text", "lazy", "areas"),
    ("errors", "numbers"),
    ("files", "arguments"),
    ("locks", "progress"),
)
GROUND = tuple(name for row in GROUND_ROWS for name in row)
LIBRARY = ("foundations", "generative", "inference", "networks", "optimization", "theory", "vision")
# From the ground up; the rooms of one row stand side by side. Imports run downwards only.
ROWS = (
    *GROUND_ROWS,
    ("page",),
    ("frameworks",),
    LIBRARY,
    ("training", "data"),
    ("concepts",),
    ("catalogue",),
    ("verify",),
    ("explanation", "report"),
    ("systems",),
    ("running", "examination"),
    ("doctor", "site"),
    ("cli",),
)
LEVEL = {room: i for i, row in enumerate(ROWS) for room in row}


def name_of(path: Path) -> str:
    """The module that a file is."""
    parts = path.relative_to(GRADUS.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {path: name_of(path) for path in sorted(GRADUS.rglob("*.py"))}
MODULES = frozenset(FILES.values())


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """The files with their syntax trees, read anew: two million nodes, kept, would slow every collection of garbage."""
    for path in FILES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


class Uses(NamedTuple):
    """What a module takes from others: imports (module, name), those not for annotations alone, and every a.b as (a, b)."""

    imports: list[tuple[str, str]]
    when_it_runs: list[tuple[str, str]]
    attributes: set[tuple[str, str]]


@functools.cache
def uses() -> dict[str, Uses]:
    """What each module takes from others, by its name."""
    return {FILES[path]: uses_of(tree) for path, tree in trees()}


def uses_of(tree: ast.Module) -> Uses:
    """What a file takes from others, wherever in it; `if TYPE_CHECKING` stands at its top level."""
    found = Uses([], [], set())
    for statement in tree.body:
        runs = not (isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"))
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name):
                    found.attributes.add((node.value.id, node.attr))
            elif isinstance(node, ast.Import | ast.ImportFrom):
                found.imports.extend(imported(node))
                found.when_it_runs.extend(imported(node) if runs else ())
    return found


def imported(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    """(module, name) of what is imported from Gradus by a statement."""
    if isinstance(node, ast.Import):
        names = [(alias.name, alias.name) for alias in node.names]
    else:
        names = []
        for alias in node.names if node.module else ():
            whole = f"{node.module}.{alias.name}"
            names.append((whole if whole in MODULES else str(node.module), alias.name))
    return [(module, name) for module, name in names if module.partition(".")[0] == "gradus"]


def room(module: str) -> str:
    """The room that a module lies in."""
    return module.split(".")[1] if "." in module else ""
