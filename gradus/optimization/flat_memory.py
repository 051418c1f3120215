"""Parameters and their gradients as views of one buffer each, so that one call reads or writes them all."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from operator import attrgetter, eq, is_

import torch
from torch import Tensor, nn

from gradus.text import Text

# Every parameter begins at a multiple of so many bytes, as PyTorch's own allocations do.
ALIGNMENT = 64

_grad, _version = attrgetter("grad"), attrgetter("_version")


def obstacle(parameters: Sequence[Tensor]) -> Text | None:
    """Why parameters cannot be moved into one buffer; None if they can."""
    for number, p in enumerate(parameters):
        if type(p) not in (nn.Parameter, Tensor) or not p.is_leaf:
            return _refusal(number, f"of class {type(p).__name__}", f"的类为 {type(p).__name__}")
        if p.layout is not torch.strided or not _is_dense(p):
            return _refusal(number, "not stored without gaps", "不是连续存储的")
        if p.device.type == "cpu" and p.is_shared():
            return _refusal(number, "shared with other processes", "与其他进程共享")
    for patient in (False, True):
        number = next((i for i, p in enumerate(parameters) if _is_aliased(p)), -1)
        if number < 0:
            return None
        if not patient:
            gc.collect()  # what nobody can reach any more must not decide
    return _refusal(number, "in memory that another tensor uses", "所在的内存另有张量使用")


def _refusal(number: int, en: str, zh: str) -> Text:
    return Text(f"parameter {number} is {en}", f"第 {number} 个参数{zh}")


def _is_dense(p: Tensor) -> bool:
    return p.is_contiguous() or (p.dim() == 4 and p.is_contiguous(memory_format=torch.channels_last))


def _uses(p: Tensor) -> int:
    return int(torch._C._storage_Use_Count(p.untyped_storage()._cdata))


def _is_aliased(p: Tensor) -> bool:
    """Whether anything but this tensor uses its memory: a view, a detached tensor, an array."""
    return not hasattr(torch._C, "_storage_Use_Count") or _uses(p) > _uses(torch.empty(1))


class FlatMemory:
    """Parameters of one dtype and device, moved into one buffer; and one for their gradients.

    Attributes:
        parameters: the parameters; they stay the objects that they are.
        values: their entries, one parameter after the other, each at an aligned place.
        gradient: the gradients' entries at the same places.
        views: each parameter's part of `gradient`.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        first = self.parameters[0]
        step = max(1, ALIGNMENT // first.element_size())
        self.places, end = [], 0
        for p in self.parameters:
            self.places.append(end)
            end += -(-p.numel() // step) * step
        self.shapes = [(p.shape, p.stride()) for p in self.parameters]
        self.values = first.detach().new_zeros(end)
        self.gradient = torch.zeros_like(self.values)
        self.views = self.split(self.gradient)
        self.slots = self.split(self.values)
        for p, slot in zip(self.parameters, self.slots, strict=True):
            slot.copy_(p.detach())
            p.data = slot
        self.addresses = [p.data_ptr() for p in self.parameters]
        self.versions = list(map(_version, self.views))

    def split(self, buffer: Tensor) -> list[Tensor]:
        """The parts of a buffer of the size of `values`, shaped as the parameters."""
        # `data` gives each part a count of changes of its own, which tells whether a gradient was added to it
        return [
            buffer.as_strided(*shape, place).data
            for shape, place in zip(self.shapes, self.places, strict=True)
        ]

    def pairs(self) -> list[tuple[Tensor, Tensor]]:
        """Each parameter with its part of the gradients."""
        return list(zip(self.parameters, self.views, strict=True))

    def attach(self) -> None:
        """Let each parameter's `grad` be its part of the buffer; what is added from now on is noticed."""
        if not all(map(is_, map(_grad, self.parameters), self.views)):
            for p, view in zip(self.parameters, self.views, strict=True):
                p.grad = view
        self.versions = list(map(_version, self.views))

    def zero(self) -> None:
        """Set all gradients to zero, to −0, that is, which changes no bit of what is added to it."""
        self.gradient.fill_(-0.0)
        self.attach()

    def collect(self) -> bool:
        """Whether all gradients are in the buffer; those that something put in their place are copied there.

        The `grad` of a parameter to which nothing was added since `zero` becomes None.
        """
        if all(map(is_, map(_grad, self.parameters), self.views)) and not any(
            map(eq, map(_version, self.views), self.versions)
        ):
            return True
        whole = True
        for p, view, version in zip(self.parameters, self.views, self.versions, strict=True):
            if p.grad is view and view._version == version:
                p.grad = None
            elif p.grad is not None and p.grad is not view and p.grad.layout is torch.strided:
                view.copy_(p.grad)
                p.grad = view
            whole = whole and p.grad is view
        return whole

    def in_place(self) -> bool:
        """Whether all parameters are in the buffer; those that were given other memory of their own are taken back."""
        if list(map(Tensor.data_ptr, self.parameters)) == self.addresses:
            return True
        for p, slot, address in zip(self.parameters, self.slots, self.addresses, strict=True):
            if p.data_ptr() == address:
                continue
            fits = (p.shape, p.stride(), p.dtype, p.device) == (
                slot.shape,
                slot.stride(),
                slot.dtype,
                slot.device,
            )
            if not fits or obstacle([p]) is not None:
                return False
            slot.copy_(p.detach())
            p.data = slot
        return True

    def release(self) -> None:
        """Give each parameter, and each gradient, memory of its own again."""
        for p, view, address in zip(self.parameters, self.views, self.addresses, strict=True):
            if p.data_ptr() == address:
                p.data = p.data.clone()
            if p.grad is view:
                p.grad = view.clone()
