"""Peak memory of one call, whatever framework it runs in."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks.adapters import Adapted
from gradus.page.evidence import NotApplicable
from gradus.text import Text


def peak_memory(implementation: Adapted, **arguments: Any) -> int:
    """Bytes that the implementation holds at its peak above what it was given, on the processor.

    Raises:
        NotApplicable: the framework does not tell.
    """
    own = {k: implementation.from_numpy(v) for k, v in implementation._bind((), arguments).items()}
    if implementation.framework == "torch":
        return _torch_peak(lambda: implementation.raw(own))
    if implementation.framework == "jax":
        raise NotApplicable(
            Text(
                "JAX does not tell the memory of one call on the processor",
                "JAX 无法给出一次调用在处理器上的内存",
            )
        )
    np.empty(1)
    tracemalloc.start()
    try:
        implementation.raw(own)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _torch_peak(call: Callable[[], Any]) -> int:
    import os

    os.environ.setdefault(
        "KINETO_LOG_LEVEL", "99"
    )  # the profiler writes its own start and stop to stderr otherwise

    import torch
    from torch.profiler import ProfilerActivity, profile

    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        call()
    events = [e for e in recorded.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak
