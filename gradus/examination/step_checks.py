"""The optimiser's step beside the largest that the curvature bears, by the optimiser's own law; and tried on a copy."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch

from gradus.examination.batches import copied
from gradus.examination.curvature_checks import eigenpairs
from gradus.examination.harmful_settings import harmful
from gradus.examination.stability import law_of, stable_ratio
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text

STEPS = 40
MOST = 512
SMALL = 1e-3  # of the largest stable step, below which little can move
DECAY = 0.01  # share of the weights that a step takes away


def largest(subject: Subject, section: Section) -> None:
    """The largest stable step of plain descent; the optimiser's own beside it."""
    found, n = eigenpairs(subject)
    top = float(found.values[0])
    if top <= 0:
        raise Unchecked(
            "the largest eigenvalue is not positive: every step is stable here",
            "最大特征值不为正：此处任何步长都稳定",
        )
    section.fact(
        "largest stable step of plain descent, 2/λ", "普通梯度下降的最大稳定步长 2/λ", f"{2 / top:.4g}"
    )
    section.values |= {"eigenvalue": top, "stable_step": 2 / top, "samples": n}
    section.say(
        f"λ from {n:,} samples; for full batches: the noise of small ones lowers the bound, and the loss is no parabola, so that λ "
        "moves as training goes on",
        f"λ 由 {n:,} 个样本得出；适用于全批次：小批次的噪声会降低此界，且损失并非抛物面，λ 随训练变化",
    )
    if subject.optimizer is None:
        return
    law = law_of(subject)
    bound = law.threshold()
    section.fact(
        "law", "判据", Text(f"{law.name.en}: α λ < {bound:.3g}", f"{law.name.zh}：α λ < {bound:.3g}")
    )
    ratio = stable_ratio(subject, section, law)
    section.values |= {"bound": bound, "ratio": ratio, "step": law.learning_rate}
    section.fact("the optimiser's step / the largest stable one", "优化器步长 / 最大稳定步长", f"{ratio:.3g}")
    subject.once("step ratio", lambda: ratio)


def settings(subject: Subject, section: Section) -> None:
    """Steps of 0, weight decay that dwarfs everything."""
    if subject.optimizer is None:
        raise Unchecked("no optimiser was given", "没有给出优化器")
    groups = subject.optimizer.param_groups
    rates = [float(g["lr"]) for g in groups if "lr" in g]
    section.fact("learning rate", "学习率", ", ".join(f"{r:.4g}" for r in sorted(set(rates))) or "–")
    if rates and max(rates) == 0:
        section.find(
            "fault", "step-zero", ("the learning rate is 0", "学习率为 0"), (f"in all {len(groups)} groups", f"全部 {len(groups)} 个参数组"),
            ("look at the schedule: a warm-up starts above 0", "请检查调度：预热应从大于 0 开始"), ("schedules",),
        )  # fmt: skip
    momentum = max((float(g.get("momentum", 0)) for g in groups), default=0.0)
    if momentum >= 1:
        section.find(
            "fault", "setting-harmful",
            ("the optimiser's momentum forgets nothing", "优化器的动量从不遗忘"),
            (f"momentum = {momentum:g}: every gradient counts for ever", f"momentum = {momentum:g}：每个梯度都永远起作用"),
            ("a momentum below 1, such as 0.9", "请取小于 1 的动量，如 0.9"), ("momentum",),
        )  # fmt: skip
    coupled = isinstance(subject.optimizer, torch.optim.SGD)
    decoupled = type(subject.optimizer).__name__ == "AdamW" or any(
        g.get("decoupled_weight_decay") for g in groups
    )
    if coupled or decoupled:
        shares = [float(g["lr"]) * float(g.get("weight_decay", 0)) for g in groups if "lr" in g]
        if coupled:
            shares = [
                s / max(1 - float(g.get("momentum", 0)), 1e-9) for s, g in zip(shares, groups, strict=False)
            ]
        if shares and max(shares) >= DECAY:
            section.find(
                "warning", "decay-large",
                ("weight decay takes the weights away within some steps", "权重衰减在若干步内就会消去权重"),
                (f"learning rate times decay{' / (1 − momentum)' if coupled else ''} is {max(shares):.3g}: without gradients half is left after {math.log(2) / max(shares):.0f} steps", f"学习率乘衰减系数{'再除以 (1 − 动量)' if coupled else ''}为 {max(shares):.3g}：若无梯度，{math.log(2) / max(shares):.0f} 步后只剩一半"),
                ("a decay of 1e-4 to 0.1 beside learning rates of 1e-1 to 1e-3 is usual", "常见的衰减系数为 1e-4 到 0.1，对应学习率 1e-1 到 1e-3"),
                ("regularization", "adamw"),
            )  # fmt: skip


def tried(subject: Subject, section: Section) -> None:
    """Forty steps of the optimiser on a copy, on the same samples each time."""
    if subject.optimizer is None:
        raise Unchecked("no optimiser was given", "没有给出优化器")
    held = {id(p) for g in subject.optimizer.param_groups for p in g["params"]}
    if not any(id(p) in held for p in subject.model.parameters()):
        raise Unchecked("the optimiser holds none of the model's parameters", "优化器不持有该模型的任何参数")
    share = subject.shares.get("step", 5.0)
    n = subject.samples_for(0.35 * share, 3 * 2 * STEPS, MOST)
    steps = STEPS
    while steps > 10 and subject.seconds_of(6 * steps, n) > 0.5 * share:
        steps //= 2
    inputs, targets = subject.part(n)
    losses = trial(subject, inputs, targets, steps, None)
    section.values["trial"] = losses
    start, end = losses[0], _end(losses)
    section.fact(
        f"loss after {len(losses) - 1} steps of the optimiser on a copy, at first", f"在副本上用优化器走 {len(losses) - 1} 步后的损失，起初",
        f"{losses[-1]:.4g}, {start:.4g}",
    )  # fmt: skip
    train = not any(m.training for m in subject.model.modules())
    mode = (", in training mode", "，训练模式") if train else ("", "")
    section.say(
        f"tried on {n:,} samples, the same in each step{mode[0]}",
        f"在同样的 {n:,} 个样本上试走每一步{mode[1]}",
    )
    if harmful(
        subject, section, losses, _end, lambda changed: trial(subject, inputs, targets, steps, None, changed)
    ):
        return
    ratio = subject.knows("step ratio")
    beside = (
        "" if ratio is None else f"; the step is {ratio:.3g} times the largest stable one of this optimiser"
    )
    beside_zh = "" if ratio is None else f"；该步长是此优化器最大稳定步长的 {ratio:.3g} 倍"
    worst = max(losses, key=lambda v: v if math.isfinite(v) else math.inf)
    at = losses.index(worst)
    size = max(abs(start), 1e-12)
    risen = worst > start + 0.2 * size
    if not math.isfinite(end) or end > start + 0.5 * size:
        section.find(
            "fault", "step-diverges",
            ("the step is too large: the loss diverges", "步长过大：损失发散"),
            (f"measured on a copy: {start:.4g} before, {losses[-1]:.4g} after {len(losses) - 1} steps{beside}", f"在副本上测得：起初 {start:.4g}，{len(losses) - 1} 步后为 {losses[-1]:.4g}{beside_zh}"),
            _smaller(section), ("gradient-descent", "hessian-spectrum"),
        )  # fmt: skip
    elif (ratio is None or ratio > 1) and risen and end > (0.98 if worst < start + 2 * size else 0.7) * start:
        section.find(
            "warning", "step-large",
            ("the step is large: the loss rises", "步长偏大：损失上升"),
            (f"measured on a copy: {start:.4g} before, {worst:.4g} after {at} steps, {losses[-1]:.4g} after {len(losses) - 1}{beside}", f"在副本上测得：起初 {start:.4g}，{at} 步后 {worst:.4g}，{len(losses) - 1} 步后 {losses[-1]:.4g}{beside_zh}"),
            _smaller(section), ("gradient-descent", "schedules"),
        )  # fmt: skip
    elif ratio is not None and ratio > 1:
        down = end < start
        section.find(
            "note", "step-above-bound",
            ("the step is above the largest stable one" + (", and the loss goes down all the same" if down else ""), "步长超过最大稳定步长" + ("，但损失仍在下降" if down else "")),
            (f"on a copy the loss went from {start:.4g} to {losses[-1]:.4g} in {len(losses) - 1} steps{beside}", f"在副本上，{len(losses) - 1} 步内损失由 {start:.4g} 变为 {losses[-1]:.4g}{beside_zh}"),
            ("a warm-up is safer", "用预热更稳妥"), ("sharpness", "schedules"),
        )  # fmt: skip
    elif start - end < 1e-3 * size:
        _still(subject, section, inputs, targets, steps, start, end, beside, beside_zh)


def _still(
    subject: Subject,
    section: Section,
    inputs: Any,
    targets: Any,
    steps: int,
    start: float,
    end: float,
    beside: str,
    zh: str,
) -> None:
    """Whether the loss can fall, where the optimiser's steps do not make it."""
    stable = section.values.get("stable_step")
    if stable is None or max(float(g.get("lr", 0)) for g in subject.optimizer.param_groups) == 0:  # type: ignore[union-attr]
        return
    other = trial(subject, inputs, targets, steps, 0.5 * float(stable))
    size = max(abs(start), 1e-12)
    if math.isfinite(_end(other)) and other[0] - _end(other) > 0.05 * size:
        section.find(
            "warning", "step-small",
            ("the step is too small: nothing moves", "步长过小：几乎不动"),
            (f"on a copy the loss went from {start:.5g} to {end:.5g} in {steps} steps; plain descent with half the largest stable step, {0.5 * float(stable):.3g}, comes to {other[-1]:.4g}{beside}", f"在副本上，{steps} 步内损失由 {start:.5g} 变为 {end:.5g}；普通梯度下降取最大稳定步长的一半 {0.5 * float(stable):.3g} 时达到 {other[-1]:.4g}{zh}"),
            ("a larger step; look at units that were mistaken", "请加大步长；检查数量级是否写错"), ("gradient-descent", "step-size-search"),
        )  # fmt: skip


def _smaller(section: Section) -> tuple[str, str]:
    step, ratio = section.values.get("step"), section.values.get("ratio")
    if step is None or not ratio or ratio <= 1:
        return "a smaller step, a warm-up, or clipped gradients", "请减小步长、使用预热或裁剪梯度"
    return (
        f"a step below {step / ratio:.3g}, a warm-up, or clipped gradients",
        f"请取小于 {step / ratio:.3g} 的步长，或使用预热、裁剪梯度",
    )


def _end(losses: list[float]) -> float:
    tail = sorted(losses[-5:], key=lambda v: v if math.isfinite(v) else math.inf)
    return tail[len(tail) // 2]


def twins(subject: Subject) -> tuple[torch.nn.Module, torch.optim.Optimizer | None]:
    """Copies of the model and of the optimiser that moves it."""
    memo: dict[int, Any] = {}
    model, optimizer = copy.deepcopy((subject.model, subject.optimizer), memo)
    for name, value in vars(subject.optimizer).items() if subject.optimizer is not None else ():
        # an optimiser copies its state alone: L-BFGS loses its list of parameters
        if name not in vars(optimizer):
            setattr(optimizer, name, copy.deepcopy(value, memo))
    return model, optimizer


def trial(
    subject: Subject,
    inputs: Any,
    targets: Any,
    steps: int,
    rate: float | None,
    changed: dict[str, Any] | None = None,
) -> list[float]:
    """The losses before, and after each of the optimiser's steps (or of plain descent's, with a rate) on a copy of the model.

    `changed` are options of the optimiser that are to have other values.

    Raises:
        Unchecked: the model cannot be copied.
    """
    try:
        model, optimizer = twins(subject)
    except Exception as error:
        raise Unchecked(f"the model cannot be copied: {error}", f"模型无法复制：{error}") from None
    if not any(m.training for m in model.modules()):
        model.train()  # steps are taken in training mode
    if rate is not None:
        optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=rate)
    if optimizer is None:
        raise Unchecked("no optimiser was given", "没有给出优化器")
    for group in optimizer.param_groups:
        group.update({k: v for k, v in (changed or {}).items() if k in group})
    losses: list[float] = []

    def closure() -> torch.Tensor:
        model.zero_grad()
        value = subject.loss(model(copied(inputs)), copied(targets))
        value.backward()
        return value  # type: ignore[no-any-return]

    for _ in range(steps):
        losses.append(float(optimizer.step(closure)))  # type: ignore[arg-type]
        if not math.isfinite(losses[-1]):
            return losses
    with torch.no_grad():
        losses.append(float(subject.loss(model(copied(inputs)), copied(targets))))
    return losses


CHECKS = (
    (Text("learning rate and weight decay", "学习率与权重衰减"), settings),
    (Text("the largest stable step", "最大稳定步长"), largest),
    (Text("the optimiser tried on a copy", "在副本上试用优化器"), tried),
)
