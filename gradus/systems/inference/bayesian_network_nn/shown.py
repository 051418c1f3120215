"""What the report shows of turned digits, and what it says was found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.inference.bayesian_network_nn.nets import NAMES
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, Picture

BAYESIAN = [way for way in NAMES if way != "point"]


def mean_turned(measured: Mapping[str, Any], way: str, what: str) -> float:
    """Over all angles but the first, which is 0."""
    return float(np.mean(measured["ways"][way][what][1:]))


def upright(measured: Mapping[str, Any], way: str, what: str) -> float:
    """At the first angle."""
    return float(measured["ways"][way][what][0])


def separated(measured: Mapping[str, Any], way: str, _: str = "") -> float:
    """How well the entropy tells turned images, the mean over the angles."""
    return float(np.mean(measured["ways"][way]["told_apart"]))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half width of the 95 % interval by Student's distribution; of one value the width is ∞."""
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return float(np.mean(values)), math.inf
    return float(np.mean(values)), float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / math.sqrt(n))


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words: each way less the point network, seed by seed."""
    n = len(measured)
    questions = (
        (upright, "ece", -1, Text("Calibration error on upright images", "直立图像上的校准误差"), Text("better calibrated", "校准得更好"), Text("worse calibrated", "校准得更差")),
        (mean_turned, "ece", -1, Text("Calibration error on turned images, mean over the angles", "旋转图像上的校准误差（各角度平均）"), Text("better calibrated", "校准得更好"), Text("worse calibrated", "校准得更差")),
        (mean_turned, "entropy", 1, Text("Entropy on turned images, nats", "旋转图像上的熵（奈特）"), Text("less sure", "更不确定"), Text("surer", "更确定")),
        (separated, "", 1, Text("Chance that a turned image has the higher entropy than an upright one, which being unsure of everything does not raise", "旋转图像的熵高于直立图像的概率（对一切都不确定并不能提高它）"), Text("tells them apart better", "区分得更好"), Text("tells them apart worse", "区分得更差")),
    )  # fmt: skip
    said = []
    floor = float(np.mean([upright(m, "point", "floor") for m in measured]))
    for of, what, sign, title, good, bad in questions:
        point = float(np.mean([of(m, "point", what) for m in measured]))
        changes = {
            way: interval([of(m, way, what) - of(m, "point", what) for m in measured]) for way in BAYESIAN
        }
        en = "; ".join(f"{NAMES[way].en} {_change(*c)}" for way, c in changes.items())
        zh = "；".join(f"{NAMES[way].zh} {_change(*c)}" for way, c in changes.items())
        verdict = _verdict({way: (sign * c[0], c[1]) for way, c in changes.items()}, good, bad, n)
        by_chance = Text("", "")
        if (of, what) == (upright, "ece"):
            by_chance = Text(
                f" ({floor:.3f} by chance, were it calibrated)", f"（若已校准，纯因偶然为 {floor:.3f}）"
            )
        said.append(
            Text(
                f"{title.en}: point network {point:.3f}{by_chance.en}; more or less than that: {en}. Verdict: {verdict.en}.",
                f"{title.zh}：点网络 {point:.3f}{by_chance.zh}；与之相差：{zh}。判定：{verdict.zh}。",
            )
        )
    return [*said, _of_accuracy(measured)]


def _of_accuracy(measured: Sequence[Mapping[str, Any]]) -> Text:
    """Whether better calibration came with fewer errors; better only beyond the interval, of one seed by sign."""
    drop = 100 * np.mean(
        [upright(m, "point", "accuracy") - mean_turned(m, "point", "accuracy") for m in measured]
    )
    gap = 100 * np.mean(
        [mean_turned(m, "last", "accuracy") - mean_turned(m, "point", "accuracy") for m in measured]
    )
    gain, half = interval([mean_turned(m, "point", "ece") - mean_turned(m, "last", "ece") for m in measured])
    facts = Text(
        f"Turning costs the point network {drop:.1f} points of accuracy; on turned images that of last-layer Laplace differs from it by {gap:+.1f} points",
        f"旋转使点网络的准确率下降 {drop:.1f} 个百分点；在旋转的图像上，最后一层拉普拉斯的准确率与点网络相差 {gap:+.1f} 个百分点",
    )
    if gain <= 0:
        end = Text(", and it is no better calibrated there.", "，在那里校准得并不更好。")
    elif gain <= half < math.inf:
        end = Text(
            ", and it is no better calibrated there beyond the interval.",
            "，在那里校准上的改进没有超出区间。",
        )
    else:
        end = Text(
            ": what it says of its errors is nearer to the truth, which is another thing than erring less.",
            "：它对自身错误的估计更接近实际，而这与少犯错是两回事。",
        )
    return Text(facts.en + end.en, facts.zh + end.zh)


def _change(mean: float, half: float) -> str:
    return f"{mean:+.3f}" if math.isinf(half) else f"{mean:+.3f} ± {half:.3f}"


def _verdict(gains: Mapping[str, tuple[float, float]], good: Text, bad: Text, seeds: int) -> Text:
    """Which ways gain and which lose by more than the interval; of one seed by sign alone, and that is said."""
    sure = {way: (g, 0.0 if math.isinf(h) else h) for way, (g, h) in gains.items()}
    groups = (
        (good, [way for way, (g, h) in sure.items() if g > h]),
        (bad, [way for way, (g, h) in sure.items() if -g > h]),
        (Text("no different beyond the interval", "在区间之内无差别"), [way for way, (g, h) in sure.items() if abs(g) <= h]),
    )  # fmt: skip
    parts = [(words, ways) for words, ways in groups if ways]
    en = "; ".join(f"{', '.join(NAMES[w].en for w in ways)}: {words.en}" for words, ways in parts)
    zh = "；".join(f"{'、'.join(NAMES[w].zh for w in ways)}：{words.zh}" for words, ways in parts)
    if seeds < 2:
        return Text(f"{en} (one seed, no interval)", f"{zh}（只有一个种子，没有区间）")
    return Text(f"{en} ({seeds} seeds, 95% intervals)", f"{zh}（{seeds} 个种子，95% 区间）")


def table(measured: Mapping[str, Any]) -> Comparison:
    """Each way: upright, and the mean over the angles."""
    from gradus.report import Comparison

    columns = [
        Text("Network", "网络"),
        Text("Accuracy, upright", "准确率，直立"),
        Text("Log loss, upright", "对数损失，直立"),
        Text("ECE, upright", "ECE，直立"),
        Text("ECE, turned", "ECE，旋转"),
        Text("Entropy, turned", "熵，旋转"),
        Text("told apart", "区分度"),
    ]
    rows = {
        name: (
            *(upright(measured, way, what) for what in ("accuracy", "loss", "ece")),
            mean_turned(measured, way, "ece"),
            mean_turned(measured, way, "entropy"),
            separated(measured, way),
        )
        for way, name in NAMES.items()
    }
    caption = Text(
        "Held-out images. Turned: the mean over all angles but 0. Told apart: how often a turned image has the higher entropy than an upright one.",
        "留出的图像。旋转：0 以外各角度的平均。区分度：旋转图像的熵高于直立图像的频率。",
    )
    return Comparison(columns, rows, caption)


def charts(measured: Mapping[str, Any]) -> list[Chart]:
    """Entropy and calibration error over the angle."""
    from gradus.report import Chart, Series

    angle = Text("angle, degrees", "角度（度）")

    def lines(what: str) -> list[Series]:
        return [Series(name, measured["angles"], measured["ways"][way][what]) for way, name in NAMES.items()]

    entropy = Text(
        "Mean entropy of the prediction over the angle by which held-out images are turned.",
        "留出图像旋转各角度时预测的平均熵。",
    )
    error = Text(
        "Expected calibration error over the angle; its mean over the turned images is lower in each way with uncertain weights than in the point network.",
        "各角度下的期望校准误差；权重不确定的每种做法，其对旋转图像的平均值都低于点网络。",
    )
    if any(mean_turned(measured, way, "ece") >= mean_turned(measured, "point", "ece") for way in BAYESIAN):
        error = Text("Expected calibration error over the angle.", "各角度下的期望校准误差。")
    return [
        Chart(lines("entropy"), Text("entropy, nats", "熵（奈特）"), entropy, angle, wide=True),
        Chart(lines("ece"), Text("ECE", "ECE"), error, angle, wide=True),
    ]


def turned_picture(
    images: Sequence[np.ndarray],
    said: Mapping[str, Sequence[np.ndarray]],
    angles: Sequence[float],
    classes: Sequence[str],
    label: int,
) -> Picture:
    """One held-out image at six angles at most, with the guess and its probability of two ways."""
    from gradus.page.figures import canvas, svg
    from gradus.report import Picture

    chosen = np.unique(np.linspace(0, len(images) - 1, min(len(images), 6)).round().astype(int))
    rows = 1 if len(chosen) <= 3 else 2
    columns = -(-len(chosen) // rows)
    ways = ("point", "last")

    def draw(lang: str) -> str:
        figure, axes = canvas(columns, rows, width=1.7 * columns, height=2.45 * rows)
        for ax in np.ravel(axes):
            ax.set_axis_off()
        for ax, k in zip(np.ravel(axes), chosen, strict=False):
            ax.imshow(images[k].mean(0), cmap="gray_r", interpolation="nearest")
            guesses = [said[way][k] for way in ways]
            ax.set_title(f"{angles[k]:g}°", fontsize=10)
            for line, p in enumerate(guesses):
                words = f"{classes[int(p.argmax())]}: {p.max():.2f}"
                ax.text(
                    0.5,
                    -0.04 - 0.13 * line,
                    words,
                    transform=ax.transAxes,
                    ha="center",
                    va="top",
                    fontsize=10,
                )
        return svg(figure, name="turned")

    first, second = (NAMES[way] for way in ways)
    caption = Text(
        f"A held-out image of class {classes[label]}, turned. Below it the guess and its probability: first of the {first.en}, then of {second.en}.",
        f"一幅留出的图像（类别 {classes[label]}）及其旋转。下方为猜测及其概率：先是{first.zh}，再是{second.zh}。",
    )
    sure = [[float(said[way][k].max()) for k in chosen] for way in ways]
    alt = Text(
        f"One image at {len(chosen)} angles; largest probability from {min(sure[0]):.2f} to {max(sure[0]):.2f} ({first.en}), {min(sure[1]):.2f} to {max(sure[1]):.2f} ({second.en})",
        f"同一图像的 {len(chosen)} 个角度；最大概率为 {min(sure[0]):.2f} 至 {max(sure[0]):.2f}（{first.zh}），{min(sure[1]):.2f} 至 {max(sure[1]):.2f}（{second.zh}）",
    )
    return Picture(draw, caption, alt, wide=True)
