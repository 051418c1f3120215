"""What is attached to modules and parameters: hooks, and functions of another's in place of a forward pass.

Who has attached something wants every call to be made, which a step that is not recorded does not do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as torch_modules

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_GLOBAL = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)
_OF_PARAMETERS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def is_attached(model: nn.Module) -> bool:
    """Whether a hook is set on a module, on one within it, on a parameter or on all modules; or a call is another's."""
    if any(getattr(torch_modules, name, None) for name in _GLOBAL):
        return True
    return any(_module(module) for module in model.modules()) or any(
        has_hooks(parameter) for parameter in model.parameters()
    )


def _module(module: nn.Module) -> bool:
    state = module.__dict__
    return (
        any(_alive(state.get(name)) for name in HOOKS)
        or "forward" in state
        or state.get("_compiled_call_impl") is not None
    )


def _alive(hooks: Any) -> bool:
    # a hook whose owner is gone says so: nothing waits for its calls
    return bool(hooks) and any(not getattr(hook, "dead", False) for hook in hooks.values())


def has_hooks(parameter: torch.Tensor) -> bool:
    """Whether a hook is set on a parameter."""
    return any(getattr(parameter, name, None) for name in _OF_PARAMETERS)


class Watch:
    """Whether anything was attached to a model, or changed in it, since it was looked at: asked at every step, so it looks at no more than it must.

    Args:
        model: with nothing attached.
    """

    def __init__(self, model: nn.Module) -> None:
        self.modules = [
            (m, type(m), m.__dict__, list(m._modules.items()), list(m._parameters.items()))
            for m in model.modules()
        ]
        self.parameters = [(p, p.requires_grad) for p in model.parameters()]

    def changed(self) -> bool:
        """Whether a module, its class, its parts or parameters are others, a parameter is frozen or thawed, or something is attached."""
        if any(getattr(torch_modules, name, None) for name in _GLOBAL):
            return True
        for module, kind, state, children, parameters in self.modules:
            if (
                type(module) is not kind
                or _differs(state["_modules"], children)
                or _differs(state["_parameters"], parameters)
            ):
                return True
            hooks = (
                state["_forward_hooks"]
                or state["_forward_pre_hooks"]
                or state["_backward_hooks"]
                or state["_backward_pre_hooks"]
            )
            if (hooks or "forward" in state or "_compiled_call_impl" in state) and _module(module):
                return True
        return any(p.requires_grad is not trained or has_hooks(p) for p, trained in self.parameters)


def _differs(now: Mapping[str, Any], before: Sequence[tuple[str, Any]]) -> bool:
    return len(now) != len(before) or any(now.get(name) is not value for name, value in before)


def is_observed() -> bool:
    """Whether what PyTorch computes is changed or watched from outside, by autocast or by a mode."""
    modes = ("_len_torch_function_stack", "_len_torch_dispatch_stack")
    depth: Any = sum(getattr(torch._C, name)() for name in modes if hasattr(torch._C, name))
    return bool(depth) or torch.is_anomaly_enabled() or torch.is_autocast_enabled("cpu")
