"""Tables, charts and pictures of the Ising system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.inference.ising.measuring import SETTINGS, critical_temperature
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, Picture

SHOWN = (1.8, 2.27, 3.2)  # temperatures of which lattices are shown, the nearest that are drawn


def crossings(crossing: Mapping[str, Any], exact: Sequence[Mapping[str, Any]]) -> Comparison:
    """Where the cumulants of two sizes cross."""
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


def over_temperature(swept: Sequence[Mapping[str, float]]) -> Comparison:
    """Everything per spin over the temperature."""
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


def cumulants(crossing: Mapping[str, Any]) -> Chart:
    """The cumulants around the critical temperature."""
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


def energies(swept: Sequence[Mapping[str, float]]) -> Chart:
    """The energy over the temperature."""
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


def mean_spins(swept: Sequence[Mapping[str, float]]) -> Chart:
    """The mean spin over the temperature."""
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


def seen(lattices: Mapping[float, np.ndarray]) -> Picture:
    """Lattices at a few temperatures."""
    from gradus.report.pictures import image_rows

    chosen = [min(lattices, key=lambda t: abs(t - T)) for T in SHOWN]
    rows = {Text(f"T = {T:g}", f"T = {T:g}"): (lattices[T] + 1) / 2 for T in dict.fromkeys(chosen)}
    caption = Text(
        "Replicas at temperatures below, near and above the critical one, dark spins up: order of either sign, patches of every size, noise.",
        "临界温度以下、附近与以上的几个副本，深色为向上的自旋：符号任意的有序、大小不一的斑块、噪声。",
    )
    return image_rows(rows, caption, "result", large=True)
