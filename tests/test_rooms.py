"""The direction of imports: each room knows only the rooms below it, and no files import one another in a circle."""

import ast
from collections import Counter
from pathlib import Path

GRADUS = Path(__file__).resolve().parent.parent / "gradus"

# From the ground up; the rooms of one row stand side by side.
ROWS = (
    ("errors", "text", "files"),
    ("page",),
    ("frameworks",),
    ("foundations", "networks", "optimization", "vision"),
    ("training", "data"),
    ("concepts",),
    ("catalogue",),
    ("verify",),
    ("explanation", "report"),
    ("systems",),
    ("running",),
    ("doctor", "cli"),
)
LEVEL = {room: i for i, row in enumerate(ROWS) for room in row}

# Names that are imported upwards, counted by room. The list may only shrink.
UPWARDS: dict[tuple[str, str], int] = {("frameworks", "optimization"): 2}


def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(GRADUS.rglob("*.py")):
        parts = path.relative_to(GRADUS.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


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
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_its_place():
    rooms = {room(m) for m in MODULES} - {"", "__main__"}
    assert rooms == set(LEVEL)


def test_imports_run_downwards():
    upwards: Counter[tuple[str, str]] = Counter()
    for module, tree in MODULES.items():
        for target, _ in imported(tree):
            here, there = room(module), room(target)
            if here in LEVEL and there in LEVEL and LEVEL[there] > LEVEL[here]:
                upwards[here, there] += 1
    assert dict(upwards) == UPWARDS


def test_no_page_is_imported_but_by_its_family_and_the_catalogue():
    for module, tree in MODULES.items():
        for target, name in imported(tree):
            if room(target) == "concepts":
                assert (
                    module.rpartition(".")[0] == target.rpartition(".")[0] or room(module) == "catalogue"
                ), f"{module} imports {name} from {target}"
