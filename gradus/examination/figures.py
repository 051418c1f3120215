"""The pictures of an examination: signals by layer, the spectrum, the trial of the step, the kernel, the reliability diagram."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradus.examination.verdicts import Section
from gradus.page.figures import COLOURS, canvas, svg
from gradus.report.pictures import Picture
from gradus.text import Text

MOST_NAMES = 14


def pictures(section: Section) -> list[Picture]:
    """Those that a section's numbers allow."""
    drawers: dict[str, Callable[[dict[str, Any]], Picture | None]] = {
        "signals": _signals, "curvature": _spectrum, "step": _trial, "kernel": _kernel, "calibration": _reliability,
    }  # fmt: skip
    draw = drawers.get(section.name)
    picture = draw(section.values) if draw else None
    return [picture] if picture is not None else []


def _signals(values: dict[str, Any]) -> Picture | None:
    rows = [r for r in values.get("signals", []) if _positive(r["moment"])]
    if len(rows) < 2:
        return None
    names = [r["name"] or r["kind"] for r in rows]

    def draw(lang: str) -> str:
        figure, (left, right) = canvas(2, width=9.2, height=3.4)
        x = range(len(rows))
        words = {
            "measured": Text("measured", "测得"), "predicted": Text("mean field", "平均场"),
            "forwards": Text("mean square of outputs", "输出的均方"), "backwards": Text("norm of the gradient", "梯度的范数"),
        }  # fmt: skip
        for ax, measured, predicted, title in (
            (left, "moment", "predicted_moment", "forwards"),
            (right, "gradient", "predicted_gradient", "backwards"),
        ):
            ax.set_yscale("log")
            ax.plot(
                *_points(x, rows, measured),
                marker="o",
                ms=4,
                color=COLOURS[0],
                label=words["measured"].get(lang),
            )
            ax.plot(
                *_points(x, rows, predicted),
                ls="none",
                marker="x",
                ms=6,
                color=COLOURS[1],
                label=words["predicted"].get(lang),
            )
            ax.set_title(words[title].get(lang), fontsize=10)
            _named(ax, names, lang)
        left.legend(frameon=False, fontsize=9)
        return svg(figure, "signals")

    first, last = rows[0], rows[-1]
    return Picture(
        draw,
        Text("Signals by layer, on a logarithmic scale: what each layer puts out, and what of the loss's gradient comes back to it. Crosses: mean field, from the weights alone.",
             "各层的信号（对数刻度）：每层的输出，以及传回该处的损失梯度。叉号：平均场由权重单独给出的预测。"),
        Text(f"{len(rows)} layers; mean square from {first['moment']:.3g} at the first to {last['moment']:.3g} at the last",
             f"共 {len(rows)} 层；均方由第一层的 {first['moment']:.3g} 到最后一层的 {last['moment']:.3g}"),
        "result", wide=True,
    )  # fmt: skip


def _named(ax: Any, names: list[str], lang: str) -> None:
    if len(names) <= MOST_NAMES:
        ax.set_xticks(
            range(len(names)),
            [n if len(n) < 16 else f"…{n[-14:]}" for n in names],
            rotation=60,
            ha="right",
            fontsize=8,
        )
    else:
        ax.set_xlabel(Text("layer, in the order of calls", "层（按调用顺序）").get(lang))


def _points(x: range, rows: list[dict[str, Any]], key: str) -> tuple[list[int], list[float]]:
    pairs = [(i, r[key]) for i, r in zip(x, rows, strict=True) if _positive(r[key])]
    return [i for i, _ in pairs], [v for _, v in pairs]


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value) and value > 0


def _spectrum(values: dict[str, Any]) -> Picture | None:
    nodes, weights = values.get("nodes") or [], values.get("weights") or []
    if not nodes or not all(map(math.isfinite, nodes)):
        return None
    tops = values.get("eigenvalues", [])
    low, high = min(nodes), max([*nodes, *tops])
    span = (high - low) or abs(high) or 1.0
    width = span / 60

    def draw(lang: str) -> str:
        figure, ax = canvas(width=6.4, height=3.2)
        points = [low - 3 * width + (span + 6 * width) * k / 400 for k in range(401)]
        heights = [
            sum(w * math.exp(-(((p - t) / width) ** 2) / 2) for t, w in zip(nodes, weights, strict=True))
            / (width * math.sqrt(2 * math.pi))
            for p in points
        ]
        ax.set_yscale("log")
        top = max(heights)
        ax.plot(
            points,
            [max(h, 1e-7 * top) for h in heights],
            color=COLOURS[0],
            label=Text("density", "密度").get(lang),
        )
        ax.plot(
            tops,
            [2e-7 * top] * len(tops),
            ls="none",
            marker="v",
            color=COLOURS[1],
            label=Text("largest eigenvalues", "最大的特征值").get(lang),
        )
        ax.set_ylim(1e-7 * top, 3 * top)
        ax.set_xlabel(Text("eigenvalue of the Hessian", "黑塞矩阵的特征值").get(lang))
        ax.legend(frameon=False, fontsize=9)
        return svg(figure, "spectrum")

    return Picture(
        draw,
        Text("The spectrum of the Hessian: the density of all its eigenvalues, widened to be seen, and the largest ones.",
             "黑塞矩阵的谱：全部特征值的密度（为便于观看而展宽），以及最大的几个。"),
        Text(f"eigenvalues from {low:.3g} to {high:.3g}", f"特征值由 {low:.3g} 到 {high:.3g}"),
        "result", wide=True,
    )  # fmt: skip


def _trial(values: dict[str, Any]) -> Picture | None:
    losses = [v for v in values.get("trial", []) if isinstance(v, (int, float)) and math.isfinite(v)]
    if len(losses) < 3:
        return None

    def draw(lang: str) -> str:
        figure, ax = canvas(width=6.4, height=2.8)
        ax.plot(range(len(losses)), losses, color=COLOURS[0], marker="o", ms=3)
        if min(losses) > 0 and max(losses) > 20 * min(losses):
            ax.set_yscale("log")
        ax.set_xlabel(Text("steps on the copy", "副本上的步数").get(lang))
        ax.set_ylabel(Text("loss", "损失").get(lang))
        return svg(figure, "trial")

    return Picture(
        draw,
        Text("The optimiser tried on a copy of the model, on the same samples in each step.", "在模型的副本上试用优化器，每一步都用同样的样本。"),
        Text(f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses) - 1} steps", f"{len(losses) - 1} 步内损失由 {losses[0]:.4g} 变为 {losses[-1]:.4g}"),
        "result", wide=True,
    )  # fmt: skip


def _kernel(values: dict[str, Any]) -> Picture | None:
    found = values.get("eigenvalues", [])
    top = max(found, default=0.0)
    if top <= 0:
        return None

    def draw(lang: str) -> str:
        figure, ax = canvas(width=6.4, height=2.8)
        ax.set_yscale("log")
        ax.plot(
            range(1, len(found) + 1), [max(v, 1e-12 * top) for v in found], color=COLOURS[0], marker="o", ms=3
        )
        ax.set_xlabel(Text("eigenvalue, by size", "特征值（按大小排列）").get(lang))
        return svg(figure, "kernel")

    return Picture(
        draw,
        Text("The eigenvalues of the tangent kernel: plain descent learns a mode the faster, the larger its eigenvalue.",
             "切线核的特征值：特征值越大，普通梯度下降学习该模态越快。"),
        Text(f"{len(found)} eigenvalues from {top:.3g} to {min(found):.3g}", f"{len(found)} 个特征值，由 {top:.3g} 到 {min(found):.3g}"),
        "result", wide=True,
    )  # fmt: skip


def _reliability(values: dict[str, Any]) -> Picture | None:
    counts = values.get("counts", [])
    bins = [
        (c, a, n)
        for c, a, n in zip(
            values.get("bin_confidence", []), values.get("bin_accuracy", []), counts, strict=True
        )
        if n and c is not None and a is not None
    ]
    if not bins:
        return None
    most = max(n for _, _, n in bins)

    def draw(lang: str) -> str:
        figure, ax = canvas(width=4.6, height=3.8)
        ax.plot([0, 1], [0, 1], color="#7f7f7f", lw=1, label=Text("calibrated", "已校准").get(lang))
        ax.plot([c for c, _, _ in bins], [a for _, a, _ in bins], color=COLOURS[0], lw=1)
        ax.scatter([c for c, _, _ in bins], [a for _, a, _ in bins], s=[15 + 90 * n / most for _, _, n in bins], color=COLOURS[0],
                   label=Text("a bin; larger with more samples", "一个区间；样本越多越大").get(lang))  # fmt: skip
        ax.set_xlim(0, 1.02)
        ax.set_ylim(0, 1.02)
        ax.set_xlabel(Text("confidence", "置信度").get(lang))
        ax.set_ylabel(Text("accuracy", "准确率").get(lang))
        ax.legend(frameon=False, fontsize=9)
        return svg(figure, "reliability")

    return Picture(
        draw,
        Text("The reliability diagram: below the line the network is surer than it is right.", "可靠性图：在直线下方，网络的置信度高于其准确率。"),
        Text("; ".join(f"{c:.2f}: {a:.2f} ({n})" for c, a, n in bins), "；".join(f"{c:.2f}：{a:.2f}（{n}）" for c, a, n in bins)),
        "result",
    )  # fmt: skip
