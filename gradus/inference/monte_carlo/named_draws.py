"""Draws of several quantities, by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from gradus.arguments import refusal
from gradus.text import Text

__all__ = ["NamedDraws"]


class NamedDraws(Mapping[str, Any]):
    """A mapping from names to draws.

    Attributes:
        values_by_name: the draws.
    """

    values_by_name: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        """The draws of one quantity.

        Raises:
            GradusError: there is none of that name.
        """
        if name in self.values_by_name:
            return self.values_by_name[name]
        known = list(self.values_by_name)
        near = difflib.get_close_matches(str(name), known, n=1)
        mend = (
            (f"did you mean {near[0]!r}?", f"是否想写 {near[0]!r}？")
            if near
            else (f"known are: {', '.join(known[:5])}", f"已知的有：{', '.join(known[:5])}")
        )
        raise refusal("name", ("the name of a quantity", "量的名称"), Text(repr(name), repr(name)), mend)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    def __contains__(self, name: object) -> bool:
        return name in self.values_by_name
