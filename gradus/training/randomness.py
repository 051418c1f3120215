"""All randomness of a run as a pure function of its seed and its place in the run.

The order of the data depends on (seed, epoch) alone and the noise within a step on (seed, step, part of the step, rank), so that
a run can be taken up at any step with no generator's state stored.
"""

import contextlib
from collections.abc import Iterator

import torch

_MASK = 2**64 - 1


def mix(*numbers: int) -> int:
    """A 63-bit seed from whole numbers, well mixed (SplitMix64 over each in turn).

    Source: steele2014splitmix.
    """
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state >> 1


def epoch_order(seed: int, epoch: int, count: int, device: torch.device) -> torch.Tensor:
    """The permutation of `count` samples in which an epoch visits them."""
    generator = torch.Generator().manual_seed(mix(seed, 1, epoch))
    return torch.randperm(count, generator=generator).to(device)


def seed_step(seed: int, step: int, part: int, rank: int, device: torch.device) -> None:
    """Seed PyTorch's own generators for the noise of one batch (dropout and the like)."""
    number = mix(seed, 2, step, part, rank)
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)
    elif device.type == "mps":
        torch.mps.manual_seed(number)


def augment_seed(seed: int, step: int, part: int) -> int:
    """The seed of the generator handed to `augment` for one batch."""
    return mix(seed, 3, step, part)


@contextlib.contextmanager
def forked(device: torch.device) -> Iterator[None]:
    """Leave PyTorch's generators, within this block used freely, as they were found."""
    devices = [device] if device.type == "cuda" else []
    mps = torch.mps.get_rng_state() if device.type == "mps" else None
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        if mps is not None:
            torch.mps.set_rng_state(mps)
