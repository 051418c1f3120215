"""The positions of a figure's sliders, and the drawings that it shows there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradus.numbers import rounded
from gradus.page import Concept
from gradus.page.figures import Slider, svg
from gradus.report.fewer_digits import fewer_digits
from gradus.report.svg import inline_svg

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
    """Where a slider is drawn: even steps from end to end, on a logarithmic scale even ratios, its start among them."""
    spaced = np.geomspace if slider.log else np.linspace
    values = spaced(slider.low, slider.high, POSITIONS)
    if slider.integer:
        values = np.unique(np.round(values))
    inner = [float(v) for v in values]
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
        labels = tuple(rounded(v, 3) if abs(v) < 1e4 else f"{v:.0f}" for v in values)
        made.append(Track(name, slider.title.get(lang), values, labels, values.index(slider.start)))
    return made


class Figure:
    """The figure of a concept in one language: at its start, and wherever one slider is moved.

    What is drawn at the start is laid out; all other drawings keep that layout, so that nothing jumps as a slider moves.
    """

    def __init__(self, concept: Concept, lang: str) -> None:
        self.concept, self.lang = concept, lang
        drawing = concept.draw("zh" if lang == "zh" else "en")
        svg(drawing.figure, concept.key)  # lays it out
        self._places = [axes.get_position(original=True) for axes in drawing.figure.axes]

    def moved(self, track: Track) -> Iterator[Frame | None]:
        """The frames of one slider, the others at their starts; none where it stands at its own start."""
        for i, value in enumerate(track.values):
            yield None if i == track.start else self.at({track.name: value})

    def at(self, values: dict[str, float]) -> Frame:
        """The drawing at these values of its sliders."""
        drawing = self.concept.draw("zh" if self.lang == "zh" else "en", False, **values)
        axes = drawing.figure.axes
        laid_out = len(axes) == len(self._places) and not drawing.figure.get_suptitle()
        if laid_out:
            drawing.figure.set_layout_engine("none")
            for one, place in zip(axes, self._places, strict=True):
                one.set_position(place)
        words, key = drawing.text.get(self.lang), self.concept.key
        drawn = fewer_digits(svg(drawing.figure, key, laid_out))
        return Frame(inline_svg(drawn, f"{key}-figure", words), words)
