"""The charts of a training report: lines over time, named at their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.page.figures import COLOURS, canvas, svg
from gradus.report.pictures import Picture, Place
from gradus.report.svg import GRID
from gradus.text import Text

DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Series:
    """A line of a chart: y over x; y of shape (seeds, x) is drawn as its mean and range."""

    name: Text
    x: Sequence[float]
    y: Any


@dataclass(frozen=True)
class Chart:
    """Lines over time.

    Attributes:
        series: the lines.
        y_label, x_label: names of the axes.
        caption: what is seen; how the seeds are drawn is added to it.
        log: a logarithmic y-axis.
        log_x: a logarithmic x-axis.
        target: a level that must be reached, dotted.
        place: the section of the report.
        wide: takes the full width.
    """

    series: Sequence[Series]
    y_label: Text
    caption: Text
    x_label: Text = Text("epoch", "轮次")
    log: bool = False
    target: float | None = None
    place: Place = "result"
    wide: bool = False
    log_x: bool = False


def loss_chart(series: Sequence[Series], x_label: Text = Text("epoch", "轮次")) -> Chart:
    """The loss over time, on a logarithmic axis."""
    caption = Text("Loss over time, logarithmic.", "损失随训练的变化（对数坐标）。")
    return Chart(series, Text("loss", "损失"), caption, x_label, log=True)


def accuracy_chart(
    series: Sequence[Series], target: float | None = None, x_label: Text = Text("epoch", "轮次")
) -> Chart:
    """The accuracy over time, and the target that it must reach."""
    caption = Text("Accuracy over time", "准确率随训练的变化")
    if target is None:
        caption = Text(caption.en + ".", caption.zh + "。")
    else:
        caption = Text(
            f"{caption.en}; dotted: the target, {target:.2%}.", f"{caption.zh}；点线为目标值 {target:.2%}。"
        )
    return Chart(series, Text("accuracy", "准确率"), caption, x_label, target=target)


def loss_curves(series: Sequence[Series], x_label: Text = Text("epoch", "轮次")) -> Picture:
    """The loss over time, on a logarithmic axis, drawn."""
    return chart_picture(loss_chart(series, x_label))


def accuracy_curves(
    series: Sequence[Series], target: float | None = None, x_label: Text = Text("epoch", "轮次")
) -> Picture:
    """The accuracy over time, and the target that it must reach, drawn."""
    return chart_picture(accuracy_chart(series, target, x_label))


def gradient_norms(steps: Sequence[float], norms: Mapping[str, Sequence[float]]) -> Picture:
    """The Euclidean norm of the gradient of each layer over the steps, on a logarithmic axis."""
    series = [Series(Text(name, name), steps, values) for name, values in norms.items()]
    caption = Text(
        "Norm of the gradient, by layer, logarithmic: layers that stop learning sink, unstable ones rise.",
        "各层梯度的范数（对数坐标）：停止学习的层下沉，不稳定的层上升。",
    )
    label = Text("gradient norm", "梯度范数")
    return chart_picture(Chart(series, label, caption, Text("step", "步"), True, None, "inside", True))


def chart_picture(chart: Chart) -> Picture:
    """The chart drawn, with its text alternative.

    Raises:
        GradusError: no series, or one whose values do not fit its positions.
    """
    _check(chart.series)

    def draw(lang: str) -> str:
        figure, ax = canvas(width=5.6 if chart.wide else 3.5, height=2.8 if chart.wide else 2.6)
        ends = [_line(ax, s, i) for i, s in enumerate(chart.series)]
        if chart.log:
            ax.set_yscale("log")
            _ticks(ax.yaxis, ax.get_ylim())
        if chart.target is not None:
            ax.axhline(chart.target, color="#000000", linewidth=0.9, linestyle=(0, (1, 2)))
        ax.set_xlabel(chart.x_label.get(lang))
        ax.set_ylabel(chart.y_label.get(lang))
        if chart.log_x:
            ax.set_xscale("log")
            _ticks(ax.xaxis, ax.get_xlim())
        else:
            ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(axis="y", color=GRID, linewidth=0.5)
        ax.set_axisbelow(True)
        _label_ends(ax, chart.series, ends, lang)
        return svg(figure, name=chart.y_label.en)

    caption, seeds = chart.caption, max(len(np.atleast_2d(s.y)) for s in chart.series)
    if seeds > 1:
        caption = Text(
            f"{caption.en} Line: mean of {seeds} seeds; band: their range.",
            f"{caption.zh}线为 {seeds} 个种子的平均，色带为其范围。",
        )
    texts = [_in_words(s) for s in chart.series]
    alt = Text(
        f"{chart.y_label.en} over {chart.x_label.en}: " + "; ".join(t.en for t in texts),
        f"{chart.y_label.zh}随{chart.x_label.zh}的变化：" + "；".join(t.zh for t in texts),
    )
    return Picture(draw, caption, alt, chart.place, chart.wide)


def _check(series: Sequence[Series]) -> None:
    if not series:
        raise GradusError(
            Text("a chart needs at least one series, got none", "图表至少需要一条曲线，得到零条")
        )
    for s in series:
        if np.shape(np.atleast_2d(s.y))[-1] != len(s.x):
            raise GradusError(
                Text(
                    f"series {s.name.en!r} has {len(s.x)} positions for values of shape {np.shape(s.y)}",
                    f"曲线 {s.name.en!r} 有 {len(s.x)} 个位置，而值的形状为 {np.shape(s.y)}",
                )
            )


def _line(ax: Any, series: Series, index: int) -> float:
    """Draws one series; returns where its line ends."""
    y = np.atleast_2d(np.asarray(series.y, float))
    colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
    mean = y.mean(0)
    if len(y) > 1:
        ax.fill_between(series.x, y.min(0), y.max(0), color=colour, alpha=0.18, linewidth=0)
    ax.plot(series.x, mean, color=colour, linestyle=dash, linewidth=1.4)
    finite = mean[np.isfinite(mean)]
    return float(finite[-1]) if finite.size else 0.0


def _ticks(axis: Any, limits: tuple[float, float]) -> None:
    """The ticks of a logarithmic axis, written 0.2, 0.5, 1 over few decades, and as powers over many."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = limits
    few = high / low < 1000
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if few else _power(value)))
    axis.set_minor_formatter(NullFormatter())


def _power(value: float) -> str:
    exponent = str(round(float(np.log10(value))))
    return "10" + exponent.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _label_ends(ax: Any, series: Sequence[Series], ends: Sequence[float], lang: str) -> None:
    """The names of the lines beside their ends, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    scale = np.log10 if ax.get_yscale() == "log" else np.asarray
    with np.errstate(divide="ignore", invalid="ignore"):
        at = (scale(np.array(ends)) - scale(low)) / (scale(high) - scale(low))
    at = np.clip(np.nan_to_num(at), 0, 1)
    gap = 0.085
    for place, index in zip(_spread(np.sort(at), gap), np.argsort(at, kind="stable"), strict=True):
        ax.annotate(
            _short(series[index].name.get(lang), 18 if ax.figure.get_figwidth() < 4 else 26),
            (1.02, place),
            xycoords="axes fraction",
            va="center",
            fontsize=9,
            color=COLOURS[index % len(COLOURS)],
            parse_math=False,
        )


def _short(name: str, most: int) -> str:
    """A long name without its middle."""
    return name if len(name) <= most else name[: most // 2 - 1] + "…" + name[-(most - most // 2) :]


def _spread(places: np.ndarray, gap: float) -> np.ndarray:
    """Sorted places moved as little as possible so that neighbours are `gap` apart."""
    moved = places.astype(float)
    for _ in range(100):
        close = np.diff(moved) < gap - 1e-9
        if not close.any():
            break
        for i in np.flatnonzero(close):
            middle = moved[i : i + 2].mean()
            moved[i], moved[i + 1] = middle - gap / 2, middle + gap / 2
    return moved


def _in_words(series: Series) -> Text:
    y = np.atleast_2d(np.asarray(series.y, float)).mean(0)
    if y.size == 0:
        return Text(f"{series.name.en}: no values", f"{series.name.zh}：无数值")
    first, last, low, high = (f"{v:.4g}" for v in (y[0], y[-1], np.nanmin(y), np.nanmax(y)))
    return Text(
        f"{series.name.en} from {first} to {last} (lowest {low}, highest {high})",
        f"{series.name.zh}从 {first} 到 {last}（最低 {low}，最高 {high}）",
    )
