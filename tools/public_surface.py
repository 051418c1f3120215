"""Write what is public: `make docs`.

    python tools/public_surface.py            writes tests/public_surface.txt and docs/library.md

The first is compared by a test, so that a name or an argument is never lost unawares; the second is for readers.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gradus.cli.verbs import TABLE  # noqa: E402

SNAPSHOT, REFERENCE = ROOT / "tests" / "public_surface.txt", ROOT / "docs" / "library.md"
LIBRARY = (
    "gradus.foundations",
    "gradus.foundations.distributions",
    "gradus.generative",
    "gradus.inference",
    "gradus.networks",
    "gradus.optimization",
    "gradus.theory",
    "gradus.vision",
)
PACKAGES = ("gradus", *LIBRARY, "gradus.data", "gradus.training")


def public(package: str) -> Iterator[tuple[str, Any]]:
    """The names of a package's `__all__` in their order, and what they stand for."""
    module = import_module(package)
    for name in sorted(module.__all__):
        yield name, getattr(module, name)


def arguments(value: Any) -> str:
    """The signature without annotations; empty for what cannot be called."""
    if not callable(value):
        return ""
    if inspect.isclass(value) and not inspect.isfunction(value.__init__) and issubclass(value, Exception):
        return "(*args)"  # Python's versions differ in what they tell
    parameters = inspect.signature(value).parameters.values()
    return str(inspect.Signature([_plain(p) for p in parameters if p.name != "self"]))


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """Without its annotation; a function as a default value by its name, without its address."""
    default = parameter.default
    if inspect.isfunction(default):
        default = _Named(default.__name__)
    return parameter.replace(annotation=inspect.Parameter.empty, default=default)


class _Named(str):
    """A text whose representation is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def methods(cls: type) -> list[str]:
    """The public methods and properties that Gradus itself wrote for a class."""
    own = [c for c in cls.__mro__ if c.__module__.startswith("gradus.")]
    return sorted({name for c in own for name, value in vars(c).items() if _is_method(name, value)})


def _is_method(name: str, value: Any) -> bool:
    kinds = (property, staticmethod, classmethod)
    return not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, kinds))


def commands() -> list[str]:
    """One line for each command: its arguments and options."""
    return [
        " ".join(["gradus", name, *(n for names, _, _ in verb.arguments for n in _tuple(names))])
        for name, verb in TABLE.items()
    ]


def _tuple(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def surface() -> list[str]:
    """One line for each command, for each public name, and for each method of a public class."""
    lines = commands()
    for package in PACKAGES:
        for name, value in public(package):
            lines.append(f"{package}.{name}{arguments(value)}")
            if inspect.isclass(value):
                lines += [f"{package}.{name}.{m}{arguments(getattr(value, m))}" for m in methods(value)]
    return lines


def first_sentence(value: Any) -> str:
    """The first line of what is said about it."""
    if not callable(value):
        return ""
    return re.sub(r":math:`(.*?)`", r"$\1$", (inspect.getdoc(value) or "").partition("\n")[0])


def reference() -> str:
    """The library's names by package, each with its first sentence, in Markdown."""
    parts = [
        "# The library, name by name\n",
        "Written by `make docs` from the docstrings; `help(NAME)` shows the equation, the arguments with their",
        "shapes, the errors, the cost, the source and an example. What is promised of these names stands in",
        "[public-surface.md](public-surface.md).",
    ]
    for package in PACKAGES[1:]:
        parts += [f"\n## {package}\n", (import_module(package).__doc__ or "").partition("\n")[0] + "\n"]
        parts += [f"- `{name}`: {first_sentence(value)}" for name, value in public(package)]
    return "\n".join(parts) + "\n"


def main() -> None:
    """Write both files."""
    SNAPSHOT.write_text("\n".join(surface()) + "\n", encoding="utf-8")
    REFERENCE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
