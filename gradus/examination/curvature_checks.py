"""The curvature of the loss: its largest eigenvalues, its density, its trace."""

from __future__ import annotations

from typing import Any

import torch

from gradus.examination.batches import length
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table, Unchecked
from gradus.text import Text
from gradus.theory import Curvature, Eigenpairs, spectral_density, top_eigenpairs

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


def hessian(subject: Subject) -> Curvature:
    """The Hessian on the planned samples, in evaluation mode; to be used within `subject.evaluating()`."""
    model, loss, pair = subject.instrument(plan(subject).samples)
    return Curvature(model, loss, pair)


def eigenpairs(subject: Subject) -> tuple[Eigenpairs, int]:
    """The largest eigenvalues, and on how many samples."""

    def make() -> tuple[Eigenpairs, int]:
        p = plan(subject)
        with subject.evaluating():
            H = hessian(subject)
            count = min(5, H.shape[0], p.products)
            return top_eigenpairs(
                H, count, max_products=p.products, tolerance=1e-2, seed=subject.seed
            ), p.samples

    return subject.once("eigenpairs", make)  # type: ignore[no-any-return]


def largest(subject: Subject, section: Section) -> None:
    """The largest eigenvalues with their residuals."""
    found, n = eigenpairs(subject)
    values = [float(v) for v in found.values]
    residuals = [float(r) for r in found.residuals]
    _said(subject, section, n)
    section.fact(
        "largest eigenvalue λ of the Hessian",
        "黑塞矩阵的最大特征值 λ",
        f"{values[0]:.4g} ± {residuals[0]:.1g}",
    )
    section.values |= {
        "eigenvalues": values,
        "residuals": residuals,
        "products": found.products,
        "samples": n,
    }
    section.tables.append(
        Table(
            (Text("eigenvalue", "特征值"), Text("within", "误差至多")),
            tuple(zip(values, residuals, strict=True)),
            Text(f"The largest eigenvalues of the Hessian after {found.products} products; within the second column lies an eigenvalue.", f"经 {found.products} 次乘积得到的黑塞矩阵最大特征值；在第二列的误差内必有一个特征值。"),
        )
    )  # fmt: skip
    if not found.converged:
        section.say(
            "not all of them have converged: the last ones may be larger", "它们尚未全部收敛：靠后的可能更大"
        )


def _said(subject: Subject, section: Section, n: int) -> None:
    trains = any(m.training for m in subject.model.modules())
    mode_en, mode_zh = (", in evaluation mode, batch norms with statistics of these data", "，在评估模式下，批归一化使用这些数据的统计量") if trains else ("", "")  # fmt: skip
    section.say(f"of the mean loss over {n:,} samples{mode_en}", f"针对 {n:,} 个样本的平均损失{mode_zh}")


def density(subject: Subject, section: Section) -> None:
    """The density of the spectrum, its trace, the share below 0."""
    p = plan(subject)
    with subject.evaluating():
        found: Any = spectral_density(hessian(subject), probes=p.probes, steps=p.steps, seed=subject.seed)
    nodes, weights = found.nodes.double(), found.weights.double()
    low, high = float(nodes.min()), float(nodes.max())
    below = float(weights[nodes < -1e-3 * max(abs(low), abs(high))].sum())
    trace = float(found.trace)
    _said(subject, section, p.samples)
    section.fact("trace (sum of all eigenvalues)", "迹（全部特征值之和）", f"{trace:.4g}")
    section.fact("most negative value seen", "所见的最负值", f"{low:.3g}")
    section.fact("share of eigenvalues below 0", "负特征值的比例", f"{below:.1%}")
    section.values |= {
        "trace": trace, "negative_share": below, "lowest": low, "nodes": nodes.tolist(), "weights": weights.tolist(),
        "size": found.size,
    }  # fmt: skip
    section.say(
        f"density from {p.probes} random directions of {p.steps} products each",
        f"谱密度由 {p.probes} 个随机方向、各 {p.steps} 次乘积得到",
    )
    if high <= 0 or trace == 0:
        section.find(
            "note", "curvature-none", ("the loss does not bend upwards", "损失没有向上的弯曲"),
            (f"largest value {high:.3g}, trace {trace:.3g}", f"最大值 {high:.3g}，迹 {trace:.3g}"),
            ("a loss that is linear in the parameters here, or a dead network", "损失在此处关于参数是线性的，或网络已失活"), ("hessian-spectrum",),
        )  # fmt: skip


CHECKS = (
    (Text("largest eigenvalues", "最大特征值"), largest),
    (Text("spectral density and trace", "谱密度与迹"), density),
)
