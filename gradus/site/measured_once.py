"""Words in figures measured once: matplotlib lays a tick's label out four times for one drawing, and a figure has many frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

METHOD = "_get_layout"  # of matplotlib's text; where a version has none, words are measured each time


@contextmanager
def measured_once() -> Iterator[None]:
    """Within it, what is measured of words serves all that read the same in the same font and angle."""
    from matplotlib import rcParams
    from matplotlib.text import Text

    measure = vars(Text).get(METHOD)
    if measure is None:
        yield
        return
    known: dict[Any, Any] = {}

    def once(self: Any, renderer: Any) -> Any:
        if self.get_wrap() or self.get_usetex():
            return measure(self, renderer)
        key = (rcParams["font.sans-serif"][0], *_look(self, renderer))
        if key not in known:
            known[key] = measure(self, renderer)
        box, lines, corner = known[key]
        return box.frozen(), list(lines), corner

    setattr(Text, METHOD, once)
    try:
        yield
    finally:
        setattr(Text, METHOD, measure)


def _look(text: Any, renderer: Any) -> tuple[Any, ...]:
    """All that the extent of words depends on."""
    return (
        type(renderer),
        text.get_figure().dpi,
        text.get_text(),
        text.get_parse_math(),
        hash(text.get_fontproperties()),
        text.get_rotation(),
        text.get_rotation_mode(),
        text.get_horizontalalignment(),
        text.get_verticalalignment(),
        getattr(text, "_multialignment", None),
        getattr(text, "_linespacing", None),
    )
