"""Attention: how spread out its weights are, from one key alone to all keys alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gradus.examination.batches import copied, length, rows
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table
from gradus.text import Text

SHARP = 0.05
MOST = 64  # samples


class _Weights(TorchFunctionMode):
    """Hears the attention of modules and of PyTorch's fused function: the entropy of its rows beside that of equal weights."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[tuple[float, int]]] = {}
        self._number = 0
        self.inside = False

    def add(self, name: str, weights: Tensor) -> None:
        """The weights (…, queries, keys) of one call."""
        p = weights.detach().double()
        keys = (p > 0).sum(-1)
        many = keys > 1
        if not bool(many.any()):
            return
        entropy = torch.special.entr(p).sum(-1)[many] / keys[many].double().log()
        self.found.setdefault(name, []).append((float(entropy.mean()), int(p.shape[-1])))

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Every function of PyTorch that the model calls."""
        kwargs = dict(kwargs or {})
        if func is torch.nn.functional.scaled_dot_product_attention and not self.inside:
            self._number += 1
            weights = _weights(
                *args[:3],
                **{
                    k: v
                    for k, v in kwargs.items()
                    if k in ("attn_mask", "is_causal", "scale", "query", "key", "value")
                },
            )
            if weights is not None:
                self.add(f"scaled_dot_product_attention {self._number}", weights)
        return func(*args, **kwargs)


def _weights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor | None:
    if key.shape[-3:-2] != query.shape[-3:-2] and query.dim() > 2:
        return None  # grouped heads
    scores = query.detach() @ key.detach().mT * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        scores = scores.masked_fill(
            torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1), -math.inf
        )
    if attn_mask is not None:
        scores = (
            scores.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
        )
    return scores.softmax(-1).nan_to_num()


def attention(subject: Subject, section: Section) -> None:
    """The mean entropy of each attention's rows, beside that of equal weights."""
    listener = _Weights()
    handles = []

    def hook(name: str) -> Any:
        def hear(m: nn.MultiheadAttention, args: Any, kwargs: Any, output: Any) -> None:
            if listener.inside:
                return
            listener.inside = True
            try:
                again = type(m).forward(
                    m, *args, **{**kwargs, "need_weights": True, "average_attn_weights": False}
                )
            finally:
                listener.inside = False
            if again[1] is not None:
                listener.add(name, again[1])

        return hear

    for name, m in subject.model.named_modules():
        if isinstance(m, nn.MultiheadAttention):
            handles.append(m.register_forward_hook(hook(name), with_kwargs=True))
    inputs = subject.train.batches[0][0]
    try:
        with subject.evaluating(), listener:
            subject.model(copied(rows(inputs, slice(min(length(inputs), MOST)))))
    finally:
        for handle in handles:
            handle.remove()
    modules = {k for k in listener.found if not k.startswith("scaled_dot_product_attention")}
    found = {k: v for k, v in listener.found.items() if k in modules or not modules}
    if not found:
        return  # no attention: nothing to be said
    means = {name: sum(e for e, _ in calls) / len(calls) for name, calls in found.items()}
    section.values["attention_entropy"] = means
    section.tables.append(
        Table(
            (Text("attention", "注意力"), Text("keys", "键的个数"), Text("entropy / that of equal weights", "熵 / 均匀权重的熵")),
            tuple((name, found[name][0][1], value) for name, value in means.items()),
            Text("Mean entropy of the rows of attention weights: 0 where each looks at one key, 1 where it looks at all alike.", "注意力权重各行的平均熵：只看一个键为 0，均匀看所有键为 1。"),
        )
    )  # fmt: skip
    low = min(means, key=lambda k: means[k])
    if means[low] < SHARP:
        section.find(
            "warning", "attention-sharp",
            (f"the attention of {low} looks at one key alone", f"{low} 的注意力只看一个键"),
            (f"the entropy of its rows is {means[low]:.2%} of that of equal weights: the softmax is saturated, and its gradient near 0", f"其各行的熵为均匀权重的 {means[low]:.2%}：softmax 已饱和，梯度接近 0"),
            ("divide the scores by √d, or normalise queries and keys", "请将得分除以 √d，或对查询与键作归一化"),
            ("attention", "softmax"),
        )  # fmt: skip


def attention_checks() -> tuple[tuple[Text, Callable[[Subject, Section], None]], ...]:
    """The check of attention weights."""
    return ((Text("attention weights", "注意力权重"), attention),)
