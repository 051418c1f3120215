"""What to do about a model that does not run on its data; and what kind of random numbers a model draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

from gradus.examination.batches import tensors


def advice_for(model: nn.Module, inputs: Any, error: Exception) -> tuple[str, str]:
    """What to do, in English and Chinese, where inputs, numbers or devices of model and data do not fit."""
    given = list(tensors(inputs))
    own = [*model.parameters(), *model.buffers()]
    if any(t.is_meta for t in own):
        return (
            'the model is on the device "meta", which holds no numbers: build it without it, or load its weights',
            "模型位于 “meta” 设备，其中没有数值：请不在该设备上构建模型，或加载权重",
        )
    places = {str(t.device) for t in own}, {str(t.device) for t in given}
    if all(places) and places[0] != places[1]:
        here, there = (", ".join(sorted(p)) for p in places)
        return (
            f"bring both to one device: the model is on {here}, the data on {there}",
            f"请把两者放到同一设备：模型在 {here}，数据在 {there}",
        )
    if isinstance(error, TypeError) and isinstance(inputs, (Mapping, tuple, list)):
        stars = "**" if isinstance(inputs, Mapping) else "*"
        return (
            f"what the first entry of a batch is goes in as one argument: wrap the model in a module whose forward(self, batch) returns self.net({stars}batch)",
            f"批次的第一项作为一个参数传入：请把模型包在一个模块中，其 forward(self, batch) 返回 self.net({stars}batch)",
        )
    kinds = tuple(
        {t.dtype for t in group if t.is_floating_point() or t.is_complex()} for group in (own, given)
    )
    if all(kinds) and kinds[0] != kinds[1]:
        here, there = (", ".join(sorted(str(d).removeprefix("torch.") for d in k)) for k in kinds)
        return (
            f"give both one type of number, as by x.float(): the model has {here}, the data {there}",
            f"请统一数值类型，如 x.float()：模型为 {here}，数据为 {there}",
        )
    return "look at the shapes and types of the inputs", "请检查输入的形状与类型"


class Drawn(TorchFunctionMode):
    """Hears which random numbers a model draws.

    Attributes:
        names: of the functions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if (
            name.startswith(("rand", "normal", "multinomial", "bernoulli", "poisson", "exponential"))
            or "dropout" in name
        ):
            self.names.add(name)
        return func(*args, **(kwargs or {}))

    @property
    def meant(self) -> bool:
        """Whether all that was drawn was a sample, as a variational model draws one, and nothing was dropped."""
        return bool(self.names) and not any("dropout" in n or "bernoulli" in n for n in self.names)
