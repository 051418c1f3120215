"""What does not fit into the memory or into an array, said before anything is made."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.inference.network import MOST_AXES
from gradus.text import Text

__all__ = ["refuse_joint", "refuse_tables"]


def refuse_tables(needed: float, allowed: float, width: int) -> None:
    """Refuses tables of more bytes than are allowed.

    Raises:
        GradusError: they are more; width and bytes are said.
    """
    if needed > allowed:
        raise GradusError(
            Text(
                f"memory: exact inference needs {_size(needed)} of tables (width {width}), allowed are {_size(allowed)};"
                f" give memory={needed:.1e} if the machine has it, or more evidence by network.given(…), or take loopy belief propagation,"
                " which is approximate: gradus.inference.belief_propagation(network, evidence)",
                f"memory：精确推断的表需要 {_size(needed)}（树宽 {width}），允许 {_size(allowed)}；"
                f"若机器容得下，请给出 memory={needed:.1e}，或用 network.given(…) 代入更多证据，或改用近似的环状置信传播："
                "gradus.inference.belief_propagation(network, evidence)",
            )
        )


def refuse_joint(shape: Sequence[int], allowed: float) -> None:
    """Refuses the joint posterior of too many variables.

    Raises:
        GradusError: it has more axes than an array can, or takes more bytes than are allowed.
    """
    if len(shape) > MOST_AXES:
        few = (f"at most {MOST_AXES} variables, one an axis", f"至多 {MOST_AXES} 个变量，每个一个轴")
        raise refusal("variables", few, Text(f"{len(shape)}", f"{len(shape)} 个"))
    needed = 8.0 * math.prod(map(float, shape))
    if needed > allowed:
        less = (
            f"variables whose joint posterior fits into memory={allowed:.1e} bytes",
            f"联合后验不超过 memory={allowed:.1e} 字节的变量",
        )
        raise refusal("variables", less, Text(_size(needed), _size(needed)))


def _size(bytes_: float) -> str:
    return f"{bytes_ / 2**30:.3g} GiB" if bytes_ >= 2**30 else f"{bytes_ / 2**20:.3g} MiB"
