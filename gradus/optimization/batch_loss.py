"""A model, its loss and its data, as what looks at a model's gradients is given them: checked, and evaluated on a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from gradus.arguments import function, refusal
from gradus.arguments.tensors import module, tensor
from gradus.optimization.model_inputs import taking
from gradus.optimization.unchanged_model import outside_of_inference
from gradus.text import Text

Loss = Callable[[Any, Any], Tensor]


def checked(model: Any, loss: Any, data: Any) -> tuple[Tensor, Tensor]:
    """The inputs and targets, outside of inference mode.

    Raises:
        GradusError: the model is no module, the loss no function, or the data are no pair of tensors of one length.
    """
    module("model", model)
    function("loss", loss, "torch.nn.functional.cross_entropy")
    if not isinstance(data, Sequence) or isinstance(data, (str, bytes)) or len(data) != 2:
        raise refusal("data", ("a pair (inputs, targets)", "一对 (inputs, targets)"), data, kind=True)
    inputs, targets = (tensor(f"data[{k}]", part, dtype="any", meta=False) for k, part in enumerate(data))
    if not inputs.dim() or not targets.dim() or len(inputs) != len(targets) or not len(inputs):
        shapes = f"{tuple(inputs.shape)}, {tuple(targets.shape)}"
        raise refusal("data", ("as many targets as inputs", "与输入数目相同的目标"), Text(shapes, shapes))
    return outside_of_inference(inputs), outside_of_inference(targets)


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that require a gradient.

    Raises:
        GradusError: there is none.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise refusal("model", ("one with parameters to train", "含可训练参数的模型"), model)
    return parameters


def value_of(loss: Loss, model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of a batch, a scalar in the graph of the model's parameters.

    Raises:
        GradusError: it is no tensor of one number, or does not depend on the model, or that does not take the inputs.
    """
    with taking("data"):
        outputs = model(inputs)
    value = loss(outputs, targets)
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        raise refusal("loss", ("a function to a tensor of one number that depends on the model", "返回依赖于模型的单个数的张量的函数"), value, kind=True)  # fmt: skip
    return value.reshape(())
