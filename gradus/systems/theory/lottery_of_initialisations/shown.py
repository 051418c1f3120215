"""What is shown and said of the grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.theory.lottery_of_initialisations.nets import (
    REACH,
    SETTINGS,
    TRAINED,
    depth_scales,
    ratios,
)
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, Picture


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    variances, depths = SETTINGS["weight_variances"], SETTINGS["depths"]
    accuracy, scales = np.mean([m["accuracy"] for m in measured], 0), measured[0]["scales"]
    good, ratio = accuracy >= TRAINED, ratios(scales)
    best = int(np.argmax(scales))
    deepest = [max([d for d, ok in zip(depths, column, strict=True) if ok], default=0) for column in good.T]
    pairs = [f"{w:g} → {d}" for w, d in zip(variances, deepest, strict=True)]
    ends, ends_zh = ", ".join(pairs), "，".join(pairs)
    right = float((good == (ratio <= REACH)).mean())
    most = max(good.mean(), 1 - good.mean())
    said = [
        Text(
            f"The deepest nets that trained, by σ_w² — {ends}. Mean field has its longest depth scale at σ_w² = {variances[best]:g}.",
            f"各 σ_w² 下能训练的最大深度：{ends_zh}。平均场理论的深度尺度在 σ_w² = {variances[best]:g} 处最长。",
        ),
        Text(
            f"The rule “trainable up to {REACH} ξ”, with the number that Schoenholz and others found on other data, tells {right:.0%} of the {good.size} nets rightly; "
            f"whoever says the same of all of them is right on {most:.0%}.",
            f"“深度不超过 {REACH} ξ 即可训练”（系数取自 Schoenholz 等人在别的数据上的结果）对 {good.size} 个网络中的 {right:.0%} 判断正确；对所有网络一概而论的正确率为 {most:.0%}。",
        ),
    ]
    if good.any() and not good.all():
        low, high = ratio[~good].min(), ratio[good].max()
        said.append(
            Text(
                f"No one number of depth scales parts them all: the deepest that trained has {high:.2g} ξ, the shallowest that did not {low:.2g} ξ.",
                f"没有哪个倍数能把它们完全分开：以 ξ 计，能训练的最深为 {high:.2g} ξ，不能训练的最浅为 {low:.2g} ξ。",
            )
            if low < high
            else Text(
                f"All nets up to {high:.2g} ξ trained, and none from {low:.2g} ξ on.",
                f"深度不超过 {high:.2g} ξ 的网络全部能训练，从 {low:.2g} ξ 起则全都不能。",
            )
        )
    return said


def variances_shown() -> list[float]:
    """The smallest variance, the one of the longest depth scale, and the largest."""
    variances = SETTINGS["weight_variances"]
    return list(dict.fromkeys([variances[0], variances[int(np.argmax(depth_scales()))], variances[-1]]))


def _name(variance: float, what: str = "") -> Text:
    return Text(f"σ_w² = {variance:g}{what}", f"σ_w² = {variance:g}{what}")


def table(accuracy: np.ndarray, scales: Sequence[float]) -> Comparison:
    """The accuracy of each net."""
    from gradus.report import Comparison

    columns = [Text("Weights", "权重"), Text("Depth scale ξ", "深度尺度 ξ")]
    columns += [Text(f"{d} layers", f"{d} 层") for d in SETTINGS["depths"]]
    rows = {
        _name(w): (xi if np.isfinite(xi) else None, *map(float, accuracy[:, j]))
        for j, (w, xi) in enumerate(zip(SETTINGS["weight_variances"], scales, strict=True))
    }
    return Comparison(columns, rows, Text("Accuracy on the training data.", "训练数据上的准确率。"))


def over_depth(accuracy: np.ndarray) -> Chart:
    """Where training ends, at three variances."""
    from gradus.report import Chart, Series

    at = {w: j for j, w in enumerate(SETTINGS["weight_variances"])}
    series = [Series(_name(w), SETTINGS["depths"], accuracy[:, at[w]]) for w in variances_shown()]
    caption = Text(
        "Accuracy on the training data over the depth: small weights, critical ones, large ones.",
        "训练数据上的准确率随深度的变化：小权重、临界权重与大权重。",
    )
    return Chart(series, Text("accuracy", "准确率"), caption, Text("layers", "层数"))


def followed(courses: Mapping[float, tuple[Sequence[float], Sequence[float]]]) -> Chart:
    """Correlations layer by layer, measured and by mean field."""
    from gradus.report import Chart, Series

    series = []
    for variance, (found, told) in courses.items():
        layers = range(1, len(found) + 1)
        series.append(Series(_name(variance), layers, found))
        series.append(Series(Text(f"{variance:g}: theory", f"{variance:g}：理论"), layers, told))
    caption = Text(
        "Correlation of two digits on their way through a wide random net, and by mean field. Where it has come to its limit, the two can no longer be told apart by what they were.",
        "两个数字穿过宽的随机网络时的相关系数，以及平均场的预测。一旦到达极限，便再也看不出二者原来的差别。",
    )
    return Chart(series, Text("correlation", "相关系数"), caption, Text("layer", "层"), wide=True)


def grid_map(accuracy: np.ndarray, scales: Sequence[float]) -> Picture:
    """The accuracy of each net of the grid as the strength of its colour, and depth scales as lines."""
    from gradus.page.figures import COLOURS, canvas, svg
    from gradus.report import Picture

    variances, depths = SETTINGS["weight_variances"], SETTINGS["depths"]

    def draw(lang: str) -> str:
        figure, ax = canvas(width=5.6, height=3.4)
        for i in range(len(depths)):
            for j, share in enumerate(accuracy[i]):
                ax.fill_between(
                    [j - 0.5, j + 0.5], i - 0.5, i + 0.5, color=COLOURS[0], alpha=0.6 * share, linewidth=0
                )
                ax.annotate(f"{share:.2f}", (j, i), ha="center", va="center", fontsize=7.5)
        for times, dash in ((1, ":"), (REACH, "-")):
            at = np.interp(times * np.array(scales), [0, *depths], range(-1, len(depths)), right=len(depths))
            ax.plot(range(len(variances)), at, color=COLOURS[1], linestyle=dash, linewidth=1.6)
            ax.annotate(
                "ξ" if times == 1 else f"{times} ξ",
                (len(variances) - 0.45, at[-1]),
                va="center",
                fontsize=9,
                color=COLOURS[1],
                annotation_clip=False,
            )
        ax.set_xticks(range(len(variances)), [f"{w:g}" for w in variances])
        ax.set_yticks(range(len(depths)), [str(d) for d in depths])
        ax.set_xlim(-0.5, len(variances) - 0.5)
        ax.set_ylim(-0.5, len(depths) - 0.5)
        ax.set_xlabel("σ_w²" if lang == "en" else "权重方差 σ_w²")
        ax.set_ylabel("layers" if lang == "en" else "层数")
        return svg(figure, name="grid")

    caption = Text(
        f"Accuracy on the training data of each net, the stronger the colour the better; dotted: one depth scale of mean field, drawn through: {REACH} of them, from theory alone.",
        f"每个网络在训练数据上的准确率，颜色越深越好；点线为平均场的一个深度尺度，实线为 {REACH} 个，均只由理论算出。",
    )
    words = "; ".join(
        f"{w:g}: " + ", ".join(f"{v:.2f}" for v in accuracy[:, j]) for j, w in enumerate(variances)
    )
    return Picture(
        draw,
        caption,
        Text(f"By σ_w², from shallow to deep: {words}", f"按 σ_w²，由浅到深：{words}"),
        wide=True,
    )
