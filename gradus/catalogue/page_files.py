"""The files of the pages: their names, and what tells one version of them from another."""

from __future__ import annotations

import os
from pathlib import Path

from gradus.areas import AREAS

PAGES = Path(__file__).parent.parent / "concepts"
SUFFIXES = (".py", ".zh.md", ".en.md")  # a page; its Chinese and its prose beside it


def page_files(pages: Path = PAGES) -> dict[str, os.stat_result]:
    """Every file that a page is made of, by its path below `pages`, area by area; packages' own files left out."""
    files: dict[str, os.stat_result] = {}
    for area in AREAS:
        if (pages / area).is_dir():
            _add_files(f"{pages}/", area, files)
    return files


def _add_files(root: str, folder: str, files: dict[str, os.stat_result]) -> None:
    """Puts the files below `folder` into `files`, in order; at each start it walks through all that there are."""
    with os.scandir(root + folder) as listing:
        children = {child.name: child for child in listing}
    for name in sorted(children):
        if name.endswith(SUFFIXES) and name != "__init__.py":
            files[f"{folder}/{name}"] = children[name].stat()
        elif "." not in name and name != "__pycache__" and children[name].is_dir():
            _add_files(root, f"{folder}/{name}", files)


def unit(name: str) -> str:
    """What is read together: a page, or the folder of a family, whose members share code.

    `foundations/adaline.py` → `foundations/adaline`; `foundations/svd/family.py` → `foundations/svd`.
    """
    area, _, rest = name.partition("/")
    return f"{area}/{rest.partition('/')[0].partition('.')[0]}"


def unit_of_module(module: str) -> str:
    """The unit of `gradus.concepts.<area>.<page>` or `….<family>.<member>`."""
    return "/".join(module.split(".")[2:4])


def module_of(name: str) -> str:
    """The module of a page's Python file."""
    return f"gradus.concepts.{name.removesuffix('.py').replace('/', '.')}"


def digest(*files: Path) -> str:
    """Identifies the contents of files."""
    import hashlib

    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def page_hash(module: str) -> str:
    """Identifies the code of a page as it stands, for a family that of all its members: evidence of another version is not shown."""
    page = PAGES.joinpath(*module.split(".")[2:]).with_suffix(".py")
    in_family = module.count(".") == 4
    return digest(*sorted(page.parent.glob("*.py"))) if in_family else digest(page)
