"""The Ising model on square lattices over the temperature: drawn, beside what is known exactly, and where the cumulants cross."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data.generated import Generated
from gradus.progress import make_reporter
from gradus.systems.contract import Recipe, SeedRequest
from gradus.systems.inference.ising import shown
from gradus.systems.inference.ising.measuring import (
    SETTINGS,
    critical,
    critical_temperature,
    exact_crossings,
    over_temperatures,
)
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import SeedResult


def train(data: Generated, request: SeedRequest) -> SeedResult:
    """Draws over the temperatures, then near the critical one for two sizes; the score is how far from it their cumulants cross."""
    from gradus.report import SeedResult

    temperatures = SETTINGS["temperatures"]
    begun = time.perf_counter()
    steps = len(temperatures) + 2
    reporter = make_reporter(request.progress, steps, 0)
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        reporter.step(done, done, 0.0)

    try:
        swept, lattices = over_temperatures(temperatures, request.seed, told)
        crossing = critical(request.seed, told)
    finally:
        reporter.close()
    exact = exact_crossings(SETTINGS["exact_widths"])
    measured = {"swept": swept, "crossing": crossing, "exact": exact}
    return SeedResult(
        score=abs(crossing["temperature"] / critical_temperature() - 1),
        seconds=time.perf_counter() - begun,
        data=data.summary(
            SPLIT, (max(SETTINGS["lattice_sizes"]),) * 2, draws=SETTINGS["draws"] * SETTINGS["replicas"]
        ),
        comparisons=[shown.crossings(crossing, exact), shown.over_temperature(swept)],
        charts=[shown.cumulants(crossing), shown.energies(swept), shown.mean_spins(swept)],
        pictures=lambda: [shown.seen(lattices)],
        measured=measured,
    )


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    small, large = SETTINGS["lattice_sizes"]
    T = [m["crossing"]["temperature"] for m in measured]
    error = float(np.sqrt(np.mean([m["crossing"]["error"] ** 2 for m in measured]) / len(T)))
    mean, exact = float(np.mean(T)), critical_temperature()
    inside = abs(mean - exact) <= 2 * error
    said = [
        Text(
            f"The cumulants of {small} × {small} and {large} × {large} spins cross at T = {mean:.4f} ± {error:.4f} (one standard error), {abs(mean / exact - 1):.2%} "
            f"{'above' if mean > exact else 'below'} 2/ln(1 + √2) = {exact:.4f}, which is {'within' if inside else 'outside'} two standard errors.",
            f"{small} × {small} 与 {large} × {large} 个自旋的累积量在 T = {mean:.4f} ± {error:.4f}（一个标准误差）处相交，比 2/ln(1 + √2) = {exact:.4f} "
            f"{'高' if mean > exact else '低'} {abs(mean / exact - 1):.2%}，后者在两个标准误差之{'内' if inside else '外'}。",
        )
    ]
    crossings = measured[0]["exact"]
    if crossings:
        en = ", ".join(f"{c['pair'][0]} and {c['pair'][1]} at {c['temperature']:.4f}" for c in crossings)
        zh = "、".join(f"{c['pair'][0]} 与 {c['pair'][1]} 在 {c['temperature']:.4f}" for c in crossings)
        said.append(
            Text(
                f"Without a draw, row by row, the cumulants of small tori cross lower: widths {en}.",
                f"不用抽样，逐行计算，小环面的累积量相交得更低：宽 {zh}。",
            )
        )
    rows = [row for m in measured for row in m["swept"]]
    z = np.abs([(r["energy"] - r["torus"]) / r["energy_error"] for r in rows])
    far = max(rows, key=lambda r: abs(r["torus"] - r["plane"]))
    size = max(SETTINGS["lattice_sizes"])
    said.append(
        Text(
            f"The energies of the {size} × {size} torus are Kaufman's within their errors: {np.mean(z < 2):.0%} of {len(z)} within two standard errors, the farthest {z.max():.1f} away. "
            f"From Onsager's infinite plane the torus itself differs by {abs(far['torus'] - far['plane']):.3g} at most, at T = {far['T']:g}.",
            f"{size} × {size} 环面的能量在误差范围内等于 Kaufman 的值：{len(z)} 个之中有 {np.mean(z < 2):.0%} 在两个标准误差之内，最远的相差 {z.max():.1f} 个。"
            f"环面本身与 Onsager 的无限平面至多相差 {abs(far['torus'] - far['plane']):.3g}，在 T = {far['T']:g} 处。",
        )
        if np.mean(z < 2) > 0.8 and z.max() < 5
        else Text(
            f"The energies of the {size} × {size} torus are not Kaufman's within their errors: only {np.mean(z < 2):.0%} of {len(z)} within two standard errors, the farthest {z.max():.1f} away: draw more.",
            f"{size} × {size} 环面的能量在误差范围内不等于 Kaufman 的值：{len(z)} 个之中只有 {np.mean(z < 2):.0%} 在两个标准误差之内，最远的相差 {z.max():.1f} 个：应增加抽样。",
        )
    )
    return said


SPLIT = Text(
    "Nothing is read: spins begin at random, and the seed draws all else. The critical temperature, Onsager's energy and Kaufman's torus are known exactly.",
    "不读取任何数据：自旋随机开始，其余都由种子抽取。临界温度、Onsager 的能量与 Kaufman 的环面均精确已知。",
)

RECIPE = Recipe(
    train=train,
    data=("spin-lattices",),
    metric="critical-error",
    targets={"spin-lattices": 0.01},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "Square lattices without a field, closed to tori, J = 1, drawn by the clusters of Swendsen and Wang, many replicas at once. Over the temperatures: energy and |mean spin|, with "
        "errors that count how long the chains remember. Near the critical temperature, two sizes: their draws are weighed anew for the temperatures around, and where the "
        "two Binder cumulants cross is the estimate; its error is that of the draws, and the sizes add a shift of their own. The score is how far it is from 2/ln(1 + √2), relatively.",
        "无场的方格，闭合为环面，J = 1，用 Swendsen 与 Wang 的团簇抽样，许多副本同时进行。对各个温度：能量与 |平均自旋|，误差计入链的记忆。在临界温度附近取两种大小：把抽样重新加权到周围的温度，两条 Binder 累积量曲线相交之处即为估计；其误差来自抽样，有限的大小另有偏移。得分为它与 2/ln(1 + √2) 的相对偏差。",
    ),
    findings=findings,
)
