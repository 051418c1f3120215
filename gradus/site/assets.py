"""The files that all pages share: fonts, styles, scripts, and the words that a search compares."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gradus.catalogue import Catalogue, Entry
from gradus.catalogue.search import STOP_WORDS
from gradus.catalogue.subjects import subjects
from gradus.report.concept_page import source
from gradus.report.page import ASSETS, fonts_inlined
from gradus.site.layout import TEMPLATES


def shared_files(catalogue: Catalogue[Entry]) -> Iterator[tuple[str, str]]:
    """Each shared file and its text."""
    yield "assets/fonts.css", "".join(_faces())
    math = (ASSETS / "math.css").read_text(encoding="utf-8")
    yield "assets/site.css", math + source("style.css") + source("article.css") + _own("site.css")
    yield "assets/article.js", source("article.js")
    for name in ("theme.js", "site.js", "search.js"):
        yield f"assets/{name}", _own(name)
    yield "assets/search-words.js", search_words(catalogue)


def search_words(catalogue: Catalogue[Entry]) -> str:
    """The words of every concept, and of the subjects without a page, as a script that a page from disk may load."""
    table = catalogue.table()
    concepts = [
        [key, *catalogue.get(key).title, catalogue.get(key).area, *words]
        for key, words in table.concepts.items()
    ]
    unwritten = [
        [key, *subjects()[key].title, list(subjects()[key].nearest), *words]
        for key, words in table.subjects.items()
        if key in subjects()
    ]
    words = {"concepts": concepts, "subjects": unwritten, "stop": sorted(STOP_WORDS)}
    return f"gradus.words({json.dumps(words, ensure_ascii=False, separators=(',', ':'))});\n"


def _own(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _faces() -> Iterator[str]:
    """The fonts, in the sheet itself: some browsers load none from another folder of the disk.

    The Latin one leaves Chinese quotation marks to the Chinese font.
    """
    plain, ranged = (
        fonts_inlined("en"),
        {str(font["data"])[:80]: font["range"] for font in fonts_inlined("zh")},
    )
    for font in plain:
        chinese = ranged[str(font["data"])[:80]]
        address = f'url(data:font/woff2;base64,{font["data"]}) format("woff2")'
        style = f"font-style: {font['style']}; font-weight: {font['weight']}; font-display: block; src: {address};"
        yield f'@font-face {{ font-family: "{font["family"]}"; {style} }}\n'
        if chinese:
            yield f'@font-face {{ font-family: "{font["family"]} zh"; {style} unicode-range: {chinese}; }}\n'
