"""What the model puts out, and what the loss makes of it: softmax twice, losses far from chance, outputs that are equal or mixed."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.errors import raised
from gradus.examination.batches import copied, length, rows
from gradus.examination.dropped_outputs import dropped
from gradus.examination.failures import Drawn, advice_for
from gradus.examination.log_probabilities import logarithms
from gradus.examination.loss_checks import losses
from gradus.examination.loss_kinds import (
    class_axis,
    is_cross_entropy,
    loss_at,
    near,
    sample,
)
from gradus.examination.outcomes import main_of
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.text import Text

EQUAL = 1e-4  # spread over samples beside the outputs' size, below which all inputs have one output
SURE = 0.99


def forward(subject: Subject, section: Section) -> None:
    """That the model runs; its outputs are finite, its inputs left as they are, its outputs the same twice."""
    inputs, _ = subject.train.batches[0]
    given = copied(inputs)
    try:
        with torch.no_grad():
            outputs = subject.model(given)
    except Exception as error:
        en, zh = raised(error)
        section.find(
            "fault", "model-fails",
            ("the model does not run on these data", "模型无法在这些数据上运行"), (f"it {en}"[:300], f"它{zh}"[:300]),
            advice_for(subject.model, inputs, error), ("mlp",),
        )  # fmt: skip
        raise
    main = main_of(outputs)
    if not isinstance(main, Tensor):
        section.find(
            "fault" if outputs is None else "note", "no-outputs",
            ("the model returns nothing", "模型没有返回值") if outputs is None else ("the model returns no tensor of real numbers", "模型未返回实数张量"),
            (f"its forward returns {type(outputs).__name__}", f"其 forward 返回 {type(outputs).__name__}"),
            ("return the outputs at the end of forward", "请在 forward 末尾返回输出"), ("mlp",),
        )  # fmt: skip
        raise Unchecked("the model returns no tensor", "模型未返回张量")
    before, after = (torch.cat([t.reshape(-1).double() for t in _real(x)]) if any(True for _ in _real(x)) else None for x in (inputs, given))  # fmt: skip
    if before is not None and after is not None and not torch.equal(before.nan_to_num(), after.nan_to_num()):
        section.find(
            "warning", "inputs-changed",
            ("the model changes its inputs", "模型改动了自己的输入"),
            (f"{float((before != after).double().mean()):.0%} of the entries of the first batch differ after a call", f"一次调用之后，首批中 {float((before != after).double().mean()):.0%} 的元素变了"),
            ("no operation in place on what comes in: x = x + 1, not x += 1", "不要对传入的张量作原地运算：用 x = x + 1，不用 x += 1"),
            ("reverse-mode",),
        )  # fmt: skip
    outputs_ = subject.outputs()
    mains = [m for m in map(main_of, outputs_) if isinstance(m, Tensor)]
    section.fact(
        "outputs", "输出", f"{tuple(mains[0].shape[1:])} {str(mains[0].dtype).removeprefix('torch.')}"
    )
    if mains[0].is_floating_point():
        bad = sum(int((~m.isfinite()).sum()) for m in mains)
        whole = sum(m.numel() for m in mains)
        if bad and all(bool(t.isfinite().all()) for batch in subject.train.batches for t in _real(batch[0])):
            where, zh = _first_not_finite(subject)
            section.find(
                "fault", "outputs-not-finite",
                ("the outputs hold NaN or ∞", "输出含有 NaN 或 ∞"),
                (f"{bad:,} of {whole:,} numbers{where}", f"{whole:,} 个数中的 {bad:,} 个{zh}"),
                ("look at this layer: an overflow, a division by zero, the logarithm of zero, or parameters that were spoilt", "请检查该层：上溢、除以零、对零取对数，或参数已被毁坏"),
                ("floating-point", "stable-evaluation"),
            )  # fmt: skip


def _real(value: Any) -> list[Tensor]:
    from gradus.examination.batches import tensors

    return [t for t in tensors(value) if t.is_floating_point()]


def _first_not_finite(subject: Subject) -> tuple[str, str]:
    """Where numbers first are not finite: a parameter, or what a layer puts out."""
    for name, p in [*subject.model.named_parameters(), *subject.model.named_buffers()]:
        if p.is_floating_point() and not bool(p.isfinite().all()):
            return f"; first in the parameter or buffer {name}", f"；首先在参数或缓冲区 {name} 中"
    found: list[str] = []

    def hook(name: str) -> Any:
        def hear(_: Any, __: Any, output: Any) -> None:
            main = main_of(output)
            if (
                not found
                and isinstance(main, Tensor)
                and main.is_floating_point()
                and not bool(main.isfinite().all())
            ):
                found.append(name)

        return hear

    handles = [
        m.register_forward_hook(hook(n)) for n, m in subject.model.named_modules() if not list(m.children())
    ]
    try:
        with torch.no_grad():
            for inputs, _ in subject.train.batches:
                subject.run(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return (f"; first out of {found[0]}", f"；首先由 {found[0]} 输出") if found else ("", "")


def repeated(subject: Subject, section: Section) -> None:
    """Whether a second call gives the same, and whether a sample's output depends on its batch."""
    inputs, _ = subject.train.batches[0]
    n = min(length(inputs), 32)
    inputs = rows(inputs, slice(n))
    with subject.evaluating(), torch.no_grad():
        with Drawn() as drawn:
            one, two = (main_of(subject.run(inputs)) for _ in range(2))
        if not isinstance(one, Tensor) or one.shape != two.shape:
            raise Unchecked("the model returns no tensor of one shape", "模型未返回形状固定的张量")
        if not one.is_floating_point() or not bool(one.isfinite().all()):
            raise Unchecked("outputs that are not finite", "输出含非有限的数")
        size = float(one.double().square().mean().sqrt())
        gap = float((one - two).double().square().mean().sqrt())
        tolerance = 64 * torch.finfo(one.dtype).eps ** 0.75
        if gap > tolerance * max(size, 1e-30):
            section.find(
                "note" if drawn.meant else "warning", "outputs-random",
                ("in evaluation mode the outputs differ from call to call", "评估模式下，每次调用的输出不同"),
                (f"two calls on the same {n} samples differ by {gap / max(size, 1e-30):.1%} of the outputs' size", f"对相同的 {n} 个样本调用两次，输出相差其大小的 {gap / max(size, 1e-30):.1%}"),
                ("draw only while self.training is true, as F.dropout(x, p, self.training) does", "只在 self.training 为真时随机抽取，如 F.dropout(x, p, self.training)"),
                ("dropout",),
            )  # fmt: skip
            return
        if n < 3:
            raise Unchecked("fewer than three samples in a batch", "一批少于三个样本")
        if len(one) != n:
            raise Unchecked("the outputs have no row for each sample", "输出不是每个样本一行")
        part = main_of(subject.run(rows(inputs, slice(n // 2))))
    if not isinstance(part, Tensor) or part.shape[1:] != one.shape[1:]:
        raise Unchecked("the outputs' shape depends on the batch", "输出的形状依赖于批次")
    gap = float((one[: n // 2] - part).double().square().mean().sqrt())
    section.values["mixing"] = gap / max(size, 1e-30)
    if gap > 10 * tolerance * max(size, 1e-30):
        section.find(
            "fault", "samples-mixed",
            ("a sample's output depends on the other samples of its batch", "一个样本的输出依赖于同批的其他样本"),
            (f"the first {n // 2} of {n} samples, alone, have outputs that differ by {gap / max(size, 1e-30):.1%} of their size, in evaluation mode", f"评估模式下，{n} 个样本中的前 {n // 2} 个单独计算时，输出相差其大小的 {gap / max(size, 1e-30):.1%}"),
            ("look for a softmax, a norm or a mean over axis 0, and for a reshape or view that takes samples apart", "请查找对第 0 维的 softmax、归一化或平均，以及拆散样本的 reshape 或 view"),
            ("batch-norm", "softmax"),
        )  # fmt: skip


def equal(subject: Subject, section: Section) -> None:
    """Whether different inputs have different outputs."""
    mains = [m for m in map(main_of, subject.outputs()) if isinstance(m, Tensor) and m.is_floating_point()]
    if (
        not mains
        or subject.train.samples < 4
        or any(m.shape[1:] != mains[0].shape[1:] or not m.dim() for m in mains)
    ):
        raise Unchecked("the outputs are no rows of real numbers", "输出不是实数的行")
    z = torch.cat(mains).double()
    z = z.reshape(len(z), -1)
    if not bool(z.isfinite().all()):
        raise Unchecked("outputs that are not finite", "输出含非有限的数")
    size, spread = float(z.square().mean().sqrt()), float(z.std(0).square().mean().sqrt())
    section.fact(
        "outputs: root mean square, spread over samples",
        "输出：均方根、样本间的离散",
        f"{size:.3g}, {spread:.3g}",
    )
    section.values |= {"output_rms": size, "output_spread": spread}
    if spread <= EQUAL * size or size == 0:
        section.find(
            "fault", "outputs-equal",
            ("all inputs have nearly one output", "所有输入的输出几乎相同"),
            (f"outputs of size {size:.3g} differ by {spread:.2g} over {len(z):,} samples", f"{len(z):,} 个样本上，大小为 {size:.3g} 的输出只相差 {spread:.2g}"),
            ("the input does not come through: see dead units and vanishing signals below", "输入未能传到输出：见下文的失活单元与信号消失"),
            ("signal-propagation", "initialization"),
        )  # fmt: skip


def softmaxes(subject: Subject, section: Section) -> None:
    """Whether the outputs are what the loss takes: logits, log-probabilities or probabilities."""
    outputs, main, targets = sample(subject)
    if main.dim() == 1 and bool(main.isfinite().all()) and _real_like(targets, main):
        _sigmoid_twice(subject, section, outputs, main, targets)
        return
    if main.dim() < 2 or not bool(main.isfinite().all()):
        raise Unchecked("the outputs are no rows of finite scores", "输出不是有限得分的行")
    axis = class_axis(main, targets)
    wide = main.double()
    rows_sum = wide.sum(axis)
    probabilities = (
        bool((wide >= 0).all()) and float((rows_sum - 1).abs().max()) < 1e-2 and main.shape[axis] > 1
    )
    inside = is_cross_entropy(subject)
    section.values |= {"loss_takes_softmax": inside, "outputs_are_probabilities": probabilities}
    if inside and probabilities:
        C = main.shape[axis]
        least = math.log((math.e + C - 1) / math.e)
        section.find(
            "fault", "softmax-twice",
            ("softmax is applied twice: by the model and by the loss", "softmax 用了两次：模型一次，损失一次"),
            (f"each row of outputs sums to 1 already, and the loss is blind to a number added to a row, as one with a softmax inside is; with outputs in [0, 1] it cannot fall below {least:.3g}", f"输出的每一行之和已为 1，而在一行上加同一个数时损失不变，说明损失内含 softmax；输出在 [0, 1] 内时损失不会低于 {least:.3g}"),
            ("return the logits, and take the softmax only to read probabilities", "请返回 logits，只在需要读取概率时才取 softmax"),
            ("softmax-cross-entropy", "softmax"),
        )  # fmt: skip
    if not inside:
        logarithms(subject, section, outputs, main, targets)
    if _real_like(targets, main):
        _sigmoid_twice(subject, section, outputs, main, targets)


def _real_like(targets: Any, main: Tensor) -> bool:
    return isinstance(targets, Tensor) and targets.is_floating_point() and targets.shape == main.shape


def _sigmoid_twice(subject: Subject, section: Section, outputs: Any, main: Tensor, targets: Tensor) -> None:
    drawn = torch.randn(main.shape, generator=torch.Generator().manual_seed(subject.seed)).to(main)
    y = targets.clamp(0, 1)
    try:
        found = loss_at(subject, outputs, drawn, targets)
    except Exception:
        return  # a loss that refuses scores takes probabilities
    known = float(torch.nn.functional.binary_cross_entropy_with_logits(drawn, y.to(drawn)))
    if near(found, known, 1e-3) and bool((main >= 0).all()) and bool((main <= 1).all()):
        section.find(
            "fault", "sigmoid-twice",
            ("the sigmoid is applied twice: by the model and by the loss", "sigmoid 用了两次：模型一次，损失一次"),
            (f"the loss is the cross-entropy with logits, and all outputs lie in [{float(main.min()):.2g}, {float(main.max()):.2g}]", f"损失是以 logits 为输入的交叉熵，而所有输出都在 [{float(main.min()):.2g}, {float(main.max()):.2g}] 内"),
            ("return the logits", "请返回 logits"), ("bce", "sigmoid"),
        )  # fmt: skip


CHECKS = (
    (Text("a call of the model", "调用模型"), forward),
    (Text("whether outputs are determined, sample by sample", "输出是否逐样本确定"), repeated),
    (Text("whether inputs have outputs of their own", "不同输入的输出是否不同"), equal),
    (Text("what the loss takes", "损失需要什么"), softmaxes),
    (Text("outputs that are dropped at random", "随机丢弃的输出"), dropped),
    (Text("the loss beside that of a guess", "损失与随机猜测之比"), losses),
)
