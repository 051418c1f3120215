"""Mixtures of normal distributions on measurements without labels: how many components BIC takes, and how they agree with the classes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import all_rows, unsupervised_summary
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference import GaussianMixture
    from gradus.report import Chart, Comparison, Picture, SeedResult

SETTINGS: dict[str, Any] = {"most": 6, "starts": 5, "steps": 200, "added": 1e-3}
KINDS = {
    "full": Text("full", "完全"),
    "tied": Text("tied", "共享"),
    "diag": Text("diagonal", "对角"),
    "spherical": Text("spherical", "球形"),
}


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """All numbers of components and kinds of covariance; the one of least BIC against the classes, which no fit has seen."""
    from sklearn.metrics import adjusted_rand_score

    from gradus.report import SeedResult

    inputs, y = all_rows(data)
    X = prepared(inputs)
    begun = time.perf_counter()
    fits = {choice: fitted(X, *choice, request.seed) for choice in choices()}
    seconds = time.perf_counter() - begun
    bics = {choice: float(fit.bic(X)) for choice, fit in fits.items()}
    chosen = min(bics, key=bics.__getitem__)
    best = fits[chosen]
    known = fits[len(data.classes), chosen[1]] if len(data.classes) <= SETTINGS["most"] else best
    numbers: dict[str, Any] = {
        "bics": {kind: [bics[k, kind] for k in range(1, SETTINGS["most"] + 1)] for kind in KINDS},
        "chosen": list(chosen),
        "classes": len(data.classes),
        "agreement": float(adjusted_rand_score(y, best.predict(X))),
        "agreement_known": float(adjusted_rand_score(y, known.predict(X))),
        "agreement_means": k_means(X, y, len(data.classes), request.seed),
        "fall": max(abs(float(np.diff(fit.lower_bounds_).min(initial=0.0))) for fit in fits.values()),
        "unsettled": sum(not fit.converged_ for fit in fits.values()),
        "bound": [float(v) for v in best.lower_bounds_],
        **beside(X, y, best, chosen, request.seed),
    }
    return SeedResult(
        numbers["agreement"],
        seconds,
        data=unsupervised_summary(data),
        comparisons=[_table(numbers)],
        charts=[_criterion(numbers)],
        pictures=lambda: [_climb(numbers), _against(data.classes, y, best.predict(X)), _plane(X, y, best, data.classes)],
        measured=numbers,
    )  # fmt: skip


def choices() -> list[tuple[int, str]]:
    """Numbers of components and kinds of covariance."""
    return list(product(range(1, SETTINGS["most"] + 1), KINDS))


def prepared(inputs: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and variance 1."""
    X = inputs.reshape(len(inputs), -1).astype(float)
    deviations = X.std(0)
    return (X - X.mean(0)) / np.where(deviations > 0, deviations, 1.0)


def fitted(X: np.ndarray, components: int, kind: str, seed: int) -> GaussianMixture:
    """The best of several starts."""
    from sklearn.exceptions import ConvergenceWarning

    from gradus.inference import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # counted and said
        return GaussianMixture(
            components, covariance_type=kind, n_init=1 if components == 1 else SETTINGS["starts"], max_iter=SETTINGS["steps"],
            tol=1e-6, reg_covar=SETTINGS["added"], random_state=seed,
        ).fit(X)  # fmt: skip


def k_means(X: np.ndarray, y: np.ndarray, classes: int, seed: int) -> float:
    """The adjusted Rand index of k-means that is told the number of classes."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    labels = KMeans(classes, n_init=SETTINGS["starts"], random_state=seed).fit_predict(X)
    return float(adjusted_rand_score(y, labels))


def beside(
    X: np.ndarray, y: np.ndarray, best: GaussianMixture, chosen: tuple[int, str], seed: int
) -> dict[str, float]:
    """Scikit-learn's mixture of the same choice: its likelihood a row, how the labels agree, and the least step of its bound."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import adjusted_rand_score
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer = GaussianMixture(
            chosen[0], covariance_type=chosen[1], n_init=SETTINGS["starts"], max_iter=SETTINGS["steps"], tol=1e-6,
            reg_covar=SETTINGS["added"], random_state=seed,
        ).fit(X)  # fmt: skip
    return {
        "likelihood": float(best.score(X)),
        "peer_likelihood": float(peer.score(X)),
        "peer_bic": float(peer.bic(X)),
        "peer_agreement": float(adjusted_rand_score(y, peer.predict(X))),
        "same": float(adjusted_rand_score(peer.predict(X), best.predict(X))),
    }


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    first, n = measured[0], len(measured)
    chosen = [tuple(m["chosen"]) for m in measured]
    common = max(set(chosen), key=chosen.count)
    right = sum(c[0] == first["classes"] for c in chosen)

    def mean(name: str) -> float:
        return float(np.mean([m[name] for m in measured]))

    kind = KINDS[common[1]]
    fall, unsettled = max(m["fall"] for m in measured), sum(m["unsettled"] for m in measured)
    never = fall <= 1e-9
    best = mean("agreement") >= mean("agreement_means")
    return [
        Text(
            f"BIC takes {common[0]} components with {kind.en} covariances in {chosen.count(common)} of {n} seeds; there are {first['classes']} classes. Verdict: {'their number is found' if right == n else f'their number is found in {right} of {n} seeds' if right else 'their number is not found: BIC counts normal shapes, not classes'}.",
            f"{n} 个种子中有 {chosen.count(common)} 个按 BIC 选取 {common[0]} 个分量、{kind.zh}协方差；类别有 {first['classes']} 个。判定：{'找到了类别数' if right == n else f'{n} 个种子中有 {right} 个找到了类别数' if right else '未找到类别数：BIC 数的是正态形状，而非类别'}。",
        ),
        Text(
            f"The chosen components agree with the classes at an adjusted Rand index of {mean('agreement'):.3f}; told their number, with the same covariances, {mean('agreement_known'):.3f}; k-means, told it too, {mean('agreement_means'):.3f}. Verdict: what BIC chose is {'not worse than' if best else 'worse than'} k-means that is told.",
            f"所选分量与类别的调整兰德指数为 {mean('agreement'):.3f}；已知类别数、协方差相同时为 {mean('agreement_known'):.3f}；同样已知类别数的 k 均值为 {mean('agreement_means'):.3f}。判定：BIC 的选择{'不逊于' if best else '不如'}已知类别数的 k 均值。",
        ),
        Text(
            f"In the kept fits of all choices the sum that EM climbs falls by at most {fall:.1g} in a step: {'never, but for rounding' if never else 'it falls'}. Fits that had not settled: {unsettled}.",
            f"在各种选择保留的拟合中，EM 所攀升的目标在一步中至多下降 {fall:.1g}：{'除舍入外从不下降' if never else '有下降'}。尚未收敛的拟合：{unsettled} 个。",
        ),
        Text(
            f"Scikit-learn's mixture of the same choice, which adds λ to every variance in place of the penalty, reaches a log-likelihood of {mean('peer_likelihood'):.4f} a row, this one {mean('likelihood'):.4f}; their clusters agree at {mean('same'):.3f}.",
            f"scikit-learn 的同样混合（给每个方差加 λ，而非惩罚）每行对数似然为 {mean('peer_likelihood'):.4f}，此处为 {mean('likelihood'):.4f}；两者聚类的一致程度为 {mean('same'):.3f}。",
        ),
    ]  # fmt: skip


RECIPE = Recipe(
    train=train,
    data=("wine", "iris"),
    metric="adjusted-rand-index",
    targets={"wine": 0.6, "iris": 0.5},
    settings=SETTINGS,
    text=Text(
        "Every column is scaled to variance 1. Mixtures of normal distributions with one to six components and four kinds of covariance are fitted by EM, each from several starts of which the best counts; BIC, the likelihood less a price of every parameter, chooses among them. "
        "The labels are seen by the score alone: the adjusted Rand index, 1 for the classes themselves and 0 on average for random ones. Beside it: the same with the number of classes given, k-means, and scikit-learn's mixture. The seed draws the starts.",
        "各列缩放为方差 1。用 EM 拟合一至六个分量、四种协方差的正态混合，每种取若干起点中最好的一次；由 BIC（似然减去每个参数的代价）选取。"
        "标签只用于评分：调整兰德指数对类别本身为 1，对随机划分平均为 0。对照：给定类别数的同样混合、k 均值、以及 scikit-learn 的混合。种子决定起点。",
    ),
    fitting=Fitting(images=False, tables=True, columns=2),
    findings=findings,
)


def _table(numbers: Mapping[str, Any]) -> Comparison:
    from gradus.report import Comparison

    rows = {
        Text("chosen by BIC", "按 BIC 选取"): (min(map(min, numbers["bics"].values())), numbers["agreement"]),
        Text("scikit-learn, the same choice", "scikit-learn，同样选择"): (
            numbers["peer_bic"],
            numbers["peer_agreement"],
        ),
    }
    columns = [
        Text("Mixture", "混合"),
        Text("BIC", "BIC"),
        Text("Adjusted Rand index", "调整兰德指数"),
    ]
    caption = Text("The chosen mixture, and scikit-learn's of as many components.", "选取的混合，以及 scikit-learn 分量数相同的混合。")  # fmt: skip
    return Comparison(columns, rows, caption)


def _criterion(numbers: Mapping[str, Any]) -> Chart:
    from gradus.report import Chart, Series

    counts = range(1, SETTINGS["most"] + 1)
    series = [Series(KINDS[kind], counts, values) for kind, values in numbers["bics"].items()]
    caption = Text(
        "BIC over the number of components, by the kind of covariance: the least is taken.",
        "各类协方差下 BIC 随分量数的变化：取最小者。",
    )
    return Chart(series, Text("BIC", "BIC"), caption, Text("components", "分量数"), wide=True)


def _climb(numbers: Mapping[str, Any]) -> Picture:
    from gradus.report import Chart, Series
    from gradus.report.charts import chart_picture

    bound = numbers["bound"]
    caption = Text(
        "The sum that EM climbs in the chosen fit: log-likelihood a row less the penalty. It never falls.",
        "选取的拟合中 EM 攀升的目标：每行对数似然减去惩罚，从不下降。",
    )
    if numbers["fall"] > 1e-9:
        caption = Text(caption.en.replace(" It never falls.", ""), caption.zh.replace("，从不下降", ""))
    name = Text("objective", "目标")
    return chart_picture(Chart([Series(name, range(len(bound)), bound)], name, caption, Text("step", "步")))


def _against(classes: tuple[str, ...], y: np.ndarray, labels: np.ndarray) -> Picture:
    from gradus.report import table

    counts = np.zeros((len(classes), labels.max() + 1), int)
    np.add.at(counts, (y, labels), 1)
    order = np.argsort(counts.argmax(0), kind="stable")
    columns = [
        Text("Class", "类别"),
        *(Text(f"component {k + 1}", f"分量 {k + 1}") for k in range(len(order))),
    ]
    rows = [(c, *(int(n) or None for n in counts[i, order])) for i, c in enumerate(classes)]
    pure = float(counts.max(0).sum() / counts.sum())
    caption = Text(
        f"How many of each class are most probably of each component; {pure:.1%} are in one in which their class is the most frequent.",
        f"各类别中最可能属于各分量的个数；{pure:.1%} 位于以其类别为最多的分量中。",
    )
    return table(columns, rows, caption)


def _plane(X: np.ndarray, y: np.ndarray, best: GaussianMixture, classes: tuple[str, ...]) -> Picture:
    from gradus.report import Picture
    from gradus.report.scatter import scatter

    axes = np.linalg.svd(X - X.mean(0), full_matrices=False)[2][:2]
    Z, labels = X @ axes.T, best.predict(X)
    named = [
        classes[int(np.bincount(y[labels == k], minlength=len(classes)).argmax())]
        if (labels == k).any()
        else ""
        for k in range(best.n_components)
    ]
    caption = Text(
        "The components in the plane of the first two principal components; each is named by its most frequent class.",
        "各分量在前两个主成分平面上的位置，以其中最多的类别命名。",
    )
    sizes = ", ".join(f"{name}: {np.sum(labels == k)}" for k, name in enumerate(named))
    names = Text("first component", "第一主成分"), Text("second component", "第二主成分")
    return Picture(
        scatter(Z[:, 0], Z[:, 1], *names, groups=labels, names=named, wide=True), caption,
        Text(f"Rows of each component: {sizes}", f"各分量的行数：{sizes}"), wide=True,
    )  # fmt: skip
