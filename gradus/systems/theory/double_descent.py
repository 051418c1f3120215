"""Regression on random ReLU features, more and more of them: the test error peaks where they are as many as the examples."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.progress import make_reporter
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import resplit_summary
from gradus.systems.plain_rows import Rows, plain_rows
from gradus.systems.system import System
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.report import Chart, Comparison, SeedResult

SETTINGS: dict[str, Any] = {
    "rows": 300,
    "label_noise": 0.2,
    "features": [10, 20, 50, 100, 150, 200, 250, 280, 300, 320, 350, 400, 500, 700, 1000, 2000, 4000],
    "ridges": [1e-4, 1e-3, 1e-2],
    "draws": 5,
}
FAR = 3  # times as many features as examples, or as few: there the peak is over
MEASURES = ("test", "training", "wrong", "norm")


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The errors over the number of features, without a ridge and with; the score is how high the peak stands above both sides."""
    from gradus.report import SeedResult

    rows = plain_rows(data, request.seed)
    n, counts = min(SETTINGS["rows"], len(rows.targets)), SETTINGS["features"]
    begun, reporter = time.perf_counter(), make_reporter(request.progress, SETTINGS["draws"], 0)
    curves: dict[str, list[dict[str, list[float]]]] = {}
    try:
        for draw in range(SETTINGS["draws"]):
            rng = np.random.default_rng([request.seed, draw])
            for name, noise, ridges in (
                ("noisy", SETTINGS["label_noise"], SETTINGS["ridges"]),
                ("clean", 0.0, ()),
            ):
                for ridge, curve in errors(rows, n, noise, (0.0, *ridges), rng).items():
                    curves.setdefault(name if not ridge else f"{ridge:g}", []).append(curve)
            reporter.step(draw + 1, draw + 1, curves["noisy"][-1]["test"][-1])
    finally:
        reporter.close()
    mean = {
        name: {m: np.median([c[m] for c in of], 0).tolist() for m in MEASURES} for name, of in curves.items()
    }
    measured = {"features": counts, "rows": n, "curves": mean}
    return SeedResult(
        score=height(counts, mean["noisy"]["test"], n),
        seconds=time.perf_counter() - begun,
        data=resplit_summary(data),
        comparisons=[_table(counts, mean, n)],
        charts=[_tests(counts, mean, n), _wrong(counts, mean, n), _inside(counts, mean["noisy"], n)],
        measured=measured,
    )


def errors(
    rows: Rows, n: int, noise: float, ridges: Sequence[float], rng: np.random.Generator
) -> dict[float, dict[str, list[float]]]:
    """Of regression onto the classes from n examples on max(0, Wx)/√p, by ridge and number p of features, for one draw of all that is random.

    The share `noise` of the training labels is drawn anew, at random. A ridge of 0 is the smallest solution.
    """
    pick = rng.permutation(len(rows.targets))[:n]
    labels = np.where(rng.random(n) < noise, rng.integers(rows.classes, size=n), rows.targets[pick])
    onto = np.eye(rows.classes)[labels] - 1 / rows.classes
    truth = np.eye(rows.classes)[rows.test_targets] - 1 / rows.classes
    d = rows.inputs.shape[1]
    W = rng.normal(size=(d, max(SETTINGS["features"]))) / np.sqrt(d)
    curves: dict[float, dict[str, list[float]]] = {ridge: {m: [] for m in MEASURES} for ridge in ridges}
    for p in SETTINGS["features"]:
        F, T = (np.maximum(x @ W[:, :p], 0) / np.sqrt(p) for x in (rows.inputs[pick], rows.test_inputs))
        U, s, V = np.linalg.svd(F, full_matrices=False)
        for ridge, curve in curves.items():
            theta = V.T @ (inverse(s, ridge * n, max(F.shape))[:, None] * (U.T @ onto))
            said = T @ theta
            curve["test"].append(float(((said - truth) ** 2).sum(1).mean()))
            curve["training"].append(float(((F @ theta - onto) ** 2).sum(1).mean()))
            curve["wrong"].append(float((said.argmax(1) != rows.test_targets).mean()))
            curve["norm"].append(float(np.linalg.norm(theta)))
    return curves


def inverse(s: np.ndarray, ridge: float, size: int) -> np.ndarray:
    """s/(s² + ridge); without a ridge 1/s of those that are not 0 up to rounding."""
    if ridge:
        return s / (s**2 + ridge)
    kept = s > size * np.finfo(s.dtype).eps * s.max()
    return np.where(kept, 1 / np.where(kept, s, 1.0), 0.0)


def height(counts: Sequence[int], test: Sequence[float], n: int) -> float:
    """The error at the number of features nearest n, over the larger of the least errors on both sides; 0 where a side is missing."""
    p, error = np.array(counts, float), np.array(test)
    if p.min() >= n or p.max() <= n:
        return 0.0
    peak = error[np.abs(np.log(p / n)).argmin()]
    return float(peak / max(error[p < n].min(), error[p > n].min()))


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    counts, n = np.array(measured[0]["features"]), measured[0]["rows"]

    def mean(name: str, what: str = "test") -> np.ndarray:
        return np.mean([m["curves"][name][what] for m in measured], 0)

    test = mean("noisy")
    top = int(test.argmax())
    few, many = (int(np.where(side, test, np.inf).argmin()) for side in (counts < n, counts > n))
    wrong = mean("noisy", "wrong")
    said = [
        Text(
            f"With {SETTINGS['label_noise']:.0%} of the labels drawn anew, the test error is largest at p = {counts[top]}, for n = {n} examples: {test[top]:.3g}, against {test[few]:.3g} at the best p below n "
            f"(p = {counts[few]}) and {test[many]:.3g} at the best above (p = {counts[many]}). Wrong classes: {wrong[top]:.1%}, {wrong[few]:.1%}, {wrong[many]:.1%}.",
            f"{SETTINGS['label_noise']:.0%} 的标签重新随机抽取时，测试误差在 p = {counts[top]} 处最大（样本数 n = {n}）：为 {test[top]:.3g}，而 p 小于 n 时最小为 {test[few]:.3g}（p = {counts[few]}），"
            f"大于 n 时最小为 {test[many]:.3g}（p = {counts[many]}）。分类错误率依次为 {wrong[top]:.1%}、{wrong[few]:.1%}、{wrong[many]:.1%}。",
        )
    ]
    clean = mean("clean")
    at = int(clean.argmax())
    said.append(
        Text(
            f"Without noise the largest error is {clean[at]:.3g}, at p = {counts[at]}.",
            f"没有标签噪声时，最大误差为 {clean[at]:.3g}，位于 p = {counts[at]}。",
        )
    )
    ridged = {r: mean(f"{r:g}") for r in SETTINGS["ridges"]}
    if ridged:
        best = min(ridged, key=lambda r: float(ridged[r].max()))
        curve = ridged[best]
        said.append(
            Text(
                f"With the ridge λ = {best:g} the error is {curve[top]:.3g} at the same p, and least, {curve.min():.3g}, at p = {counts[curve.argmin()]}.",
                f"取岭参数 λ = {best:g}，同一 p 处的误差为 {curve[top]:.3g}；最小误差 {curve.min():.3g} 位于 p = {counts[curve.argmin()]}。",
            )
        )
    return said


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="peak-height",
    targets={"digits": 10.0},
    settings=SETTINGS,
    text=Text(
        "The classes are regressed (least squares onto 1 for the right class, less the share of one class) on p random ReLU features max(0, Wx)/√p of n examples; where many solutions fit, the smallest is taken. "
        "A share of the training labels is drawn anew, at random; those of the test are right. Beside it: right labels, and ridges (λn added to the squares). Curves are medians over the draws of examples, labels and features. The score is the test error, Σ over the classes of squares, at p = n "
        "over the larger of the smallest ones below and above. The seed chooses the held-out fifth and the draws.",
        "以类别为目标（正确类别为 1，再减去单个类别的份额），对 n 个样本的 p 个随机 ReLU 特征 max(0, Wx)/√p 作最小二乘回归；解不唯一时取范数最小者。训练标签中的一部分重新随机抽取，测试标签保持正确。"
        "对照：标签全部正确，以及加岭项（平方和加 λn）。曲线为对样本、标签与特征的若干次抽取取的中位数。得分为 p = n 处的测试误差（各类平方误差之和）与两侧最小误差中较大者之比。种子决定留出哪五分之一以及各次抽取。",
    ),
    fitting=Fitting(tables=True, channels=(1, 3)),
    about=System(
        "double-descent",
        "theory",
        Text("Double descent", "双重下降"),
        Text(
            "More features help, then harm, then help again: the test error of the smallest solution peaks where the features just suffice to fit "
            "all examples, their noise too, and falls beyond.",
            "特征增多，先有益，后有害，再有益：当特征恰好足以拟合全部样本（连同噪声）时，最小范数解的测试误差达到峰值，此后又下降。",
        ),
        ("double-descent", "linear-regression", "regularization", "random-features"),
    ),
    findings=findings,
)


def _table(counts: Sequence[int], curves: Mapping[str, Mapping[str, Sequence[float]]], n: int) -> Comparison:
    from gradus.report import Comparison

    at = [min(range(len(counts)), key=lambda i: abs(np.log(counts[i] / p))) for p in (n / FAR, n, FAR * n)]
    columns = [Text("Regression", "回归")]
    columns += [Text(f"Error at p = {counts[i]}", f"p = {counts[i]} 时的误差") for i in at]
    columns += [Text("Wrong classes there", "该处错误率"), Text("Least error", "最小误差")]
    rows = {
        _name(k): (*(c["test"][i] for i in at), c["wrong"][at[-1]], min(c["test"])) for k, c in curves.items()
    }
    caption = Text(
        "On the held-out fifth; “there” is the last of the three p.",
        "留出的五分之一上的结果；“该处”指三个 p 中的最后一个。",
    )
    return Comparison(columns, rows, caption)


def _name(key: str) -> Text:
    named = {"noisy": Text("no ridge", "无岭项"), "clean": Text("no ridge, no noise", "无岭项无噪声")}
    return named.get(key, Text(f"λ = {key}", f"λ = {key}"))


def _at(n: int, curves: Sequence[Sequence[float]]) -> Any:
    """The line p = n."""
    from gradus.report import Series

    values = [v for c in curves for v in c]
    return Series(Text("p = n", "p = n"), [n, n], [min(values), max(values)])


def _tests(counts: Sequence[int], curves: Mapping[str, Mapping[str, Sequence[float]]], n: int) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(_name(k), counts, c["test"]) for k, c in curves.items()]
    caption = Text(
        "Test error over the number p of features, both logarithmic.",
        "测试误差随特征数 p 的变化（双对数坐标）。",
    )
    return Chart(
        [*series, _at(n, [c["test"] for c in curves.values()])],
        Text("test error", "测试误差"), caption, Text("features p", "特征数 p"), log=True, log_x=True, wide=True,
    )  # fmt: skip


def _wrong(counts: Sequence[int], curves: Mapping[str, Mapping[str, Sequence[float]]], n: int) -> Chart:
    from gradus.report import Chart, Series

    series = [Series(_name(k), counts, c["wrong"]) for k, c in curves.items()]
    caption = Text("The share of wrong classes of the same regressions.", "同样的回归中分类错误的比例。")
    return Chart(
        [*series, _at(n, [c["wrong"] for c in curves.values()])],
        Text("wrong classes", "分类错误率"), caption, Text("features p", "特征数 p"), log_x=True,
    )  # fmt: skip


def _inside(counts: Sequence[int], curve: Mapping[str, Sequence[float]], n: int) -> Chart:
    from gradus.report import Chart, Series

    fits = [i for i, p in enumerate(counts) if p < n]  # beyond n it is rounding
    series = [
        Series(Text("size of θ", "θ 的大小"), counts, curve["norm"]),
        Series(
            Text("training error", "训练误差"),
            [counts[i] for i in fits],
            [curve["training"][i] for i in fits],
        ),
    ]
    caption = Text(
        "Without a ridge: the size of the coefficients, and the training error as long as it is not 0; both logarithmic. Where all is just fitted, the coefficients are largest.",
        "无岭项时：系数的大小，以及训练误差（不为 0 的部分）；双对数坐标。恰好全部拟合之处，系数最大。",
    )
    return Chart(series, Text("size", "大小"), caption, Text("features p", "特征数 p"), log=True, log_x=True)
