"""Hooks on modules: who has set one wants to see every call, and steps in closed form make none."""

from torch import nn

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def has_hooks(model: nn.Module) -> bool:
    """Whether a hook is set on a module or on one within it."""
    return any(getattr(module, name) for module in model.modules() for name in HOOKS)
