"""How the words of a figure are set: laid out with the measures of the fonts that the pages ship, in runs of text.

matplotlib reads no WOFF2 and knows no Chinese; `figure-*.ttf` holds the advances and extents of STIX Two, and one em
for each Chinese character. It writes mathematics character by character; `in_runs` joins what stands together, so
that a reader whose browser has another font sees words and not scattered letters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.ft2font import FT2Font

FAMILY = "Gradus Figure"
SIZE = (
    11.0  # points: STIX is smaller in the body than the sans-serif that matplotlib's 10 points are meant for
)
STYLES = ("regular", "italic", "bold")

_FONTS = Path(__file__).parents[1] / "assets"
_MATH = {"rm": "", "it": ":italic", "bf": ":bold", "tt": "", "sf": "", "cal": ":italic", "bfit": ":italic"}
_TEXT = re.compile(r"<text>\s*(<tspan.*?)</text>", re.DOTALL)
_CHARACTER = re.compile(r'<tspan x="([-\d.]+)" y="([-\d.]+)" style="([^"]*)">([^<]*)</tspan>')
_SIZE = re.compile(r"font-size: ([\d.]+)px")
_SLACK = 0.06  # em: what kerning and rounding may move a character without a gap being meant


@functools.cache
def _fonts() -> dict[str, FT2Font]:
    """The measures by style, made known to matplotlib."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    paths = {style: _FONTS / f"figure-{style}.ttf" for style in STYLES}
    for path in paths.values():
        fontManager.addfont(path)
    return {style: FT2Font(path) for style, path in paths.items()}


@contextmanager
def figure_size() -> Iterator[None]:
    """Within it, text gets the size that fits the pages' font."""
    import matplotlib

    with matplotlib.rc_context({"font.size": SIZE}):
        yield


@contextmanager
def figure_fonts(figure: Figure) -> Iterator[None]:
    """Within it, the figure is laid out with the fonts of the pages."""
    import matplotlib
    from matplotlib.text import Text as Artist

    _fonts()
    for artist in figure.findobj(Artist):
        artist.set_math_fontfamily("custom")
    settings: Any = {
        "font.family": "sans-serif",
        "font.sans-serif": [FAMILY, "STIXGeneral", "DejaVu Sans"],
        "font.size": SIZE,
        "mathtext.fontset": "custom",
        "mathtext.fallback": "stix",
        **{f"mathtext.{face}": FAMILY + style for face, style in _MATH.items()},
    }
    with matplotlib.rc_context(settings):
        yield


def in_runs(svg: str) -> str:
    """The SVG with the characters of its formulas joined to runs: what follows without a gap, in one style and line."""
    return _TEXT.sub(lambda match: f'<text xml:space="preserve">{_joined(match.group(1))}</text>', svg)


def _joined(characters: str) -> str:
    runs: list[tuple[float, float, str, str]] = []
    end = 0.0  # where the last run ends
    found = [(float(x), float(y), style, text) for x, y, style, text in _CHARACTER.findall(characters)]
    for x, y, style, text in sorted(found, key=lambda c: c[0]):
        size = float(match.group(1)) if (match := _SIZE.search(style)) else SIZE
        last = runs[-1] if runs else None
        if last and last[1:3] == (y, style) and abs(x - end) < _SLACK * size:
            runs[-1] = (*last[:3], last[3] + text)
        else:
            runs.append((x, y, style, text))
        end = x + _advance(text, style) * size
    return "".join(
        f'<tspan x="{x:.6g}" y="{y:.6g}" style="{style}">{text}</tspan>' for x, y, style, text in runs
    )


@functools.cache
def _advance(text: str, style: str) -> float:
    """Width of a character in em; 0, which joins it to nothing, where it comes from another font."""
    from html import unescape

    from matplotlib.ft2font import LoadFlags

    font = _fonts()["italic" if "italic" in style else "bold" if "bold" in style else "regular"]
    codes = [ord(c) for c in unescape(text)]
    if FAMILY not in style or not all(map(font.get_char_index, codes)):
        return 0.0
    return sum(font.load_char(code, LoadFlags.NO_SCALE).horiAdvance for code in codes) / 1000
