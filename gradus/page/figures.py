"""What the pages' figures share: a canvas without global state, one palette, sliders."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.page.bilingual import Words, bilingual
from gradus.page.typography import figure_fonts, in_runs
from gradus.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

# Okabe & Ito's eight colours, told apart by colour-blind readers, reordered so that the first four contrast.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#B8A000")
PHONE = 4.4  # inches: the width of a figure whose words can be read at 400 pixels
_narrow: ContextVar[bool] = ContextVar("narrow", default=False)
# Words and lines over a picture, whose own colours stay as they are in the dark: they must not follow the theme.
ON_LIGHT, ON_DARK = "#14171a", "#fdfdfb"


@bilingual(frozen=True)
class Slider:
    """A parameter of a figure that is worth moving.

    Attributes:
        low, high: its range; start: its first value.
        title: its name.
        log: whether its scale is logarithmic.
        integer: whether it takes whole numbers alone.
        values: the only values that it takes, rising from low to high; any within its range unless given.
    """

    low: float
    high: float
    start: float
    title: Words
    log: bool = False
    integer: bool = False
    values: tuple[float, ...] = ()


def states(sliders: Mapping[str, Slider]) -> list[dict[str, float]]:
    """Where a figure is looked at: the start, both ends of each slider, and every position of one that has few or names them."""
    positions: list[dict[str, float]] = [{}]
    for name, slider in sliders.items():
        few = slider.integer and slider.high - slider.low <= 8
        ends = range(int(slider.low), int(slider.high) + 1) if few else (slider.low, slider.high)
        values = slider.values or ends
        positions += [{name: float(value)} for value in values]
    return positions


class Drawing(NamedTuple):
    """A figure, and the same in words computed from the same numbers, for those who cannot see it."""

    figure: Figure
    text: Text


def canvas(columns: int = 1, rows: int = 1, width: float = 6.4, height: float = 3.6) -> tuple[Figure, Any]:
    """A matplotlib figure and its axes (an array when there are several), without touching pyplot's global state."""
    from matplotlib.figure import Figure

    shape = (rows, columns)
    if _narrow.get():
        shape, width, height = _for_a_phone(columns, rows, width, height)
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(*shape)
    if shape != (rows, columns):
        axes = axes.ravel()
    for ax in figure.axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_prop_cycle(color=COLOURS)
    return figure, axes


@contextmanager
def canvas_width(narrow: bool) -> Iterator[None]:
    """Within it, canvases are as wide as a page, or narrow with the panels of a row below each other."""
    token = _narrow.set(narrow)
    try:
        yield
    finally:
        _narrow.reset(token)


def _for_a_phone(
    columns: int, rows: int, width: float, height: float
) -> tuple[tuple[int, int], float, float]:
    """Rows and columns, width and height of a canvas that can be read at 400 pixels."""
    if rows > 1:
        return (rows, columns), 5.0, height
    if columns == 1:
        return (1, 1), 4.6, min(height, 3.4)
    shape = (columns // 2, 2) if columns > 3 else (columns, 1)
    panel = min(3.0, PHONE / shape[1] * height * columns / width)
    return shape, PHONE, panel * shape[0]


def layout(figure: Figure) -> list[Bbox]:
    """Where the layout puts the axes of a figure: their boxes, as shares of its width and height."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    engine, dpi = figure.get_layout_engine(), figure.get_dpi()
    if engine is not None:
        FigureCanvasSVG(figure)  # words are as wide as they will be
        figure.set_dpi(FigureCanvasSVG.fixed_dpi)
        with _page_fonts(figure):
            engine.execute(figure)
        figure.set_dpi(dpi)
    return [axes.get_position(original=True) for axes in figure.axes]


def svg(figure: Figure, name: str = "gradus", laid_out: bool = False) -> str:
    """The figure as SVG with real text (the browser supplies the glyphs) and the same bytes each time.

    Args:
        figure: is drawn once to be laid out, and once more.
        name: of what is drawn.
        laid_out: its axes stand where they shall: it is drawn once alone.
    """
    import matplotlib

    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": name}
    with _page_fonts(figure), matplotlib.rc_context(settings):
        buffer = io.StringIO()
        if laid_out:
            _print(figure, buffer)
        else:
            figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    return in_runs(buffer.getvalue())


@contextmanager
def _page_fonts(figure: Figure) -> Iterator[None]:
    """Within it, words are measured in the fonts of the pages; what they lack the browser has."""
    import warnings

    with figure_fonts(figure), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def _print(figure: Figure, buffer: io.StringIO) -> None:
    """What `savefig` writes, without its first drawing, which lays out."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
        patch.set_facecolor("none")
        patch.set_edgecolor("none")
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
