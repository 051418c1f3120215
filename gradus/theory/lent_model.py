"""A model that lends its architecture: it is called with weights that are not its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from gradus.arguments import refusal
from gradus.arguments.tensors import module
from gradus.text import Text


def require_lendable(model: Any) -> None:
    """Refuses a model that `torch.func.functional_call` cannot call with other weights.

    Raises:
        GradusError: no module, one whose parameters have no shapes yet, or one wrapped or compiled so that it cannot be lent.
    """
    module("model", model)
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    if isinstance(model, parallel):
        raise refusal("model", ("the model itself", "模型本身"), model, ("give model.module", "请给出 model.module"), kind=True)  # fmt: skip
    if any(isinstance(part, torch.jit.ScriptModule) for part in model.modules()):
        raise refusal("model", ("one in Python", "Python 写成的模型"), Text("one compiled by torch.jit", "经 torch.jit 编译的模型"))  # fmt: skip
    if any(is_lazy(value) for value in (*model.parameters(), *model.buffers())):
        raise refusal(
            "model",
            ("one whose parameters have their shapes", "参数形状已确定的模型"),
            Text("a lazy layer that has seen no input", "尚未见过输入的惰性层"),
            ("call it once on a batch", "请先用一个批次调用一次"),
        )
