"""The positions of a figure's sliders, and the drawings that it shows there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradus.numbers import rounded
from gradus.page import Concept
from gradus.page.figure_words import put_chinese
from gradus.page.figures import Slider, svg
from gradus.report.fewer_digits import fewer_digits
from gradus.report.svg import inline_svg
from gradus.site.plan import LANGUAGES

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
    """The figure of a concept, wherever one slider is moved, in both languages from one drawing.

    What is drawn at the start is laid out; all other drawings keep that layout, so that nothing jumps as a slider moves.
    """

    def __init__(self, concept: Concept) -> None:
        self.concept = concept
        self._places = {lang: self._laid_out(lang) for lang in LANGUAGES}

    def _laid_out(self, lang: str) -> list[Bbox]:
        """Where the axes stand at the start."""
        drawing = self.concept.draw(lang, False)
        svg(drawing.figure, self.concept.key)
        return [axes.get_position(original=True) for axes in drawing.figure.axes]

    def moved(self, track: Track) -> Iterator[dict[str, Frame] | None]:
        """The frames of one slider by language, the others at their starts; none where it stands at its own start."""
        for i, value in enumerate(track.values):
            yield None if i == track.start else self.at({track.name: value})

    def at(self, values: dict[str, float]) -> dict[str, Frame]:
        """The drawing at these values of its sliders, by language."""
        drawing = self.concept.draw("en", False, **values)
        frames = {}
        for lang in LANGUAGES:  # English first: its words are those that Chinese is put in place of
            if lang == "zh":
                put_chinese(drawing.figure, self.concept.figure_words)
            words = drawing.text.get(lang)
            frames[lang] = Frame(self._markup(drawing.figure, lang, words), words)
        return frames

    def _markup(self, figure: Canvas, lang: str, words: str) -> str:
        places, key = self._places[lang], self.concept.key
        laid_out = len(figure.axes) == len(places) and not figure.get_suptitle()
        if laid_out:
            figure.set_layout_engine("none")
            for axes, place in zip(figure.axes, places, strict=True):
                axes.set_position(place)
        return inline_svg(fewer_digits(svg(figure, key, laid_out)), f"{key}-figure", words)
