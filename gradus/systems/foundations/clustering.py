"""k-means on digits or irises: how well the clusters, found without labels, agree with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import all_rows, unsupervised_summary
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.report import Picture, SeedResult

STARTS = 10


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The adjusted Rand index, the clusters against the classes, and their centres."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    from gradus.report import SeedResult

    inputs, y = all_rows(data)
    X = inputs.reshape(len(inputs), -1).astype(float)
    begun = time.perf_counter()
    runs = [
        KMeans(len(data.classes), n_init=1, random_state=STARTS * request.seed + i).fit(X)
        for i in range(STARTS)
    ]
    seconds = time.perf_counter() - begun
    indices = [float(adjusted_rand_score(y, run.labels_)) for run in runs]
    best = int(np.argmin([run.inertia_ for run in runs]))
    pictures = [
        _starts(runs, indices, best),
        _against(data.classes, y, runs[best].labels_),
        _plane(X, y, runs[best], data.classes),
    ]
    if inputs.ndim == 4:
        pictures.append(_centres(runs[best], y, data.classes, inputs.shape[2:]))
    return SeedResult(indices[best], seconds, pictures=pictures, data=unsupervised_summary(data))


RECIPE = Recipe(
    train=train,
    data=("digits", "iris"),
    metric="adjusted-rand-index",
    targets={"digits": 0.64, "iris": 0.72},
    settings={"starts": STARTS},
    text=Text(
        "k-means with as many clusters as there are classes, begun by k-means++; the seed draws the starts, and the best of ten "
        "by the sum of squared distances is kept. The labels are seen by the score alone: the adjusted Rand index, 1 for "
        "the classes themselves and 0 on average for clusters drawn at random.",
        "k 均值，簇数等于类别数，以 k-means++ 开始；种子决定各次起点，取十次中平方距离和最小者。标签只用于评分：调整兰德指数对类别本身为 1，对随机划分平均为 0。",
    ),
    fitting=Fitting(tables=True, columns=2),
)


def majority(labels: np.ndarray, y: np.ndarray, count: int) -> np.ndarray:
    """The class that is most frequent in each cluster."""
    return np.array([np.bincount(y[labels == k], minlength=count).argmax() for k in range(count)])


def _starts(runs: list[Any], indices: list[float], best: int) -> Picture:
    from gradus.report import table

    columns = [
        Text("Start", "起点"),
        Text("Sum of squared distances", "平方距离和"),
        Text("Steps", "步数"),
        Text("Adjusted Rand index", "调整兰德指数"),
        Text("Kept", "保留"),
    ]
    rows = [
        (i + 1, float(run.inertia_), int(run.n_iter_), index, "✓" if i == best else "")
        for i, (run, index) in enumerate(zip(runs, indices, strict=True))
    ]
    caption = Text(
        "Each start, and where it ended. The one with the smallest sum is kept: that is decided without the labels.",
        "每次起点及其结果。保留平方距离和最小的一次：这一决定不用标签。",
    )
    return table(columns, rows, caption, digits=6)


def _against(classes: tuple[str, ...], y: np.ndarray, labels: np.ndarray) -> Picture:
    from gradus.report import table

    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (y, labels), 1)
    order = np.argsort(majority(labels, y, len(classes)), kind="stable")
    columns = [Text("Class", "类别"), *(Text(f"cluster {k + 1}", f"簇 {k + 1}") for k in range(len(classes)))]
    rows = [(c, *(int(n) or None for n in counts[i, order])) for i, c in enumerate(classes)]
    pure = float(counts.max(0).sum() / counts.sum())
    caption = Text(
        f"How many of each class fell into each cluster. {pure:.1%} lie in a cluster in which their class is the most frequent.",
        f"各类别落入各簇的个数。{pure:.1%} 的样本位于以其类别为最多的簇中。",
    )
    return table(columns, rows, caption)


def _plane(X: np.ndarray, y: np.ndarray, run: Any, classes: tuple[str, ...]) -> Picture:
    from gradus.report import Picture
    from gradus.report.scatter import scatter

    centred = X - X.mean(0)
    V = np.linalg.svd(centred, full_matrices=False)[2][:2]
    Z, named = centred @ V.T, majority(run.labels_, y, len(classes))
    caption = Text(
        "The clusters in the plane of the first two principal components; each is named by its most frequent class.",
        "各簇在前两个主成分平面上的位置，以其中最多的类别命名。",
    )
    sizes = ", ".join(f"{classes[named[k]]}: {np.sum(run.labels_ == k)}" for k in range(len(classes)))
    alt = Text(f"Sizes of the clusters: {sizes}", f"各簇大小：{sizes}")
    labels = Text("first component", "第一主成分"), Text("second component", "第二主成分")
    names = [classes[k] for k in named]
    return Picture(
        scatter(Z[:, 0], Z[:, 1], *labels, groups=run.labels_, names=names, wide=True),
        caption,
        alt,
        wide=True,
    )


def _centres(run: Any, y: np.ndarray, classes: tuple[str, ...], size: tuple[int, ...]) -> Picture:
    from gradus.report.pictures import image_rows

    order = np.argsort(majority(run.labels_, y, len(classes)), kind="stable")
    caption = Text(
        "The centres of the clusters: each is the mean of its digits.", "各簇的中心，即其中数字的均值。"
    )
    centres = run.cluster_centers_[order].reshape(-1, *size)
    return image_rows({Text("centres", "中心"): centres}, caption, "inside")
