"""What a generative system's images are worth: distances to images that were held out, beside those of real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.image_features import image_features
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor

    from gradus.report import Chart, Comparison

Draw = Callable[[int, int], "tuple[Tensor, Tensor | None]"]
DRAWS = 5  # sets of images, each as large as the held-out one
MOST = 2_000  # images in a set
NEIGHBOURS = 3, 5  # of precision and recall, of density and coverage
RARE = 0.25  # of its share among the real images: a class below that is said to be missing
NEAREST = 0.01  # the quantile of held-out images' distances to their nearest training image


def measured_quality(draw: Draw, data: Dataset) -> dict[str, Any]:
    """What a set of samples is worth, and what as many training images are: each set against the same held-out images.

    The Fréchet distance is biased upwards by the number of images, alike for both; so their quotient is what is compared.

    Args:
        draw: `draw(n, seed)`: n images (n, C, H, W) in [0, 1], and the classes that were asked for, (n,), or None.
        data: the images that it was trained on, and those held out.

    Returns:
        By name: "classifier" (Text), "images" (a set has), "samples" and "real" (each a table of means over the draws, and the Fréchet distances of all),
        "classes" (share of each class), "near" (share of samples nearer to a training image than all but a hundredth of the held-out ones are).
    """
    import torch

    features = image_features(data)
    held = data.test_inputs[np.random.default_rng(0).permutation(len(data.test_inputs))[:MOST]]
    n = min(len(held), len(data.train_inputs))
    of_held, _ = features(held)
    rows: dict[str, list[dict[str, float]]] = {"samples": [], "real": []}
    seen, right, images = [], [], []
    for seed in range(DRAWS):
        made, wanted = draw(n, seed)
        found, classes = features(made)
        rows["samples"].append(_distances(found, of_held))
        seen.append(classes)
        images.append(made.detach().cpu())
        if wanted is not None:
            right.append(float((classes == wanted.cpu()).float().mean()))
        chosen = np.random.default_rng(seed).permutation(len(data.train_inputs))[:n]
        rows["real"].append(_distances(features(data.train_inputs[chosen])[0], of_held))
    shares = torch.bincount(torch.cat(seen), minlength=len(data.classes)) / (DRAWS * n)
    return {
        "classifier": features.text,
        "images": n,
        **{name: {k: float(np.mean([r[k] for r in of])) for k in of[0]} for name, of in rows.items()},
        "frechet": {name: [r["frechet"] for r in of] for name, of in rows.items()},
        "accuracy": float(np.mean(right)) if right else None,
        "classes": {name: float(s) for name, s in zip(data.classes, shares, strict=True)},
        "near": nearer_than_held_out(torch.cat(images)[:MOST], data, held),
    }


def quality_of(draw: Draw, data: Dataset, images: int) -> dict[str, float | None]:
    """One set of samples: its distances, the "quotient" by that of as many training images, and the share whose class is as asked for."""
    features = image_features(data)
    held, real = (
        x[np.random.default_rng(0).permutation(len(x))[:images]]
        for x in (data.test_inputs, data.train_inputs)
    )
    of_held = features(held)[0]
    made, wanted = draw(images, 0)
    found, classes = features(made)
    distances = _distances(found, of_held)
    right = None if wanted is None else float((classes == wanted.cpu()).float().mean())
    beside = _distances(features(real)[0], of_held)["frechet"]
    return {**distances, "quotient": distances["frechet"] / beside, "accuracy": right}


def quotient(measured: Mapping[str, Any]) -> float:
    """The samples' Fréchet distance over that of real images: 1 for a system that draws from what it learnt from."""
    return float(measured["samples"]["frechet"] / measured["real"]["frechet"])


def _distances(made: Tensor, held: Tensor) -> dict[str, float]:
    from gradus.generative import density_coverage, frechet_distance, kernel_distance, precision_recall

    near, dense = precision_recall(held, made, k=NEIGHBOURS[0]), density_coverage(held, made, k=NEIGHBOURS[1])
    return {
        "frechet": float(frechet_distance(made, held).value),
        "kernel": float(kernel_distance(made, held).value),
        "precision": float(near.precision),
        "recall": float(near.recall),
        "density": float(dense.density),
        "coverage": float(dense.coverage),
    }


def nearer_than_held_out(images: Any, data: Dataset, held: np.ndarray) -> float:
    """The share of images that lie nearer to a training image, pixel by pixel, than all but a hundredth of the held-out ones do.

    What does not copy has about a hundredth; what copies has all.
    """
    of_held = nearest(held, data.train_inputs)[0]
    return float((nearest(images, data.train_inputs)[0] < np.quantile(of_held, NEAREST)).mean())


def nearest(images: Any, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each image the Euclidean distance of its pixels to the nearest of others, and which that is."""
    x, y = (np.asarray(v, np.float32).reshape(len(v), -1) for v in (images, among))
    squares = (y**2).sum(1)
    at, which = np.empty(len(x)), np.empty(len(x), int)
    for start in range(0, len(x), 256):
        part = x[start : start + 256]
        apart = (part**2).sum(1)[:, None] + squares - 2 * part @ y.T
        which[start : start + 256] = apart.argmin(1)
        exact = part - y[which[start : start + 256]]
        at[start : start + 256] = np.sqrt((exact.astype(float) ** 2).sum(1))
    return at, which


def distance_chart(kept: Mapping[int, np.ndarray], data: Dataset) -> list[Chart]:
    """The Fréchet distance of the images kept over the training, beside that of as many training images."""
    from gradus.generative import frechet_distance
    from gradus.report.charts import Chart, Series

    if len(kept) < 2:
        return []
    features = image_features(data)
    n = len(next(iter(kept.values())))
    held = features(data.test_inputs[np.random.default_rng(0).permutation(len(data.test_inputs))[:MOST]])[0]
    real = features(data.train_inputs[np.random.default_rng(0).permutation(len(data.train_inputs))[:n]])[0]
    floor = float(frechet_distance(real, held).value)
    found = [float(frechet_distance(features(images)[0], held).value) for images in kept.values()]
    epochs = list(kept)
    series = [
        Series(Text("samples", "样本"), epochs, found),
        Series(Text("training images", "训练图像"), epochs, [floor] * len(epochs)),
    ]
    caption = Text(
        f"Fréchet distance of {n} samples to the held-out images over the training, logarithmic, and that of {n} training images.",
        f"{n} 个样本与留出图像的 Fréchet 距离随训练的变化（对数坐标），以及 {n} 张训练图像的距离。",
    )
    return [Chart(series, Text("Fréchet distance", "Fréchet 距离"), caption, log=True)]


def quality_table(measured: Mapping[str, Any]) -> Comparison:
    """The samples beside real images, as a table."""
    from gradus.report import Comparison

    names = {
        "frechet": Text("Fréchet distance", "Fréchet 距离"),
        "kernel": Text("Kernel distance", "核距离"),
        "precision": Text("Precision", "精确率"),
        "recall": Text("Recall", "召回率"),
        "density": Text("Density", "密度"),
        "coverage": Text("Coverage", "覆盖率"),
    }
    rows = {
        Text("samples", "样本"): [measured["samples"][k] for k in names],
        Text("training images", "训练图像"): [measured["real"][k] for k in names],
    }
    n, what = measured["images"], measured["classifier"]
    caption = Text(
        f"Sets of {n} images against {n} that were held out, the mean of {DRAWS} sets; the row of training images is what a system would have that draws from what it learnt from. "
        f"All in the features of one classifier: {what.en}. They compare with nothing measured in other features.",
        f"各以 {n} 张图像与留出的 {n} 张比较，取 {DRAWS} 组的平均；“训练图像”一行是完全按所学分布抽样的系统会得到的值。全部在同一个分类器的特征中测量：{what.zh}。与其他特征中的数值不可比较。",
    )
    return Comparison([Text("Images", "图像"), *names.values()], rows, caption)


def quality_findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found of the samples, in words."""
    first = measured[0]
    every = [d for m in measured for d in m["frechet"]["samples"]]
    real = [d for m in measured for d in m["frechet"]["real"]]
    ratio = float(np.mean([quotient(m) for m in measured]))
    found = [
        Text(
            f"Fréchet distance to the held-out images {np.mean(every):.3g} (from {min(every):.3g} to {max(every):.3g} over {len(every)} sets), "
            f"that of training images {np.mean(real):.3g}: {ratio:.2f} times as far.",
            f"与留出图像的 Fréchet 距离为 {np.mean(every):.3g}（{len(every)} 组，从 {min(every):.3g} 到 {max(every):.3g}），训练图像为 {np.mean(real):.3g}：是其 {ratio:.2f} 倍。",
        )
    ]
    precision, recall = (float(np.mean([m["samples"][k] for m in measured])) for k in ("precision", "recall"))
    real_recall = float(np.mean([m["real"]["recall"] for m in measured]))
    found.append(
        Text(
            f"Precision {precision:.2f}, recall {recall:.2f} (training images {real_recall:.2f}): of what is real, that share is found among the samples.",
            f"精确率 {precision:.2f}，召回率 {recall:.2f}（训练图像为 {real_recall:.2f}）：后者是真实图像中能被样本覆盖的比例。",
        )
    )
    if first["accuracy"] is not None:
        right = float(np.mean([m["accuracy"] for m in measured]))
        found.append(
            Text(
                f"The classifier finds the class that was asked for in {right:.2%} of the samples.",
                f"分类器在 {right:.2%} 的样本中认出所要求的类别。",
            )
        )
    else:
        found.append(_missing(measured))
    near = float(np.mean([m["near"] for m in measured]))
    copied = near > 5 * NEAREST
    found.append(
        Text(
            f"{near:.1%} of the samples lie nearer to a training image than 99 % of the held-out images do: "
            + ("some of what it makes it knows by heart." if copied else "no sign that it copies."),
            f"{near:.1%} 的样本与某张训练图像的距离小于 99% 的留出图像："
            + ("有一部分是背下来的。" if copied else "没有复制训练图像的迹象。"),
        )
    )
    return found


def _missing(measured: Sequence[Mapping[str, Any]]) -> Text:
    names = list(measured[0]["classes"])
    share = {c: float(np.mean([m["classes"][c] for m in measured])) for c in names}
    gone = [c for c in names if share[c] < RARE / len(names)]
    low, high = min(share.values()), max(share.values())
    if gone:
        return Text(
            f"By the classifier hardly any sample is a {', '.join(gone)}: modes are missing.",
            f"按分类器判断，几乎没有样本属于类别 {'、'.join(gone)}：有模式缺失。",
        )
    return Text(
        f"By the classifier each class has between {low:.1%} and {high:.1%} of the samples: none is missing.",
        f"按分类器判断，每个类别占样本的 {low:.1%} 到 {high:.1%}：没有缺失的类别。",
    )
