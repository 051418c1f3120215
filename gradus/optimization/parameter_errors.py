"""What PyTorch says against the parameters of an optimiser, in Gradus's words."""

from __future__ import annotations

from typing import Any

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.text import Text


def parameters_refused(parameters: Any, error: Exception) -> GradusError:
    """The error that parameters are refused by, from the one that `torch.optim.Optimizer` raised: to be raised."""
    if isinstance(error, GradusError):
        return error
    if "empty parameter list" in str(error):
        return refusal(
            "parameters",
            ("at least one tensor", "至少一个张量"),
            Text("none", "空"),
            (
                "give model.parameters() of a model that has some, anew for each optimiser",
                "请给出含参数模型的 model.parameters()，每个优化器须重新生成",
            ),
        )
    return refusal(
        "parameters",
        ("tensors, or groups of them, as model.parameters()", "张量或其分组，如 model.parameters()"),
        parameters,
        kind=True,
    )
