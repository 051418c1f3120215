"""What layers show beside one another: nothing between two that are linear, equal weights, units that are all alike."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn

from gradus.examination.batches import copied, rows
from gradus.examination.subject import NORMS, Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.theory.signal_recorder import INPUT, Place, SignalRecorder

LINEAR = (nn.Linear, nn.modules.conv._ConvNd)


def missing_activations(subject: Subject, section: Section) -> None:
    """Pairs of linear layers, the second fed with the first's output as it is (or normalised with fixed numbers)."""
    inputs = subject.train.batches[0][0]
    if not isinstance(inputs, Tensor):
        raise Unchecked("the inputs are no tensor", "输入不是张量")
    x = copied(rows(inputs, slice(4)))
    recorder = SignalRecorder(subject.model)
    with subject.evaluating_plainly(), torch.no_grad(), recorder.listening(x):
        subject.model(x)
    found = []
    for place, heard in recorder.places.items():
        if not isinstance(heard.layer, LINEAR):
            continue
        source, through = heard.source, True
        while source is not None and source != INPUT and isinstance(recorder.places[source].layer, NORMS):
            through = through and recorder.places[source].uses <= 1
            source = recorder.places[source].source
        if source is None or source == INPUT or not through or recorder.places[source].uses > 1:
            continue
        before = recorder.places[source].layer
        if isinstance(before, LINEAR) and type(before) is type(heard.layer) and before is not heard.layer:
            found.append((source, before, place, heard.layer))
    for source, before, place, after in found:
        _pair(section, source, before, place, after)


def _pair(section: Section, source: Place, before: nn.Module, place: Place, after: nn.Module) -> None:
    if getattr(before, "groups", 1) != 1 or getattr(after, "groups", 1) != 1:
        return  # depthwise and pointwise: one convolution made of two, by design
    if getattr(before, "kernel_size", 0) != getattr(after, "kernel_size", 0):
        return
    into, middle, out = before.weight.shape[1], before.weight.shape[0], after.weight.shape[0]  # type: ignore[index]
    narrow = middle < min(into, out)
    section.find(
        "note" if narrow else "warning", "activation-missing",
        (f"no activation stands between {source.module} and {place.module}", f"{source.module} 与 {place.module} 之间没有激活函数"),
        (f"{into} → {middle} → {out}: the two are together one linear map" + (f" of rank at most {middle}" if narrow else ", which one layer would be"), f"{into} → {middle} → {out}：两者合起来是一个线性映射" + (f"，秩至多 {middle}" if narrow else "，一层即可做到")),
        ("right where a low rank is meant" if narrow else "put an activation between, or make them one layer", "若本意是低秩分解则无妨" if narrow else "请在其间加激活函数，或合并为一层"),
        ("mlp", "linear-map"),
    )  # fmt: skip


def twins(subject: Subject, section: Section) -> None:
    """Different parameters with equal values, and layers whose units all have the same weights."""
    groups: dict[tuple[torch.Size, float], list[tuple[str, Tensor]]] = defaultdict(list)
    for name, p in subject.model.named_parameters():
        if (
            p.dim() < 2
            or p.numel() < 16
            or not p.is_floating_point()
            or p.layout is not torch.strided
            or p.is_meta
        ):
            continue
        values = p.detach()
        if bool((values == values.flatten()[0]).all()):
            continue  # constants are equal by themselves
        groups[p.shape, float(values.double().sum())].append((name, values))
    equal: list[list[str]] = []
    for group in groups.values():
        classes: list[list[tuple[str, Tensor]]] = []
        for name, values in group[:12]:
            home = next((c for c in classes if torch.equal(c[0][1], values)), None)
            if home is None:
                classes.append([(name, values)])
            elif all(values.data_ptr() != other.data_ptr() for _, other in home):
                home.append((name, values))
        equal += [[name for name, _ in c] for c in classes if len(c) > 1]
    if equal:
        count = sum(map(len, equal))
        section.find(
            "warning", "weights-equal",
            ("parameters that are not shared have equal values", "并未共享的参数取值相同"),
            ("; ".join(map(" = ".join, equal[:3])) + f" ({count} parameters)", "；".join(map(" = ".join, equal[:3])) + f"（{count} 个参数）"),
            ("a copy of a layer (nn.TransformerEncoder makes such) starts as its twin: draw its weights anew. Where they are meant to be tied, assign the parameter itself", "复制的层（nn.TransformerEncoder 即如此）一开始与原层相同：请重新抽取其权重。若本意是共享，请直接赋以同一个参数"),
            ("initialization",),
        )  # fmt: skip
    alike = []
    for name, m in subject.model.named_modules():
        w = getattr(m, "weight", None)
        if isinstance(m, LINEAR) and isinstance(w, Tensor) and w.dim() >= 2 and len(w) > 1 and not w.is_meta:
            rows_ = w.detach().reshape(len(w), -1)
            if rows_.shape[1] > 1 and bool((rows_ == rows_[0]).all()):
                # a last layer that starts at 0 is a known and good choice; any other constant is none
                alike.append((name, bool((rows_ == 0).all())))
    bad = [n for n, zero in alike if not zero] + (
        [n for n, zero in alike if zero] if sum(z for _, z in alike) > 1 and not _residual(subject) else []
    )
    if bad:
        section.find(
            "fault", "units-alike",
            (f"all units of {bad[0]} have the same weights", f"{bad[0]} 的所有单元权重相同"),
            (f"{len(bad)} layers: {', '.join(bad[:5])}; their units have one gradient, too, and stay alike", f"共 {len(bad)} 层：{', '.join(bad[:5])}；它们的梯度也相同，因此一直相同"),
            ("draw the weights at random", "请随机抽取权重"), ("initialization",),
        )  # fmt: skip


def _residual(subject: Subject) -> bool:
    """Whether outputs get past the layers of zeros: then they are the ends of residual branches, or adapters."""
    value = subject.knows("signals")
    if value is None:
        return False
    return any((row.gradient or 0) > 0 for row in value[:1]) and len(value) > 2
