"""How many bits a character costs those who only count single characters, pairs or triples."""

from __future__ import annotations

import numpy as np

from gradus.data import Characters


def counted_bits(text: Characters) -> dict[str, float]:
    """Bits per held-out character of the models that only count, on the characters that the networks predict.

    Single characters: p₁(b) = (n_b + 1)/(n + K). Pairs, smoothed after Witten and Bell:
    p₂(b | a) = (n_ab + T_a p₁(b)) / (n_a + T_a), T_a being the number of different characters seen after a; triples
    likewise by pairs.
    """
    K, n = len(text.alphabet), len(text.train)
    p1 = (np.bincount(text.train, minlength=K) + 1) / (n + K)
    p2 = _smoothed(text.train, 2, K, p1)
    p3 = _smoothed(text.train, 3, K, p2)
    before = np.concatenate([text.train[-1:], text.test[:-2]])
    first, second = text.test[:-1], text.test[1:]
    return {
        "uniform": float(np.log2(K)),
        "single": float(-np.log2(p1[second]).mean()),
        "pairs": float(-np.log2(p2[first, second]).mean()),
        "triples": float(-np.log2(p3[before, first, second]).mean()),
    }


def _smoothed(ids: np.ndarray, order: int, K: int, shorter: np.ndarray) -> np.ndarray:
    """p(next | the order − 1 before), (K, …, K), falling back on the shorter history."""
    counts = np.zeros((K,) * order)
    np.add.at(counts, tuple(np.lib.stride_tricks.sliding_window_view(ids, order).T), 1)
    kinds = (counts > 0).sum(-1, keepdims=True)
    seen = counts.sum(-1, keepdims=True) + kinds
    return np.where(seen > 0, (counts + kinds * shorter) / np.maximum(seen, 1), shorter)
