"""Before the checks: what they will import, and what the report says of the whole."""

from __future__ import annotations

import torch
from torch import nn

from gradus.examination.sections import SECTIONS
from gradus.examination.subject import Subject
from gradus.text import Text


def load(asked: list[str]) -> None:
    """Imports what the checks will use: an import that the end of its time broke off would leave half a module behind."""
    from torch.optim import SGD
    from torch.utils.flop_counter import FlopCounterMode

    import gradus.theory

    for name in gradus.theory.__all__:
        getattr(gradus.theory, name)
    for name in asked:
        _ = SECTIONS[name].checks
    SGD([torch.zeros(1, requires_grad=True)], lr=0.1).zero_grad()
    with FlopCounterMode(display=False), torch.no_grad():
        torch.ones(1, 1) @ torch.ones(1, 1)


def facts_of(subject: Subject) -> list[tuple[Text, Text]]:
    """Data, mode, optimiser, seed."""
    facts = [(Text("data", "数据"), subject.whole.note)]
    if subject.train is not subject.whole:
        facts.append((Text("of these, the model went over", "其中由模型计算的"), subject.train.note))
    if subject.whole_held is not None:
        facts.append((Text("held out", "留出数据"), subject.whole_held.note))
    mode = _mode(subject.model)
    facts.append((Text("mode", "模式"), mode))
    if subject.optimizer is not None:
        name = type(subject.optimizer).__name__
        facts.append((Text("optimizer", "优化器"), Text(name, name)))
    facts.append((Text("seed", "种子"), Text(str(subject.seed), str(subject.seed))))
    return facts


def _mode(model: nn.Module) -> Text:
    modes = {m.training for m in model.modules()}
    if len(modes) > 1:
        return Text(
            "mixed: some modules train, some evaluate", "混合：部分模块处于训练模式，部分处于评估模式"
        )
    return Text("training", "训练模式") if modes == {True} else Text("evaluation", "评估模式")
