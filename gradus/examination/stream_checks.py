"""Along the depth: the singular values of the layers' Jacobians, and the size of a residual stream beside what is added to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gradus.examination.batches import copied, length, rows
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table, Unchecked
from gradus.text import Text
from gradus.theory import layer_jacobians
from gradus.theory.layer_jacobians import Singular

SAMPLES, MOST_ROWS = 2, 40
MOST, ITERATIONS = 96, 10  # singular values that are all computed; steps of the estimate of others
MOST_SAMPLES = 64  # of the residual stream


def jacobians(subject: Subject, section: Section) -> None:
    """The singular values of each layer's Jacobian, and of the stack's up to it, of a few samples in evaluation mode."""
    count = sum(1 for m in subject.model.modules() if not list(m.children()))
    n = min(SAMPLES, subject.train.samples)
    share = 0.2 * subject.shares.get("signals", 5.0)
    if subject.seconds_of(2.0 * count * MOST / 16, n) > share:  # rows are pulled back many at a time
        raise Unchecked(f"the Jacobians of {count} layers do not fit into {share:.2g} s", f"{count} 层的雅可比矩阵无法在 {share:.2g} 秒内算完")  # fmt: skip
    model, _, (inputs, _) = subject.instrument(n)
    prefix = "" if model is subject.model else "model"
    with subject.evaluating():
        found = layer_jacobians(model, inputs, most=MOST, iterations=ITERATIONS, seed=subject.seed)
    shown = [r for r in found if r.stack is not None or r.own is not None]
    if not shown:
        raise Unchecked(found[0].reason.en, found[0].reason.zh) if found else Unchecked("no layer was heard", "没有听到任何层")  # fmt: skip
    section.values["jacobians"] = [
        {"name": r.name, "kind": r.kind, "call": r.call} | {k: None if s is None else s._asdict() for k, s in (("stack", r.stack), ("own", r.own))}
        for r in shown[:MOST_ROWS]
    ]  # fmt: skip
    cells = []
    for r in shown[:MOST_ROWS]:
        name = r.name.removeprefix(f"{prefix}.") if prefix else r.name
        again = f" ({r.call + 1})" if r.call else ""
        cells.append((f"{name or 'model'}{again}", r.kind, *_three(r.own), *_three(r.stack)))
    three = (Text("largest", "最大"), Text("smallest", "最小"), Text("mean square", "均方"))
    section.tables.append(
        Table(
            (Text("layer", "层"), Text("kind", "类型"), *(Text(f"own: {t.en}", f"本层：{t.zh}") for t in three), *(Text(f"to here: {t.en}", f"至此：{t.zh}") for t in three)),
            tuple(cells),
            Text(f"Singular values of the Jacobian of each layer, and of the stack from the inputs to it, on {n} samples in evaluation mode; ≈ marks estimates, made where there are more than {MOST}.", f"各层的雅可比矩阵以及从输入到该层的雅可比矩阵的奇异值，取 {n} 个样本，评估模式；≈ 为估计值（奇异值多于 {MOST} 个时）。"),
        )
    )  # fmt: skip


def _three(s: Singular | None) -> tuple[Any, Any, Any]:
    if s is None:
        return None, None, None
    if s.exact:
        return s.largest, s.smallest, s.mean_square
    return f"≈ {s.largest:.3g}", None, f"≈ {s.mean_square:.3g}"


class _Additions(TorchFunctionMode):
    """Hears sums of two tensors of one shape, of which one is older: a stream, and what is added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []
        self.found: list[tuple[str, float, float, float]] = []
        self._ages: dict[int, int] = {}
        self._alive: list[Tensor] = []  # so that numbers of tensors stay their own

    def note(self, value: Any) -> None:
        """That a tensor is there."""
        if isinstance(value, Tensor) and id(value) not in self._ages:
            self._ages[id(value)] = len(self._ages)
            self._alive.append(value)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Every function of PyTorch that the model calls."""
        name = getattr(func, "__name__", "")
        pair = args[:2]
        sums = name in ("add", "__add__", "__radd__", "add_", "__iadd__") and _alike(*pair)
        before = [_size(t) for t in pair] if sums else []
        ages = [self._ages.get(id(t), -1) for t in pair] if sums else []
        result = func(*args, **(kwargs or {}))
        if sums and isinstance(result, Tensor) and min(ages) >= 0 and ages[0] != ages[1]:
            stream, branch = before if ages[0] < ages[1] else reversed(before)
            self.found.append((self.path[-1] if self.path else "", stream, branch, _size(result)))
            if result is pair[0]:  # in place: it is a new tensor by what it holds
                self._ages[id(result)] = len(self._ages) + 1
        for part in result if isinstance(result, (tuple, list)) else (result,):
            self.note(part)
        return result


def _alike(one: Any = None, other: Any = None) -> bool:
    return (
        isinstance(one, Tensor)
        and isinstance(other, Tensor)
        and one.shape == other.shape
        and one.dim() >= 2
        and one.is_floating_point()
        and not isinstance(one, nn.Parameter)
        and not isinstance(other, nn.Parameter)
    )


def _size(t: Tensor) -> float:
    return float(t.detach().double().square().mean().sqrt())


def stream(subject: Subject, section: Section) -> None:
    """The root mean square of a residual stream before and after each addition, and of what is added."""
    listener = _Additions()
    handles = []

    def enter(name: str) -> Any:
        return lambda *_: listener.path.append(name)

    for name, m in subject.model.named_modules():
        handles.append(m.register_forward_pre_hook(enter(name)))
        handles.append(m.register_forward_hook(lambda *_: (listener.path.pop(), None)[1], always_call=True))
    inputs = copied(
        rows(subject.train.batches[0][0], slice(min(length(subject.train.batches[0][0]), MOST_SAMPLES)))
    )
    listener.note(inputs)
    try:
        with subject.evaluating(), torch.no_grad(), listener:
            subject.model(inputs)
    finally:
        for handle in handles:
            handle.remove()
    if len(listener.found) < 2:
        return  # no residual stream: nothing to be said
    section.values["residual_stream"] = [
        dict(zip(("place", "before", "added", "after"), row, strict=True)) for row in listener.found
    ]
    section.tables.append(
        Table(
            (Text("addition in", "相加处"), Text("stream before", "相加前的主干"), Text("added", "加上的"), Text("stream after", "相加后的主干"), Text("added / before", "加上的 / 相加前")),
            tuple((name or "model", a, b, c, b / a if a else None) for name, a, b, c in listener.found[:MOST_ROWS]),
            Text("Root mean square of the residual stream, and of what each branch adds, in evaluation mode.", "残差主干以及各支路所加之量的均方根，评估模式。"),
        )
    )  # fmt: skip


def stream_checks() -> tuple[tuple[Text, Callable[[Subject, Section], None]], ...]:
    """The checks along the depth."""
    return (
        (Text("singular values of the Jacobians", "雅可比矩阵的奇异值"), jacobians),
        (Text("the residual stream", "残差主干"), stream),
    )
