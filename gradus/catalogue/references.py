"""The one references file, and how a reference is cited."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text

FILE = Path(__file__).parent / "references.toml"


@functools.cache
def references() -> dict[str, dict[str, Any]]:
    """The one references file: bib key → authors, title, year, venue and where to find it."""
    import tomllib

    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def citation(key: str) -> str:
    """A reference on one line: authors, title, venue, year."""
    if key not in references():
        raise GradusError(
            Text(
                f"no reference is called {key!r}; add it to references.toml",
                f"没有名为 {key!r} 的参考文献；请加入 references.toml",
            )
        )
    r = references()[key]
    authors = r["authors"]
    who = ", ".join(authors[:3]) + (" et al." if len(authors) > 3 else "")
    return f"{who}: {r['title']}. {r['venue']}, {r['year']}." + (f" {r['url']}" if "url" in r else "")
