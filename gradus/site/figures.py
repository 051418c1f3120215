"""The positions of a figure's sliders, and the drawings that it shows there."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradus.numbers import mathematical
from gradus.page import Concept
from gradus.page.figures import Slider, layout, svg
from gradus.report.fewer_digits import fewer_digits
from gradus.report.svg import described, page_svg
from gradus.site.both_languages import both_languages, in_language
from gradus.site.measured_once import measured_once
from gradus.site.parsed_once import parsed_once
from gradus.site.plan import LANGUAGES
from gradus.site.ticks_copied import ticks_copied

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from matplotlib.transforms import Bbox

POSITIONS = 7  # of a slider; one that counts whole numbers may have fewer


class Frame(NamedTuple):
    """A drawing at one position of one slider, and the same in words."""

    markup: str
    words: str


class Track(NamedTuple):
    """A slider as it is shown: its positions as they are written, and where it starts."""

    name: str
    title: str
    values: tuple[float, ...]
    labels: tuple[str, ...]
    start: int


def positions(slider: Slider) -> tuple[float, ...]:
    """Where a slider is drawn: steps as even as three digits allow from end to end, on a logarithmic scale ratios, its start among them."""
    if slider.values:
        return slider.values
    spaced = np.geomspace if slider.log else np.linspace
    values = spaced(slider.low, slider.high, POSITIONS)
    if slider.integer:
        values = np.unique(np.round(values))
    inner = [float(v) for v in values]
    if not slider.integer:  # what is drawn is what the label says, and zero is zero
        fine = 0 if slider.log else 1e-9 * (slider.high - slider.low)
        inner[1:-1] = [float(f"{v:.3g}") if abs(v) > fine else 0.0 for v in inner[1:-1]]
    if slider.start in inner:
        return tuple(inner)
    scale = np.log if slider.log else np.asarray
    nearest = int(np.argmin(np.abs(scale(np.array(inner)) - scale(slider.start))))
    if 0 < nearest < len(inner) - 1:
        inner[nearest] = slider.start
    else:  # the ends stay
        inner.append(slider.start)
    return tuple(sorted(float(v) for v in inner))


def tracks(concept: Concept, lang: str) -> list[Track]:
    """The sliders of a figure."""
    made = []
    for name, slider in concept.sliders.items():
        values = positions(slider)
        labels = tuple(_label(v) for v in values)
        made.append(Track(name, slider.title.get(lang), values, labels, values.index(slider.start)))
    return made


def _label(value: float) -> str:
    """Whole numbers up to a million as they are, others with three digits: 0.35, 4096, 10¹⁷, 2.5×10⁻⁷."""
    return f"{value:.0f}" if 999.5 <= abs(value) < 1e6 else mathematical(f"{value:.3g}")


class Figure:
    """The figure of a concept, wherever one slider is moved, in both languages from one drawing.

    At the start it is laid out with room for the words of either language; all drawings keep that layout, so that nothing
    jumps as a slider moves.
    """

    def __init__(self, concept: Concept) -> None:
        self.concept, self._places = concept, _places(concept)

    def moved(self, track: Track) -> Iterator[dict[str, Frame] | None]:
        """The frames of one slider by language, the others at their starts; none where it stands at its own start."""
        for i, value in enumerate(track.values):
            yield None if i == track.start else self.at({track.name: value})

    def at(self, values: Mapping[str, float]) -> dict[str, Frame]:
        """The drawing at these values of its sliders, by language."""
        drawing, key = self.concept.draw("en", False, **values), self.concept.key
        self.lay_out(drawing.figure)
        with both_languages(drawing.figure, self.concept.figure_words):
            both = page_svg(fewer_digits(svg(drawing.figure, key, laid_out=True)), f"{key}-figure")
        frames = {}
        for lang in LANGUAGES:
            words = drawing.text.get(lang)
            frames[lang] = Frame(described(in_language(both, lang), words), words)
        return frames

    def lay_out(self, figure: Canvas) -> None:
        """Puts the axes where they stand at the start; a drawing with other axes than that one is laid out by itself."""
        places = self._places if len(figure.axes) == len(self._places) else layout(figure)
        figure.set_layout_engine("none")
        for axes, place in zip(figure.axes, places, strict=True):
            axes.set_position(place)


@contextmanager
def drawings(concept: Concept) -> Iterator[Figure]:
    """The figure of a concept for as many drawings as are wanted: what they have in common is worked out once."""
    collected = gc.isenabled()
    gc.disable()  # a figure is many cycles, and looking for them after every few objects costs more than keeping them
    try:
        with parsed_once(), measured_once(), ticks_copied():
            yield Figure(concept)
    finally:
        if collected:
            gc.enable()


#: The concept whose figure was laid out last, and how: its page is drawn, and then the frames of its sliders.
_last: list[tuple[Concept, list[Bbox]]] = []


def _places(concept: Concept) -> list[Bbox]:
    """Where the axes stand: with room for the words of either language."""
    if not _last or _last[0][0] is not concept:
        english, chinese = (layout(concept.draw(lang, False).figure) for lang in LANGUAGES)
        _last[:] = [(concept, [_within(*places) for places in zip(english, chinese, strict=True)])]
    return _last[0][1]


def _within(one: Bbox, other: Bbox) -> Bbox:
    """The part of the figure that is of both boxes."""
    both = one.intersection(one, other)
    if both is None:
        raise ValueError(f"expected places that overlap, got {one} and {other}")
    return both
