"""Optimisers by name, with the settings that make PyTorch's own fast; and their state, stored and restored."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

from gradus.errors import GradusError
from gradus.optimization.fused import fused_sgd_works, hooked
from gradus.text import Text
from gradus.training import tree
from gradus.training.errors import CheckpointError

Factory = Callable[[Iterable[torch.nn.Parameter]], Optimizer]

# Each row: the class, its settings, and whether PyTorch has a fused update (one call for all parameters).
OPTIMIZERS: dict[str, tuple[type[Optimizer], dict[str, Any], bool]] = {
    "sgd": (torch.optim.SGD, {}, True),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, True),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, True),
    "adam": (torch.optim.Adam, {}, True),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}, True),
    "adamw": (torch.optim.AdamW, {}, True),
    "adagrad": (torch.optim.Adagrad, {}, True),
    "adadelta": (torch.optim.Adadelta, {}, False),
    "adamax": (torch.optim.Adamax, {}, False),
    "nadam": (torch.optim.NAdam, {}, False),
    "radam": (torch.optim.RAdam, {}, False),
    "rmsprop": (torch.optim.RMSprop, {}, False),
    "rprop": (torch.optim.Rprop, {}, False),
    "asgd": (torch.optim.ASGD, {}, False),
    "lbfgs": (torch.optim.LBFGS, {}, False),
}


def make_optimizer(
    optimizer: str | Factory | Optimizer, parameters: list[torch.nn.Parameter], learning_rate: float
) -> Optimizer:
    """The optimiser: an instance as it is, a factory called with the parameters, a name from the table.

    Raises:
        GradusError: for an unknown name, or a factory that returns something else.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise GradusError(
                Text(
                    f"expected an optimizer among {', '.join(OPTIMIZERS)}, got {optimizer!r}",
                    f"优化器应为 {'、'.join(OPTIMIZERS)} 之一，得到 {optimizer!r}",
                )
            )
        kind, settings, fused = OPTIMIZERS[optimizer]
        if fused and all(map(_is_fusible, parameters)) and (
            kind is not torch.optim.SGD or all(fused_sgd_works(p.dtype, p.device.type) for p in parameters)
        ):  # fmt: skip
            settings = settings | {"fused": True}
        return kind(parameters, lr=learning_rate, **settings)  # type: ignore[call-arg]
    try:
        instance = optimizer(parameters)
    except TypeError as error:
        raise GradusError(
            Text(
                f"expected optimizer as a function of the parameters alone, got an error: {error}",
                f"optimizer 应为只接受参数的函数，调用时出错：{error}",
            )
        ) from None
    if not isinstance(instance, Optimizer):
        raise GradusError(
            Text(
                f"expected the optimizer factory to return a torch.optim.Optimizer, got {type(instance).__name__}",
                f"优化器工厂应返回 torch.optim.Optimizer，得到 {type(instance).__name__}",
            )
        )
    return instance


def _is_fusible(p: torch.Tensor) -> bool:
    return p.is_floating_point() and p.device.type in ("cpu", "cuda", "mps")


def direct_update(optimizer: Optimizer) -> Callable[[], Any]:
    """The optimiser's step; for PyTorch's fused Adam the fused call itself, whose preparation costs half as much again.

    It works on the optimiser's own state, so that either may follow the other.
    """
    if (
        type(optimizer) not in (torch.optim.Adam, torch.optim.AdamW)
        or len(optimizer.param_groups) != 1
        or hooked(optimizer)
    ):
        return optimizer.step
    group = optimizer.param_groups[0]
    plain = not (group["amsgrad"] or group["maximize"] or group["capturable"] or group["differentiable"])
    on_cpu = all(p.device.type == "cpu" and not p.is_sparse for p in group["params"])
    if not (group["fused"] and plain and on_cpu) or not hasattr(torch, "_fused_adamw_"):
        return optimizer.step
    return _DirectAdam(optimizer)


class _DirectAdam:
    """The fused call of Adam or AdamW; lists of what it works on are kept as long as the optimiser's state stands."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        decoupled = optimizer.param_groups[0]["decoupled_weight_decay"]
        self.kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_
        self.counts: list[torch.Tensor] = []

    def _link(self) -> bool:
        """Take the state's tensors into lists, the counts of steps as parts of one; False if there are none yet."""
        states = [self.optimizer.state[p] for p in self.optimizer.param_groups[0]["params"]]
        if not all(states):
            return False
        self.count = torch.stack([s["step"] for s in states])
        self.counts = list(self.count.unbind())
        for state, count in zip(states, self.counts, strict=True):
            state["step"] = count
        self.means, self.squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
        return True

    @torch.no_grad()
    def __call__(self) -> None:
        # looked up each time: loading a state replaces them
        group, state = self.optimizer.param_groups[0], self.optimizer.state
        parameters = group["params"]
        gradients = [p.grad for p in parameters]
        changed = len(self.optimizer.param_groups) != 1 or group["maximize"] or group["amsgrad"]
        linked = len(self.counts) == len(parameters) and all(
            state[p].get("step") is count for p, count in zip(parameters, self.counts, strict=True)
        )
        if (
            changed
            or hooked(self.optimizer)
            or any(g is None for g in gradients)
            or not (linked or self._link())
        ):
            self.optimizer.step()
            return
        self.count.add_(1)
        beta1, beta2 = group["betas"]
        self.kernel(
            parameters, gradients, self.means, self.squares, [], self.counts, lr=float(group["lr"]), beta1=beta1,
            beta2=beta2, weight_decay=group["weight_decay"], eps=group["eps"], amsgrad=False, maximize=False,
        )  # fmt: skip


def describe_optimizer(optimizer: Optimizer) -> str:
    """The class and its settings, for the record of a run (the learning rate moves, and is left out)."""
    settings = {k: v for k, v in sorted(optimizer.defaults.items()) if k != "lr"}
    return f"{type(optimizer).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"


def describe_groups(optimizer: Optimizer) -> str:
    """The settings of groups of parameters that are not the optimiser's own, for the record of a run."""
    groups = [
        {
            k: repr(v)
            for k, v in sorted(group.items())
            if k in optimizer.defaults and k != "lr" and repr(v) != repr(optimizer.defaults[k])
        }
        for group in optimizer.param_groups
    ]
    return str(len(groups)) + (f": {groups}" if any(groups) else "")


def settings_of(optimizer: Optimizer) -> list[dict[str, Any]]:
    """The settings of each group of parameters."""
    return [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]


def restore_settings(optimizer: Optimizer, settings: list[dict[str, Any]]) -> None:
    """Give the groups their settings again."""
    for group, values in zip(optimizer.param_groups, settings, strict=True):
        group.update(values)


def pack_optimizer(optimizer: Optimizer, tensors: dict[str, torch.Tensor]) -> Any:
    """The optimiser's whole state as JSON; its tensors are added to `tensors`."""
    return tree.pack(optimizer.state_dict(), "optimizer", tensors)


def _like(value: Any, parameter: torch.Tensor) -> Any:
    # PyTorch gives the moments the memory layout of their parameter; stored tensors have lost it.
    if isinstance(value, torch.Tensor) and value.shape == parameter.shape and value.dim() > 1:
        return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)
    return value


def unpack_optimizer(optimizer: Optimizer, packed: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Give the optimiser the state that `pack_optimizer` stored.

    Raises:
        CheckpointError: when the state is of another optimiser or of other parameters.
    """
    try:
        optimizer.load_state_dict(tree.unpack(packed, tensors))
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise CheckpointError(
            Text(
                f"the stored state does not fit the optimizer {type(optimizer).__name__}: {error}",
                f"存储的状态与优化器 {type(optimizer).__name__} 不符：{error}",
            )
        ) from None
    if type(optimizer) in {kind for kind, _, _ in OPTIMIZERS.values()} - {torch.optim.LBFGS}:
        _check_shapes(optimizer)
    for parameter, state in optimizer.state.items():
        state.update({key: _like(value, parameter) for key, value in state.items()})


def _check_shapes(optimizer: Optimizer) -> None:
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor) and value.dim() and value.shape != parameter.shape:
                raise CheckpointError(
                    Text(
                        f"the stored state does not fit the optimizer {type(optimizer).__name__}: {name} of shape "
                        f"{tuple(value.shape)} for a parameter of shape {tuple(parameter.shape)}",
                        f"存储的状态与优化器 {type(optimizer).__name__} 不符：{name} 的形状为 {tuple(value.shape)}，而参数的形状为 {tuple(parameter.shape)}",
                    )
                )


class Rate:
    """The learning rate at each step: every group's own rate times the schedule's factor; NaN where a group has none."""

    def __init__(self, optimizer: Optimizer, schedule: Callable[[int], float] | None) -> None:
        self.optimizer, self.schedule = optimizer, schedule
        self.base = [
            float(group.get("initial_lr", group.get("lr", math.nan))) for group in optimizer.param_groups
        ]

    def set(self, step: int) -> None:
        """Set the rates for the update that leads from `step` to `step + 1`."""
        if self.schedule is None:
            return
        factor = float(self.schedule(step))
        for group, base in zip(self.optimizer.param_groups, self.base, strict=True):
            group["lr"] = base * factor

    @property
    def now(self) -> float:
        """The first group's rate."""
        return float(self.optimizer.param_groups[0].get("lr", math.nan))
