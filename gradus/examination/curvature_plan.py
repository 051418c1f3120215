"""On how many samples and with how many products the curvature is measured, planned from the model's costs and the budget."""

from __future__ import annotations

import torch

from gradus.examination.batches import length
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked

PASSES = 8.0  # forward passes that a product with the Hessian costs
MOST, FEW = 512, 16
PLANS = ((40, 3, 20), (25, 2, 15), (15, 1, 12))  # products for eigenvalues; probes and steps for the density


class Plan:
    """On how many samples, with how many products."""

    def __init__(self, subject: Subject) -> None:
        share = subject.shares.get("curvature", subject.shares.get("step", 5.0))
        P = sum(p.numel() for p in subject.model.parameters() if p.requires_grad)
        first = length(subject.train.batches[0][0])
        most = min(
            MOST, subject.train.samples if isinstance(subject.train.batches[0][0], torch.Tensor) else first
        )
        each = subject.activation_bytes * 12  # of a sample, in the graph that is differentiated twice
        for products, probes, steps in PLANS:
            self.products, self.probes, self.steps = products, probes, steps
            passes = PASSES * (products + probes * steps)
            self.samples = subject.samples_for(0.7 * share, passes, most)
            if self.samples >= FEW and (products + 8) * P * 4 < 0.5 * subject.budget.bytes:
                break
        while self.samples > 1 and self.samples * each > 0.5 * subject.budget.bytes:
            self.samples //= 2
        if (self.products + 8) * P * 4 > 0.5 * subject.budget.bytes:
            raise Unchecked(
                f"{self.products} vectors of {P:,} numbers do not fit into the budget of {subject.budget.bytes / 2**30:.2g} GB",
                f"{self.products} 个 {P:,} 维向量超出 {subject.budget.bytes / 2**30:.2g} GB 的内存预算",
            )
        if subject.seconds_of(PASSES * (self.products + self.probes * self.steps), self.samples) > 3 * share:
            raise Unchecked(
                f"{self.products} products on one sample alone do not fit into {share:.2g} s",
                f"即使只用一个样本，{self.products} 次乘积也无法在 {share:.2g} 秒内完成",
            )


def plan(subject: Subject) -> Plan:
    """Made once."""
    return subject.once("curvature plan", lambda: Plan(subject))  # type: ignore[no-any-return]


def said(subject: Subject, section: Section, n: int) -> None:
    """On how many samples, and in which mode."""
    trains = any(m.training for m in subject.model.modules())
    mode_en, mode_zh = (", in evaluation mode, batch norms with statistics of these data", "，在评估模式下，批归一化使用这些数据的统计量") if trains else ("", "")  # fmt: skip
    section.say(f"of the mean loss over {n:,} samples{mode_en}", f"针对 {n:,} 个样本的平均损失{mode_zh}")
