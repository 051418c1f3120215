"""What is shown and said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.numbers import true_minus
from gradus.systems.theory.ntk_regression.measuring import SETTINGS, power
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison

KINDS = {
    "ntk": Text("tangent kernel", "切线核"),
    "nngp": Text("NNGP kernel", "NNGP 核"),
    "linear": Text("least squares", "最小二乘"),
    "net": Text("trained net", "训练的网络"),
}


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""

    def mean(kind: str, at: int = -1) -> float:
        return float(np.mean([m["right"][kind][at] for m in measured]))

    widths, few = measured[0]["widths"], measured[0]["sizes"][0]
    gaps, drifts = (np.mean([m[name] for m in measured], 0) for name in ("gaps", "drifts"))
    kernel, net, line = mean("ntk"), mean("net"), mean("linear")
    said = [
        Text(
            f"From all examples, regression with the kernel of the infinitely wide net has {kernel:.2%} of the held-out ones right, "
            f"the trained net of {SETTINGS['units']} units a layer {net:.2%}, least squares on the pixels (the smallest solution where many fit) {line:.2%}; from {few} "
            f"examples they have {mean('ntk', 0):.1%}, {mean('net', 0):.1%} and {mean('linear', 0):.1%}.",
            f"用全部样本时，无限宽网络的核回归在留出样本上的正确率为 {kernel:.2%}，每层 {SETTINGS['units']} 个单元的训练网络为 {net:.2%}，"
            f"对像素作最小二乘（解不唯一时取范数最小者）为 {line:.2%}；只用 {few} 个样本时依次为 {mean('ntk', 0):.1%}、{mean('net', 0):.1%} 和 {mean('linear', 0):.1%}。",
        )
    ]
    if len(widths) > 1:
        g, d = power(widths, gaps), power(widths, drifts)
        by_gap, by_drift = true_minus(f"{g:.2f}"), true_minus(f"{d:.2f}")
        said.append(
            Text(
                f"From width {widths[0]} to {widths[-1]} the distance between the net's outputs and those that its first kernel predicts falls "
                f"from {gaps[0]:.2g} to {gaps[-1]:.2g} of how far they moved (as width to the power {by_gap}), while the kernel moves by "
                f"{drifts[0]:.2g} and {drifts[-1]:.2g} of its size (power {by_drift}): the wider the net, the better fixed features describe it.",
                f"宽度由 {widths[0]} 增至 {widths[-1]}，网络输出与其初始核所预测的输出之差占输出变化量的比例由 {gaps[0]:.2g} 变为 {gaps[-1]:.2g}"
                f"（宽度的 {by_gap} 次幂），核的相对变化由 {drifts[0]:.2g} 变为 {drifts[-1]:.2g}（{by_drift} 次幂）：网络越宽，越可用固定特征来描述。",
            )
            if g < 0 and d < 0
            else Text(
                f"Over these widths neither the distance to the prediction (power {by_gap}) nor the kernel's change (power {by_drift}) falls throughout.",
                f"在这些宽度上，与预测之差（{by_gap} 次幂）和核的变化（{by_drift} 次幂）并未都随宽度下降。",
            )
        )
    return said


def table(right: Mapping[str, Sequence[float]]) -> Comparison:
    """The accuracies from the fewest and from all examples."""
    from gradus.report import Comparison

    columns = [
        Text("Predicted by", "预测方法"),
        Text("Accuracy from fewest examples", "样本最少时的准确率"),
        Text("Accuracy from all", "全部样本的准确率"),
    ]
    rows = {KINDS[k]: (right[k][0], right[k][-1]) for k in KINDS}
    return Comparison(columns, rows, Text("On the held-out fifth.", "留出的五分之一上的结果。"))


def of_widths(courses: Mapping[int, Mapping[str, Any]]) -> Comparison:
    """Each width beside the prediction of its own kernel."""
    from gradus.report import Comparison

    columns = [
        Text("Width", "宽度"),
        Text("Distance to the prediction", "与预测之差"),
        Text("Change of the kernel", "核的变化"),
        Text("Net: sides right", "网络：正确率"),
        Text("Its kernel: sides right", "其核：正确率"),
    ]
    rows = {
        Text(str(n), str(n)): (c["gap"], c["drift"], c["right"], c["told right"]) for n, c in courses.items()
    }
    caption = Text(
        "Even classes against odd ones, after the last step. The distance is that of the held-out outputs, relative to how far the prediction has "
        "moved them; the change is ‖K' − K‖/‖K‖ over the training.",
        "偶数类对奇数类，最后一步之后。差指留出样本输出之差与预测的变化量之比；变化指训练前后的 ‖K' − K‖/‖K‖。",
    )
    return Comparison(columns, rows, caption)


def over_size(sizes: Sequence[int], right: Mapping[str, Sequence[float]]) -> Chart:
    """The accuracies over the number of examples."""
    from gradus.report import Chart, Series

    series = [Series(KINDS[k], sizes, right[k]) for k in KINDS]
    caption = Text(
        "Held-out accuracy over the number of examples, which is logarithmic.",
        "留出样本的准确率随训练样本数（对数坐标）的变化。",
    )
    return Chart(series, Text("accuracy", "准确率"), caption, Text("examples", "样本数"), log_x=True)


def over_steps(course: Mapping[str, Any]) -> Chart:
    """The loss of a net and the one that was predicted."""
    from gradus.report import Chart, Series

    times = [t + 1 for t in course["times"]]
    series = [
        Series(Text("widest net", "最宽的网络"), times, course["losses"]),
        Series(Text("its first kernel", "其初始核"), times, course["predicted"]),
    ]
    caption = Text(
        "Loss of the widest net, and what the kernel at its first weights predicts before a step is made; both logarithmic, steps counted from 1.",
        "最宽网络的损失，以及在训练之前由其初始权重的核所预测的损失；双对数坐标，步数从 1 数起。",
    )
    return Chart(
        series, Text("½ squared error of an example", "每个样本的 ½ 平方误差"), caption, Text("step", "步"), log=True, log_x=True
    )  # fmt: skip


def over_width(widths: Sequence[int], measured: Mapping[str, Any]) -> Chart:
    """Distance to the prediction and change of the kernel over the width."""
    from gradus.report import Chart, Series

    series = [
        Series(Text("distance to prediction", "与预测之差"), widths, measured["gaps"]),
        Series(Text("change of kernel", "核的变化"), widths, measured["drifts"]),
    ]
    caption = Text(
        "How far the net ends from what its first kernel predicts, and how far that kernel has moved, over the width; both logarithmic.",
        "网络最终与初始核预测之差，以及核的变化，随宽度的变化（双对数坐标）。",
    )
    return Chart(
        series, Text("relative", "相对值"), caption, Text("width", "宽度"), log=True, log_x=True, wide=True
    )
