"""What a model is made of: layers, parameters trained, frozen and shared, operations, sizes of activations."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from gradus.examination.batches import tensors
from gradus.examination.subject import NORMS, Subject
from gradus.examination.verdicts import Section, Table, Unchecked
from gradus.numbers import figure
from gradus.text import Text

MOST_ROWS = 60


def parameters(subject: Subject, section: Section) -> None:
    """How many numbers there are, and which are trained."""
    model = subject.model
    kinds = Counter(type(m).__name__ for m in model.modules() if m is not model and not list(m.children()))
    own = list(model.named_parameters())
    total = sum(p.numel() for _, p in own)
    trained = sum(p.numel() for _, p in own if p.requires_grad)
    buffers = sum(b.numel() for b in model.buffers())
    size = sum(t.numel() * t.element_size() for t in itertools.chain(model.parameters(), model.buffers()))
    shown = ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in kinds.most_common(8))
    more = len(kinds) - 8
    section.fact(
        "layers",
        "层",
        Text(
            shown + (f" and {more} kinds more" if more > 0 else ""),
            shown + (f"，另有 {more} 种" if more > 0 else ""),
        ),
    )
    section.fact("parameters", "参数", f"{total:,}")
    section.fact("trained", "参与训练", f"{trained:,}")
    if total - trained:
        section.fact("frozen", "冻结", f"{total - trained:,}")
    if buffers:
        section.fact("buffers", "缓冲区", f"{buffers:,}")
    section.fact("size", "大小", f"{size / 2**20:.3g} MB")
    kinds_of = sorted({str(t.dtype).removeprefix("torch.") for _, t in own})
    section.fact("dtype", "数据类型", ", ".join(kinds_of) or "–")
    section.values |= {"parameters": total, "trained": trained, "buffers": buffers}
    if not total:
        raise Unchecked("the model has no parameters", "模型没有参数")


def shared(subject: Subject, section: Section) -> None:
    """Parameters under several names, and one layer registered several times."""
    names: dict[int, list[str]] = defaultdict(list)
    for name, p in subject.model.named_parameters(remove_duplicate=False):
        names[id(p)].append(name)
    several = [group for group in names.values() if len(group) > 1]
    modules: dict[int, list[str]] = defaultdict(list)
    for name, m in subject.model.named_modules(remove_duplicate=False):
        if any(True for _ in m.parameters(recurse=False)):
            modules[id(m)].append(name)
    if several:
        words = "; ".join(" = ".join(group[:4]) for group in several[:4])
        section.fact("shared parameters", "共享参数", words)
    section.values["shared"] = several
    lists = [m for m in subject.model.modules() if isinstance(m, (nn.ModuleList, nn.Sequential))]
    for holder in lists:
        entries = Counter(
            id(m) for m in holder._modules.values() if m is not None and any(True for _ in m.parameters())
        )
        most = max(entries.values(), default=0)
        if most > 1:
            again = [k for k, m in holder._modules.items() if m is not None and entries[id(m)] == most]
            kind = type(holder._modules[again[0]]).__name__
            section.find(
                "warning", "layer-repeated",
                (f"one {kind} stands at {most} places of a {type(holder).__name__}", f"同一个 {kind} 在 {type(holder).__name__} 中出现 {most} 次"),
                (f"entries {', '.join(again[:6])} are the same object, with the same parameters", f"第 {', '.join(again[:6])} 项是同一个对象，参数也相同"),
                ("make a new layer for each place, as [make() for _ in range(n)]; [layer] * n repeats one. Where sharing is meant, call one layer several times", "请为每个位置各建一层，如 [make() for _ in range(n)]；[layer] * n 只是重复同一层。若确要共享，请多次调用同一层"),
                ("mlp",),
            )  # fmt: skip


def operations(subject: Subject, section: Section) -> None:
    """Operations of a forward pass, and the rows of the layers."""
    count = subject.operations
    section.fact("operations of a sample, forwards", "每个样本前向的运算次数", figure(float(f"{count:.3g}")))
    section.values["operations"] = count
    sizes: dict[str, tuple[str, int]] = {}
    inputs, _ = subject.part(2)
    n = 2 if subject.train.samples > 1 else 1
    handles = []

    def hear(name: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            parts: list[Tensor] = list(tensors(output))
            if parts:
                sizes[name] = (str(tuple(parts[0].shape[1:])), sum(t.numel() for t in parts) // n)

        return hook

    layers = [(k, m) for k, m in subject.model.named_modules() if not list(m.children())]
    for name, m in layers:
        if not isinstance(m, torch.jit.ScriptModule):
            handles.append(m.register_forward_hook(hear(name)))
    try:
        with subject.evaluating_plainly(), torch.no_grad():
            subject.run(inputs)
    finally:
        for handle in handles:
            handle.remove()
    rows = []
    for name, m in layers:
        own = sum(p.numel() for p in m.parameters(recurse=False))
        if own or name in sizes:
            shape, _ = sizes.get(name, ("", 0))
            trained = sum(p.numel() for p in m.parameters(recurse=False) if p.requires_grad)
            rows.append((name or "–", type(m).__name__, shape, own or None, trained if own else None))
    total = sum(size for _, size in sizes.values())
    section.fact("numbers put out by all layers for a sample", "每个样本各层输出的数的总数", f"{total:,}")
    section.values["activations"] = total
    if len(rows) > MOST_ROWS:
        section.say(
            f"{len(rows)} layers; the first {MOST_ROWS} are listed",
            f"共 {len(rows)} 层，列出前 {MOST_ROWS} 层",
        )
    section.tables.append(
        Table(
            (Text("layer", "层"), Text("kind", "类型"), Text("puts out", "输出"), Text("parameters", "参数"), Text("trained", "训练")),
            tuple(rows[:MOST_ROWS]),
            Text("Layers in the order of registration; shapes without the sample's axis.", "按注册顺序列出的层；形状不含样本维。"),
        )
    )  # fmt: skip


def modes(subject: Subject, section: Section) -> None:
    """Modules in another mode than their model; batch norms that never saw data."""
    model = subject.model
    train = [
        name
        for name, m in model.named_modules()
        if name and m.training != model.training and not list(m.children())
    ]
    stateful = [
        name
        for name in train
        if isinstance(m := model.get_submodule(name), (NORMS, nn.modules.dropout._DropoutNd))
        and getattr(m, "p", 1) != 0
    ]
    if stateful and not model.training:
        section.find(
            "warning", "mode-mixed",
            ("the model evaluates, but some of its layers train", "模型处于评估模式，而其中一些层处于训练模式"),
            (f"{', '.join(stateful[:5])} ({len(stateful)} in all)", f"{', '.join(stateful[:5])}（共 {len(stateful)} 个）"),
            ("call model.eval() after the last train() of a part", "请在对任何部分调用 train() 之后再调用 model.eval()"),
            ("batch-norm", "dropout"),
        )  # fmt: skip
    elif stateful:
        words = ", ".join(stateful[:5])
        section.find(
            "note", "mode-mixed",
            ("the model trains, but some of its layers evaluate", "模型处于训练模式，而其中一些层处于评估模式"),
            (f"{words} ({len(stateful)} in all)", f"{words}（共 {len(stateful)} 个）"),
            ("right for a frozen part; call model.train() otherwise", "若有意冻结这些层则无妨；否则请调用 model.train()"),
            ("batch-norm",),
        )  # fmt: skip
    rates = [
        (n, m.p)
        for n, m in model.named_modules()
        if isinstance(m, nn.modules.dropout._DropoutNd) and m.p >= 0.9
    ]
    if rates:
        name, rate = max(rates, key=lambda pair: pair[1])
        section.find(
            "fault" if rate >= 1 else "warning", "dropout-rate",
            (f"dropout drops {rate:.0%} of what enters {name}", f"{name} 的丢弃法丢掉了 {rate:.0%} 的输入"),
            (f"p = {rate:g} is the share that is dropped, not the one that is kept", f"p = {rate:g} 是丢弃的比例，而不是保留的比例"),
            (f"p = {1 - rate:.2g} may be meant", f"也许本意是 p = {1 - rate:.2g}"),
            ("dropout",),
        )  # fmt: skip


def hidden(subject: Subject, section: Section) -> None:
    """Layers and parameters in a plain list, tuple or dictionary: no optimiser, `.to` or `state_dict` knows of them."""
    known = {id(p) for p in subject.model.parameters()}
    found: list[tuple[str, int]] = []
    for path, m in subject.model.named_modules():
        for name, held in vars(m).items():
            if name.startswith("_") or not isinstance(held, (list, tuple, dict)):
                continue
            count = 0
            for part in held.values() if isinstance(held, dict) else held:
                own = list(part.parameters()) if isinstance(part, nn.Module) else [part]
                count += sum(
                    p.numel()
                    for p in own
                    if isinstance(p, nn.Parameter) and p.requires_grad and id(p) not in known
                )
            if count:
                found.append((f"{path}.{name}" if path else name, count))
    if found:
        total = sum(n for _, n in found)
        names = ", ".join(n for n, _ in found[:5])
        section.find(
            "fault", "layers-hidden",
            ("the model does not know some of its layers", "模型不知道自己的某些层"),
            (f"{names}: a plain list, tuple or dictionary with {total:,} parameters that model.parameters() lacks", f"{names} 是普通的列表、元组或字典，其中 {total:,} 个参数不在 model.parameters() 中"),
            ("hold layers in nn.ModuleList or nn.ModuleDict, parameters in nn.ParameterList: only these are trained, moved and saved", "请用 nn.ModuleList、nn.ModuleDict 存放层，用 nn.ParameterList 存放参数：只有它们才会被训练、移动和保存"),
            ("mlp",),
        )  # fmt: skip


CHECKS = (
    (Text("parameters", "参数"), parameters),
    (Text("shared parameters and layers", "共享的参数与层"), shared),
    (Text("operations and sizes of activations", "运算次数与激活的大小"), operations),
    (Text("layers in plain lists", "普通列表中的层"), hidden),
    (Text("modes of the layers", "各层的模式"), modes),
)
