"""Principal components of the digits: how much of digits never seen a few of them keep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import all_rows, resplit, resplit_summary
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.report import Chart, Picture, SeedResult

COMPONENTS = 20


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The variance kept, the components, digits rebuilt from few of them, and the plane of the first two."""
    from sklearn.decomposition import PCA

    from gradus.report import SeedResult

    images, y = all_rows(data)
    X = images.reshape(len(images), -1).astype(float)
    learn, held = resplit(y, request.seed)
    begun = time.perf_counter()
    model = PCA(svd_solver="full").fit(X[learn])
    seconds = time.perf_counter() - begun
    shares = variance_kept(model, X[held])
    size = images.shape[2:]

    def pictures() -> list[Picture]:
        return [
            _plane(model, X, y, data.classes),
            _neighbours(model, X, y, learn, held),
            _rebuilt(model, X[held], size),
            _components(model, size),
        ]

    charts = [_spectrum(model, shares, request.target)]
    return SeedResult(
        float(shares[COMPONENTS]), seconds, pictures=pictures, charts=charts, data=resplit_summary(data)
    )


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="variance-kept",
    targets={"digits": 0.88},
    settings={"components": COMPONENTS},
    text=Text(
        "The components are those of four fifths of the digits; the score is the share of the squared distance from their mean "
        "that 20 of 64 components keep of the other fifth. The seed chooses the fifth.",
        "主成分由五分之四的数字求得；得分为其余五分之一到均值的平方距离中，64 个主成分里的 20 个所保留的比例。种子决定留出哪五分之一。",
    ),
    fitting=Fitting(columns=COMPONENTS + 1),
)


def variance_kept(model: Any, X: np.ndarray) -> np.ndarray:
    """Share of the squared distance from the mean that the first q components keep, for q = 0 … d."""
    scores = (X - model.mean_) @ model.components_.T  # (n, d)
    return np.concatenate([[0.0], np.cumsum((scores**2).sum(0))]) / ((X - model.mean_) ** 2).sum()


def _spectrum(model: Any, shares: np.ndarray, target: float | None) -> Chart:
    from gradus.report import Chart, Series

    q = list(range(len(shares)))
    learned = np.concatenate([[0.0], np.cumsum(model.explained_variance_ratio_)])
    return Chart(
        [
            Series(Text("learned from", "学习用"), q, learned),
            Series(Text("held out", "留出"), q, shares),
        ],
        Text("variance kept", "保留的方差"),
        Text(
            f"Share of the variance that the first components keep; dotted: the target for {COMPONENTS} of them.",
            f"前若干个主成分保留的方差比例；点线为 {COMPONENTS} 个主成分的目标值。",
        ),
        Text("components", "主成分个数"),
        target=target,
    )


def _neighbours(model: Any, X: np.ndarray, y: np.ndarray, learn: np.ndarray, held: np.ndarray) -> Picture:
    from sklearn.neighbors import KNeighborsClassifier

    from gradus.report import table

    rows = []
    Z = (X - model.mean_) @ model.components_.T
    for q in (2, 5, 10, COMPONENTS, X.shape[1]):
        accuracy = KNeighborsClassifier(1).fit(Z[learn, :q], y[learn]).score(Z[held, :q], y[held])
        rows.append((q, f"{variance_kept(model, X[held])[q]:.2%}", f"{accuracy:.2%}"))
    columns = [
        Text("Components", "主成分个数"),
        Text("Held-out variance kept", "留出方差保留比例"),
        Text("Nearest neighbour right", "最近邻正确率"),
    ]
    caption = Text(
        "How many of the held-out digits their nearest neighbour names rightly, by the first components alone.",
        "只用前若干个主成分时，最近邻对留出数字的正确率。",
    )
    return table(columns, rows, caption)


def _plane(model: Any, X: np.ndarray, y: np.ndarray, classes: tuple[str, ...]) -> Picture:
    from gradus.report import Picture
    from gradus.report.scatter import scatter

    Z = (X - model.mean_) @ model.components_[:2].T
    share = model.explained_variance_ratio_[:2]
    caption = Text(
        f"All digits in the plane of the first two components, which hold {share.sum():.0%} of the variance; each class is named "
        "at its median.",
        f"全部数字在前两个主成分平面上的位置，二者占方差的 {share.sum():.0%}；各类标在其中位处。",
    )
    centres = "; ".join(
        f"{c}: {np.median(Z[y == k, 0]):.2f}, {np.median(Z[y == k, 1]):.2f}" for k, c in enumerate(classes)
    )
    alt = Text(f"Median of each class: {centres}", f"各类的中位：{centres}")
    labels = Text("first component", "第一主成分"), Text("second component", "第二主成分")
    return Picture(scatter(Z[:, 0], Z[:, 1], *labels, groups=y, names=classes), caption, alt)


def _rebuilt(model: Any, X: np.ndarray, size: tuple[int, ...]) -> Picture:
    from gradus.report.pictures import image_rows

    few, counts = X[:10], (2, 5, 10, COMPONENTS)
    rows = {Text("image", "原图"): few}
    for q in counts:
        V = model.components_[:q]
        name = Text(f"{q} components", f"{q} 个主成分")
        rows[name] = np.clip(model.mean_ + (few - model.mean_) @ V.T @ V, 0, 1)
    caption = Text("Held-out digits rebuilt from the first components.", "由前若干个主成分重建的留出数字。")
    shaped = {name: values.reshape(-1, *size) for name, values in rows.items()}
    return image_rows(shaped, caption, "result")


def _components(model: Any, size: tuple[int, ...]) -> Picture:
    from gradus.report.pictures import image_rows

    caption = Text(
        "The mean, and the first components in order: blue negative, brown positive.",
        "均值，以及依次排列的前若干个主成分：蓝为负，棕为正。",
    )
    rows = {
        Text("mean", "均值"): model.mean_.reshape(1, *size),
        Text("components", "主成分"): model.components_[:COMPONENTS].reshape(-1, *size),
    }
    return image_rows(rows, caption, "inside")
