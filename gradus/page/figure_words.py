"""The words that a figure shows: their names, and their Chinese put in their place.

The name of a text is its English with `#` for every number and a space for every line break, so that one entry of the
`.zh.md` serves all positions of the sliders: `step # of #`. The Chinese holds the same numbers, `#` in their order or
`#1`, `#2` in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gradus.numbers import mathematical

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text as Words

#: Written in Latin letters in Chinese, too: functions, methods named after themselves, units, formats, data sets.
PROPER = frozenset(
    word
    for line in (
        "sin cos tan tanh exp log ln max min det sign erf softmax softplus sigmoid relu gelu elu silu",
        "leaky-relu sd dx dy du dt ReLU GELU ELU SiLU LeNet Adam SGD SVD PCA QR LU KL JS AUC ROC MSE MAE XOR RBF",
        "AdamW AdaGrad RMSprop BFGS L-BFGS ECE kl Maurer Seeger McAllester",
        "LASSO NIST AB BA au bv au+bv Ax Lz k-means++ DBSCAN float64 float32 float16 bfloat16 float8_e5m2",
        "float8_e4m3fn bmi filip longley noint1 noint2 norris pontius wampler1 wampler2 wampler3 wampler4",
        "wampler5 AtmWtAg SiRstv",
        "SmLs01 SmLs02 SmLs03 SmLs04 SmLs05 SmLs06 SmLs07 SmLs08 SmLs09",
        "Huffman Welford Wilson Wald Brier Householder Hilbert Frobenius Huber Xavier He Kahan Lipschitz Student Beta",
    )
    for word in line.split()
)

_POWER = "[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]"
_NUMBER = re.compile(
    r"(?<![\w.])[-−+]?(?:\d+(?:[,\u202f]\d{3})*(?:\.\d+)?|∞|nan\b)"
    rf"(?:\s?[×·]\s?10{_POWER}+|{_POWER}*)"
)
_FORMULA = re.compile(r"\$[^$]*\$")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*[A-Za-z+][A-Za-z0-9+]*")
_PLACE = re.compile(r"#(\d?)")


def name_of(text: str) -> str:
    """The name of a text: its English with `#` for every number."""
    return _NUMBER.sub("#", _one_line(text))


def foreign_words(text: str) -> list[str]:
    """The English words of a figure's text, which are not numbers, formulas, letters nor proper names."""
    bare = re.sub(r"\\(?:text|mathrm)\{([^}]*)\}", r"$ \1 $", text)  # words within a formula are words
    return [word for word in _WORD.findall(_FORMULA.sub(" ", bare)) if word not in PROPER]


def english_words(figure: Figure) -> set[str]:
    """The names of all texts of a figure that need Chinese."""
    return {name_of(text) for text in texts(figure) if foreign_words(text)}


def texts(figure: Figure) -> Iterator[str]:
    """Every text that the figure shows: titles, labels, legends, annotations, and ticks that are named."""
    yield from (text for artist in _artists(figure) if (text := artist.get_text()).strip())
    for axis in _named_axes(figure):
        yield from _labels(axis)


class Twin(NamedTuple):
    """What looks otherwise in Chinese: a text, a whole legend, table or axis; `swap` exchanges its English and its Chinese."""

    artist: Artist
    swap: Callable[[], None]


def put_chinese(figure: Figure, chinese: Mapping[str, str]) -> None:
    """Puts the Chinese of each text, by its name, in the place of the English."""
    for twin in twins(figure, chinese):
        twin.swap()


def twins(figure: Figure, chinese: Mapping[str, str]) -> list[Twin]:
    """The parts of a figure that have Chinese: none is a part of another, so that each may be drawn by itself."""
    named = [
        axis for axis in _named_axes(figure) if any(name_of(label) in chinese for label in _labels(axis))
    ]
    whole = [(axis, [axis.label]) for axis in named]
    within = {id(axis.label) for axis in named}
    rest = [(part, labels) for part, labels in _worded(figure) if id(part) not in within]
    made = []
    for part, labels in (*whole, *rest):
        words = [(label, rendering(label.get_text(), chinese)) for label in labels]
        other = [(label, text) for label, text in words if text != label.get_text()]
        ticks = _translated(part.get_major_formatter(), chinese) if part in named else None
        if other or ticks:
            made.append(Twin(part, _swap(part, other, ticks)))
    return made


def _swap(part: Any, words: Sequence[tuple[Words, str]], ticks: Any) -> Callable[[], None]:
    """What exchanges the texts, and the formatter of an axis, and at its next call exchanges them back."""
    held = [ticks, *(text for _, text in words)]

    def exchange() -> None:
        formatter, *texts = held
        held[:] = [formatter and part.get_major_formatter(), *(label.get_text() for label, _ in words)]
        if formatter:
            part.set_major_formatter(formatter)
        for (label, _), text in zip(words, texts, strict=True):
            label.set_text(text)

    return exchange


def rendering(text: str, chinese: Mapping[str, str]) -> str:
    """The Chinese of one text with its numbers filled in; the text itself where there is none."""
    words = chinese.get(name_of(text))
    if words is None:
        return text
    numbers = [match.group() for match in _NUMBER.finditer(_one_line(text))]
    order = iter(range(len(numbers)))
    return _PLACE.sub(lambda m: numbers[int(m.group(1)) - 1 if m.group(1) else next(order)], words)


def same_numbers(name: str, words: str) -> bool:
    """Whether the Chinese uses each number of the English once."""
    places = _PLACE.findall(words)
    count = name.count("#")
    return places == [""] * count or sorted(places) == [str(i) for i in range(1, count + 1)]


def set_numbers(figure: Figure) -> None:
    """Sets the numbers in the figure's texts as mathematics."""
    for artist in _artists(figure):
        artist.set_text(mathematical(artist.get_text()))


def _artists(figure: Figure) -> Iterator[Words]:
    """The texts of a figure without those of its ticks, which do not exist before the figure is laid out."""
    for _, labels in _worded(figure):
        yield from labels


def _worded(figure: Figure) -> Iterator[tuple[Artist, list[Words]]]:
    """What holds texts and is drawn as a whole, with its texts."""
    from matplotlib.legend import Legend
    from matplotlib.table import Table
    from matplotlib.text import Text as Words

    parts = list(figure.get_children())
    for axes in figure.axes:
        parts += [*axes.get_children(), axes.xaxis.label, axes.yaxis.label]
    for part in parts:
        if isinstance(part, Words):
            yield part, [part]
        elif isinstance(part, Legend):
            yield part, [part.get_title(), *part.get_texts()]
        elif isinstance(part, Table):
            yield part, [cell.get_text() for cell in part.get_celld().values()]


def _named_axes(figure: Figure) -> Iterator[Axis]:
    """The axes whose ticks may have names: their labels are made when the figure is laid out."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), (FixedFormatter, FuncFormatter, StrCategoryFormatter)):
                yield axis


def _labels(axis: Axis) -> list[str]:
    ticks: Any = axis.get_majorticklocs()
    return list(map(str, axis.get_major_formatter().format_ticks(ticks))) if len(ticks) else []


def _translated(formatter: Any, chinese: Mapping[str, str]) -> Any:
    from matplotlib.ticker import FuncFormatter

    class Translated(FuncFormatter):
        """The ticks of a formatter in Chinese."""

        def format_ticks(self, values: Any) -> list[str]:
            """The labels of all ticks."""
            return [rendering(str(label), chinese) for label in formatter.format_ticks(values)]

    return Translated(lambda x, position: rendering(str(formatter(x, position)), chinese))


def _one_line(text: str) -> str:
    return re.sub(r"[ \t\n]+", " ", text).strip()  # a thin space within a number stays
