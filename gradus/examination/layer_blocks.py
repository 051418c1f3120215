"""Of the curvature: the trace without an estimate where the network allows it, and the blocks of the layers."""

from __future__ import annotations

import torch

from gradus.errors import GradusError, words_of
from gradus.examination.curvature_plan import PASSES, plan, said
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Table, Unchecked
from gradus.text import Text
from gradus.theory import curvature_diagonal, layer_curvatures

SHARE = 0.25  # of the section's time that the exact trace may take, and the blocks
PRODUCTS, PROBES, MOST_LAYERS = 12, 6, 24  # a layer; layers that are shown


def trace_of(subject: Subject) -> tuple[float | None, Text]:
    """The exact trace of the Hessian, in evaluation mode; None with the reason where it cannot be had within the budget."""
    samples = plan(subject).samples
    share = SHARE * subject.shares.get("curvature", subject.shares.get("step", 5.0))
    model, loss, pair = subject.instrument(samples)
    with torch.no_grad():
        outputs = model(pair[0][:1])
    count = outputs.numel() if isinstance(outputs, torch.Tensor) else 1
    if subject.seconds_of(2.0 * count + 4.0, samples) > share:
        return None, Text(f"{count:,} outputs a sample take too long", f"每个样本 {count:,} 个输出，耗时过长")
    try:
        diagonal = curvature_diagonal(model, loss, pair, memory=max(1, int(0.25 * subject.budget.bytes)))
    except GradusError as error:
        words = words_of(error)
        if words.en.startswith("the function was still running"):
            raise  # the time is up
        return None, _short(words)
    return float(diagonal.double().sum()), Text("", "")


def _short(words: Text) -> Text:
    """Of a refusal, what came, without how to mend it."""
    return Text(words.en.partition(", got ")[2].partition(";")[0] or words.en, words.zh.partition("实为")[2].partition("；")[0].strip() or words.zh)  # fmt: skip


def blocks(subject: Subject, section: Section) -> None:
    """The largest eigenvalue and the trace of each layer's block of the Hessian."""
    share = SHARE * subject.shares.get("curvature", subject.shares.get("step", 5.0))
    samples = plan(subject).samples
    sizes: dict[str, int] = {}
    seen: set[int] = set()  # parameters that two modules share belong to the first
    for name, m in subject.model.named_modules():
        own = [p for p in m.parameters(recurse=False) if p.requires_grad and id(p) not in seen]
        seen |= {id(p) for p in own}
        if own and ".parametrizations" not in name:
            sizes[name] = sum(p.numel() for p in own)
    names = [name for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]) if size]
    trained = len(names)
    if trained < 2:
        return  # the whole is the one block
    while (
        samples > 16 and subject.seconds_of(PASSES * (PRODUCTS + PROBES) * min(trained, 8), samples) > share
    ):
        samples //= 2
    each = subject.seconds_of(PASSES * (PRODUCTS + PROBES), samples)
    count = min(trained, MOST_LAYERS, int(share / max(each, 1e-9)))
    if count < 1:
        raise Unchecked(
            f"one layer does not fit into {share:.2g} s", f"单独一层也无法在 {share:.2g} 秒内完成"
        )
    model, loss, pair = subject.instrument(samples)
    prefix = "" if model is subject.model else "model."
    wanted = [f"{prefix}{name}".rstrip(".") for name in names[:count]]
    with subject.evaluating():
        rows = layer_curvatures(
            model, loss, pair, layers=wanted, tolerance=1e-2, max_products=PRODUCTS, probes=PROBES,
            memory=max(1, int(0.25 * subject.budget.bytes)), seed=subject.seed,
        )  # fmt: skip
    rows = [
        row._replace(name=row.name.removeprefix(prefix).removeprefix("model" if prefix else ""))
        for row in rows
    ]
    section.values["layers"] = [row._asdict() for row in rows]
    section.tables.append(
        Table(
            (Text("layer", "层"), Text("parameters", "参数"), Text("largest eigenvalue", "最大特征值"), Text("within", "误差至多"), Text("trace", "迹")),
            tuple(
                (row.name or "model", row.size, row.eigenvalue, row.residual, f"{row.trace:.3g}" + (f" ± {row.standard_error:.1g}" if row.standard_error else ""))
                for row in rows
            ),
            Text("The Hessian's block of each layer, without what couples the layers; traces with ± are estimated.", "各层在黑塞矩阵中的对角块，不含层间耦合；带 ± 的迹为估计值。"),
        )
    )  # fmt: skip
    said(subject, section, samples)
    if count < trained:
        section.say(
            f"blocks of the {count} layers with the most parameters, of {trained}",
            f"仅列出 {trained} 层中参数最多的 {count} 层的对角块",
        )
