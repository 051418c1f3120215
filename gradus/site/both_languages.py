"""One drawing in both languages: what has words is drawn twice, all else once, and each language takes its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradus.page.figure_words import Twin, twins
from gradus.site.plan import LANGUAGES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DEFINED = re.compile(r"<defs>.*?</defs>\n", re.DOTALL)
_OWN = {lang: re.compile(rf"</?{lang}>\n?") for lang in LANGUAGES}
_WITHIN = {lang: re.compile(rf"<{lang}>(.*?)</{lang}>\n?", re.DOTALL) for lang in LANGUAGES}


@contextmanager
def both_languages(figure: Figure, chinese: Mapping[str, str]) -> Iterator[None]:
    """Within it, an English figure is written as SVG with `<en>…</en><zh>…</zh>` in the place of all that has words."""
    parts = twins(figure, chinese)
    for twin in parts:
        vars(twin.artist)["draw"] = _twice(twin)
    try:
        yield
    finally:
        for twin in parts:
            del vars(twin.artist)["draw"]


def _twice(twin: Twin) -> Callable[[Any], None]:
    once = twin.artist.draw

    def draw(renderer: Any) -> None:
        for lang in LANGUAGES:
            renderer.writer.start(lang)
            once(renderer)
            renderer.writer.end(lang)
            twin.swap()

    return draw


def in_language(svg: str, lang: str) -> str:
    """The drawing of one language; shapes that the other language was the first to use stay defined."""
    for other in LANGUAGES:
        if other != lang:
            svg = _WITHIN[other].sub(lambda match: "".join(_DEFINED.findall(match.group(1))), svg)
    return _OWN[lang].sub("", svg)
