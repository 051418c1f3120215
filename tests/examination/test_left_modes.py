"""A dispatch mode that a time limit left entered does not outlive the check."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from gradus.examination.guard import modes_left_alone


def test_a_mode_that_was_not_left_is_taken_out() -> None:
    before = torch._C._len_torch_dispatch_stack()
    with pytest.raises(TimeoutError), modes_left_alone():
        FlopCounterMode(display=False).__enter__()
        raise TimeoutError
    assert torch._C._len_torch_dispatch_stack() == before
