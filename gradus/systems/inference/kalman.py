"""Moving targets seen by two sensors: the Kalman filter on each alone, on both, through gaps, and whether it knows how wrong it is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.contract import Recipe, SeedRequest
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data.generated import Generated
    from gradus.inference import KalmanFilter, SampledStates
    from gradus.report import Chart, Comparison, Picture, SeedResult

SETTINGS: dict[str, Any] = {
    "tracks": 200,
    "steps": 120,
    "acceleration": 0.5,
    "sensor_deviations": [3.0, 12.0],
    "gap": [50, 70],
    "lost": 0.3,
    "too_sure": 100.0,
}
PLACE = [0, 2]  # of the state (x, its speed, y, its speed)
CONSISTENT = 0.85  # share of the times in the band from which a filter is called consistent
COLUMNS = {"east": [0, 1], "north": [2, 3], "both": [0, 1, 2, 3]}
NAMES = {
    "east": Text("east sensor alone", "仅东向传感器"),
    "north": Text("north sensor alone", "仅北向传感器"),
    "both": Text("both, filtered", "两者，滤波"),
    "smoothed": Text("both, smoothed", "两者，平滑"),
    "too_sure": Text("both, too sure", "两者，过于自信"),
}


def train(data: Generated, request: SeedRequest) -> SeedResult:
    """Tracks drawn from the seed, and what each filter makes of them; the score is the error of both sensors over that of the better one."""
    from gradus.report import SeedResult

    begun = time.perf_counter()
    model = tracker()
    drawn, missing = tracks(model, request.seed)
    found = measured(model, drawn, missing)
    error = {name: of["error"] for name, of in found.items()}
    return SeedResult(
        score=error["both"] / min(error["east"], error["north"]),
        seconds=time.perf_counter() - begun,
        data=data.summary(
            Text("Drawn from the seed by the model itself; simulated, not recorded.", "由种子按模型本身抽取；是模拟数据，而非实测。"),
            (SETTINGS["steps"], 4),
            all=SETTINGS["tracks"],
        ),
        comparisons=[_table(found)],
        charts=[_errors(found), _surprises(found)],
        pictures=lambda: [_track(model, drawn, missing)],
        measured={name: dict(of) for name, of in found.items()},
    )  # fmt: skip


def tracker(process: float = 1.0, sensors: str = "both") -> KalmanFilter:
    """Places and speeds in a plane, pushed by accelerations that are white noise; `process` multiplies their variance."""
    from gradus.inference import KalmanFilter

    one, zero = np.array([[1.0, 1.0], [0.0, 1.0]]), np.zeros((2, 2))
    push = SETTINGS["acceleration"] ** 2 * np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]])
    see = np.eye(4)[PLACE]
    chosen = [i // 2 for i in COLUMNS[sensors][::2]]
    H = np.concatenate([see for _ in chosen])
    deviations = SETTINGS["sensor_deviations"]
    variances = np.concatenate([deviations if i == 0 else deviations[::-1] for i in chosen]) ** 2
    return KalmanFilter(
        np.block([[one, zero], [zero, one]]), H, process * np.block([[push, zero], [zero, push]]), np.diag(variances),
        np.zeros(4), np.diag([2500.0, 25.0, 2500.0, 25.0]),
    )  # fmt: skip


def tracks(model: KalmanFilter, seed: int) -> tuple[SampledStates, np.ndarray]:
    """Tracks with their observations, and which of these are missing: both sensors in the gap, the north one at random as well."""
    drawn = model.sample(SETTINGS["steps"], series=SETTINGS["tracks"], seed=seed)
    missing = np.zeros(drawn.observations.shape, bool)
    lost = np.random.default_rng([seed, 1]).random(SETTINGS["steps"]) < SETTINGS["lost"]
    missing[:, lost, 2:] = True
    missing[:, slice(*SETTINGS["gap"])] = True
    return drawn, missing


def measured(model: KalmanFilter, drawn: SampledStates, missing: np.ndarray) -> dict[str, dict[str, Any]]:
    """Of each filter its errors, those that it expects of itself, and its surprises."""
    found = {}
    for name, columns in (("east", COLUMNS["east"]), ("north", COLUMNS["north"])):
        run = tracker(sensors=name).filter(drawn.observations[..., columns], missing=missing[..., columns])
        found[name] = _account(run.means, run.covariances, drawn.states) | _surprise(
            run, missing[..., columns]
        )
    both = model.smooth(drawn.observations, missing=missing)
    found["both"] = _account(both.filtered.means, both.filtered.covariances, drawn.states) | _surprise(
        both.filtered, missing
    )
    found["smoothed"] = _account(both.means, both.covariances, drawn.states)
    sure = tracker(1 / SETTINGS["too_sure"]).filter(drawn.observations, missing=missing)
    found["too_sure"] = _account(sure.means, sure.covariances, drawn.states) | _surprise(sure, missing)
    return found


def band(freedom: float) -> tuple[float, float]:
    """Between which the mean over the tracks of a sum of so many squares lies, nineteen times of twenty."""
    from scipy.stats import chi2

    n = SETTINGS["tracks"]
    low, high = chi2.ppf([0.025, 0.975], n * freedom) / n
    return float(low), float(high)


def _account(means: np.ndarray, covariances: np.ndarray, states: np.ndarray) -> dict[str, Any]:
    """Errors of the place, root mean square over tracks and times outside the gap, and at its end; what the covariance says they are; NEES."""
    e = means - states
    nees = np.einsum("nti,ntij,ntj->nt", e, np.linalg.inv(covariances), e).mean(0)
    squares = (e[..., PLACE] ** 2).sum(-1).mean(0)
    told = covariances[..., PLACE, PLACE].sum(-1).mean(0)
    low, high = band(4)
    first, end = SETTINGS["gap"]
    seen = np.r_[:first, end : len(squares)]
    return {
        "error": float(np.sqrt(squares[seen].mean())),
        "expected": float(np.sqrt(told[seen].mean())),
        "gap_end": float(np.sqrt(squares[end - 1])),
        "errors": np.sqrt(squares).tolist(),
        "nees": nees.tolist(),
        "inside": float(((low <= nees) & (nees <= high)).mean()),
    }  # fmt: skip


def _surprise(run: Any, missing: np.ndarray) -> dict[str, float]:
    """NIS: the mean square of the standardised innovations that there are, 1 where the model holds, in its own interval."""
    from scipy.stats import chi2

    count = int((~missing).sum())
    total = float((run.standardized_innovations**2).sum())
    low, high = chi2.ppf([0.025, 0.975], count) / count
    return {"nis": total / count, "nis_low": float(low), "nis_high": float(high)}


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""

    def mean(name: str, what: str) -> float:
        return float(np.mean([m[name][what] for m in measured]))

    errors = {name: mean(name, "error") for name in NAMES}
    better = min(("east", "north"), key=errors.__getitem__)
    helps = all(m["both"]["error"] < min(m["east"]["error"], m["north"]["error"]) for m in measured)
    said = [
        Text(
            f"Alone the east sensor is wrong by {errors['east']:.3g} m and the north one, which is often silent, by {errors['north']:.3g} m; both together by {errors['both']:.3g} m, {abs(1 - errors['both'] / errors[better]):.0%} {'less' if errors['both'] <= errors[better] else 'more'} than the better one. "
            f"{'In every seed fusing helps.' if helps else 'Not in every seed does fusing help.'} The smoother, which knows the future too, is wrong by {errors['smoothed']:.3g} m.",
            f"单独使用时，东向传感器的误差为 {errors['east']:.3g} m，常常沉默的北向传感器为 {errors['north']:.3g} m；两者融合为 {errors['both']:.3g} m，比较好的一个{'低' if errors['both'] <= errors[better] else '高'} {abs(1 - errors['both'] / errors[better]):.0%}。"
            f"{'每个种子下融合都有益。' if helps else '并非每个种子下融合都有益。'}平滑还利用了未来的观测，误差为 {errors['smoothed']:.3g} m。",
        ),
        Text(
            f"At the end of the gap, {SETTINGS['gap'][1] - SETTINGS['gap'][0]} steps in which nothing is seen, the filter is wrong by {mean('both', 'gap_end'):.3g} m, the smoother by {mean('smoothed', 'gap_end'):.3g} m.",
            f"在 {SETTINGS['gap'][1] - SETTINGS['gap'][0]} 步全无观测的缺口末端，滤波的误差为 {mean('both', 'gap_end'):.3g} m，平滑为 {mean('smoothed', 'gap_end'):.3g} m。",
        ),
    ]
    for name in ("both", "too_sure"):
        inside, nis = mean(name, "inside"), [m[name]["nis"] for m in measured]
        kept = sum(m[name]["nis_low"] <= m[name]["nis"] <= m[name]["nis_high"] for m in measured)
        consistent = inside >= CONSISTENT and 2 * kept >= len(measured)
        what = Text("The filter with the right model", "模型正确的滤波器") if name == "both" else Text(
            f"The one whose process noise is {SETTINGS['too_sure']:g} times too small", f"过程噪声设小了 {SETTINGS['too_sure']:g} 倍的滤波器")  # fmt: skip
        said.append(
            Text(
                f"{what.en} expects errors of {mean(name, 'expected'):.3g} m and makes {errors[name]:.3g} m. Its mean NEES lies in the 95 % band at {inside:.0%} of the times; the mean square of its standardised innovations is {np.mean(nis):.4g}, in {kept} of {len(measured)} seeds within the 95 % interval around 1. "
                f"Verdict: {'consistent' if consistent else 'not consistent'}.",
                f"{what.zh}预期误差为 {mean(name, 'expected'):.3g} m，实际为 {errors[name]:.3g} m。其平均 NEES 在 {inside:.0%} 的时刻落在 95 % 带内；标准化新息的均方为 {np.mean(nis):.4g}，{len(measured)} 个种子中有 {kept} 个落在 1 附近的 95 % 区间内。"
                f"判定：{'一致' if consistent else '不一致'}。",
            )
        )
    return said


RECIPE = Recipe(
    train=train,
    data=("two-sensors",),
    metric="fused-error",
    targets={"two-sensors": 0.6},
    relation="≤",
    settings=SETTINGS,
    text=Text(
        "Targets move in a plane with nearly constant speed, pushed by white accelerations. Two sensors see the place: one tells the east well and the north badly, the other the reverse, and loses a share of the times; in a gap both are silent. All tracks are drawn by the model that the filter has: "
        "nothing is fitted, and the filter's account of its own errors can be held to it. Beside it, a filter with process noise that is far too small. Errors are root mean squares of the distance outside the gap, in metres. NEES is the squared error in units of the filter's own covariance, 4 on average where it tells the truth "
        "(four numbers); its mean over the tracks lies in the band at 95 % of the times, and 85 % with innovations as they should be in half of the seeds are called consistent, since times that follow one another are alike. The score is the error of both sensors over that of the better one. The seed draws tracks, noise and losses.",
        "目标在平面上以近似恒定的速度运动，受白噪声加速度推动。两个传感器观测位置：一个东向准而北向差，另一个相反且在一部分时刻缺失；在一段缺口中两者都沉默。所有航迹都由滤波器所用的模型抽取：不拟合任何参数，因此可以检验滤波器对自身误差的估计。"
        "对照：过程噪声远远设小的滤波器。误差为缺口之外距离的均方根，单位米。NEES 是以滤波器自身协方差为单位的误差平方，若估计属实则平均为 4（四个分量），其对各航迹的平均在 95 % 的时刻落在带内；相邻时刻彼此相似，故达到 85 % 且半数种子的新息合格即称为一致。得分为融合误差与较好传感器误差之比。种子决定航迹、噪声与缺失。",
    ),
    findings=findings,
)  # fmt: skip


def _table(found: Mapping[str, Mapping[str, Any]]) -> Comparison:
    from gradus.report import Comparison

    columns = [
        Text("Filter", "滤波器"), Text("Error, m", "误差（m）"), Text("Expected of itself, m", "自我预期（m）"),
        Text("End of the gap, m", "缺口末端（m）"), Text("NEES in the band", "NEES 在带内的比例"), Text("Mean square innovation", "标准化新息均方"),
    ]  # fmt: skip
    rows = {
        NAMES[name]: (of["error"], of["expected"], of["gap_end"], of["inside"], of.get("nis"))
        for name, of in found.items()
        if name != "smoothed"
    }
    caption = Text(
        "Errors of the place; how often the mean NEES lies where it should; the standardised innovations, whose mean square should be 1.",
        "位置误差；平均 NEES 落在应有范围内的比例；标准化新息的均方（应为 1）。",
    )
    return Comparison(columns, rows, caption)


def _errors(found: Mapping[str, Mapping[str, Any]]) -> Chart:
    from gradus.report import Chart, Series

    times = range(SETTINGS["steps"])
    series = [Series(NAMES[n], times, found[n]["errors"]) for n in ("east", "north", "both", "smoothed")]
    caption = Text(
        "Error of the place over time, logarithmic. In the gap the filters drift; the smoother is held from both ends.",
        "位置误差随时间的变化（对数坐标）。缺口中滤波逐渐漂移，平滑则由两端约束。",
    )
    return Chart(series, Text("error, m", "误差（m）"), caption, Text("time", "时刻"), log=True, wide=True)


def _surprises(found: Mapping[str, Mapping[str, Any]]) -> Chart:
    from gradus.report import Chart, Series

    times, ends = range(SETTINGS["steps"]), [0, SETTINGS["steps"] - 1]
    low, high = band(4)
    series = [Series(NAMES[n], times, found[n]["nees"]) for n in ("both", "too_sure")]
    series += [Series(Text("95 % band", "95 % 带"), [*ends, *ends[::-1], 0], [low, low, high, high, low])]
    caption = Text(
        "Mean NEES over time, logarithmic: 4 where the filter knows its errors.",
        "平均 NEES 随时间的变化（对数坐标）：滤波器如实估计误差时为 4。",
    )
    return Chart(series, Text("mean NEES", "平均 NEES"), caption, Text("time", "时刻"), log=True, wide=True)


def _track(model: KalmanFilter, drawn: SampledStates, missing: np.ndarray) -> Picture:
    from gradus.page.figures import COLOURS, canvas, svg
    from gradus.report import Picture

    run = model.smooth(drawn.observations[:1], missing=missing[:1])
    truth, seen, filtered = (
        drawn.states[0][:, PLACE],
        np.where(missing, np.nan, drawn.observations)[0],
        run.filtered.means[0][:, PLACE],
    )
    smooth = run.means[0][:, PLACE]

    def draw(lang: str) -> str:
        figure, ax = canvas(width=5.6, height=4.2)
        lines = [
            (truth, "-", Text("truth", "真实"), "#000000"), (filtered, "-", NAMES["both"], COLOURS[0]), (smooth, "--", NAMES["smoothed"], COLOURS[1]),
        ]  # fmt: skip
        for points, style, name, colour in lines:
            ax.plot(points[:, 0], points[:, 1], style, color=colour, linewidth=1.2, label=name.get(lang))
        for columns, mark, name, colour in (
            ([0, 1], "x", Text("east sensor", "东向传感器"), COLOURS[2]),
            ([2, 3], ".", Text("north sensor", "北向传感器"), COLOURS[3]),
        ):
            ax.plot(
                seen[:, columns[0]],
                seen[:, columns[1]],
                mark,
                color=colour,
                markersize=3.5,
                label=name.get(lang),
            )
        ax.set_xlabel(Text("east, m", "东（m）").get(lang))
        ax.set_ylabel(Text("north, m", "北（m）").get(lang))
        ax.legend(frameon=False, fontsize=8)
        return svg(figure, name="track")

    caption = Text(
        "One of the tracks: what the sensors saw, and what filter and smoother make of it. In the gap the filter goes straight on until it sees again.",
        "其中一条航迹：传感器所见，以及滤波与平滑的结果。缺口中滤波沿直线外推，直到重新看见。",
    )
    far = float(np.linalg.norm(filtered - truth, axis=-1).max())
    alt = Text(f"A curve in the plane with three estimates; the filter is at most {far:.3g} m away from it.", f"平面上的曲线及各估计；滤波最多偏离 {far:.3g} m。")  # fmt: skip
    return Picture(draw, caption, alt, wide=True)
