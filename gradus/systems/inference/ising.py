"""The Ising model on square lattices over the temperature: drawn, beside what is known exactly, and where the cumulants cross."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data.generated import Generated
from gradus.progress import make_reporter
from gradus.systems.contract import Recipe, SeedRequest
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, Picture, SeedResult

SETTINGS: dict[str, Any] = {
    "lattice_sizes": [16, 32],
    "draws": 1200,
    "replicas": 32,
    "warmup": 100,
    "temperatures": [1.6, 1.8, 2.0, 2.1, 2.2, 2.25, 2.27, 2.3, 2.4, 2.6, 2.9, 3.2],
    "draws_each": 120,
    "exact_widths": [4, 6, 8],
}
SHOWN = (1.8, 2.27, 3.2)  # temperatures of which a lattice is shown, the nearest that are drawn
Told = Callable[[], None]


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
        comparisons=[_crossings(crossing, exact), _worst(swept)],
        charts=[_cumulants(crossing), _energies(swept), _spins(swept)],
        pictures=lambda: [_seen(lattices)],
        measured=measured,
    )


def critical_temperature() -> float:
    """2/ln(1 + √2)."""
    from gradus.inference.ising.plane import CRITICAL_TEMPERATURE

    return CRITICAL_TEMPERATURE


def over_temperatures(
    temperatures: Sequence[float], seed: int, told: Told = lambda: None
) -> tuple[list[dict[str, float]], dict[float, np.ndarray]]:
    """What the largest size has at each temperature, with its errors, beside the torus and the plane; and lattices of each."""
    from gradus.inference import IsingModel, ising_sample, kaufman_torus, onsager_plane

    size = max(SETTINGS["lattice_sizes"])
    model, rows, lattices = IsingModel.lattice(size), [], {}
    for i, T in enumerate(temperatures):
        draws = ising_sample(
            model,
            1 / T,
            draws=SETTINGS["draws_each"],
            warmup=SETTINGS["warmup"],
            replicas=max(SETTINGS["replicas"] // 4, 2),
            seed=1000 * seed + i,
        )
        found, plane = draws.estimates(), onsager_plane(1 / T)
        row = {"T": T, "torus": kaufman_torus(size, size, 1 / T).energy / size**2}
        row |= {"plane": plane.energy, "yang": plane.magnetisation}
        for name in ("energy", "magnetisation", "heat_capacity", "susceptibility"):
            estimate = getattr(found, name)
            row |= {name: estimate.value, f"{name}_error": estimate.error}
        rows.append(row)
        lattices[T] = draws.spins[:4].numpy().reshape(-1, size, size)
        told()
    return rows, lattices


def critical(seed: int, told: Told = lambda: None) -> dict[str, Any]:
    """The crossing of two sizes with its error, and both curves of the cumulant around it."""
    from gradus.inference import IsingModel, binder_crossing, ising_sample

    beta, drawn = 1 / critical_temperature(), []
    for i, size in enumerate(SETTINGS["lattice_sizes"]):
        drawn.append(
            ising_sample(
                IsingModel.lattice(size),
                beta,
                draws=SETTINGS["draws"],
                warmup=SETTINGS["warmup"],
                replicas=SETTINGS["replicas"],
                seed=1000 * seed + 500 + i,
            )
        )
        told()
    found = binder_crossing(*drawn)
    around = np.linspace(0.985, 1.015, 25) * critical_temperature()
    return {
        "temperature": found.temperature.value,
        "error": found.temperature.error,
        "binder": found.binder.value,
        "around": around.tolist(),
        "curves": [[draws.binder(1 / T) for T in around] for draws in drawn],
    }


def exact_crossings(widths: Sequence[int]) -> list[dict[str, Any]]:
    """Where the cumulants of small tori cross, row by row without a draw."""
    from scipy.optimize import brentq

    from gradus.inference import ising_strip

    found = []
    for small, large in pairwise(widths):

        def apart(T: float, pair: tuple[int, int] = (small, large)) -> float:
            return ising_strip(pair[1], pair[1], 1 / T).binder - ising_strip(pair[0], pair[0], 1 / T).binder

        found.append({"pair": [small, large], "temperature": float(brentq(apart, 1.9, 2.4, xtol=1e-4))})
    return found


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


def _crossings(crossing: Mapping[str, Any], exact: Sequence[Mapping[str, Any]]) -> Comparison:
    from gradus.report import Comparison

    small, large = SETTINGS["lattice_sizes"]
    T = critical_temperature()
    rows: dict[Text, list[Any]] = {
        Text(f"{c['pair'][0]} and {c['pair'][1]}, exact", f"{c['pair'][0]} 与 {c['pair'][1]}，精确"): [
            c["temperature"], 0.0, 100 * (c["temperature"] / T - 1)
        ]
        for c in exact
    }  # fmt: skip
    found = crossing["temperature"]
    rows[Text(f"{small} and {large}, drawn", f"{small} 与 {large}，抽样")] = [
        found, crossing["error"], 100 * (found / T - 1)
    ]  # fmt: skip
    columns = [
        Text("sizes", "大小"),
        Text("crossing at T", "相交处的 T"),
        Text("its error", "误差"),
        Text("off the critical one, %", "与临界值之差（%）"),
    ]
    caption = Text(
        "Where the Binder cumulants of two sizes cross; the larger the sizes, the nearer to the critical temperature.",
        "两种大小的 Binder 累积量相交之处；大小越大，越接近临界温度。",
    )
    return Comparison(columns, rows, caption)


def _worst(swept: Sequence[Mapping[str, float]]) -> Comparison:
    from gradus.report import Comparison

    columns = [
        Text("temperature", "温度"),
        Text("energy", "能量"),
        Text("its error", "误差"),
        Text("torus, exact", "环面，精确"),
        Text("plane, exact", "平面，精确"),
        Text("heat capacity", "热容"),
        Text("susceptibility", "磁化率"),
    ]
    names = ("energy", "energy_error", "torus", "plane", "heat_capacity", "susceptibility")
    rows = {Text(f"{r['T']:g}", f"{r['T']:g}"): [r[n] for n in names] for r in swept}
    caption = Text("Per spin, over the temperature.", "各温度下每个自旋的值。")
    return Comparison(columns, rows, caption)


def _cumulants(crossing: Mapping[str, Any]) -> Chart:
    from gradus.report import Chart, Series

    series = [
        Series(Text(f"{n} × {n}", f"{n} × {n}"), crossing["around"], curve)
        for n, curve in zip(SETTINGS["lattice_sizes"], crossing["curves"], strict=True)
    ]
    caption = Text(
        f"Binder's cumulant of both sizes around the critical temperature {critical_temperature():.4f}: colder the larger lattice has more, hotter less.",
        f"两种大小的 Binder 累积量，在临界温度 {critical_temperature():.4f} 附近：更冷时大的格点较大，更热时较小。",
    )
    return Chart(series, Text("cumulant", "累积量"), caption, Text("temperature", "温度"), wide=True)


def _energies(swept: Sequence[Mapping[str, float]]) -> Chart:
    from gradus.report import Chart, Series

    T = [r["T"] for r in swept]
    size = max(SETTINGS["lattice_sizes"])
    series = [
        Series(Text(f"drawn, {size} × {size}", f"抽样，{size} × {size}"), T, [r["energy"] for r in swept]),
        Series(Text("Onsager", "昂萨格"), T, [r["plane"] for r in swept]),
    ]
    caption = Text(
        "Energy per spin: drawn, and Onsager's of the infinite plane.",
        "每个自旋的能量：抽样结果与昂萨格的无限平面。",
    )
    return Chart(series, Text("energy", "能量"), caption, Text("temperature", "温度"))


def _spins(swept: Sequence[Mapping[str, float]]) -> Chart:
    from gradus.report import Chart, Series

    T = [r["T"] for r in swept]
    size = max(SETTINGS["lattice_sizes"])
    series = [
        Series(
            Text(f"drawn, {size} × {size}", f"抽样，{size} × {size}"), T, [r["magnetisation"] for r in swept]
        ),
        Series(Text("infinite plane", "无限平面"), T, [r["yang"] for r in swept]),
    ]
    caption = Text(
        "Size of the mean spin: drawn, and the spontaneous one of the infinite plane, which vanishes at the critical temperature. A finite lattice keeps some above it.",
        "平均自旋的大小：抽样结果与无限平面的自发磁化，后者在临界温度处消失；有限的格点在其上方仍保留一些。",
    )
    return Chart(series, Text("mean spin", "平均自旋"), caption, Text("temperature", "温度"))


def _seen(lattices: Mapping[float, np.ndarray]) -> Picture:
    from gradus.report.pictures import image_rows

    chosen = [min(lattices, key=lambda t: abs(t - T)) for T in SHOWN]
    rows = {Text(f"T = {T:g}", f"T = {T:g}"): (lattices[T] + 1) / 2 for T in dict.fromkeys(chosen)}
    caption = Text(
        "Replicas at temperatures below, near and above the critical one, dark spins up: order of either sign, patches of every size, noise.",
        "临界温度以下、附近与以上的几个副本，深色为向上的自旋：符号任意的有序、大小不一的斑块、噪声。",
    )
    return image_rows(rows, caption, "result", large=True)
