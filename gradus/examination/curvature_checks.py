"""The curvature of the loss: its largest eigenvalues, its density, its trace."""

from __future__ import annotations

from typing import Any

from gradus.examination.curvature_plan import plan, said
from gradus.examination.layer_blocks import blocks, trace_of
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table
from gradus.text import Text
from gradus.theory import Curvature, Eigenpairs, spectral_density, top_eigenpairs


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
    said(subject, section, n)
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


def density(subject: Subject, section: Section) -> None:
    """The density of the spectrum, its trace, the share below 0."""
    p = plan(subject)
    with subject.evaluating():
        found: Any = spectral_density(hessian(subject), probes=p.probes, steps=p.steps, seed=subject.seed)
        exact, why = trace_of(subject)
    nodes, weights = found.nodes.double(), found.weights.double()
    low, high = float(nodes.min()), float(nodes.max())
    below = float(weights[nodes < -1e-3 * max(abs(low), abs(high))].sum())
    trace = float(found.trace) if exact is None else exact
    said(subject, section, p.samples)
    if exact is not None:
        how = Text(
            f"{trace:.4g}, exact: the network is piecewise linear", f"{trace:.4g}，精确值：网络是分段线性的"
        )
    else:
        how = Text(
            f"≈ {trace:.4g}, estimated from {p.probes} random directions: {why.en}",
            f"≈ {trace:.4g}，由 {p.probes} 个随机方向估计：{why.zh}",
        )
    section.fact("trace (sum of all eigenvalues)", "迹（全部特征值之和）", how)
    section.fact("most negative value seen", "所见的最负值", f"{low:.3g}")
    section.fact("share of eigenvalues below 0", "负特征值的比例", f"{below:.1%}")
    section.values |= {
        "trace": trace, "trace_exact": exact is not None, "negative_share": below, "lowest": low, "nodes": nodes.tolist(), "weights": weights.tolist(),
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
    (Text("curvature of the layers", "各层的曲率"), blocks),
)
