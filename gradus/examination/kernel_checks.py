"""The empirical tangent kernel on some samples: its condition, how it goes with the labels, how fast its modes are learnt."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.examination.outcomes import main_of
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text
from gradus.theory import tangent_kernel

MOST = 100
HORIZON = 1000  # steps


def kernel(subject: Subject, section: Section) -> None:
    """Its eigenvalues, its alignment with the labels, and what plain descent learns in a thousand steps."""
    main = main_of(subject.outputs()[0])
    if not isinstance(main, Tensor) or not main.is_floating_point() or not main.dim():
        raise Unchecked("the outputs are no tensor of real numbers", "输出不是实数张量")
    C = main[0].numel()
    share = subject.shares.get("kernel", 5.0)
    one = C > 64
    P = sum(p.numel() for p in subject.model.parameters() if p.requires_grad)
    passes = 3.0 * (1 if one else C) + 2
    first = len(subject.train.batches[0][1]) if subject.packed else subject.train.samples
    n = subject.samples_for(0.5 * share, passes, min(MOST, first))
    outputs = 1 if one else C
    while n > 8 and n * outputs * P * 4 > 64 * subject.budget.bytes:
        n //= 2
    if n < 8:
        raise Unchecked(
            f"{C} backward passes over eight samples do not fit into {share:.2g} s",
            f"{C} 次反向传播（八个样本）无法在 {share:.2g} 秒内完成",
        )
    with subject.evaluating():
        model, _, (x, y) = subject.instrument(n)
        options: dict[str, Any] = {"output": 0} if one else {"kind": "trace"}
        K = tangent_kernel(model, x, memory=int(subject.budget.bytes / 2), **options).double()
    if not bool(K.isfinite().all()):
        raise Unchecked("the kernel is not finite", "核含有非有限的数")
    values = torch.linalg.eigvalsh(K).flip(0).clamp_min(0)
    top, bottom = float(values[0]), float(values[-1])
    rank = float(values.sum() ** 2 / values.square().sum()) if top else 0.0
    kind = (
        Text(f"of output 0 of {C}", f"{C} 个输出中的第 0 个")
        if one
        else Text(f"trace over {C} outputs", f"对 {C} 个输出求迹")
    )
    section.say(f"on {n} samples, {kind.en}, in evaluation mode", f"在 {n} 个样本上，{kind.zh}，评估模式")
    section.fact("largest, least eigenvalue", "最大、最小特征值", f"{top:.4g}, {bottom:.3g}")
    section.fact(
        "condition number",
        "条件数",
        f"{top / bottom:.3g}"
        if bottom > 1e-12 * top
        else Text("not finite in this precision", "在此精度下不是有限的数"),
    )
    section.fact("directions in use", "有效方向数", Text(f"{rank:.1f} of {n}", f"{n} 个中的 {rank:.1f} 个"))
    section.values |= {
        "eigenvalues": values.tolist(),
        "samples": n,
        "rank": rank,
        "condition": top / bottom if bottom > 0 else None,
    }
    if top == 0:
        section.find(
            "fault", "kernel-zero", ("the tangent kernel is 0: no output moves with any parameter", "切线核为 0：任何参数都不能改变输出"),
            (f"on {n} samples", f"在 {n} 个样本上"), ("see dead units and gradients", "见失活单元与梯度"), ("ntk-empirical",),
        )  # fmt: skip
        return
    _aligned(subject, section, K, y)
    if isinstance(subject.optimizer, torch.optim.SGD):
        rate = max(float(g["lr"]) for g in subject.optimizer.param_groups)
        beta = float(subject.optimizer.param_groups[0].get("momentum", 0))
        learnt = int((rate / (1 - beta) * values / (n * max(C, 1) if not one else n) * HORIZON > 1).sum())
        section.fact(
            f"modes of slope above 1/{HORIZON} a step",
            f"每步变化超过 1/{HORIZON} 的模态",
            Text(f"{learnt} of {n}", f"{n} 个中的 {learnt} 个"),
        )


def _aligned(subject: Subject, section: Section, K: Tensor, y: Tensor) -> None:
    """Tr(K̄ Ȳ) / (‖K̄‖ ‖Ȳ‖), both centred, Y the labels' own kernel."""
    n = len(K)
    if y.dim() != 1 and not (y.dim() == 2 and y.is_floating_point()):
        return
    if y.is_floating_point():
        rows = y.reshape(n, -1).double()
    else:
        _, index = y.unique(return_inverse=True)
        rows = torch.nn.functional.one_hot(index).double()
    centre = torch.eye(n, dtype=torch.float64) - 1 / n
    K = centre @ K.cpu() @ centre

    def alignment(rows: Tensor) -> float:
        Y = centre @ (rows @ rows.mT) @ centre
        size = float(K.norm() * Y.norm())
        return float((K * Y).sum()) / size if size else 0.0

    found = alignment(rows.cpu())
    generator = torch.Generator().manual_seed(subject.seed)
    chance = [alignment(rows.cpu()[torch.randperm(n, generator=generator)]) for _ in range(30)]
    mean = sum(chance) / len(chance)
    section.fact(
        "alignment with the labels; with shuffled ones",
        "与标签的对齐度；标签打乱时",
        f"{found:.3f}; {mean:.3f}",
    )
    section.values |= {"alignment": found, "alignment_shuffled": mean}


CHECKS = ((Text("the tangent kernel", "神经切线核"), kernel),)
