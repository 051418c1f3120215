"""The rooms of Gradus and their order: read by the test of the direction of imports, and by the picture of it."""

import ast
import functools
from pathlib import Path

GRADUS = Path(__file__).resolve().parent.parent / "gradus"

GROUND_ROWS = (
    ("text", "lazy", "areas"),
    ("errors", "numbers"),
    ("files", "arguments"),
    ("locks", "progress"),
)
GROUND = tuple(name for row in GROUND_ROWS for name in row)
LIBRARY = ("foundations", "inference", "networks", "optimization", "theory", "vision")
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


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(GRADUS.rglob("*.py"))}


def modules() -> dict[str, ast.Module]:
    """The syntax trees of all modules by name."""
    trees = {}
    for path, tree in TREES.items():
        parts = path.relative_to(GRADUS.parent).with_suffix("").parts
        trees[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = tree
    return trees


MODULES = modules()


@functools.cache
def imported(tree: ast.AST) -> list[tuple[str, str]]:
    """(module, name) of everything that is imported from Gradus, wherever in the file."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names.append((whole if whole in MODULES else node.module, alias.name))
        elif isinstance(node, ast.Import):
            names += [(alias.name, alias.name) for alias in node.names]
    return [(module, name) for module, name in names if module.partition(".")[0] == "gradus"]


def room(module: str) -> str:
    """The room that a module lies in."""
    return module.split(".")[1] if "." in module else ""
