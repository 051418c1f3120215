"""A function that does not end is ended, and told."""

import signal
import threading
import time

import numpy as np
import pytest
import torch

from gradus import GradusError, explain


def endless(x):
    while True:
        time.sleep(0.001)


@pytest.mark.parametrize("in_thread", [False, True])
def test_the_time_limit_strikes_in_every_thread(in_thread):
    """And puts back the alarm of others."""
    caught = []

    def attempt():
        with pytest.raises(GradusError, match=r"still running after 0\.2 s, at test_time_limit"):
            explain(endless, torch.ones(2), time_limit=0.2)
        caught.append(True)

    rung = []
    old = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        if in_thread:
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()
        else:
            attempt()
        time.sleep(0.6)
        assert caught and rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "3", True])
def test_a_time_limit_is_a_positive_number(wrong):
    with pytest.raises(GradusError, match="time_limit="):
        explain(np.sin, 1.0, time_limit=wrong)


def test_numpy_functions_have_a_time_limit_and_refusals_too():
    def loops(x):
        while True:
            x = x * 1.0

    with pytest.raises(GradusError, match=r"still running after 0\.3 s"):
        explain(loops, 1.0, time_limit=0.3)
    with pytest.raises(
        GradusError, match=r"raised ZeroDivisionError: division by zero \(test_time_limit\.py, line"
    ):
        explain(lambda x: 1 / 0, 1.0)
    with pytest.raises(GradusError, match="returned None; is a return missing"):
        explain(lambda x: None, 1.0)
