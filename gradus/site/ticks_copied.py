"""Ticks of a figure's axes copied from the first one: matplotlib builds each from its settings, and most of a drawing's time goes there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axis import Tick

    AnyArtist = TypeVar("AnyArtist", bound=Artist)

# methods of matplotlib's axis; where a version has none, ticks are built
BUILD, ALIGN = "_get_tick", "_copy_tick_props"
PARTS = ("tick1line", "tick2line", "gridline", "label1", "label2")


@contextmanager
def ticks_copied() -> Iterator[None]:
    """Within it, a further tick of an axis is a copy of its first one, as it would look after matplotlib has aligned the two."""
    from matplotlib.axis import Axis

    build, align = vars(Axis).get(BUILD), vars(Axis).get(ALIGN)
    if build is None or align is None:
        yield
        return

    def copied(self: Any, major: bool) -> Tick:
        ticks = vars(self).get("majorTicks" if major else "minorTicks")
        return _copy(ticks[0]) if ticks else build(self, major)

    setattr(Axis, BUILD, copied)
    setattr(Axis, ALIGN, lambda self, first, other: None)  # a copy needs none
    try:
        yield
    finally:
        setattr(Axis, BUILD, build)
        setattr(Axis, ALIGN, align)


def _copy(tick: Tick) -> Tick:
    """A tick that can be moved and worded on its own."""
    made = _shallow(tick)
    for name in PARTS:
        vars(made)[name] = _shallow(getattr(tick, name))
    for label in (made.label1, made.label2):
        vars(label)["_fontproperties"] = label.get_fontproperties().copy()
    return made


def _shallow(artist: AnyArtist) -> AnyArtist:
    """Another artist with the same attributes: their setters replace what they set, but for a font's."""
    other = object.__new__(type(artist))
    vars(other).update(vars(artist))
    return other
