"""Reads the pages of a site: the names in each, and where its links lead."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The ids of a page, and all that it points to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if named.get("id"):
            self.ids.append(named["id"])
        for name in ("href", "src", "data-frames"):
            if named.get(name):
                self.targets.append(named[name])


def dead_links(site: Path) -> list[str]:
    """The links of all pages that lead to no file or to no place in it, and the names that a page has twice."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    dead = []
    for path, page in pages.items():
        twice = {name for name in page.ids if page.ids.count(name) > 1}
        dead += [f"{path.relative_to(site)}: {name} twice" for name in twice]
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme in ("https", "http"):
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            inside = file.is_relative_to(site.resolve()) and file.is_file()
            if not inside or (parts.fragment and unquote(parts.fragment) not in pages[file].ids):
                dead.append(f"{path.relative_to(site)}: {target}")
    return dead
