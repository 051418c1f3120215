"""Writes the skeleton of a concept, all its parts, to be filled in: `make new-concept KEY=layer-norm AREA=networks`.

It runs as it stands; `tests/test_pages.py` fails until nothing in it says FILL any more.
"""

import argparse
import difflib
import importlib.util
import keyword
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gradus.catalogue import load  # noqa: E402
from gradus.catalogue.pages import PAGES  # noqa: E402
from gradus.errors import GradusError  # noqa: E402
from gradus.page import AREAS  # noqa: E402
from gradus.page.companion import beside, digest  # noqa: E402
from gradus.page.translation import concepts_of, phrases  # noqa: E402

TEMPLATE = Path(__file__).with_name("concept.template")
NEXT = """{page} and {companion} are written. Next:
1. fill in the page; `pytest tests/test_pages.py -k {key}` says what is left to do
2. put its sources into gradus/catalogue/references.toml
3. `make formulas` compiles the formulas (needs Node.js)
4. write the Chinese into {companion}; `make translations` says what is missing or stale
5. `make test`"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page and its companion, and says what to do next."""
    parser = argparse.ArgumentParser(prog="make new-concept", description="The skeleton of a concept.")
    parser.add_argument("key", help="as in layer-norm: it names the concept everywhere")
    parser.add_argument("area", help=", ".join(AREAS))
    options = parser.parse_args(arguments)
    try:
        page, companion = write(options.key, options.area)
    except GradusError as error:
        print(error, file=sys.stderr)
        return 2
    print(NEXT.format(key=options.key, page=page.relative_to(ROOT), companion=companion.relative_to(ROOT)))
    return 0


def write(key: str, area: str, pages: Path = PAGES) -> tuple[Path, Path]:
    """Writes the page and its companion into the area's folder below `pages`.

    Raises:
        GradusError: the key is no key or is taken, or there is no such area.
    """
    check(key, area)
    stem = key.replace("-", "_")
    page = pages / area / f"{stem}.py"
    if page.exists() or (pages / area / stem).exists():
        raise GradusError(f"{page.with_suffix('')} is there already; choose another key")
    if not page.parent.is_dir():
        page.parent.mkdir(parents=True)
        page.with_name("__init__.py").write_text(f'"""Pages on {area}."""\n', encoding="utf-8")
    text = TEMPLATE.read_text(encoding="utf-8")
    for marker, word in (("«key»", key), ("«stem»", stem), ("«NAME»", stem.upper())):
        text = text.replace(marker, word)
    page.write_text(text, encoding="utf-8")
    (concept,) = concepts_of(imported(page, f"gradus.concepts.{area}.{stem}"))
    lines = [f"- {p.name} `{digest(p.text.en)}`: FILL：中文" for p in phrases(concept) if p.needs_chinese]
    companion = beside(page, "zh")
    companion.write_text(f"# {key}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return page, companion


def check(key: str, area: str) -> None:
    """Refuses what cannot be the key of a new concept, and areas that are none."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", key):
        raise GradusError(f"expected a key in small letters, digits and hyphens, as layer-norm; got {key!r}")
    if keyword.iskeyword(key.replace("-", "_")):
        raise GradusError(f"{key} is a word of Python and cannot name a function; choose another key")
    if area not in AREAS:
        near = difflib.get_close_matches(area, AREAS, 1)
        raise GradusError(f"expected an area, {', '.join(near or AREAS)}; got {area!r}")
    catalogue = load()
    if key in catalogue.concepts:
        raise GradusError(f"{key} is there already: {catalogue.get(key).module}; choose another key")


def imported(page: Path, name: str) -> ModuleType:
    """The page as a module that nothing else sees."""
    spec = importlib.util.spec_from_file_location(name, page)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
