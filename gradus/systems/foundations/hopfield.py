"""Digits stored in Hopfield networks and recalled from noise: the network of 1982 and the modern one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import all_rows, unsupervised_summary
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.report import Chart, Picture, SeedResult

STORED, FLIPPED, BETA, TRIALS, SWEEPS = 20, 0.15, 1.0, 20, 10
COUNTS = (1, 2, 3, 4, 6, 8, 10, 15, 20, 30)


def train(data: Dataset, request: SeedRequest) -> SeedResult:
    """The share recalled by both networks, over the number of stored images, and what is recalled."""
    from gradus.report import SeedResult

    images, _ = all_rows(data)
    X = np.where(images.reshape(len(images), -1) > 0.5, 1, -1)
    rng = np.random.default_rng(request.seed)
    begun = time.perf_counter()
    shares = _shares(X, rng)
    stored = distinct(X, STORED, rng)
    score = recalled(stored, modern, rng)
    seconds = time.perf_counter() - begun
    pictures = [_seen(stored[:10], stored, images.shape[2:], rng)]
    return SeedResult(
        score, seconds, pictures=pictures, charts=[_chart(shares)], data=unsupervised_summary(data)
    )


RECIPE = Recipe(
    train=train,
    data=("digits",),
    metric="recalled",
    targets={"digits": 0.95},
    settings={"stored": STORED, "flipped": FLIPPED, "beta": BETA, "trials": TRIALS},
    text=Text(
        "Twenty digits, every pixel −1 or 1, are stored; each is then shown twenty times with 15 % of its pixels flipped, and "
        "is recalled when all its 64 pixels come back. The score is that of the modern network, whose update is attention; "
        "beside it the network of 1982 with Hebb's weights. The seed draws the digits and the noise.",
        "存储 20 个数字（像素取 −1 或 1）；每个数字随后以 15 % 的像素翻转呈现 20 次，64 个像素全部恢复才算回忆成功。得分为现代网络（其更新即注意力）的成绩；并与采用 Hebb 权重的 1982 年网络对比。种子决定选取的数字与噪声。",
    ),
    fitting=Fitting(),
)


def distinct(X: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """So many different rows, drawn at random."""
    rows = np.unique(X, axis=0)
    return rows[rng.choice(len(rows), count, replace=False)]


def noisy(patterns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The patterns with a share of their signs flipped."""
    return np.where(rng.random(patterns.shape) < FLIPPED, -patterns, patterns)


def classical(patterns: np.ndarray, state: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Recall by Hebb's weights, unit after unit."""
    from gradus.foundations.hopfield import recall

    order = np.concatenate([rng.permutation(patterns.shape[1]) for _ in range(SWEEPS)])
    return recall(patterns, state, order)


def modern(patterns: np.ndarray, state: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Recall by attention; the sign at the end."""
    from gradus.foundations.hopfield import modern_recall

    return np.where(modern_recall(patterns.astype(float), state.astype(float), BETA, 3) >= 0, 1, -1)


def recalled(patterns: np.ndarray, network: Any, rng: np.random.Generator) -> float:
    """Share of the noisy copies of which every pixel comes back."""
    truth = np.repeat(patterns, TRIALS, axis=0)
    return float((network(patterns, noisy(truth, rng), rng) == truth).all(1).mean())


def _shares(X: np.ndarray, rng: np.random.Generator) -> dict[str, list[float]]:
    """The share recalled for each number of stored patterns."""
    shares: dict[str, list[float]] = {"modern": [], "classical": [], "random": []}
    for count in COUNTS:
        digits, signs = distinct(X, count, rng), rng.choice([-1, 1], (count, X.shape[1]))
        shares["modern"].append(recalled(digits, modern, rng))
        shares["classical"].append(recalled(digits, classical, rng))
        shares["random"].append(recalled(signs, classical, rng))
    return shares


def _chart(shares: dict[str, list[float]]) -> Chart:
    from gradus.report import Chart, Series

    names = {
        "modern": Text("modern, digits", "现代，数字"),
        "random": Text("1982, random signs", "1982，随机符号"),
        "classical": Text("1982, digits", "1982，数字"),
    }
    return Chart(
        [Series(name, COUNTS, shares[key]) for key, name in names.items()],
        Text("share recalled", "回忆成功的比例"),
        Text(
            f"Share recalled over the number stored in 64 units, {FLIPPED:.0%} of the pixels flipped. Hebb's rule holds fewer "
            "digits than random signs: digits are alike, and what they share drowns what tells them apart.",
            f"64 个单元中存储不同数目图案时的回忆成功比例（{FLIPPED:.0%} 的像素被翻转）。Hebb 规则能存的数字少于随机符号：数字彼此相似，共同之处淹没了差别。",
        ),
        Text("stored", "存储个数"),
        wide=True,
    )


def _seen(
    patterns: np.ndarray, stored: np.ndarray, size: tuple[int, ...], rng: np.random.Generator
) -> Picture:
    from gradus.report.pictures import image_rows

    shown = noisy(patterns, rng)
    rows = {
        Text("stored", "存储的"): patterns,
        Text("shown", "呈现的"): shown,
        Text("recalled, modern", "现代网络回忆"): modern(stored, shown, rng),
        Text("recalled, 1982", "1982 年网络回忆"): classical(stored, shown, rng),
    }
    caption = Text(
        f"Ten of the {len(stored)} stored digits, as they were shown, and what each network made of them.",
        f"{len(stored)} 个存储数字中的十个、呈现的样子，以及两种网络各自的回忆。",
    )
    return image_rows({k: (v.reshape(-1, *size) + 1) / 2 for k, v in rows.items()}, caption, "result")
