"""Draws as ArviZ's InferenceData, where ArviZ is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["to_arviz"]


def to_arviz(posterior: Mapping[str, Any], statistics: Mapping[str, Any]) -> Any:
    """ArviZ's InferenceData (from 1.0 on its DataTree) of draws and of what was recorded with each.

    Args:
        posterior: arrays (chains, draws, …) by name.
        statistics: arrays (chains, draws) by ArviZ's names: lp, acceptance_rate, diverging, energy.

    Raises:
        GradusError: ArviZ is not installed; the error names the command that installs it.
    """
    if importlib.util.find_spec("arviz") is None:
        raise GradusError(
            Text(
                "to_arviz needs ArviZ, which is not installed: pip install arviz",
                "to_arviz 需要 ArviZ，而它尚未安装：pip install arviz",
            )
        )
    arviz = importlib.import_module("arviz")
    groups = {"posterior": dict(posterior)}
    if statistics:
        groups["sample_stats"] = dict(statistics)
    if int(str(arviz.__version__).split(".")[0]) >= 1:
        return arviz.from_dict(groups)
    return arviz.from_dict(**groups)
