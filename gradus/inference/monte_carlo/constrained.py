"""Points whose tensors have bounds, moved without any: by the bijections of `torch.distributions`, with their volumes."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.distributions import biject_to
from torch.distributions.constraints import Constraint
from torch.distributions.transforms import Transform

from gradus.arguments import refusal
from gradus.inference.monte_carlo.points import Points
from gradus.text import Text

__all__ = ["ConstrainedPoints"]


class ConstrainedPoints(Points):
    """As `Points`, but a vector holds free numbers: of a positive one its logarithm, of a simplex one number fewer."""

    def __init__(self, start: Any, lead: int, constraints: Any) -> None:
        super().__init__(start, lead)
        self._maps = _transforms(constraints, self.names)
        self._supports = _supports(constraints, self.names)
        self._given = self.sizes
        self._free = [
            shape if t is None else tuple(t.inverse_shape(torch.Size(shape)))
            for t, shape in zip(self._maps, self.shapes, strict=True)
        ]
        self.sizes = [prod(shape) for shape in self._free]
        self.dimension = sum(self.sizes)

    def flat(self, value: Any, name: str, lead: tuple[int, ...]) -> Tensor:
        """The free vectors of a value of the start's structure.

        Raises:
            GradusError: also a value beyond its bounds.
        """
        given = super().flat(value, name, lead).split(self._given, -1)
        rows = []
        for label, part, shape, t, support in zip(
            self.names, given, self.shapes, self._maps, self._supports, strict=True
        ):
            part = part.reshape((*lead, *shape))
            free = part if t is None else t.inv(part)
            inside = support is None or bool(support.check(part).all())
            if not inside or not bool(torch.isfinite(free).all()):
                within = Text(f"{label} inside of {support or t}", f"{label} 在 {support or t} 的内部")
                few = str(part.flatten()[:4].tolist())
                raise refusal(name, within, Text(few, few))
            rows.append(free.reshape((*lead, -1)))
        return torch.cat(rows, -1)

    def leaves(self, flat: Tensor) -> list[Tensor]:
        """The tensors of free vectors (…, dimension), within their bounds."""
        return self.placed(flat)[0]

    def placed(self, flat: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """The tensors, and ln of the volume (…) that the map makes of a unit of free volume."""
        lead, volume = flat.shape[:-1], torch.zeros(flat.shape[:-1], dtype=flat.dtype, device=flat.device)
        found = []
        for part, free, dtype, t in zip(
            flat.split(self.sizes, -1), self._free, self.dtypes, self._maps, strict=True
        ):
            u = part.reshape((*lead, *free))
            x = u if t is None else t(u)
            if t is not None:
                volume = volume + t.log_abs_det_jacobian(u, x).reshape((*lead, -1)).sum(-1)
            found.append(x.to(dtype))
        return found, volume


def _named(constraints: Any, names: list[str]) -> dict[str, Any]:
    if not isinstance(constraints, Mapping):
        if len(names) == 1:
            return {names[0]: constraints}
        named = ("a dict of constraints by name", "由名称到约束的字典")
        raise refusal("constraints", named, constraints, kind=True)
    for name in constraints:
        if name not in names:
            known = Text(f"one of {', '.join(names[:8])}", f"{'、'.join(names[:8])} 之一")
            raise refusal("a key of constraints", known, Text(repr(name), repr(name)))
    return dict(constraints)


def _transforms(constraints: Any, names: list[str]) -> list[Transform | None]:
    given = _named(constraints, names)
    found: list[Transform | None] = []
    for name in names:
        one = given.get(name)
        if one is None:
            found.append(None)
            continue
        label = f"constraints[{name!r}]"
        if isinstance(one, Constraint):
            try:
                one = biject_to(one)
            except NotImplementedError:
                known = ("a constraint that torch.distributions.biject_to knows", "biject_to 认识的约束")
                raise refusal(label, known, Text(str(one), str(one))) from None
        if not isinstance(one, Transform):
            wanted = ("a constraint or bijection of torch.distributions", "torch.distributions 的约束或双射")
            mend = (
                "such as torch.distributions.constraints.positive",
                "如 torch.distributions.constraints.positive",
            )
            raise refusal(label, wanted, one, mend, kind=True)
        if not one.bijective:
            raise refusal(label, ("a bijection", "双射"), Text(str(one), str(one)))
        found.append(one)
    return found


def _supports(constraints: Any, names: list[str]) -> list[Constraint | None]:
    given = _named(constraints, names)
    return [c if isinstance(c := given.get(name), Constraint) else None for name in names]
