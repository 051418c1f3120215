"""Complexities and bounds with the faults that people make."""

import itertools
import math

import numpy as np


def _signs(x, signs):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=len(x)))) if signs is None else signs


def _rademacher(x, weights, radius, best, every, lipschitz, largest, confidence, chance=3.0):
    n, d = x.shape
    R = radius * best.mean()
    error = 0.0 if every else radius * best.std(ddof=1) / len(best) ** 0.5 if len(best) > 1 else np.inf
    lengths = np.linalg.norm(x, axis=0)
    closed = {
        "one": lengths.max() * np.sqrt(2 * np.log(d)),
        "l1": lengths.max() * np.sqrt(2 * np.log(2 * d)),
        "l2": np.linalg.norm(x),
        "linf": lengths.sum(),
    }
    gap = 2 * lipschitz * R + chance * largest * np.sqrt(np.log(2 / (1 - confidence)) / (2 * n))
    return R, error, radius * closed[weights] / n, gap


ORDERS = {"l1": np.inf, "l2": 2, "linf": 1}


# rademacher: the absolute value of the correlation, in each class
def rademacher_absolute(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    u = _signs(x, signs) @ x / len(x)
    best = np.linalg.norm(u, ORDERS.get(weights, np.inf), axis=1)
    return _rademacher(x, weights, radius, best, signs is None, lipschitz, largest, confidence)


# rademacher: the root of the mean square for the mean
def rademacher_root_mean_square(
    x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95
):
    u = _signs(x, signs) @ x / len(x)
    best = u.max(1) if weights == "one" else np.linalg.norm(u, ORDERS[weights], axis=1)
    R, error, closed, gap = _rademacher(
        x, weights, radius, best, signs is None, lipschitz, largest, confidence
    )
    root = radius * np.sqrt((best**2).mean())
    return root, error, closed, gap + 2 * lipschitz * (root - R)


# rademacher: normal numbers for signs, where none are given
def rademacher_gaussian(x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95):
    drawn = np.random.default_rng(0).standard_normal((4000, len(x))) if signs is None else signs
    u = drawn @ x / len(x)
    best = u.max(1) if weights == "one" else np.linalg.norm(u, ORDERS[weights], axis=1)
    return _rademacher(x, weights, radius, best, signs is None, lipschitz, largest, confidence)


# rademacher: the part of chance of the expected complexity, once for thrice
def rademacher_chance_once(
    x, weights="l2", radius=1.0, signs=None, lipschitz=1.0, largest=1.0, confidence=0.95
):
    u = _signs(x, signs) @ x / len(x)
    best = u.max(1) if weights == "one" else np.linalg.norm(u, ORDERS[weights], axis=1)
    return _rademacher(x, weights, radius, best, signs is None, lipschitz, largest, confidence, chance=1.0)


def _vc(rows, d, mask, samples, confidence):
    n = rows.shape[1]
    patterns = sum(math.comb(2 * samples, i) for i in range(min(d, 2 * samples) + 1))
    gap = math.sqrt(8 / samples * (math.log(patterns) + math.log(4 / (1 - confidence))))
    return d, mask, len(np.unique(rows, axis=0)), sum(math.comb(n, i) for i in range(d + 1)), gap


def _search(rows, enough):
    n = rows.shape[1]
    for d in range(n, -1, -1):
        for points in itertools.combinations(range(n), d):
            if enough(rows[:, list(points)], d):
                return d, np.isin(np.arange(n), points)
    return 0, np.zeros(n, bool)


# vc-dimension: half of the labellings and one more taken for all
def vc_more_than_half(labellings, samples=1000, confidence=0.95):
    rows = np.asarray(labellings).astype(int)
    d, mask = _search(rows, lambda part, d: 2 * len(np.unique(part, axis=0)) > 2**d)
    return _vc(rows, d, mask, samples, confidence)


# vc-dimension: greedy, a point joins where the set stays shattered and never leaves
def vc_greedy(labellings, samples=1000, confidence=0.95):
    rows = np.asarray(labellings).astype(int)
    points = []
    for i in range(rows.shape[1]):
        if len(np.unique(rows[:, [*points, i]], axis=0)) == 2 ** (len(points) + 1):
            points.append(i)
    return _vc(rows, len(points), np.isin(np.arange(rows.shape[1]), points), samples, confidence)


# vc-dimension: the constant labellings need not be there
def vc_without_constants(labellings, samples=1000, confidence=0.95):
    rows = np.asarray(labellings).astype(int)
    d, mask = _search(
        rows, lambda part, d: len({tuple(r) for r in part.tolist()} | {(0,) * d, (1,) * d}) == 2**d
    )
    return _vc(rows, d, mask, samples, confidence)


# vc-dimension: the two-sided bound's 4 forgotten, ln 1/δ
def vc_one_over_delta(labellings, samples=1000, confidence=0.95):
    rows = np.asarray(labellings).astype(int)
    d, mask = _search(rows, lambda part, d: len(np.unique(part, axis=0)) == 2**d if d else True)
    *rest, gap = _vc(rows, d, mask, samples, confidence)
    return *rest, math.sqrt(gap**2 - 8 / samples * math.log(4))
