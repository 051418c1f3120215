"""Gradients by parameter: none, zero or not finite; frozen layers; what the optimiser holds and what not; stale gradients."""

from __future__ import annotations

import math
from collections import defaultdict

import torch
from torch import Tensor

from gradus.examination.batches import length
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table, Unchecked
from gradus.text import Text

MOST_ROWS = 40
Gradients = dict[str, Tensor | None]


def gradients(subject: Subject) -> Gradients:
    """The mean gradient of the loss over the batches, by name; None where autograd gives none."""

    def make() -> Gradients:
        named = {n: p for n, p in subject.model.named_parameters() if p.requires_grad}
        if not named:
            raise Unchecked("no parameter is trained", "没有参与训练的参数")
        n = subject.samples_for(0.3 * subject.shares.get("gradients", 5.0), 3, subject.train.samples)
        total: Gradients = dict.fromkeys(named)
        used = 0
        for inputs, targets in subject.train.batches:
            if used and used + length(inputs) > n:
                break
            value = subject.value(inputs, targets)
            if not value.requires_grad:
                raise Unchecked(
                    "the loss does not depend on the parameters through autograd",
                    "损失未经自动微分依赖于参数",
                )
            parts = torch.autograd.grad(value, list(named.values()), allow_unused=True)
            weight = float(length(inputs))
            for name, part in zip(named, parts, strict=True):
                if part is not None:
                    part = part.detach() * weight
                    old = total[name]
                    total[name] = part if old is None else old + part
            used += length(inputs)
        subject.once("gradient samples", lambda: used)
        return {name: None if g is None else g / used for name, g in total.items()}

    return subject.once("gradients", make)  # type: ignore[no-any-return]


def norm(value: Tensor) -> float:
    """In double precision; of a sparse gradient, too."""
    dense = value.to_dense() if value.layout is not torch.strided else value
    return float(dense.double().norm())


def by_parameter(subject: Subject, section: Section) -> None:
    """The table; parameters without a gradient."""
    try:
        found = gradients(subject)
    except Unchecked as error:
        if "autograd" in error.reason.en:
            section.find(
                "fault", "loss-cut-off",
                ("no gradient comes from the loss to any parameter", "损失的梯度传不到任何参数"),
                ("the loss of the first batch has no graph", "首批的损失没有计算图"),
                ("look for detach, item, numpy, argmax, or no_grad between parameters and loss", "请在参数与损失之间查找 detach、item、numpy、argmax 或 no_grad"),
                ("reverse-mode",),
            )  # fmt: skip
        raise
    used = subject.knows("gradient samples")
    section.say(f"gradients of the mean loss over {used:,} samples", f"{used:,} 个样本上平均损失的梯度")
    sizes = {name: None if g is None else norm(g) for name, g in found.items()}
    weights = {n: norm(p.detach()) for n, p in subject.model.named_parameters()}
    total = math.sqrt(sum(s * s for s in sizes.values() if s is not None))
    section.fact("norm of the gradient", "梯度的范数", f"{total:.3g}")
    section.values |= {"gradient_norm": total, "gradient_norms": sizes}
    rows = [
        (n, s, weights[n], s / weights[n] if s is not None and weights[n] else None) for n, s in sizes.items()
    ]
    section.tables.append(
        Table(
            (
                Text("parameter", "参数"),
                Text("gradient", "梯度"),
                Text("weights", "权重"),
                Text("ratio", "比值"),
            ),
            tuple(rows[:MOST_ROWS]),
            Text(
                "Norms of the gradient and of the parameter, and their ratio.", "梯度与参数的范数及其比值。"
            ),
        )
    )
    bad = [n for n, s in sizes.items() if s is not None and not math.isfinite(s)]
    if bad:
        section.find(
            "fault", "gradients-not-finite",
            ("gradients are not finite", "梯度不是有限的数"),
            (f"{len(bad)} of {len(sizes)} parameters, first {bad[0]}", f"{len(sizes)} 个参数中的 {len(bad)} 个，首先是 {bad[0]}"),
            ("look for sqrt, log, division or a norm at 0, whose slopes are infinite there", "请查找在 0 处斜率为无穷的运算：sqrt、log、除法或范数"),
            ("stable-evaluation", "floating-point"),
        )  # fmt: skip
    none = [n for n, s in sizes.items() if s is None]
    if none:
        _unreached(subject, section, none, len(sizes))
    zero = [n for n, s in sizes.items() if s == 0]
    if zero and total > 0:
        _zeros(subject, section, zero, len(sizes))
    elif total == 0 and not bad:
        section.find(
            "fault", "gradient-zero",
            ("the gradient is 0", "梯度为 0"),
            (f"for all {len(sizes)} parameters, on {used:,} samples", f"对全部 {len(sizes)} 个参数、{used:,} 个样本"),
            ("no step can move the model: look at dead units, at a loss that is constant, at weights that are all 0", "任何一步都不能使模型移动：请检查失活单元、恒定的损失、全为 0 的权重"),
            ("gradient-descent", "initialization"),
        )  # fmt: skip


def _unreached(subject: Subject, section: Section, none: list[str], count: int) -> None:
    layers = {n.rpartition(".")[0] for n in none}
    section.find(
        "fault", "gradient-none",
        ("the loss does not depend on some of the trained parameters", "损失不依赖于某些要训练的参数"),
        (f"{len(none)} of {count} parameters have no gradient: {', '.join(none[:4])}{' …' if len(none) > 4 else ''}", f"{count} 个参数中有 {len(none)} 个没有梯度：{', '.join(none[:4])}{' …' if len(none) > 4 else ''}"),
        (f"{len(layers)} layers are never called, or cut off by detach or no_grad; weight decay alone would move them", f"有 {len(layers)} 层从未被调用，或被 detach、no_grad 切断；只有权重衰减会使其移动"),
        ("reverse-mode", "backprop-mlp"),
    )  # fmt: skip


def _zeros(subject: Subject, section: Section, zero: list[str], count: int) -> None:
    named = dict(subject.model.named_parameters())
    shifted = [n for n in zero if named[n].dim() < 2]  # a bias before a norm has none by nature
    deep = [n for n in zero if named[n].dim() >= 2]
    found = gradients(subject)
    leaving = [
        n
        for n, g in found.items()
        if g is not None and named[n].dim() >= 2 and not bool(named[n].any()) and norm(g) > 0
    ]
    if deep and leaving:
        section.find(
            "note", "gradient-zero-part",
            ("some weights have the gradient 0 for the first step", "某些权重在第一步的梯度为 0"),
            (f"{len(deep)} of {count} parameters: {', '.join(deep[:4])}; {leaving[0]} starts at 0 and has a gradient", f"{count} 个参数中的 {len(deep)} 个：{', '.join(deep[:4])}；{leaving[0]} 从 0 开始且有梯度"),
            ("right for adapters and residual branches that start at 0", "对从 0 开始的适配器与残差分支属正常"), ("initialization",),
        )  # fmt: skip
    elif deep:
        section.find(
            "fault" if len(deep) > 1 else "warning", "gradient-zero-part",
            ("some weights have the gradient 0", "某些权重的梯度为 0"),
            (f"{len(deep)} of {count} parameters: {', '.join(deep[:4])}", f"{count} 个参数中的 {len(deep)} 个：{', '.join(deep[:4])}"),
            ("they do not move: look at dead units behind them, or at weights of 0 in front", "它们不会移动：请检查其后的失活单元，或其前为 0 的权重"),
            ("relu", "initialization"),
        )  # fmt: skip
    elif shifted:
        section.fact("biases with gradient 0", "梯度为 0 的偏置", ", ".join(shifted[:4]))


def frozen(subject: Subject, section: Section) -> None:
    """Layers that are not trained, amid layers that are."""
    flags: dict[str, list[bool]] = defaultdict(list)
    for name, p in subject.model.named_parameters():
        flags[name.rpartition(".")[0]].append(p.requires_grad)
    layers = list(flags.items())
    still = [name for name, values in layers if not any(values)]
    if not still:
        return
    section.fact(
        "frozen layers",
        "冻结的层",
        Text(f"{len(still)} of {len(layers)}", f"{len(layers)} 层中的 {len(still)} 层"),
    )
    first = next((k for k, (_, values) in enumerate(layers) if any(values)), len(layers))
    amid = [name for k, (name, values) in enumerate(layers) if k > first and not any(values)]
    if len(still) == len(layers):
        section.find(
            "warning", "all-frozen", ("no layer is trained", "没有任何层参与训练"),
            (f"requires_grad is False in all {len(layers)} layers", f"全部 {len(layers)} 层的 requires_grad 都为 False"),
            ("call requires_grad_(True) on what is to be trained", "请对需要训练的部分调用 requires_grad_(True)"), ("gradient-descent",),
        )  # fmt: skip
    elif amid and _share_frozen(subject) < 0.5:
        section.find(
            "warning", "layer-frozen",
            ("a layer is frozen amid layers that are trained", "参与训练的层中间有一层被冻结"),
            (f"{', '.join(amid[:4])}: requires_grad is False, {len(layers) - len(still)} of {len(layers)} layers are trained", f"{', '.join(amid[:4])}：requires_grad 为 False，而 {len(layers)} 层中有 {len(layers) - len(still)} 层参与训练"),
            ("where that is not meant, call requires_grad_(True) and give the parameter to the optimiser", "若非本意，请调用 requires_grad_(True) 并把参数交给优化器"),
            ("gradient-descent", "reverse-mode"),
        )  # fmt: skip


def _share_frozen(subject: Subject) -> float:
    sizes = [(p.numel(), p.requires_grad) for p in subject.model.parameters()]
    return sum(n for n, trains in sizes if not trains) / max(sum(n for n, _ in sizes), 1)


def optimiser(subject: Subject, section: Section) -> None:
    """Parameters that the optimiser does not hold, and those that it holds and the model does not."""
    if subject.optimizer is None:
        raise Unchecked("no optimiser was given", "没有给出优化器")
    held = {id(p): p for group in subject.optimizer.param_groups for p in group["params"]}
    own = {id(p): n for n, p in subject.model.named_parameters()}
    trained = {id(p): n for n, p in subject.model.named_parameters() if p.requires_grad}
    loss = {id(p) for p in subject.loss.parameters()} if isinstance(subject.loss, torch.nn.Module) else set()
    foreign = [p for i, p in held.items() if i not in own and i not in loss]
    left = [n for i, n in trained.items() if i not in held]
    lag = [own[i] for i, p in held.items() if i in own and not p.requires_grad]
    section.fact(
        "parameters that the optimiser holds",
        "优化器持有的参数",
        Text(f"{len(held) - len(foreign)} of {len(own)}", f"{len(own)} 个中的 {len(held) - len(foreign)} 个"),
    )
    if foreign and len(left) == len(trained):
        section.find(
            "fault", "optimiser-foreign",
            ("the optimiser holds parameters of another model", "优化器持有的是另一个模型的参数"),
            (f"none of its {len(held)} parameters is one of this model's {len(trained)}", f"其 {len(held)} 个参数中没有一个属于此模型的 {len(trained)} 个参数"),
            ("make the optimiser after the model is in its last form (copied, moved, wrapped)", "请在模型定型（复制、移动、包装）之后再建优化器"),
            ("sgd", "optimizers"),
        )  # fmt: skip
        return
    if foreign:
        section.find(
            "note", "optimiser-more", ("the optimiser holds parameters that are not this model's", "优化器还持有不属于此模型的参数"),
            (f"{len(foreign)} of {len(held)}", f"{len(held)} 个中的 {len(foreign)} 个"),
            ("right where it trains several modules", "若它同时训练几个模块则无妨"), ("optimizers",),
        )  # fmt: skip
    if left:
        section.find(
            "fault" if len(left) == len(trained) else "warning", "optimiser-lacks",
            ("the optimiser does not hold all that is to be trained", "优化器没有持有全部要训练的参数"),
            (f"{len(left)} of {len(trained)} parameters: {', '.join(left[:4])}{' …' if len(left) > 4 else ''}", f"{len(trained)} 个参数中的 {len(left)} 个：{', '.join(left[:4])}{' …' if len(left) > 4 else ''}"),
            ("give model.parameters() to the optimiser; set requires_grad to False on what shall stay", "请把 model.parameters() 交给优化器；不训练的部分请设 requires_grad 为 False"),
            ("sgd", "optimizers"),
        )  # fmt: skip
    if lag:
        section.fact("frozen parameters that the optimiser holds", "优化器持有的冻结参数", str(len(lag)))


def stale(subject: Subject, section: Section) -> None:
    """What stands in .grad: not finite, or a sum over many batches that was never set to zero."""
    kept = {n: p.grad.detach().clone() for n, p in subject.model.named_parameters() if p.grad is not None}
    if not kept:
        return
    sizes = {n: norm(g) for n, g in kept.items()}
    total = math.sqrt(sum(s * s for s in sizes.values()))
    section.fact("norm of what stands in .grad", ".grad 中现存梯度的范数", f"{total:.3g}")
    bad = [n for n, s in sizes.items() if not math.isfinite(s)]
    if bad:
        section.find(
            "warning", "grad-not-finite", ("what stands in .grad is not finite", ".grad 中现存的梯度不是有限的数"),
            (f"{len(bad)} of {len(kept)} parameters, first {bad[0]}", f"{len(kept)} 个参数中的 {len(bad)} 个，首先是 {bad[0]}"),
            ("call zero_grad before the next step", "请在下一步之前调用 zero_grad"), ("gradient-clipping",),
        )  # fmt: skip
        return
    own = gradients(subject)
    both = [n for n in kept if own.get(n) is not None and kept[n].layout is torch.strided]
    mine = torch.cat([own[n].reshape(-1).double() for n in both]) if both else torch.zeros(1)  # type: ignore[union-attr]
    there = torch.cat([kept[n].reshape(-1).double() for n in both]) if both else torch.zeros(1)
    size = float(mine.norm())
    if size == 0:
        return
    ratio, cosine = (
        float(there.norm()) / size,
        float(mine @ there) / (size * max(float(there.norm()), 1e-300)),
    )
    section.values |= {"grad_ratio": ratio, "grad_cosine": cosine}
    if ratio > 3 and cosine > 0.8:
        section.find(
            "warning", "grad-accumulated",
            ("gradients have piled up in .grad", ".grad 中的梯度累积了多次"),
            (f"what stands there is {ratio:.3g} times the gradient of the mean loss, and points the same way (cosine {cosine:.2f})", f"其中的梯度是平均损失梯度的 {ratio:.3g} 倍，方向相同（余弦 {cosine:.2f}）"),
            ("call zero_grad before each backward pass; where batches are accumulated, divide their loss by their number. A scaled loss of mixed precision looks the same", "请在每次反向传播前调用 zero_grad；累积多批时，请把损失除以批数。混合精度中放大的损失看来也是如此"),
            ("sgd", "large-batch"),
        )  # fmt: skip


CHECKS = (
    (Text("gradients by parameter", "各参数的梯度"), by_parameter),
    (Text("frozen layers", "冻结的层"), frozen),
    (Text("what the optimiser holds", "优化器持有的参数"), optimiser),
    (Text("gradients that were left", "遗留的梯度"), stale),
)
