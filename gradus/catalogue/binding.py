"""What a verdict depends on beside its page: the source that the implementations run, and the versions of the libraries.

A verdict holds for what was measured. Its evidence names the files of Gradus that the measured code is made of, with a
digest of their contents, and the version of each library; when one of them is another, it is evidence no longer.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent  # of the package
LIBRARIES = ("numpy", "torch", "scipy", "sklearn", "jax", "optax")
_DISTRIBUTIONS = {"sklearn": "scikit_learn"}  # where the name differs from the module's
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([\w.]+))", re.MULTILINE
)
_NAME = re.compile(r"\w+")
_INFO = re.compile(r"(\w+)-(.+)\.(?:dist-info|egg-info)")
_LAZY = re.compile(r"^export\(", re.MULTILINE)


def bound_to(page: str, implementations: Iterable[str]) -> dict[str, Any]:
    """What evidence is bound to, as it stands now: `files` and the digest of their `code`, and `versions`.

    Args:
        page: the module of the page.
        implementations: the paths of what was measured, `module:name`.
    """
    files, libraries = _closure([page, *(path.partition(":")[0] for path in implementations)])
    return {
        "files": files,
        "code": code(files, {}),
        "versions": {name: version(name) for name in sorted(libraries)},
    }


def still_bound(row: Mapping[str, Any], digests: dict[str, bytes]) -> bool:
    """Whether all that the evidence is bound to is as it was; `digests` keeps those of files from one row to the next."""
    files, versions = row.get("files"), row.get("versions")
    if not isinstance(files, list) or not isinstance(versions, dict):
        return False
    if not all(isinstance(file, str) for file in files):
        return False
    if any(version(name) != value for name, value in versions.items()):
        return False
    return code(files, digests) == row.get("code")


def code(files: Iterable[str], digests: dict[str, bytes]) -> str:
    """A digest of files of Gradus, named without their suffix; an absent one counts as such."""
    for file in files:
        if file not in digests:
            digests[file] = _digest(file)
    return hashlib.sha256(b"".join(digests[file] for file in files)).hexdigest()[:16]


def version(library: str) -> str:
    """The installed version of a library, without importing it; empty where it is not installed."""
    return _installed(tuple(sys.path)).get(_DISTRIBUTIONS.get(library, library), "")


def _digest(file: str) -> bytes:
    try:
        with open(f"{ROOT}/{file}.py", "rb") as source:  # noqa: PTH123  (hundreds of them at each start)
            return hashlib.sha256(source.read()).digest()
    except (OSError, ValueError):
        return b"absent"


@functools.lru_cache(maxsize=4)
def _installed(folders: tuple[str, ...]) -> dict[str, str]:
    """Versions by the names of the folders that installers leave: reading them imports nothing."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = sorted(os.listdir(folder or "."))  # noqa: PTH208
        except (OSError, ValueError):
            continue
        for name in names:
            if match := _INFO.fullmatch(name):
                found.setdefault(match[1].lower(), match[2])
    return found


def _closure(modules: Iterable[str]) -> tuple[list[str], set[str]]:
    """The files of Gradus that these modules are made of, directly or not, and the libraries that they import.

    A page's own file is left out: what it is bound to by its own hash.
    """
    files: set[str] = set()
    libraries = {"numpy"}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        root = module.partition(".")[0]
        if root in LIBRARIES:
            libraries.add(root)
        file = _file_of(module) if root == "gradus" else None
        if file is None or file in files:
            continue
        files.add(file)
        waiting += _imports(file)
    return sorted(file for file in files if not file.startswith("concepts/")), libraries


@functools.cache
def _file_of(module: str) -> str | None:
    """A module's file below the package, without its suffix."""
    name = "/".join(module.split(".")[1:])
    return next(
        (file for file in (name, f"{name}/__init__".lstrip("/")) if (ROOT / f"{file}.py").is_file()), None
    )


@functools.cache
def _imports(file: str) -> list[str]:
    """What a file imports; of a package that imports at first use only the homes of the names that are asked for."""
    text = (ROOT / f"{file}.py").read_text(encoding="utf-8")
    if _LAZY.search(text):
        return []
    modules = []
    for package, names, module in _IMPORT.findall(text):
        modules.append(package or module)
        if package.startswith("gradus"):
            modules += [_home(package, name) for name in _NAME.findall(names)]
    return modules


@functools.cache
def _home(package: str, name: str) -> str:
    """The module that a name of a package comes from: one of its files, or the one that it is exported from."""
    file = _file_of(package)
    if file is None or not file.endswith("__init__") or _file_of(f"{package}.{name}"):
        return f"{package}.{name}"
    text = (ROOT / f"{file}.py").read_text(encoding="utf-8")
    homes = (home for home, names, _ in _IMPORT.findall(text) if name in _NAME.findall(names))
    return next(homes, package)
