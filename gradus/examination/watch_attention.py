"""Attention that has lost its slope: one-hot on every row, or uniform on every row, whatever the queries."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gradus.examination.watch_graph import Graph, saved
from gradus.examination.watch_scene import Judge, Scene

ONE_HOT, NEARLY_ALL = 0.999, 0.95  # a weight, of the rows
SAMPLES = 8  # whose attention is computed anew where it is fused
UNIFORM = 1e-3  # by which the largest weight exceeds the mean one
SOME = 3  # looks in a row
LEAST = 4  # keys
SOFTMAX = ("SoftmaxBackward0", "SafeSoftmaxBackward0")


def weights(node: Any) -> Tensor | None:
    """The weights of an attention that autograd has kept; of a fused one those of the first samples, from queries and keys."""
    if node.name() in SOFTMAX:
        result = saved(node, "result")
        return result if result is not None and result.ndim > 2 else None
    if not node.name().startswith("ScaledDotProduct"):
        return None
    query, key = saved(node, "query"), saved(node, "key")
    if query is None or key is None or query.ndim != 4 or query.shape[1] != key.shape[1]:
        return None
    q, k = query[:SAMPLES].float(), key[:SAMPLES].float()  # (samples, heads, L, d), (samples, heads, S, d)
    scale = getattr(node, "_saved_scale", None) or q.shape[-1] ** -0.5
    scores = q @ k.transpose(-1, -2) * scale  # (samples, heads, L, S)
    mask = saved(node, "attn_mask")
    if mask is not None:
        scores = scores + (mask[:SAMPLES] if mask.ndim == 4 else mask).float()
    if getattr(node, "_saved_is_causal", False):
        hidden = scores.new_ones(scores.shape[-2:]).triu(1).bool()
        scores = scores.masked_fill(hidden, -float("inf"))
    given: Tensor = scores.softmax(-1)
    return given


class Attention(Judge):
    """Looks at every attention of a pass."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.runs: dict[tuple[str, str], int] = {}

    def look(self, graph: Graph, node: Any) -> None:
        """Reads one node, if it is an attention."""
        if not (node.name() in SOFTMAX or node.name().startswith("ScaledDotProduct")):
            return
        place, given = graph.layer(node), weights(node)
        if place is None or given is None or given.shape[-1] < LEAST:
            return
        visible = (given > 0).sum(-1)
        largest = given.amax(-1)
        # under a causal mask the first query sees one key
        some = (
            visible > 1
            if bool((visible[..., :1] == 1).all()) and bool((visible[..., 1:] > 1).any())
            else visible > 0
        )
        if not bool(some.any()):
            return
        sharp = float((largest[some] > ONE_HOT).float().mean())
        excess = float((largest[some] * visible[some] - 1).max())
        rows, keys = int(some.sum()), given.shape[-1]
        if self._lasts("attention-one-hot", place, sharp > NEARLY_ALL):
            self.say(
                "attention-one-hot", place,
                f"in {sharp:.1%} of {rows} rows the largest of {keys} weights exceeds {ONE_HOT}, {SOME} looks in a row",
                f"在 {rows} 行的 {sharp:.1%} 中，{keys} 个权重的最大者超过 {ONE_HOT}，连续 {SOME} 次查看如此",
            )  # fmt: skip
        if self._lasts("attention-uniform", place, excess < UNIFORM):
            self.say(
                "attention-uniform", place,
                f"in all {rows} rows the largest of {keys} weights exceeds their mean by at most {excess:.1e} of it, {SOME} looks in a row",
                f"在全部 {rows} 行中，{keys} 个权重的最大者超出平均值的比例至多为 {excess:.1e}，连续 {SOME} 次查看如此",
            )  # fmt: skip

    def _lasts(self, kind: str, place: str, now: bool) -> bool:
        self.runs[kind, place] = self.runs.get((kind, place), 0) + 1 if now else 0
        return self.runs[kind, place] >= SOME
